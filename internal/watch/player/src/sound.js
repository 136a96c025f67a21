// A film as sound alone: the multivariant playlist with one sound as its only variant. Subtitles stay.

const attribute = (line, name) => new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,]*))`).exec(line)?.slice(1).find((v) => v !== undefined);

// soundMaster makes a multivariant playlist of the sound called name, else of the default one.
export function soundMaster(text, name) {
  const lines = text.split("\n");
  const of = (type) => lines.filter((line) => line.startsWith("#EXT-X-MEDIA:") && attribute(line, "TYPE") === type);
  const sounds = of("AUDIO");
  const sound = sounds.find((line) => attribute(line, "NAME") === name) ?? sounds.find((line) => attribute(line, "DEFAULT") === "YES") ?? sounds[0];
  if (!sound) return text;
  const texts = of("SUBTITLES");
  const group = texts.length > 0 ? `,SUBTITLES="${attribute(texts[0], "GROUP-ID")}"` : "";
  return ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...texts,
    `#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"${group}`, attribute(sound, "URI"), ""].join("\n");
}

// soundLoader is hls.js's loader of playlists that sees the film as sound alone.
export const soundLoader = (Hls, name) => class extends Hls.DefaultConfig.loader {
  load(context, config, callbacks) {
    if (context.type !== "manifest") return super.load(context, config, callbacks);
    super.load(context, config, { ...callbacks, onSuccess(response, ...rest) {
      callbacks.onSuccess({ ...response, data: soundMaster(response.data, name) }, ...rest);
    } });
  }
};

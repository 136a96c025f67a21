// Which text track is on: "", "ru" or "ru+captions".
import { keep, recall } from "./kept.js";
import { startLook } from "./look.js";

export function startCaptions(root, stream, menus) {
  const menu = menus.get("captions");
  if (!menu) return { toggle() {} };
  const known = menu.values();
  const best = (choice) => (known.includes(choice) ? choice : known.find((key) => key && key.split("+")[0] === choice));
  let chosen = best(recall("captions") ?? root.dataset.captions) ?? "";
  let last = chosen || best(document.documentElement.lang) || known.find((key) => key);

  const describe = (key) => {
    const [lang, kind] = key.split("+");
    return { lang, kind: kind ?? "subtitles", name: menu.list.querySelector(`[data-value="${CSS.escape(key)}"]`).dataset.name };
  };

  // Where the stream names its tracks otherwise than the page, the language decides.
  const find = (tracks, { lang, kind, name }) => {
    const regular = tracks.filter((track) => !track.forced);
    return regular.find((t) => t.lang === lang && t.name === name) ?? regular.find((t) => t.lang === lang && t.kind === kind) ?? regular.find((t) => t.lang === lang);
  };

  const forcedFor = (tracks) => {
    const spoken = stream.hls.audioTracks[stream.hls.audioTrack]?.lang;
    return tracks.find((track) => track.forced && track.lang === spoken);
  };

  function applyHls() {
    const tracks = stream.hls.subtitleTracks.map((t, id) => ({ id, lang: t.lang, name: t.name, forced: t.forced,
      kind: /transcribes-spoken-dialog/.test(t.characteristics ?? "") ? "captions" : "subtitles" }));
    const track = chosen ? find(tracks, describe(chosen)) : forcedFor(tracks);
    stream.hls.subtitleDisplay = true;
    stream.hls.subtitleTrack = track ? track.id : -1;
  }

  function applyNative() {
    const own = [...stream.video.querySelectorAll("track")].map(({ track }) => track);
    const all = own.length > 0 ? own : [...stream.video.textTracks].filter((t) => t.kind === "subtitles" || t.kind === "captions");
    const track = chosen && find(all.map((t) => ({ node: t, lang: t.language, name: t.label, kind: t.kind })), describe(chosen));
    for (const t of stream.video.textTracks) if (t.kind === "subtitles" || t.kind === "captions") t.mode = t === track?.node ? "showing" : "disabled";
  }

  function apply() {
    menu.check(chosen);
    menu.button.dataset.state = chosen ? "on" : "off";
    if (!stream.attached) return;
    if (stream.hls) applyHls();
    else if (!stream.streams) applyNative();
  }

  function choose(key) {
    chosen = key;
    if (key) last = key;
    keep("captions", key);
    stream.dispatchEvent(new CustomEvent("captions", { detail: describe(key || last) }));
    apply();
  }

  // A cue at the top must not be pushed out when the others make room for the bar.
  const high = (cue) => cue.line !== "auto" && (cue.snapToLines ? cue.line >= 0 && cue.line < 6 : cue.line < 50);
  const { textTracks } = stream.video;
  textTracks.addEventListener("addtrack", ({ track }) => track.addEventListener("cuechange", () => {
    const cues = [...textTracks].flatMap((t) => (t.mode === "showing" ? [...(t.activeCues ?? [])] : []));
    root.classList.toggle("cue-top", cues.some(high));
  }));

  startLook(root, menus);
  menu.onpick = choose;
  for (const event of ["tracks", "fallen"]) stream.addEventListener(event, apply);
  stream.addEventListener("attached", () => {
    if (!stream.streams) stream.video.textTracks.addEventListener("addtrack", apply);
  });
  apply();
  return { toggle: () => choose(chosen ? "" : last) };
}

// Which text track is on: "", "ru" or "ru+captions".
import { keep, recall } from "./kept.js";
import { startLook } from "./look.js";
import { on } from "./on.js";

export function startCaptions(root, stream, menus) {
  const menu = menus.get("captions");
  if (!menu) return { toggle() {} };
  const known = menu.values();
  const best = (choice) => (known.includes(choice) ? choice : known.find((key) => key && key.split("+")[0] === choice));
  const kept = best(recall("captions"));
  let chosen = kept ?? best(root.dataset.captions) ?? "";
  let asked = kept !== undefined || chosen !== ""; // by the viewer or the page; else a phone's own settings hold
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

  const texts = () => [...stream.video.textTracks].filter((t) => /subtitles|captions/.test(t.kind));

  // node gives the browser's own track of a choice.
  function node(key) {
    const own = [...stream.video.querySelectorAll("track")].map(({ track }) => track);
    const all = (own.length > 0 ? own : texts()).map((t) => ({ node: t, lang: t.language, name: t.label, kind: t.kind }));
    return key ? find(all, describe(key))?.node : undefined;
  }

  function applyNative() {
    const track = node(chosen);
    if (asked) for (const t of texts()) t.mode = t === track ? "showing" : "disabled";
  }

  // follow takes what was chosen in the browser's own menu, as a phone has one on its full screen. Before the film plays nobody was there.
  function follow() {
    const shown = texts().find((t) => t.mode === "showing");
    const track = node(chosen);
    if (stream.streams || shown === track || (chosen && !track)) return;
    if (asked && !stream.video.played.length) return applyNative();
    chosen = known.find((key) => shown && node(key) === shown) ?? "";
    show();
  }

  function show() {
    menu.check(chosen);
    menu.button.dataset.state = chosen ? "on" : "off";
  }

  function apply() {
    show();
    if (!stream.attached) return;
    if (stream.hls) applyHls();
    else if (!stream.streams) applyNative();
  }

  function choose(key) {
    chosen = key;
    asked = true;
    if (key) last = key;
    keep("captions", key);
    stream.dispatchEvent(new CustomEvent("captions", { detail: describe(key || last) }));
    apply();
  }

  // A cue at the top must not be pushed out when the others make room for the bar.
  const high = (cue) => cue.line !== "auto" && (cue.snapToLines ? cue.line >= 0 && cue.line < 6 : cue.line < 50);
  const { textTracks } = stream.video;
  on(textTracks, "addtrack", ({ track }) => on(track, "cuechange", () => {
    const cues = [...textTracks].flatMap((t) => (t.mode === "showing" ? [...(t.activeCues ?? [])] : []));
    root.classList.toggle("cue-top", cues.some(high));
  }));

  startLook(root, menus);
  menu.onpick = choose;
  on(stream, "tracks fallen", apply);
  on(stream, "attached", () => {
    if (!stream.streams) on(textTracks, "addtrack", apply);
    on(textTracks, "change", follow);
  });
  apply();
  return { toggle: () => choose(chosen ? "" : last) };
}

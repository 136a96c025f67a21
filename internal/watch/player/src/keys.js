// Keys, only while the player has the focus. KeyMap in render.go tells the viewer about them.
export function startKeys(root, stream, controls, captions) {
  const jump = (by) => () => stream.seek(stream.time + by);
  const actions = {
    k: () => stream.toggle(), " ": () => stream.toggle(),
    ArrowLeft: jump(-5), ArrowRight: jump(5), j: jump(-10), l: jump(10),
    Home: () => stream.seek(0), End: () => stream.seek(stream.duration),
    ArrowUp: () => controls.louder(0.05), ArrowDown: () => controls.louder(-0.05),
    m: controls.mute, c: captions.toggle, f: controls.fullscreen, "?": controls.help,
    "<": () => controls.faster(-1), ">": () => controls.faster(1),
  };
  // A focused button takes the space bar itself, the slider of the volume all that moves it.
  const own = (target, key) =>
    (target.matches("button, summary") && (key === " " || key === "Enter")) ||
    (target.matches(".volume") && /^(Arrow|Home|End|Page)/.test(key)) || target.closest("dialog");

  // A Cyrillic or Greek layout has other letters there: then the key counts by its place.
  const byPlace = { Comma: "<", Period: ">" };
  const name = ({ key, code }) => (key.length > 1 || key.charCodeAt(0) < 128 ? key : byPlace[code] ?? code.replace(/^Key/, ""));

  root.tabIndex = -1; // a click on the picture gives the player the focus
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || own(event.target, event.key)) return;
    const key = name(event);
    const action = actions[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

// The time line: where the film is, what is loaded, chapters, and small pictures under the pointer.
import { clock } from "./clock.js";
import { loadStoryboard } from "./storyboard.js";
import { on } from "./on.js";

export function startLine(root, stream) {
  const { video } = stream;
  const line = root.querySelector(".line");
  const position = root.querySelector(".position");
  const done = root.querySelector(".done");
  const loaded = root.querySelector(".loaded");
  let dragging = false;

  const place = (element, seconds) => element.style.setProperty("--at", Math.min(seconds / stream.duration, 1) || 0);
  function show() {
    if (dragging) return;
    position.max = stream.duration;
    position.value = stream.time;
    position.setAttribute("aria-valuetext", `${clock(stream.time)} / ${clock(stream.duration)}`);
    place(done, stream.time);
  }
  function showLoaded() {
    const { buffered } = video;
    let end = 0;
    for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= video.currentTime + 0.5) end = buffered.end(i);
    place(loaded, end);
  }
  on(position, "input", () => {
    dragging = true;
    place(done, Number(position.value));
  });
  on(position, "change", () => {
    dragging = false;
    stream.seek(Number(position.value));
  });
  on(video, "timeupdate seeking durationchange", show);
  on(video, "progress timeupdate", showLoaded);
  on(stream, "moved", show);
  for (const mark of root.querySelectorAll(".mark")) place(mark, Number(mark.dataset.at));
  show();
  startPreview(root, stream, line);
}

function startPreview(root, stream, line) {
  const preview = root.querySelector(".preview");
  const picture = preview.firstElementChild;
  const label = preview.lastElementChild;
  let board = null;

  on(line, "pointermove", (event) => {
    if (event.pointerType === "touch") return;
    board ??= loadStoryboard(root.dataset.storyboard);
    const box = line.getBoundingClientRect();
    const at = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const seconds = at * stream.duration;
    label.textContent = clock(seconds);
    preview.hidden = false;
    const centre = () => {
      const left = Math.min(Math.max(at * box.width - preview.offsetWidth / 2, 0), box.width - preview.offsetWidth);
      preview.style.left = `${left}px`;
    };
    board.then((tiles) => {
      const tile = tiles.find((t) => seconds < t.end);
      if (!tile) return;
      Object.assign(picture.style, { width: `${tile.w}px`, height: `${tile.h}px`,
        backgroundImage: `url("${tile.url}")`, backgroundPosition: `-${tile.x}px -${tile.y}px` });
      picture.dataset.ready = "";
      centre();
    });
    centre();
  });
  on(line, "pointerleave", () => { preview.hidden = true; });
}

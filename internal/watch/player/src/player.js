// The player of the watch page. The page holds the controls already, hidden, with their words; this only brings
// them to life, so that nothing here depends on a language.
import "./player.css";
import { Stream } from "./stream.js";
import { startCaptions } from "./captions.js";
import { fetchHls, loadHls, streams, thin } from "./load.js";
import { startControls } from "./controls.js";
import { startKeys } from "./keys.js";
import { startLine } from "./line.js";
import { startMenus } from "./menus.js";
import { startEmbedding, startSeekLinks } from "./links.js";
import { startShare } from "./share.js";
import { startTranscript } from "./transcript.js";

// pause ends a task, so that a slow phone answers a press between two.
const pause = () => new Promise((go) => setTimeout(go));

async function start(root) {
  const ui = root.querySelector(".ui");
  const video = root.querySelector("video");
  const stream = new Stream(root, video);
  if (!stream.possible) return; // the browser's own player stays, with the MP4

  video.controls = false;
  ui.hidden = false;
  const menus = startMenus(root);
  const captions = startCaptions(root, stream, menus);
  const controls = startControls(root, stream, menus);
  startKeys(root, stream, controls, captions);
  await pause();
  startLine(root, stream);
  startSeekLinks(root, stream);
  startTranscript(stream);
  startShare(stream);
  startEmbedding();
  await pause();
  fetchHls(root);
  // A pointer on the film is about to start it.
  if (streams && !thin()) root.addEventListener("pointerenter", () => loadHls(root).catch(() => {}), { once: true });
}

// Opened as a file, the page is on its own: see local.js.
if (location.protocol !== "file:") for (const root of document.querySelectorAll(".player[data-master]")) start(root);

// A link to this page at the film's time of now.
import { clock } from "./clock.js";

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // a page without TLS has no clipboard of its own
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function startShare(stream) {
  const box = document.querySelector(".share");
  if (!box) return;
  const button = box.querySelector("button");
  const said = box.querySelector("[role=status]");
  const show = () => {
    button.textContent = button.dataset.words.replace("{t}", clock(stream.time));
    if (said.textContent && Date.now() > said.until) said.textContent = "";
  };
  button.addEventListener("click", async () => {
    const address = new URL(location.href);
    address.search = "";
    address.hash = `t=${Math.floor(stream.time)}`;
    try { await copy(address.href); } catch { return; } // the browser forbids it
    said.textContent = button.dataset.done;
    said.until = Date.now() + 4000;
  });
  for (const event of ["timeupdate", "seeking"]) stream.video.addEventListener(event, show);
  stream.addEventListener("moved", show);
  show();
  box.hidden = false;
}

"use strict";
// Opened as a file the browser loads neither the player nor <track>, so the text tracks are made from the transcript.
if (location.protocol === "file:") {
  const text = (row) => [...row.childNodes].map((n) => (n.nodeName === "BR" ? "\n" : n.nodeName === "B" ? "" : n.textContent))
    .join("").trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  addEventListener("DOMContentLoaded", () => {
    const video = document.querySelector(".player video");
    for (const track of video.querySelectorAll("track")) track.remove();
    for (const part of document.querySelectorAll(".transcript [data-track]")) {
      const track = video.addTextTrack(part.dataset.kind, part.dataset.track, part.lang);
      track.mode = part.dataset.on === "1" ? "showing" : "disabled";
      for (const line of part.querySelectorAll("li")) {
        const start = Number(line.querySelector("a").hash.slice(3));
        track.addCue(new VTTCue(start, Number(line.dataset.end), text(line.querySelector("span"))));
      }
    }
    for (const link of document.querySelectorAll('a[href^="#t="]')) {
      link.addEventListener("click", () => { video.currentTime = Number(link.hash.slice(3)); });
    }
    document.querySelector(".as-file").hidden = false;
  });
} else { // see page.css
  const { classList } = document.documentElement;
  const done = () => classList.remove("coming");
  classList.add("coming");
  addEventListener("load", done);
  setTimeout(done, 5000);
}

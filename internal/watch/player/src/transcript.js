// Marks the line that is spoken now, and keeps it in sight inside its own box; the page itself never scrolls.
export function startTranscript(stream) {
  const lists = [...document.querySelectorAll(".transcript ol")].map((list) => ({
    list,
    lines: [...list.children].map((item) => ({ item, start: Number(item.querySelector("a").hash.slice(3)), end: Number(item.dataset.end) })),
    now: null,
  }));
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function mark(part, line) {
    if (part.now === line) return;
    part.now?.item.removeAttribute("aria-current");
    part.now = line;
    if (!line) return;
    line.item.setAttribute("aria-current", "true");
    const { list } = part;
    if (list.matches(":hover, :focus-within") || !list.clientHeight) return; // the reader is busy there
    list.scrollTo({ top: line.item.offsetTop - list.clientHeight / 3, behavior: calm ? "auto" : "smooth" });
  }

  stream.video.addEventListener("timeupdate", () => {
    const { time } = stream;
    for (const part of lists) mark(part, part.lines.find((line) => line.start <= time && time < line.end) ?? null);
  });
}

// Marks the line that is spoken now, and keeps it in sight inside its own box; the page itself never scrolls. A click on a
// line goes there, and the search box leaves the lines that hold what is sought.
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
  for (const { list } of lists) list.addEventListener("click", (event) => {
    if (event.target.closest("a") || !getSelection().isCollapsed) return; // a link goes there itself; words are being selected
    event.target.closest("li")?.querySelector("a").click();
  });
  stream.addEventListener("captions", ({ detail }) => { // the transcript in the language that was chosen
    const part = lists.find(({ list }) => list.lang === detail.lang);
    if (part) part.list.closest("details").open = true;
  });
  if (lists.length > 0) startSearch(lists);
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function startSearch(lists) {
  const box = document.querySelector(".find");
  const field = box.querySelector("input");
  const count = box.querySelector("output");
  const all = lists.flatMap(({ lines }) => lines.map(({ item }) => ({ item, text: fold(item.textContent) })));
  field.addEventListener("input", () => {
    const sought = fold(field.value.trim());
    for (const { item, text } of all) item.hidden = !text.includes(sought);
    const open = lists.find(({ list }) => list.closest("details").open) ?? lists[0];
    const found = open.lines.filter(({ item }) => !item.hidden).length;
    count.textContent = sought ? count.dataset.words.replace("{n}", found) : "";
  });
  box.hidden = false;
}

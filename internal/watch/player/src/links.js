// Times in addresses: ?t=754, #t=754 and #t=12:34 (W3C Media Fragments URI, section 4.2.1, the first of its two times), and 12m34s, as video sites write them.
function timeIn(text) {
  const [, ...units] = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text) ?? [];
  const parts = units.length > 0 ? units : /^(?:npt:)?([\d:.]+)(?:,|$)/.exec(text)?.[1].split(":");
  const seconds = parts?.reduce((sum, part) => sum * 60 + Number(part ?? 0), 0);
  return Number.isFinite(seconds) ? seconds : null;
}

const fromHash = () => timeIn(new URLSearchParams(location.hash.slice(1)).get("t"));

export function startSeekLinks(root, stream) {
  const at = fromHash() ?? timeIn(new URLSearchParams(location.search).get("t"));
  if (at !== null) stream.seek(at);

  const go = (seconds) => {
    if (seconds === null) return;
    stream.seek(seconds);
    stream.play();
    if (root.getBoundingClientRect().bottom < 0) root.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", () => go(fromHash()));
  // A second click on the same time changes no hash.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#t="]');
    if (link && link.hash === location.hash) go(fromHash());
  });
}

// startEmbedding completes the code with which others show the film: the page does not know where it lies.
export function startEmbedding() {
  const section = document.querySelector(".embedding");
  if (!section) return;
  const page = document.querySelector('link[rel="canonical"]')?.href ?? location.href;
  const code = section.querySelector("textarea");
  code.value = code.value.replace('src="embed.html"', `src="${new URL("embed.html", page).href.replaceAll("&", "&amp;")}"`);
  code.addEventListener("focus", () => code.select());
  section.hidden = false;
}

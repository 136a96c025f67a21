// Reads the WebVTT file that says which small picture belongs to which time ("sheet-0.jpg#xywh=160,0,160,90").
const cue = /^(\S+)\s+-->\s+(\S+)[^\n]*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/gm;

const seconds = (stamp) => stamp.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

export async function loadStoryboard(address) {
  if (!address) return [];
  const base = new URL(address, document.baseURI);
  try {
    const text = await (await fetch(base)).text();
    return [...text.matchAll(cue)].map(([, start, end, file, x, y, w, h]) =>
      ({ start: seconds(start), end: seconds(end), url: new URL(file, base).href, x: +x, y: +y, w: +w, h: +h }));
  } catch {
    return []; // the time alone is shown
  }
}

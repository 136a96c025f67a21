// Holds a film at its first picture until it will not stand still again at once: while the line brings one whole segment, what is
// loaded must last. A fast line needs the first segment only, and a slow one a whole segment at most.
const longest = 12_000; // milliseconds; whoever waited so long sees the film, whatever comes of it

export function hold(hls, video, release) {
  const { Events } = hls.constructor;
  let takes = 0; // seconds until a whole segment is here, as far as the line has shown
  const timer = setTimeout(() => end(), longest);
  const end = () => {
    clearTimeout(timer);
    hls.off(Events.FRAG_BUFFERED, judge);
    hls.off(Events.BUFFER_EOS, end);
    release();
  };
  function judge(_, { frag, stats }) {
    if (frag.sn === "initSegment" || frag.type === "subtitle" || !frag.duration) return;
    const whole = hls.levels[hls.loadLevel]?.details?.targetduration ?? frag.duration;
    const { start, first, end: last } = stats.loading;
    takes = Math.max(takes, (first - start + (last - first) * whole / frag.duration) / 1000);
    const { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
      const from = buffered.start(i) <= currentTime + 0.5;
      if (from && buffered.end(i) - currentTime > Math.min(takes, whole - 0.5)) return end();
    }
  }
  hls.on(Events.FRAG_BUFFERED, judge);
  hls.on(Events.BUFFER_EOS, end);
  hls.on(Events.DESTROYING, () => clearTimeout(timer)); // who comes after it has a hold of its own
}

// One film behind one video element. Nothing of it is loaded before the viewer asks for it.
import { hold } from "./hold.js";
import { loadHls, streams, thin } from "./load.js";
import { on } from "./on.js";
import { Opening } from "./opening.js";
import { soundLoader } from "./sound.js";

const nativeType = "application/vnd.apple.mpegurl";

// smoothAV1 asks the browser whether it shows AV1 of 1080p without a hitch: a slow machine that must decode it by itself is better
// off with H.264, and hls.js stays with the codec that it began with.
async function smoothAV1() {
  const video = { contentType: 'video/mp4; codecs="av01.0.08M.08"', width: 1920, height: 1080, bitrate: 3_000_000, framerate: 30 };
  try {
    const can = await navigator.mediaCapabilities.decodingInfo({ type: "media-source", video });
    return can.supported && can.smooth;
  } catch {
    return false; // an old browser
  }
}

export class Stream extends EventTarget {
  constructor(root, video) {
    super();
    this.root = root;
    this.video = video;
    this.hls = null;
    this.attached = false;
    this.spoilt = -Infinity; // where the film could not be decoded last, seconds
    this.running = false; // what the viewer wants; a new source pauses the element and tells nobody (HTML, 4.8.11.5)
    this.lost = false; // hls.js has given up on the line or did not come, and nothing is loaded before it is told to
    this.held = false; // at its first picture, until enough is loaded
    this.codec = ""; // that hls.js was told to keep to, where a film has several
    this.newer = false; // AV1 is smooth here; nobody knows before the browser has answered
    smoothAV1().then((smooth) => { this.newer = smooth; });
    this.mp4 = video.querySelector("source")?.src;
    this.tracks = [...video.querySelectorAll("track")]; // of the MP4
    // hls.js first: Chromium's own HLS plays, but shows no subtitle tracks.
    this.possible = streams || video.canPlayType(nativeType) !== "";
    this.streams = streams;
    this.soundOnly = false;
    this.sound = null; // the name of the sound that the viewer chose
    this.rung = ""; // the playlist of the size that the viewer chose, as numbers change when hls.js drops one; else left to hls.js
    this.wanted = 0; // where the film is, or is to begin, seconds
    this.sought = false; // before the film was there to be sought in
  }

  get master() {
    return new URL(this.root.dataset.master, document.baseURI).href;
  }

  get duration() {
    return Number.isFinite(this.video.duration) ? this.video.duration : Number(this.root.dataset.duration);
  }

  get time() {
    return this.video.readyState > 0 && this.attached ? this.video.currentTime : this.wanted;
  }

  seek(seconds) {
    const to = Math.min(Math.max(seconds, 0), Math.max(this.duration - 0.05, 0));
    if (this.attached && this.video.readyState > 0) this.video.currentTime = to;
    else {
      this.wanted = to;
      this.sought = true;
    }
    this.dispatchEvent(new Event("moved"));
  }

  async play() {
    this.running = true;
    this.attach();
    try {
      await this.video.play();
    } catch (error) {
      // AbortError: paused or sought meanwhile. NotAllowedError: the browser wants a click first. Both show the button. All else is an event, too.
      if (error.name === "NotAllowedError") this.running = false;
    }
  }

  toggle() {
    if (!this.video.paused) this.video.pause();
    else if (this.lost) this.retry(true);
    else this.play();
  }

  attach() {
    if (this.attached) return;
    this.attached = true;
    const { video } = this;
    for (const child of video.querySelectorAll("source, track")) child.remove();
    on(video, "play pause", () => { if (!video.error) this.running = !video.paused; });
    on(video, "timeupdate", () => { if (video.readyState > 0) this.wanted = video.currentTime; });
    on(video, "loadedmetadata", () => {
      if (this.sought || video.currentTime !== this.wanted) video.currentTime = this.wanted;
      this.sought = false;
    });
    on(video, "error", () => this.fail());
    if (this.streams) {
      video.load(); // lets the MP4 go, so that play() waits for the stream
      this.begin();
    } else video.src = this.master;
    this.dispatchEvent(new Event("attached"));
  }

  // begin gives the film to hls.js, as soon as that has come.
  async begin() {
    const coming = loadHls(this.root);
    const opening = this.soundOnly ? null : new Opening(this.master, this.root.dataset.opening, this.wanted);
    try {
      this.Hls = await coming;
    } catch {
      return this.lose();
    }
    if (this.hls) return;
    if (!this.Hls.isSupported()) return this.fallBack();
    this.attachHls(opening);
  }

  attachHls(opening = null) {
    const { Hls } = this;
    this.codec = this.newer ? "av01" : "avc1";
    const hls = new Hls({
      enableWorker: false, // our fMP4 needs no remuxing, and a worker from a blob: would need a hole in the policy
      enableCEA708Captions: false, // build.mjs leaves their reader out
      startPosition: this.wanted || -1,
      capLevelToPlayerSize: !thin(), // where data is dear, open() is stricter
      ...(opening ? { loader: opening.loader(Hls) } : {}),
      ...(this.soundOnly ? { pLoader: soundLoader(Hls, this.sound) } : {}),
      // Of what this browser can show, hls.js takes AV1 by itself.
      ...(this.newer ? {} : { videoPreference: { videoCodec: this.codec } }),
      abrEwmaDefaultEstimate: thin() ? 200_000 : 1_000_000,
      maxBufferLength: thin() ? 15 : 30,
      maxMaxBufferLength: thin() ? 15 : 60, // of small rungs hls.js would load ten minutes ahead, and viewers pay for what they never watch
      backBufferLength: 60,
    });
    this.hls = hls;
    this.lost = this.sought = false;
    hls.on(Hls.Events.ERROR, (_, data) => (data.fatal || data.details === "mediaSourceRequiresReset") && this.mend(data));
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.dispatchEvent(new Event("flowing")));
    hls.on(Hls.Events.MEDIA_ATTACHING, () => { if (this.running) this.play(); }); // also when hls.js mends by itself
    hls.on(Hls.Events.LEVELS_UPDATED, () => this.dispatchEvent(new Event("levels")));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.open();
      this.dispatchEvent(new Event("levels"));
    });
    // The tracks' nodes come right after this event.
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => queueMicrotask(() => this.dispatchEvent(new Event("tracks"))));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => this.dispatchEvent(new Event("sounds")));
    this.held = true;
    hold(hls, this.video, () => this.release());
    hls.loadSource(this.master);
    hls.attachMedia(this.video);
    this.video.playbackRate = 0; // not paused: a paused film shows its poster, and its button says otherwise
  }

  // speed is what the viewer chose, also while the film is held.
  get speed() {
    return this.video.defaultPlaybackRate;
  }

  set speed(times) {
    this.video.defaultPlaybackRate = times;
    if (!this.held) this.video.playbackRate = times;
  }

  release() {
    if (!this.held) return;
    this.held = false;
    this.video.playbackRate = this.speed;
    this.dispatchEvent(new Event("released"));
  }

  // open takes the smallest rung first: a picture soon is worth more than a sharp one late.
  open() {
    const { hls, sizes } = this;
    if (this.chosen >= 0 && !this.soundOnly) hls.loadLevel = this.chosen;
    else hls.startLevel = sizes[0].id;
    if (thin()) hls.autoLevelCapping = (sizes.findLast(({ short }) => short <= 360) ?? sizes[0]).id;
  }

  // sizes are what hls.js may take of the film, the smallest first; id is the number in its list of now.
  get sizes() {
    const known = this.hls.levels.map(({ uri, bitrate, width, height, videoCodec }, id) => ({ id, uri, rate: bitrate, short: Math.min(width, height), codec: videoCodec?.slice(0, 4) }));
    const same = known.filter(({ codec }) => codec === this.codec); // the same sizes in another codec would only confuse
    return (same.length > 0 ? same : known).sort((a, b) => a.rate - b.rate);
  }

  // chosen is the number of the viewer's size in hls.js's list of now, -1 where that is left to hls.js.
  get chosen() {
    return this.hls.levels.findIndex(({ uri }) => uri === this.rung);
  }

  // choose takes a size by its playlist, any other text for whatever fits the line, null for the sound alone.
  choose(rung) {
    const soundOnly = rung === null;
    this.rung = rung ?? "";
    if (soundOnly !== this.soundOnly) {
      this.soundOnly = soundOnly;
      this.root.classList.toggle("sound-only", soundOnly);
      this.restart();
    } else if (this.hls && !soundOnly) this.hls.nextLevel = this.chosen;
  }

  // restart loads the film anew where it is.
  restart() {
    if (!this.hls) return;
    this.wanted = this.time;
    this.hls.destroy();
    this.attachHls();
  }

  // fail: the element gave up on what it was given. What the line did not bring it may call a format that it does not know.
  fail() {
    const code = this.video.error?.code; // hls.js takes it away where it begins anew by itself
    const last = this.video.src === this.mp4;
    if (!code) return;
    if (this.hls) this.mend({ type: "mediaError", fatal: true });
    else if (code === 2 || (last && code === 4) || !navigator.onLine) this.lose(); // MEDIA_ERR_NETWORK, MEDIA_ERR_SRC_NOT_SUPPORTED
    else if (last) this.trouble("broken");
    else this.fallBack();
  }

  // mend follows an error that is fatal to hls.js, or that it mends by itself. A second one near the first is not mended by beginning anew: at
  // the third, hls.js (1.7.4) may leave the segment out, and where it is the last one wait for ever.
  mend({ type, fatal }) {
    const { hls, time } = this;
    if (type === "networkError") return this.lose();
    if (type !== "mediaError" || !hls.levels.length || Math.abs(time - this.spoilt) < 10) return this.fallBack();
    this.spoilt = time;
    if (!fatal) return;
    this.wanted = time;
    hls.recoverMediaError();
    if (!hls.loadingEnabled) hls.startLoad(time); // by itself it would go where the film began
  }

  lose() {
    this.lost = true;
    this.trouble("lost");
  }

  // The progressive film with its own tracks, when the stream cannot be played.
  fallBack() {
    this.wanted = this.time;
    this.hls?.destroy();
    this.hls = null;
    this.streams = false;
    this.release();
    if (!this.mp4) return this.trouble("broken");
    this.video.append(...this.tracks);
    this.video.src = this.mp4;
    this.dispatchEvent(new Event("fallen"));
    if (this.running) this.play();
  }

  // retry loads again what was given up, and plays if the viewer asks for it or had not paused. While hls.js has not given up, it tries by
  // itself: startLoad in the middle of a load makes it (1.7.4) cancel the first segment of its own new attempt and ask for nothing any more.
  retry(asked) {
    if (asked) this.dispatchEvent(new Event("flowing"));
    if (this.lost) {
      this.lost = false;
      if (!this.streams) this.video.load();
      else if (!this.hls) this.begin();
      else if (this.hls.levels.length) this.hls.startLoad(this.time);
      else this.hls.loadSource(this.master);
    }
    if (asked || this.running) this.play();
  }

  trouble(kind) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: kind }));
  }
}

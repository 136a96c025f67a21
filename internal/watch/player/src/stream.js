// One film behind one video element. Nothing of it is loaded before the viewer asks for it.
import { hold } from "./hold.js";
import { loadHls, streams, thin } from "./load.js";
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
    this.mended = false;
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
    this.level = -1; // the rung that the viewer chose; -1 is left to hls.js
    this.wanted = 0; // where to begin, seconds
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
    else this.wanted = to;
    this.dispatchEvent(new Event("moved"));
  }

  async play() {
    this.attach();
    try {
      await this.video.play();
    } catch (error) {
      // AbortError: paused or sought meanwhile; NotAllowedError: the browser wants a click first. Both show the button.
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.trouble("broken");
    }
  }

  toggle() {
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  attach() {
    if (this.attached) return;
    this.attached = true;
    const { video } = this;
    for (const child of video.querySelectorAll("source, track")) child.remove();
    if (this.streams) {
      video.load(); // lets the MP4 go, so that play() waits for the stream
      this.begin();
    } else {
      video.src = this.master;
      video.addEventListener("loadedmetadata", () => { video.currentTime = this.wanted; }, { once: true });
    }
    video.addEventListener("error", () => this.trouble("broken"));
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
    const playing = !this.video.paused;
    this.attachHls(opening);
    if (playing) this.play(); // a source that comes right after play() pauses the film (HTML, 4.8.11.5)
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
    this.lost = false;
    hls.on(Hls.Events.ERROR, (_, data) => data.fatal && this.mend(data));
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.dispatchEvent(new Event("flowing")));
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
    const { hls } = this;
    const known = hls.levels.map((level, id) => ({ id, rate: level.bitrate, short: Math.min(level.width, level.height), codec: level.videoCodec?.slice(0, 4) }));
    const same = known.filter(({ codec }) => codec === this.codec);
    const levels = (same.length > 0 ? same : known).sort((a, b) => a.rate - b.rate);
    if (this.level >= 0 && !this.soundOnly) hls.loadLevel = this.level;
    else hls.startLevel = levels[0].id;
    if (thin()) hls.autoLevelCapping = (levels.findLast(({ short }) => short <= 360) ?? levels[0]).id;
  }

  // choose takes a rung by its number, -1 for any that fits the line, null for the sound alone.
  choose(level) {
    const soundOnly = level === null;
    this.level = level ?? -1;
    if (soundOnly !== this.soundOnly) {
      this.soundOnly = soundOnly;
      this.root.classList.toggle("sound-only", soundOnly);
      this.restart();
    } else if (this.hls && !soundOnly) this.hls.nextLevel = level;
  }

  // restart loads the film anew where it is.
  restart() {
    if (!this.hls) return;
    const playing = !this.video.paused;
    this.wanted = this.video.currentTime || this.wanted;
    this.hls.destroy();
    this.attachHls();
    if (playing) this.play();
  }

  mend(data) {
    const { Hls } = this;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.mended) {
      this.mended = true;
      this.hls.recoverMediaError();
    } else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
      this.lose();
    } else {
      this.fallBack();
    }
  }

  lose() {
    this.lost = true;
    this.trouble("lost");
  }

  // The progressive film with its own tracks, when the stream cannot be played.
  fallBack() {
    const at = this.video.currentTime || this.wanted;
    this.hls?.destroy();
    this.hls = null;
    this.streams = false;
    this.release();
    if (!this.mp4) return this.trouble("broken");
    this.video.append(...this.tracks);
    this.video.src = this.mp4;
    this.video.currentTime = at;
    this.dispatchEvent(new Event("fallen"));
    this.play();
  }

  // retry loads again what hls.js gave up. While it has not, it tries by itself: startLoad in the middle of a load makes it
  // (1.7.4) cancel the first segment of its own new attempt and ask for nothing any more.
  retry() {
    this.dispatchEvent(new Event("flowing"));
    if (this.lost) {
      this.lost = false;
      if (!this.hls) this.begin();
      else if (this.hls.levels.length) this.hls.startLoad(this.time);
      else this.hls.loadSource(this.master);
    }
    this.play();
  }

  trouble(kind) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: kind }));
  }
}

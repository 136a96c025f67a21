// Buttons, volume, speed, quality, sound, and the bar that steps back while the film plays.
import { clock } from "./clock.js";

export function startControls(root, stream, menus) {
  const { video } = stream;
  const all = (name) => root.querySelectorAll(`[data-do="${name}"]`);
  const volume = root.querySelector(".volume");
  const keys = root.querySelector("dialog.keys");
  const start = root.querySelector(".start");

  const fullscreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (root.requestFullscreen) root.requestFullscreen();
    else video.webkitEnterFullscreen?.();
  };
  const pip = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => {});
  const actions = {
    play: () => stream.toggle(),
    mute: () => { video.muted = !video.muted; },
    fullscreen,
    pip: () => { stream.attach(); pip(); },
    retry: () => stream.retry(),
    close: () => root.querySelector("dialog[open]")?.close(),
  };
  for (const [name, action] of Object.entries(actions)) for (const button of all(name)) button.addEventListener("click", action);

  // A button that has a second state says in its label what it would do now.
  function state(name, on) {
    for (const button of all(name)) {
      button.dataset.off ??= button.getAttribute("aria-label");
      if (button.dataset.on) button.setAttribute("aria-label", on ? button.dataset.on : button.dataset.off);
      button.dataset.state = on ? "on" : "off";
    }
  }
  const running = () => state("play", !video.paused);
  video.addEventListener("play", () => {
    if (document.activeElement === start) root.focus({ preventScroll: true }); // the keys stay with the player
    root.classList.add("started");
    running();
  });
  video.addEventListener("pause", running);
  video.addEventListener("ended", running);
  video.addEventListener("volumechange", () => {
    const loud = video.muted ? 0 : video.volume;
    state("mute", loud === 0);
    volume.value = loud;
    volume.style.setProperty("--at", loud);
  });
  volume.addEventListener("input", () => { video.muted = false; video.volume = Number(volume.value); });
  document.addEventListener("fullscreenchange", () => state("fullscreen", document.fullscreenElement === root));
  for (const button of all("pip")) button.hidden = !document.pictureInPictureEnabled;

  const speed = menus.get("speed");
  speed.onpick = (value) => { stream.speed = Number(value); };
  video.addEventListener("ratechange", () => {
    speed.check(String(stream.speed));
    speed.button.firstElementChild.textContent = stream.speed + "×";
  });
  startQuality(stream, menus.get("quality"));
  startSounds(stream, menus.get("audio"));
  startClock(root, stream);
  startTrouble(root, stream);
  startIdle(root, video, menus);

  let clicks = 0;
  video.addEventListener("click", () => { // one click plays or pauses, a double click fills the screen
    clearTimeout(clicks);
    clicks = setTimeout(() => stream.toggle(), video.paused ? 0 : 220);
  });
  video.addEventListener("dblclick", () => { clearTimeout(clicks); fullscreen(); });

  return {
    fullscreen, mute: actions.mute, help: () => keys.showModal(),
    louder(step) { video.muted = false; video.volume = Math.min(1, Math.max(0, Math.round((video.volume + step) * 20) / 20)); },
    faster(step) {
      const speeds = speed.values();
      const at = speeds.indexOf(String(stream.speed));
      speed.onpick(speeds[Math.min(Math.max(at + step, 0), speeds.length - 1)]);
    },
  };
}

function startQuality(stream, menu) {
  const sound = menu.list.querySelector('[data-value="sound"]');
  menu.button.hidden = !sound || !stream.streams;
  menu.onpick = (value) => stream.choose(value === "sound" ? null : Number(value));
  stream.addEventListener("fallen", () => { menu.button.hidden = true; });
  let filled = false;
  stream.addEventListener("levels", () => {
    if (filled || stream.soundOnly || stream.hls.levels.length < 2) return;
    filled = true;
    const all = stream.hls.levels.map((level, id) => ({ id, short: Math.min(level.width, level.height), rate: level.bitrate, codec: level.videoCodec?.slice(0, 4) }));
    const kept = all.filter(({ codec }) => codec === stream.codec); // the same sizes in another codec would only confuse
    const levels = kept.length > 0 ? kept : all;
    levels.sort((a, b) => b.rate - a.rate);
    const twice = (short) => levels.filter((other) => other.short === short).length > 1;
    for (const { id, short, rate } of levels) menu.add(String(id), twice(short) ? `${short}p, ${(rate / 1e6).toFixed(1)} Mb/s` : `${short}p`, sound);
    menu.button.hidden = false;
  });
}

function startSounds(stream, menu) {
  if (!menu) return;
  let chosen = null;
  const apply = () => {
    stream.sound = chosen;
    if (stream.soundOnly) return stream.restart();
    const at = stream.hls?.audioTracks.findIndex((track) => track.name === chosen) ?? -1;
    if (at >= 0) stream.hls.audioTrack = at;
  };
  menu.onpick = (value) => { chosen = value; apply(); };
  stream.addEventListener("fallen", () => { menu.button.hidden = true; });
  stream.addEventListener("sounds", () => {
    if (chosen) return stream.soundOnly || apply();
    if (!stream.soundOnly) menu.check(stream.hls.audioTracks.find((track) => track.default)?.name ?? menu.values()[0]);
  });
}

function startClock(root, stream) {
  const now = root.querySelector(".now");
  const show = () => { now.textContent = clock(stream.time); };
  stream.video.addEventListener("timeupdate", show);
  stream.video.addEventListener("seeking", show);
  stream.addEventListener("moved", show);
}

function startTrouble(root, stream) {
  const box = root.querySelector(".trouble");
  const wait = root.querySelector(".wait");
  stream.addEventListener("trouble", ({ detail }) => {
    box.querySelector("p").textContent = box.dataset[detail];
    box.querySelector("button").hidden = detail !== "lost";
    box.dataset.kind = detail;
    box.hidden = false;
    wait.hidden = true;
  });
  stream.addEventListener("flowing", () => { box.hidden = true; });
  // Without a line the film says so as soon as it runs dry, and goes on by itself when the line is back.
  stream.video.addEventListener("waiting", () => { if (!navigator.onLine) stream.trouble("lost"); });
  const again = () => { if (navigator.onLine && !box.hidden && box.dataset.kind === "lost") stream.retry(); };
  addEventListener("online", again);
  setInterval(again, 5000); // a line is often said to be back before it carries anything, and a server that was down says nothing
  const waiting = () => { wait.hidden = !stream.attached || stream.video.paused || !box.hidden; };
  stream.video.addEventListener("waiting", waiting);
  stream.video.addEventListener("play", () => { if (stream.video.readyState < 3) waiting(); });
  for (const event of ["playing", "pause", "seeked", "canplay"]) stream.video.addEventListener(event, () => { wait.hidden = !stream.held || stream.video.paused; });
  stream.addEventListener("released", () => { wait.hidden = true; });
}

function startIdle(root, video, menus) {
  let timer = 0;
  const show = (on) => {
    root.classList.toggle("bar-shown", on);
    root.classList.toggle("idle", !on);
  };
  const busy = () => video.paused || menus.open || root.querySelector(".ui :focus-visible");
  const wake = () => {
    show(true);
    clearTimeout(timer);
    timer = setTimeout(() => { if (!busy()) show(false); else wake(); }, 2500);
  };
  for (const event of ["pointermove", "pointerdown", "focusin", "keydown"]) root.addEventListener(event, wake);
  root.addEventListener("pointerleave", () => { if (!busy()) show(false); });
  for (const event of ["play", "pause", "ended"]) video.addEventListener(event, wake);
  wake();
}

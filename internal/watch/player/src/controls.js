// Buttons, volume, speed, quality, sound, and the bar that steps back while the film plays.
import { clock } from "./clock.js";
import { on } from "./on.js";

export function startControls(root, stream, menus) {
  const { video } = stream;
  const all = (name) => root.querySelectorAll(`[data-do="${name}"]`);
  const volume = root.querySelector(".volume");
  const keys = root.querySelector("dialog.keys");
  const start = root.querySelector(".start");

  // known does what the browser refuses before it knows the film: then the film begins.
  const known = (act) => {
    if (video.readyState > 0) return act();
    video.addEventListener("loadedmetadata", act, { once: true });
    stream.play();
  };
  const fullscreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (root.requestFullscreen) root.requestFullscreen();
    else if (video.webkitEnterFullscreen) known(() => video.webkitEnterFullscreen());
  };
  const pip = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => {});
  const actions = {
    play: () => stream.toggle(),
    mute: () => { video.muted = !video.muted; },
    fullscreen,
    pip: () => known(pip),
    retry: () => stream.retry(true),
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
  on(video, "play", () => {
    if (document.activeElement === start) root.focus({ preventScroll: true }); // the keys stay with the player
    root.classList.add("started");
    running();
  });
  on(video, "pause ended", running);
  on(video, "volumechange", () => {
    const loud = video.muted ? 0 : video.volume;
    state("mute", loud === 0);
    volume.value = loud;
    volume.style.setProperty("--at", loud);
  });
  on(volume, "input", () => { video.muted = false; video.volume = Number(volume.value); });
  on(document, "fullscreenchange", () => state("fullscreen", document.fullscreenElement === root));
  for (const button of all("pip")) button.hidden = !document.pictureInPictureEnabled;

  const speed = menus.get("speed");
  speed.onpick = (value) => { stream.speed = Number(value); };
  on(video, "ratechange", () => {
    speed.check(String(stream.speed));
    speed.button.firstElementChild.textContent = stream.speed + "×";
  });
  startQuality(stream, menus.get("quality"));
  startSounds(stream, menus.get("audio"));
  startClock(root, stream);
  startTrouble(root, stream);
  startIdle(root, video, menus);

  let clicks = 0;
  on(video, "click", () => { // one click plays or pauses, a double click fills the screen
    clearTimeout(clicks);
    clicks = setTimeout(() => stream.toggle(), video.paused ? 0 : 220);
  });
  on(video, "dblclick", () => { clearTimeout(clicks); fullscreen(); });

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
  menu.onpick = (value) => stream.choose(value === "sound" ? null : value);
  on(stream, "fallen", () => { menu.button.hidden = true; });
  const items = [];
  on(stream, "levels", () => { // also when hls.js drops those that the browser cannot show after all
    if (stream.soundOnly) return;
    for (const item of items.splice(0)) item.remove();
    if (stream.hls.levels.length < 2) return menu.check("-1");
    const { sizes } = stream;
    const twice = (short) => sizes.filter((other) => other.short === short).length > 1;
    for (const { uri, short, rate } of sizes.reverse()) items.push(menu.add(uri, twice(short) ? `${short}p, ${(rate / 1e6).toFixed(1)} Mb/s` : `${short}p`, sound));
    menu.check(stream.chosen < 0 ? "-1" : stream.rung);
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
  on(stream, "fallen", () => { menu.button.hidden = true; });
  on(stream, "sounds", () => {
    if (chosen) return stream.soundOnly || apply();
    if (!stream.soundOnly) menu.check(stream.hls.audioTracks.find((track) => track.default)?.name ?? menu.values()[0]);
  });
}

function startClock(root, stream) {
  const now = root.querySelector(".now");
  const show = () => { now.textContent = clock(stream.time); };
  on(stream.video, "timeupdate seeking", show);
  on(stream, "moved", show);
}

function startTrouble(root, stream) {
  const box = root.querySelector(".trouble");
  const wait = root.querySelector(".wait");
  on(stream, "trouble", ({ detail }) => {
    if (!box.hidden && box.dataset.kind === detail) return; // it is said once
    box.querySelector("p").textContent = box.dataset[detail];
    box.querySelector("button").hidden = detail !== "lost";
    box.dataset.kind = detail;
    box.hidden = false;
    wait.hidden = true;
  });
  const flowing = () => { box.hidden = true; };
  on(stream, "flowing", flowing);
  on(stream.video, "playing", flowing);
  // Without a line the film says so as soon as it runs dry, and goes on by itself when the line is back.
  on(stream.video, "waiting", () => { if (stream.lost || !navigator.onLine) stream.trouble("lost"); });
  const again = () => { if (navigator.onLine && (stream.lost || (!box.hidden && box.dataset.kind === "lost"))) stream.retry(); };
  addEventListener("online", again);
  setInterval(again, 5000); // a line is often said to be back before it carries anything, and a server that was down says nothing
  const waiting = () => { wait.hidden = !stream.attached || stream.video.paused || !box.hidden; };
  on(stream.video, "waiting", waiting);
  on(stream.video, "play", () => { if (stream.video.readyState < 3) waiting(); });
  on(stream.video, "playing pause seeked canplay", () => { wait.hidden = !stream.held || stream.video.paused; });
  on(stream, "released", () => { wait.hidden = true; });
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
  on(root, "pointermove pointerdown focusin keydown", wake);
  on(root, "pointerleave", () => { if (!busy()) show(false); });
  on(video, "play pause ended", wake);
  wake();
}

// Plays a DASH manifest in a real Chromium with a player that is not ours.
//
//   node dash.mjs --player dashjs|shaka --url URL.mpd --expect FILE.json
//
// FILE.json: {"languages": ["en", "ru"], "audio": ["en"], "from": 3, "past": 5, "cues": [{"lang": "en", "text": "Hello"}]}
// The film is played from second "from" until it has passed second "past", and each cue's text must be shown meanwhile in its
// language. Prints one JSON object {"ok", ...}; exits 0 only when all held and the player told of no error. The players come from
// npm (package.json beside this file) and are loaded from the disk into an empty page of the manifest's host.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { chromium } = createRequire(new URL("../../internal/watch/player/package.json", import.meta.url))("playwright-core");
const { values: args } = parseArgs({ options: { player: { type: "string" }, url: { type: "string" }, expect: { type: "string" } } });
const wanted = JSON.parse(readFileSync(args.expect, "utf8"));
const script = { dashjs: "dashjs/dist/modern/umd/dash.all.min.js", shaka: "shaka-player/dist/shaka-player.dash.js" }[args.player];
const path = fileURLToPath(new URL(`node_modules/${script}`, import.meta.url));
if (!script || !existsSync(path)) {
  console.error(`${args.player} is not installed; run npm ci --ignore-scripts in testdata/browser`);
  process.exit(2);
}
const patience = 30_000; // milliseconds for anything to happen, on a busy machine

// begin runs in the page: it starts the player and gives globalThis.film one shape for both players.
const begin = {
  dashjs: async (url) => {
    const player = dashjs.MediaPlayer().create();
    const on = dashjs.MediaPlayer.events;
    const texts = [];
    player.on(on.ERROR, (e) => film.errors.push(`${e.error?.code} ${e.error?.message}`));
    player.on(on.PLAYBACK_ERROR, (e) => film.errors.push(`playback: ${e.error?.message ?? e.error}`));
    const ready = new Promise((done) => player.on(on.STREAM_INITIALIZED, done));
    const listed = new Promise((done) => player.on(on.TEXT_TRACKS_ADDED, (e) => { texts.push(...e.tracks); done(); }));
    player.updateSettings({ streaming: { text: { defaultEnabled: false } } });
    player.initialize(film.video, url, false);
    await Promise.all([ready, listed]);
    film.tracks = () => ({
      text: player.getTracksFor("text").map((t) => ({ lang: t.lang, label: t.labels[0]?.text, role: t.roles[0]?.value })),
      audio: player.getTracksFor("audio").map((t) => t.lang),
      pictures: player.getRepresentationsByType("video").map((r) => `${r.width}x${r.height}`),
    });
    film.show = (lang) => { player.enableText(true); player.setTextTrack(texts.findIndex((t) => t.lang === lang)); };
  },
  shaka: async (url) => {
    const player = new shaka.Player();
    player.addEventListener("error", (e) => film.errors.push(`${e.detail?.code} ${e.detail?.data}`));
    await player.attach(film.video);
    await player.load(url);
    const pictures = (all) => [...new Set(all.filter((t) => t.height).map((t) => `${t.width}x${t.height}`))];
    film.tracks = () => ({
      text: player.getTextTracks().map((t) => ({ lang: t.language, label: t.label, role: t.roles[0] })),
      audio: [...new Set(player.getVariantTracks().map((t) => t.language))],
      pictures: pictures(player.getVariantTracks()),
    });
    film.show = (lang) => player.selectTextTrack(player.getTextTracks().find((t) => t.language === lang));
  },
}[args.player];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"] });
const result = { ok: false, player: args.player };
const same = (name, got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
};
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  const refused = [], loaded = [];
  page.on("response", (r) => (r.status() >= 400 ? refused : loaded).push(new URL(r.url()).pathname));
  const empty = new URL("dash-test-page.html", args.url).href;
  await page.route(empty, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><link rel=icon href=data:,><video muted></video>" }));
  await page.goto(empty);
  await page.evaluate(() => { globalThis.film = { errors: [], video: document.querySelector("video") }; });
  await page.addScriptTag({ path });
  await Promise.race([page.evaluate(begin, args.url), new Promise((_, no) => setTimeout(no, patience, new Error("the player did not begin"))).catch(async (e) => {
    throw new Error(`${e.message}: ${JSON.stringify(await page.evaluate(() => film.errors))}`);
  })]);
  result.tracks = await page.evaluate(() => film.tracks());
  same("text tracks", result.tracks.text, wanted.text);
  same("sound tracks", result.tracks.audio, wanted.audio);
  same("pictures", result.tracks.pictures.toSorted(), wanted.pictures.toSorted());
  result.cues = [];
  for (const { lang, text } of wanted.cues) {
    await page.evaluate(async ([lang, from]) => {
      await film.show(lang);
      film.video.currentTime = from;
      film.video.play().catch((e) => film.errors.push(`play: ${e.message}`)); // not awaited: waiting has a limit, below
    }, [lang, wanted.from]);
    // The players put cues into text tracks of the video, shown or hidden; only the chosen track may hold active ones.
    await page.waitForFunction((text) => [...film.video.textTracks].some((t) => t.mode !== "disabled" && [...(t.activeCues ?? [])].some((c) => c.text.includes(text))) || film.errors.length > 0, text)
      .catch(async () => { throw new Error(`the cue ${JSON.stringify(text)} was not shown: ${JSON.stringify(await page.evaluate(() => [...film.video.textTracks].map((t) => [t.language, t.mode, t.cues?.length])))}`); });
    await page.waitForFunction((past) => film.video.currentTime > past || film.errors.length > 0, wanted.past)
      .catch(async () => { throw new Error(`the film stands at ${await page.evaluate(() => film.video.currentTime)} s`); });
    result.cues.push(`${lang}: ${text}`);
  }
  result.played = await page.evaluate(() => ({ time: film.video.currentTime, duration: film.video.duration, frames: film.video.getVideoPlaybackQuality().totalVideoFrames, dropped: film.video.getVideoPlaybackQuality().droppedVideoFrames }));
  same("errors of the player", await page.evaluate(() => film.errors), []);
  same("errors of the server", refused, []);
  if (Math.abs(result.played.duration - wanted.duration) > 0.1) throw new Error(`the film lasts ${result.played.duration} s instead of ${wanted.duration} s`);
  if (result.played.frames === 0) throw new Error("no frame was shown");
  result.chunks = [...new Set(loaded.filter((p) => /\/v\d+\/\d+\.m4s$/.test(p)).map((p) => p.split("/").at(-3)))].length;
  if (result.chunks < 2) throw new Error("the segments of one chunk alone were loaded");
  result.ok = true;
} catch (error) {
  result.reason = error.message.split("\n")[0];
} finally {
  await browser.close();
}
console.log(JSON.stringify(result));
process.exitCode = result.ok ? 0 : 1;

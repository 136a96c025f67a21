// Plays a DASH manifest in a real Chromium with a player that is not ours.
//
//   node dash.mjs --cases JSON --expect FILE.json
//
// JSON: [{"name": "a case", "player": "dashjs" or "shaka", "url": "URL.mpd"}].
// FILE.json: {"text": [{"lang": "en", "label": "English", "role": "subtitle"}], "audio": ["en"], "pictures": ["160x90"], "duration": 12,
//             "from": 4, "past": 7, "cues": [{"lang": "en", "text": "Hello"}]}
// The player must list these tracks. For each cue the film is played in a page of its own from second "from" until it has passed
// second "past", over a boundary between chunks, and the cue must be shown meanwhile. Prints one JSON object {"ok", "cases"}; exits 0
// only when all held and nobody told of an error. The players come from npm (package.json beside this file) and are loaded from the
// disk into an empty page of the manifest's host.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { browser, each, patience, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { cases: { type: "string" }, expect: { type: "string" } } });
const wanted = JSON.parse(readFileSync(args.expect, "utf8"));
const scripts = { dashjs: "dashjs/dist/modern/umd/dash.all.min.js", shaka: "shaka-player/dist/shaka-player.dash.js" };

// begin runs in the page: it starts the player with the subtitles of one language, and gives globalThis.film one shape for both players.
const begin = {
  dashjs: async ([url, lang]) => {
    const player = dashjs.MediaPlayer().create();
    const on = dashjs.MediaPlayer.events;
    const failed = new Promise((_, no) => player.on(on.ERROR, (e) => { film.errors.push(`${e.error?.code} ${e.error?.message}`); no(new Error(film.errors[0])); }));
    player.on(on.PLAYBACK_ERROR, (e) => film.errors.push(`playback: ${e.error?.message ?? e.error}`));
    const ready = ["STREAM_INITIALIZED", "TEXT_TRACKS_ADDED"].map((name) => new Promise((done) => player.on(on[name], done)));
    // A seek drops a subtitle file that is still on its way, and dash.js 5.2.1 never asks for it again: no seek before it has come.
    ready.push(new Promise((done) => player.on(on.FRAGMENT_LOADING_COMPLETED, (e) => e.request?.mediaType === "text" && !e.error && done())));
    player.initialize(film.video, null, false);
    player.setInitialMediaSettingsFor("text", { lang });
    player.attachSource(url);
    await Promise.race([Promise.all(ready), failed]);
    failed.catch(() => {}); // what comes later is in film.errors
    return {
      text: player.getTracksFor("text").map((t) => ({ lang: t.lang, label: t.labels[0]?.text, role: t.roles[0]?.value })),
      audio: player.getTracksFor("audio").map((t) => t.lang),
      pictures: player.getRepresentationsByType("video").map((r) => `${r.width}x${r.height}`),
    };
  },
  shaka: async ([url, lang]) => {
    const player = new shaka.Player();
    player.addEventListener("error", (e) => film.errors.push(`${e.detail?.code} ${e.detail?.data}`));
    await player.attach(film.video);
    await player.load(url);
    player.selectTextTrack(player.getTextTracks().find((t) => t.language === lang));
    return {
      text: player.getTextTracks().map((t) => ({ lang: t.language, label: t.label, role: t.roles[0] })),
      audio: [...new Set(player.getVariantTracks().map((t) => t.language))],
      pictures: [...new Set(player.getVariantTracks().map((t) => `${t.width}x${t.height}`))],
    };
  },
};

const same = (name, got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
};

// play opens a page of its own, plays over the boundary, and gives what was seen.
async function play(player, url, { lang, text }) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  const refused = [], loaded = [];
  page.on("response", (r) => (r.status() >= 400 ? refused : loaded).push(new URL(r.url()).pathname));
  const empty = new URL("dash-test-page.html", url).href;
  await page.route(empty, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><link rel=icon href=data:,><video muted></video>" }));
  await page.goto(empty);
  await page.evaluate(() => { globalThis.film = { errors: [], video: document.querySelector("video") }; });
  await page.addScriptTag({ path: fileURLToPath(new URL(`node_modules/${scripts[player]}`, import.meta.url)) });
  const until = (name, holds, arg) => page.waitForFunction(holds, arg).catch(async () => {
    const state = await page.evaluate(() => ({ time: film.video.currentTime, errors: film.errors, tracks: [...film.video.textTracks].map((t) => [t.language, t.mode, t.cues?.length]) }));
    throw new Error(`${name}: not in ${patience / 1000} s, but ${JSON.stringify(state)}`);
  });
  const late = new Promise((_, no) => setTimeout(no, patience, new Error("the player did not begin")).unref());
  const tracks = await Promise.race([page.evaluate(begin[player], [url, lang]), late]);
  const fields = (all) => all.map((t) => [t.lang, t.label, t.role]);
  same("text tracks", fields(tracks.text), fields(wanted.text));
  same("sound tracks", tracks.audio, wanted.audio);
  same("pictures", [...tracks.pictures].sort(), wanted.pictures);
  await page.evaluate((from) => {
    film.video.currentTime = from;
    film.video.play().catch((e) => film.errors.push(`play: ${e.message}`)); // not awaited: waiting has a limit, below
  }, wanted.from);
  await until(`the cue ${JSON.stringify(text)}`, ([lang, text]) => [...film.video.textTracks]
    .some((t) => t.mode !== "disabled" && [...(t.activeCues ?? [])].some((c) => c.text.includes(text))), [lang, text]);
  await until("playing", (past) => film.video.currentTime > past, wanted.past);
  const seen = await page.evaluate(() => ({ time: film.video.currentTime, duration: film.video.duration, errors: film.errors, frames: film.video.getVideoPlaybackQuality().totalVideoFrames }));
  same("errors of the player", seen.errors, []);
  same("errors of the server", refused, []);
  if (Math.abs(seen.duration - wanted.duration) > 0.1) throw new Error(`the film lasts ${seen.duration} s instead of ${wanted.duration} s`);
  if (seen.frames === 0) throw new Error("no frame was shown");
  seen.chunks = new Set(loaded.filter((p) => /\/v\d+(-av1)?\/\d+\.m4s$/.test(p)).map((p) => p.split("/").at(-3))).size;
  if (seen.chunks < 2) throw new Error("the segments of one chunk alone were loaded");
  await page.close();
  return { lang, ...seen };
}

await run(() => each(JSON.parse(args.cases), async ({ player, url }) => {
  if (!existsSync(new URL(`node_modules/${scripts[player]}`, import.meta.url))) throw new Error(`${player} is not installed; run npm ci --ignore-scripts in testdata/browser`);
  const played = [];
  for (const cue of wanted.cues) played.push(await play(player, url, cue));
  return { played };
}));

// Opens a published watch page in a real Chromium and uses it the way a viewer would.
//
//   node watch.mjs --url URL [--size 1280x900] --expect FILE.json [--shot OUT.png] [--dark]
//
// Of several --url and --size, each page is opened at its own size, one after another; --shot is of the last.
// FILE.json: {"expect": [{"lang": "en", "time": 3.2, "text": "Hello"}], "tracks": 2}
// Each expectation is a cue that must be shown at that second of the film; tracks is the number of subtitle tracks
// (left out: at least one a language). Prints one JSON object {"ok", "checks", ...} on stdout; exits 0 only when
// every check held, else 1 with "reason". CHROMIUM names the browser, /usr/bin/chromium is the default.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { browser, check, plain, result, run, seek, shown, time, until } from "./browser.mjs";

const { values: args } = parseArgs({ options: {
  url: { type: "string", multiple: true }, expect: { type: "string" }, shot: { type: "string" },
  size: { type: "string", multiple: true, default: ["1280x900"] }, dark: { type: "boolean", default: false },
} });
if (!args.url || !args.expect) {
  console.error("usage: node watch.mjs --url URL [--size 1280x900] --expect FILE.json [--shot OUT.png] [--dark]");
  process.exit(2);
}
const wanted = JSON.parse(readFileSync(args.expect, "utf8"));
result.url = args.url;

// watch notes everything that must not happen in a context.
async function watch(context) {
  const seen = { errors: [], hosts: new Set(), requests: [] };
  context.on("request", (request) => {
    const at = new URL(request.url());
    if (!at.protocol.startsWith("http")) return;
    seen.hosts.add(at.host);
    seen.requests.push(at.pathname);
  });
  context.on("console", (message) => { if (message.type() === "error") seen.errors.push(`console: ${message.text()}`); });
  context.on("weberror", (error) => seen.errors.push(`page: ${error.error().message}`));
  context.on("response", (response) => { if (response.status() >= 400) seen.errors.push(`${response.status()}: ${response.url()}`); });
  return seen;
}

function clean(seen, where) {
  check(`${where}: no error`, seen.errors.length === 0, seen.errors.slice(0, 5).join(" | "));
  check(`${where}: one host contacted`, seen.hosts.size === 1, [...seen.hosts].join(", "));
}

async function reveal(page) { // the bar steps back while the film plays
  const box = await page.locator(".player").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width / 2 + 8, box.y + box.height / 2);
}

async function choose(page, lang) {
  await reveal(page);
  await page.locator(".cc").click();
  const item = lang === "" ? '[data-for="captions"] [data-value=""]' : `[data-for="captions"] [lang="${lang}"]`;
  await page.locator(item).first().click();
}

async function plays(page, name) {
  const from = await time(page);
  await until(name, () => time(page), (now) => now > from + 0.5);
}

async function withPlayer(url, viewport) {
  const context = await browser.newContext({ viewport, colorScheme: args.dark ? "dark" : "light" });
  await context.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (v) => globalThis.violations.push(`${v.violatedDirective} ${v.blockedURI}`));
  });
  const seen = await watch(context);
  const page = await context.newPage();
  await page.goto(url);
  result.title = await page.title();
  check("the page has a title", result.title !== "");
  await until("the controls are there", () => page.locator(".player .ui").isVisible(), Boolean);
  const early = seen.requests.filter((path) => /\.(m3u8|m4s|mp4|vtt)$/.test(path));
  check("nothing of the film is loaded before play", early.length === 0, early.join(", "));

  await page.locator(".player .start").click();
  await plays(page, "the film plays");
  const source = await page.evaluate(() => document.querySelector("video").currentSrc);
  check("hls.js is in use", source.startsWith("blob:"), source);

  await opened(page, seen);
  const langs = [...new Set(wanted.expect.map((e) => e.lang))];
  for (const lang of langs) await withCaptions(page, lang);
  await countTracks(page, langs);
  if (args.shot) await page.screenshot({ path: args.shot });
  await storyboard(page);
  if (langs.length > 0) await remembered(page, langs.at(-1));
  const violations = await page.evaluate(() => globalThis.violations);
  check("the policy was kept", violations.length === 0, violations.join(" | "));
  clean(seen, "with JavaScript");
  await context.close();
}

// opened: with the press, what every film begins with was asked for at once, and hls.js, which finds one file by another, asked for none of it again.
async function opened(page, { requests }) {
  const opening = await page.evaluate(() => {
    const { master, opening } = document.querySelector(".player").dataset;
    const at = new URL(master, document.baseURI);
    return [at.pathname, ...opening.split(" ").map((ref) => new URL(ref, at).pathname)];
  });
  const asked = requests.slice(requests.indexOf(opening[0]));
  check("the film's beginning was asked for at once", opening.length >= 4 && asked.slice(0, opening.length).join() === opening.join(), asked);
  check("and once only", opening.every((path) => asked.indexOf(path) === asked.lastIndexOf(path)), asked);
}

async function withCaptions(page, lang) {
  await choose(page, lang);
  for (const e of wanted.expect.filter((e) => e.lang === lang)) {
    await seek(page, e.time);
    await until(`CC ${lang} at ${e.time} s`, () => shown(page),
      (tracks) => tracks.length === 1 && tracks[0].lang === lang && plain(tracks[0].text) === plain(e.text));
  }
}

async function countTracks(page, langs) {
  const count = await page.evaluate(() => [...document.querySelector("video").textTracks]
    .filter((track) => ["subtitles", "captions"].includes(track.kind)).length);
  result.tracks = count;
  check("the subtitle tracks are there", wanted.tracks === undefined ? count >= langs.length : count === wanted.tracks, `${count} tracks`);
}

async function storyboard(page) {
  if (!(await page.locator(".player").getAttribute("data-storyboard"))) return;
  await reveal(page);
  const box = await page.locator(".line").boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2);
  await until("the storyboard shows a picture", () => page.evaluate(async () => {
    const tile = document.querySelector(".preview div[data-ready]");
    const url = tile && /url\("(.*)"\)/.exec(getComputedStyle(tile).backgroundImage)?.[1];
    if (!url || !tile.checkVisibility()) return "no picture";
    const image = new Image();
    image.src = url;
    return image.decode().then(() => image.naturalWidth, () => "not decoded");
  }), (answer) => answer > 0);
}

async function remembered(page, lang) {
  await page.reload();
  await until("the choice is shown after a reload", () => page.locator('[data-for="captions"] [aria-checked="true"]').getAttribute("lang"), (now) => now === lang);
  await page.locator(".player .start").click();
  await until("the choice is on after a reload", () => shown(page), (tracks) => tracks.length === 1 && tracks[0].lang === lang);
  await plays(page, "the film plays after a reload");
  await choose(page, "");
  await until("CC can be turned off", () => shown(page), (tracks) => tracks.length === 0);
}

async function withoutScript(url, viewport) {
  const context = await browser.newContext({ viewport, javaScriptEnabled: false });
  const seen = await watch(context);
  const page = await context.newPage();
  await page.goto(url);
  const video = (run, arg) => page.evaluate(`(${run})(document.querySelector("video"), ${JSON.stringify(arg)})`);
  check("without JavaScript: the browser's own controls", await video((v) => v.controls));
  await video((v) => { v.muted = true; v.play(); });
  await until("without JavaScript: the MP4 plays", () => video((v) => [v.currentSrc, v.currentTime]), ([src, now]) => /\.mp4$/.test(new URL(src || "x:").pathname) && now > 0.5);
  const e = wanted.expect[0];
  if (e) {
    await video((v, lang) => { for (const t of v.textTracks) t.mode = t.language === lang ? "showing" : "disabled"; }, e.lang);
    await video((v, to) => { v.pause(); v.currentTime = to; }, e.time);
    await until("without JavaScript: the track is shown", () => shown(page), (tracks) => tracks.length === 1 && plain(tracks[0].text) === plain(e.text));
  }
  clean(seen, "without JavaScript");
  await context.close();
}

await run(async () => {
  for (const [i, url] of args.url.entries()) {
    const [width, height] = (args.size[i] ?? args.size.at(-1)).split("x").map(Number);
    try {
      await withPlayer(url, { width, height });
      await withoutScript(url, { width, height });
    } catch (error) {
      throw new Error(`${url}, ${width}x${height}: ${error.message}`);
    }
  }
});

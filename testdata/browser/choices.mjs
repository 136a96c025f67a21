// Makes a viewer's choices on a page that was published with two sizes, two sounds (ru, en) and subtitles in en and ru: size, sound, a
// line that breaks in the middle of the film, thrift, and a subtitle that is replaced while the page is open.
//
//   node choices.mjs --url URL --time SECONDS --before TEXT --after TEXT
//
// TEXT is the English cue at SECONDS. When it prints "replace", the caller publishes the film with the cue's text after, and writes a line.
// Prints one JSON object {"ok", "checks", ...} at last; exits 0 only when every check held.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { browser, check, dear, run, until } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, time: { type: "string" }, before: { type: "string" }, after: { type: "string" } } });

async function open(saveData = false) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  if (saveData) await dear(context);
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(args.url);
  await page.locator(".start").click();
  await until("it plays", () => video(page, (v) => v.currentTime), (now) => now > 0.3);
  return { context, page, asked };
}
const video = (page, run, arg) => page.evaluate(`(${run})(document.querySelector("video"), ${JSON.stringify(arg)})`);
async function pick(page, menu, item) {
  const box = await page.locator(".player").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await page.mouse.move(box.x + box.width / 2 + 9, box.y + box.height / 3);
  await page.locator(`[data-menu="${menu}"]`).click();
  await page.locator(`[data-for="${menu}"] ${item}`).first().click();
}
const shown = (page) => video(page, (v) => [...v.textTracks].filter((t) => t.mode === "showing").map((t) => `${t.language}: ${[...(t.activeCues ?? [])].map((c) => c.text).join("|")}`).join());

async function sizes(page) {
  const menu = page.locator('[data-for="quality"] [role=menuitemradio]');
  await until("both sizes are offered", () => menu.evaluateAll((all) => all.map((b) => b.textContent)), (all) => ["180p", "90p"].every((size) => all.filter((text) => text === size).length === 1));
  for (const size of [90, 180, 90]) {
    const value = await menu.evaluateAll((all, text) => all.find((b) => b.textContent.includes(text))?.dataset.value, `${size}p`);
    check(`the menu names ${size}p`, value !== undefined, await menu.allInnerTexts());
    await pick(page, "quality", `[data-value="${value}"]`);
    await until(`the picture is ${size}p`, () => video(page, (v) => v.videoHeight), (height) => height === size);
  }
}

async function sounds(page, asked) {
  check("one sound is loaded", new Set(asked.map((path) => /audio-\d/.exec(path)?.[0]).filter(Boolean)).size === 1, asked);
  asked.length = 0;
  await pick(page, "audio", '[lang="en"]');
  await until("the other sound is loaded", () => asked.some((path) => /audio-1\.m3u8$/.test(path)), Boolean);
  const at = await video(page, (v) => v.currentTime);
  await until("the film goes on with it", () => video(page, (v) => v.currentTime), (now) => now > at + 1);
}

async function broken(context, page) {
  const { now, loaded } = await video(page, (v) => ({ now: v.currentTime, loaded: v.buffered.end(v.buffered.length - 1) }));
  check("what is far ahead is not loaded", loaded - now < 75 && loaded < 105, { now, loaded });
  const there = Math.ceil(loaded) + 8;
  await context.setOffline(true);
  await video(page, (v, at) => { v.currentTime = at; }, there);
  await until("a line that breaks midway is told", () => page.locator(".trouble").isVisible(), Boolean);
  await context.setOffline(false);
  await until("the film goes on where it was", () => video(page, (v) => v.currentTime), (now) => now > there + 0.5);
  check("the message is gone", !(await page.locator(".trouble").isVisible()));
}

async function replaced(page) {
  await video(page, (v, at) => { v.pause(); v.currentTime = at; }, Number(args.time));
  await pick(page, "captions", '[lang="en"]');
  await until("the subtitle as it was", () => shown(page), (text) => text === `en: ${args.before}`);
  console.log("replace");
  for await (const line of createInterface({ input: process.stdin })) if (line) break;
  await pick(page, "captions", '[lang="ru"]');
  await until("the old page still shows a track that it had not loaded", () => shown(page), (text) => text.startsWith("ru: ") && text.length > 5);
  await pick(page, "captions", '[lang="en"]');
  await until("and the subtitle as it was", () => shown(page), (text) => text === `en: ${args.before}`);
  await page.reload();
  await page.locator(".start").click();
  await until("it plays again", () => video(page, (v) => v.currentTime), (now) => now > 0.3);
  await video(page, (v, at) => { v.pause(); v.currentTime = at; }, Number(args.time));
  await until("a reload shows the new subtitle", () => shown(page), (text) => text === `en: ${args.after}`);
}

// ahead is how much of the film is loaded when loading has stopped, seconds; the film is held meanwhile.
async function ahead(page) {
  await video(page, (v) => v.pause());
  const seen = [];
  await until("loading stops", async () => {
    await new Promise((done) => setTimeout(done, 1000));
    seen.push(await video(page, (v) => v.buffered.end(v.buffered.length - 1) - v.currentTime));
    return seen.slice(-3);
  }, (last) => last.length === 3 && new Set(last).size === 1);
  return seen.at(-1);
}

async function thrift(usual) {
  const { context, page, asked } = await open(true);
  const loaded = await ahead(page);
  check("where data is dear, little is loaded ahead", loaded < 40 && loaded < usual - 20, { loaded, usual });
  check("and the small size alone, first", /v0\//.test(asked.find((path) => /\/v\d\/.*m4s$/.test(path)) ?? ""), asked);
  await context.close();
}

await run(async () => {
  const { context, page, asked } = await open();
  const usual = await ahead(page);
  await video(page, (v) => v.play());
  await sizes(page);
  await sounds(page, asked);
  await broken(context, page);
  await replaced(page);
  await context.close();
  await thrift(usual);
});

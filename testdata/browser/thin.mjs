// Opens a page over a thin line, presses play, and measures.
//
//   node thin.mjs --url URL --seconds N [--eager]
//
// --eager presses as soon as there are controls, before hls.js has come; then "Whole" is 0.
//
// Prints {"ok", "Text", "Ready", "Whole", "First", "Moving", "Stalls", "Stalled", "BeforePlay"}: seconds until the text is there, the controls work, and
// all of the player is there, which is when play is pressed; from the click until the first picture, and until it moves; how often and how long the film
// stood still while N seconds of it were played; bytes that were loaded before the click.
import { parseArgs } from "node:util";
import { browser, result, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, seconds: { type: "string" }, eager: { type: "boolean", default: false } } });
await run(async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(args.url);
  await page.locator(".start").waitFor();
  if (!args.eager) await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => /\/hls-\w+\.js$/.test(name) && responseEnd > 0));
  Object.assign(result, await page.evaluate((eager) => {
    const [nav] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const files = performance.getEntriesByType("resource");
    return { Text: (paint?.startTime ?? nav.domInteractive) / 1000, Ready: nav.domContentLoadedEventEnd / 1000,
      Whole: eager ? 0 : Math.max(...files.map(({ responseEnd }) => responseEnd)) / 1000,
      BeforePlay: nav.transferSize + files.reduce((sum, file) => sum + file.transferSize, 0) };
  }, args.eager));
  Object.assign(result, await page.evaluate((seconds) => new Promise((done, fail) => {
    const video = document.querySelector("video");
    const clicked = performance.now();
    const seen = { First: 0, Moving: 0, Stalls: 0, Stalled: 0 };
    let since = 0;
    video.requestVideoFrameCallback(() => { seen.First = (performance.now() - clicked) / 1000; });
    video.addEventListener("waiting", () => { if (seen.First && video.currentTime > 0.2) { seen.Stalls++; since = performance.now(); } });
    video.addEventListener("playing", () => { if (since) { seen.Stalled += (performance.now() - since) / 1000; since = 0; } });
    video.addEventListener("timeupdate", () => { if (!seen.Moving && video.currentTime > 0) seen.Moving = (performance.now() - clicked) / 1000; });
    video.addEventListener("timeupdate", () => { if (video.currentTime >= seconds && seen.First) done(seen); });
    setTimeout(() => fail(new Error(`only at ${video.currentTime} s, first picture after ${seen.First} s, ${seen.Stalls} stalls`)), seconds * 2000 + 60_000);
    document.querySelector(".start").click();
  }), Number(args.seconds)));
});

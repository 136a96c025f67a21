// Opens a published watch page in a real Chromium and looks which codec the player takes.
//
//   node codecs.mjs --url URL --cases JSON
//
// JSON: [{"name": "a case", "codec": "av01" or "avc1", "without": "av01", "rough": "av01"}]. without makes the browser say that it does not know a
// codec, rough that it cannot show it without a hitch; both may be left out. The film is played from second 4 over the boundary of its chunks at 6,
// then once more after a seek back. Every segment of the picture must be of the wanted codec, every frame must come, and nothing may go wrong.
// Prints one JSON object {"ok", "cases"}; exits 0 only when all held.
import { parseArgs } from "node:util";
import { browser, each, patience, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, cases: { type: "string" } } });

// take opens the page as a browser that has never seen it, and gives what was seen.
async function take({ codec, without, rough }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const loaded = [];
  const errors = [];
  page.on("response", (r) => {
    const path = new URL(r.url()).pathname;
    if (r.status() >= 400) errors.push(`${r.status()} ${path}`);
    else if (/\/v\d+(-av1)?\/\d+\.m4s$/.test(path)) loaded.push(path.split("/").slice(-3).join("/"));
  });
  page.on("console", (m) => { if (m.type() === "error") errors.push(m.text()); });
  page.on("pageerror", (e) => errors.push(e.message));
  await page.addInitScript(([without, rough]) => {
    const names = (codec, text) => codec && text.includes(codec);
    const known = MediaSource.isTypeSupported.bind(MediaSource);
    MediaSource.isTypeSupported = (type) => !names(without, type) && known(type);
    const can = navigator.mediaCapabilities.decodingInfo.bind(navigator.mediaCapabilities);
    navigator.mediaCapabilities.decodingInfo = async (what) => {
      const text = what.video?.contentType ?? "";
      const info = await can(what);
      return { supported: info.supported && !names(without, text), smooth: info.smooth && !names(rough, text), powerEfficient: info.powerEfficient };
    };
  }, [without ?? "", rough ?? ""]);
  await page.goto(`${args.url}#t=4`);
  await page.locator(".player .start").click();
  const video = (run, arg) => page.evaluate(`(${run})(document.querySelector("video"), ${JSON.stringify(arg)})`);
  const until = async (name, past) => {
    const end = Date.now() + patience;
    let now = 0;
    while (Date.now() < end && !(now > past)) {
      now = await video((v) => v.currentTime);
      await new Promise((done) => setTimeout(done, 100));
    }
    if (!(now > past)) throw new Error(`${name}: the film stands at ${now} s; ${errors.join(" | ")}`);
  };
  await until("playing", 6.6);
  await video((v) => { v.currentTime = 1; });
  await until("playing after a seek", 1.8);
  const seen = await video((v) => ({ source: v.currentSrc.split(":")[0], width: v.videoWidth, frames: v.getVideoPlaybackQuality().totalVideoFrames, broken: v.getVideoPlaybackQuality().corruptedVideoFrames }));
  const menu = await page.evaluate(() => [...document.querySelectorAll('[data-for="quality"] [data-value]')].map((e) => e.textContent.trim()));
  const wrong = loaded.filter((path) => path.includes("-av1/") !== (codec === "av01"));
  if (errors.length > 0) throw new Error(errors.slice(0, 5).join(" | "));
  if (seen.source !== "blob") throw new Error(`hls.js is not in use: ${seen.source}`);
  if (loaded.length < 2 || wrong.length > 0) throw new Error(`segments of another codec were loaded: ${wrong.join(", ") || "none at all"}`);
  if (new Set(loaded.map((path) => path.split("/")[0])).size < 2) throw new Error("the segments of one chunk alone were loaded");
  if (seen.frames < 20 || seen.broken > 0) throw new Error(`${seen.frames} frames were shown, ${seen.broken} of them broken`);
  if (new Set(menu).size !== menu.length) throw new Error(`the menu offers a size twice: ${menu.join(", ")}`);
  await context.close();
  return { codec, loaded, ...seen, menu };
}

await run(() => each(JSON.parse(args.cases), take));

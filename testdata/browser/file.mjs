// Opens a watch page as a file, where browsers load neither modules, nor <track>, nor the player.
//
//   node file.mjs --page FILE.html --expect FILE.json
//
// Prints one JSON object {"ok", ...}; exits 0 only when the MP4 plays, each expectation's text (see watch.mjs) is
// shown at its time, and the page says how to see the whole player.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { browser, result, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { page: { type: "string" }, expect: { type: "string" } } });
const { expect } = JSON.parse(readFileSync(args.expect, "utf8"));
const plain = (text) => text.replace(/\s+/g, " ").trim();

await run(async () => {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(resolve(args.page)).href);
  result.notice = await page.locator(".as-file").innerText({ timeout: 5000 });
  if (!/filmpress serve/.test(result.notice)) throw new Error("the page does not name filmpress serve");
  await page.evaluate(() => { const v = document.querySelector("video"); v.muted = true; return v.play(); });
  await page.waitForFunction(() => document.querySelector("video").currentTime > 0.3, null, { timeout: 15000 });
  for (const { lang, time, text } of expect) {
    const cue = await page.evaluate(async ([lang, time]) => {
      const video = document.querySelector("video");
      for (const t of video.textTracks) t.mode = t.language === lang ? "showing" : "disabled";
      video.pause();
      video.currentTime = time;
      await new Promise((done) => video.addEventListener("seeked", done, { once: true }));
      await new Promise((done) => setTimeout(done, 300));
      return [...video.textTracks].flatMap((t) => (t.mode === "showing" ? [...t.activeCues] : [])).map((c) => c.text).join("\n");
    }, [lang, time]);
    if (plain(cue) !== plain(text)) throw new Error(`${lang} at ${time} s: ${JSON.stringify(cue)} instead of ${JSON.stringify(text)}`);
  }
});

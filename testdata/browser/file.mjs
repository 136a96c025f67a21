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
import { browser, patience, plain, result, run, seek, shown, time, until } from "./browser.mjs";

const { values: args } = parseArgs({ options: { page: { type: "string" }, expect: { type: "string" } } });
const { expect } = JSON.parse(readFileSync(args.expect, "utf8"));

await run(async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  await page.goto(pathToFileURL(resolve(args.page)).href);
  result.notice = await page.locator(".as-file").innerText();
  if (!/filmpress serve/.test(result.notice)) throw new Error("the page does not name filmpress serve");
  await page.evaluate(() => { const v = document.querySelector("video"); v.muted = true; return v.play(); });
  await until("the MP4 plays", () => time(page), (now) => now > 0.3);
  for (const { lang, time, text } of expect) {
    await page.evaluate((lang) => { for (const t of document.querySelector("video").textTracks) t.mode = t.language === lang ? "showing" : "disabled"; }, lang);
    await seek(page, time);
    await until(`${lang} at ${time} s`, () => shown(page), (tracks) => tracks.length === 1 && tracks[0].lang === lang && plain(tracks[0].text) === plain(text));
  }
});

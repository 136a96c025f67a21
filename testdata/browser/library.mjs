// Uses the page of a library as a reader would: its search, its filter, and what axe-core says of it.
//
//   node library.mjs --url URL --expect FILE.json
//
// FILE.json: {"films": 3, "search": {"words": ["slug", ...]}, "languages": {"ky": ["slug"]}}. Each search and each language must leave the
// films of those slugs, in any order. Prints one JSON object {"ok", "checks", ...}; exits 0 only when every check held.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { accessible, browser, check, run, until } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, expect: { type: "string" } } });
const wanted = JSON.parse(readFileSync(args.expect, "utf8"));

const slugs = (page) => page.locator(".films li:visible a").evaluateAll((all) => all.map((a) => a.getAttribute("href").split("/")[0]).sort().join());

await run(async () => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark", viewport: { width: 390, height: 844 } }]) {
    const context = await browser.newContext({ ...options, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(args.url);
    await accessible(page, options.colorScheme);
    check(`no wider than the screen: ${options.colorScheme}`, await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await context.close();
  }
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(args.url);
  const all = await slugs(page);
  check("all films are there", all.split(",").length === wanted.films, all);
  const words = page.locator(".filter input");
  for (const [text, left] of Object.entries(wanted.search)) {
    await words.fill(text);
    await until(`search: ${text}`, () => slugs(page), (now) => now === left.sort().join());
    check(`${text}: it says where nothing is left`, (await page.locator(".nothing").innerText() !== "") === (left.length === 0));
  }
  await words.fill("");
  for (const [lang, left] of Object.entries(wanted.languages)) {
    await page.locator(".filter select").selectOption(lang);
    await until(`language: ${lang}`, () => slugs(page), (now) => now === left.sort().join());
  }
  await page.locator(".filter select").selectOption("");
  await until("all films again", () => slugs(page), (now) => now === all);
  check("the console is silent", complaints.length === 0, complaints);
  const bare = await browser.newContext({ javaScriptEnabled: false });
  const silent = await bare.newPage();
  await silent.goto(args.url);
  check("without JavaScript all films are there, and no filter that does nothing", await slugs(silent) === all && !(await silent.locator(".filter").isVisible()));
});

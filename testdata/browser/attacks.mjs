// Opens pages whose every text is an attack, and notices whatever runs, loads or leads away.
//
//   node attacks.mjs --url http://127.0.0.1:PORT --trials FILE.json
//
// FILE.json: [{"file": "t0.html", "title": "what the heading must read", "holds": "what the article must hold"}].
// Prints one JSON object {"ok", "failed"}; exits 0 only when no attack did anything and all words are there.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { browser, patience, result, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, trials: { type: "string" } } });
const trials = JSON.parse(readFileSync(args.trials, "utf8"));
Object.assign(result, { opened: trials.length, failed: [] });
// settle lets a page do all that it began: timers that were set before a marker of our own, two pictures (focus, animations), and two times nothing more to do.
const settle = () => new Promise((done) => {
  const ends = setTimeout(done, 60_000); // a page that is never idle
  const idle = () => requestIdleCallback(() => requestIdleCallback(() => { clearTimeout(ends); done(); }));
  setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(idle)), 120);
});

await run(async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    globalThis.violations = [];
    globalThis.pwn = () => { globalThis.pwned = true; fetch("/canary"); };
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage(); // one for all: each document begins anew
  page.setDefaultTimeout(patience);
  let wrong, own;
  page.on("dialog", (dialog) => { wrong.push("a dialog opened"); dialog.dismiss(); });
  page.on("request", (request) => { if (!own.test(request.url()) && !request.url().startsWith("data:,")) wrong.push(`asked for ${request.url()}`); });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  context.on("page", () => wrong.push("a window opened"));
  for (const { file, title, holds } of trials) {
    wrong = [];
    own = new RegExp(`^${args.url}/(${file.replace(".", "\\.")}|o/(player|hls)-[0-9a-f]+\\.(js|css))$`);
    await page.goto(`${args.url}/${file}`).catch((error) => wrong.push(error.message));
    const seen = await page.evaluate(settle).then(() => page.evaluate(() => {
      const text = (node) => (node?.innerText ?? "").replace(/\s+/g, " ").trim();
      return { pwned: globalThis.pwned === true, violations: globalThis.violations ?? [], heading: text(document.querySelector("h1")), article: text(document.querySelector("article")),
        links: [...document.querySelectorAll("[href], [src], [action]")].map((n) => n.href?.baseVal ?? n.href ?? n.src ?? n.action).filter((at) => /^(javascript|vbscript):|^data:(?!,)/i.test(at)),
        handlers: [...document.querySelectorAll("*")].filter((n) => n.getAttributeNames().some((name) => name.startsWith("on") || name === "style" && !n.closest(".ui"))).length,
        turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.textContent + document.title) };
    })).catch((error) => ({ gone: error.message }));
    if (seen.gone) wrong.push(seen.gone);
    if (seen.pwned) wrong.push("a script ran");
    if (seen.violations?.length > 0) wrong.push(`the policy had to stop ${seen.violations}`);
    if (seen.links?.length > 0) wrong.push(`links to ${seen.links}`);
    if (seen.handlers > 0) wrong.push(`${seen.handlers} handlers or styles in elements`);
    if (seen.turned) wrong.push("a mark that turns the text around came through");
    if (title && seen.heading !== title) wrong.push(`the heading reads ${JSON.stringify(seen.heading)}`);
    if (holds && !seen.article?.includes(holds)) wrong.push(`the article reads ${JSON.stringify(seen.article)}`);
    if (wrong.length > 0) result.failed.push({ file, title, wrong });
  }
  if (result.failed.length > 0) throw new Error("an attack did something, or words are missing");
});

// Debian's Chromium for the scripts beside this file. CHROMIUM names the browser, /usr/bin/chromium is the default.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check, judge } from "./harness.mjs";

export * from "./harness.mjs";

const { chromium } = createRequire(new URL("../../internal/watch/player/package.json", import.meta.url))("playwright-core");

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"] });

// accessible checks that axe-core finds nothing on a page as it is now, colours alone where all else of the same page was looked at before.
// The page's context must bypass its policy.
export async function accessible(page, where, colours = false) {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const found = await page.evaluate(`(async () => { if (!globalThis.axe) { ${axe} } const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const ofColours = axe.getRules(["cat.color"]).filter((rule) => rule.tags.some((tag) => tags.includes(tag))).map((rule) => rule.ruleId);
    if (ofColours.length < 2) throw new Error("axe has other rules than it had");
    return (await axe.run({ runOnly: ${colours} ? { type: "rule", values: ofColours } : tags })).violations.map((v) => v.id + " " + v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")); })()`);
  check(`axe finds nothing: ${where}`, found.length === 0, found);
}

// dear has a context's browser say that data is dear.
export const dear = (context) => context.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));

export const run = (body) => judge(body, browser);

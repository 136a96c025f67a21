// What the scripts beside this file share: Debian's Chromium, and how they tell what held. CHROMIUM names the browser, /usr/bin/chromium
// is the default.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../internal/watch/player/package.json", import.meta.url))("playwright-core");

export const patience = 60_000; // milliseconds for anything to happen, on a busy machine

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"] });

export const result = { ok: false };

// run runs a script's body, prints the result as one JSON object, and exits with 0 only when the body came to its end.
export async function run(body) {
  try {
    await body();
    result.ok = true;
  } catch (error) {
    result.reason = error.message.split("\n").slice(0, 4).join(" / ");
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(result));
  process.exit(result.ok ? 0 : 1);
}

// check adds to what held, or ends the script.
export function check(name, holds, detail = "") {
  if (!holds) throw new Error(`${name}: ${typeof detail === "string" ? detail : JSON.stringify(detail)}`);
  (result.checks ??= []).push(name);
}

// until asks again and again, and gives the answer that held; the last one is in the complaint.
export async function until(name, ask, holds) {
  const end = Date.now() + patience;
  let answer;
  do {
    answer = await ask();
    if (holds(answer)) return check(name, true) ?? answer;
    await new Promise((done) => setTimeout(done, 100));
  } while (Date.now() < end);
  return check(name, false, `still ${JSON.stringify(answer)} after ${patience / 1000} s`);
}

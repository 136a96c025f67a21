// Debian's Chromium for the scripts beside this file. CHROMIUM names the browser, /usr/bin/chromium is the default.
import { createRequire } from "node:module";
import { judge } from "./harness.mjs";

export * from "./harness.mjs";

const { chromium } = createRequire(new URL("../../internal/watch/player/package.json", import.meta.url))("playwright-core");

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"] });

export const run = (body) => judge(body, browser);

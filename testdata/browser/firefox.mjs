// Opens a published watch page in a real Firefox and uses it the way a viewer would.
//
//   node firefox.mjs --url URL --expect FILE.json
//
// FILE.json is as for watch.mjs. Prints one JSON object {"ok", "checks", ...}; exits 0 only when every check held. FIREFOX names the
// browser, /usr/bin/firefox-esr is the default. Whatever it would ask of other hosts goes to a proxy that is not there.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";
import { check, judge, patience, plain, result, seek, shown, time, until } from "./harness.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, expect: { type: "string" } } });
const wanted = JSON.parse(readFileSync(args.expect, "utf8"));

const browser = await puppeteer.launch({ browser: "firefox", executablePath: process.env.FIREFOX || "/usr/bin/firefox-esr", headless: true,
  protocolTimeout: 2 * patience, timeout: patience,
  extraPrefsFirefox: { "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9, "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0 } });

async function reveal(page) { // the bar steps back while the film plays
  const { x, y } = await page.evaluate(() => { const b = document.querySelector(".player").getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y + b.height / 2 }; });
  await page.mouse.move(x, y);
  await page.mouse.move(x + 8, y);
}

async function choose(page, item) {
  await reveal(page);
  await page.click(".cc");
  await page.click(`[data-for="captions"] ${item}`);
}

await judge(async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  const errors = [], requests = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => errors.push(`page: ${error.message}`));
  page.on("request", (request) => requests.push(new URL(request.url())));
  page.on("response", (response) => { if (response.status() >= 400) errors.push(`${response.status()}: ${response.url()}`); });
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(args.url);
  result.browser = await browser.version();
  await page.waitForSelector(".player .ui", { visible: true });
  check("the controls are there", true);
  const early = requests.map((at) => at.pathname).filter((path) => /\.(m3u8|m4s|mp4|vtt)$/.test(path));
  check("nothing of the film is loaded before play", early.length === 0, early);

  await page.click(".player .start");
  await until("the film plays", () => time(page), (now) => now > 0.5);
  const source = await page.evaluate(() => document.querySelector("video").currentSrc);
  check("hls.js is in use", source.startsWith("blob:"), source);
  for (const lang of new Set(wanted.expect.map((e) => e.lang))) {
    await choose(page, `[lang="${lang}"]`);
    for (const e of wanted.expect.filter((e) => e.lang === lang)) {
      await seek(page, e.time);
      await until(`CC ${lang} at ${e.time} s`, () => shown(page), (tracks) => tracks.length === 1 && tracks[0].lang === lang && plain(tracks[0].text) === plain(e.text));
    }
  }
  await choose(page, '[data-value=""]');
  await until("CC can be turned off", () => shown(page), (tracks) => tracks.length === 0);
  await page.evaluate(() => { const v = document.querySelector("video"); v.currentTime = v.duration - 1.5; return v.play(); });
  await until("it comes to its end", () => page.evaluate(() => document.querySelector("video").ended), Boolean);
  check("no error", errors.length === 0, errors.slice(0, 5).join(" | "));
  const hosts = new Set(requests.filter((at) => at.protocol.startsWith("http")).map((at) => at.host));
  check("one host contacted", hosts.size === 1, [...hosts].join(", "));
}, browser);

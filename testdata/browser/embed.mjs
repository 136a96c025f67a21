// Plays a film in a frame of a page on another origin.
//
//   node embed.mjs --cases JSON --host ORIGIN
//
// JSON: [{"name": "a case", "page": "URL"}]. Prints one JSON object {"ok", "cases"}; exits 0 only when the film plays inside the frame, the frame fills its place, the console
// holds no error and no violation of a policy, and no host was asked but the page's and the frame's.
import { parseArgs } from "node:util";
import { browser, each, patience, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { cases: { type: "string" }, host: { type: "string" } } });

async function framed({ page: address }) {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const asked = new Set();
  const complaints = [];
  page.on("request", (request) => { const u = new URL(request.url()); if (/^https?:$/.test(u.protocol)) asked.add(u.origin); });
  page.on("console", (message) => { if (message.type() === "error" && !/favicon/.test(message.location().url)) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(address);
  const handle = await page.waitForSelector("iframe");
  await handle.scrollIntoViewIfNeeded();
  const frame = await handle.contentFrame();
  await frame.waitForSelector("video", { state: "attached" });
  await frame.locator('.start[data-do="play"]').click();
  await frame.waitForFunction(() => document.querySelector("video").currentTime > 0.3);
  const [outer, inner] = [await handle.boundingBox(), await frame.locator(".player").boundingBox()];
  if (Math.abs(outer.width - inner.width) > 2 || Math.abs(outer.height - inner.height) > 2) throw new Error("the player does not fill its frame");
  const link = frame.locator("a.home");
  if (!(await link.evaluate((a) => a.href)).endsWith("/index.html")) throw new Error("there is no link to the film's page");
  const origins = [...asked].sort();
  const allowed = [new URL(address).origin, args.host];
  if (origins.some((origin) => !allowed.includes(origin)) || !origins.includes(args.host)) throw new Error(`other hosts were asked: ${origins}`);
  if (complaints.length) throw new Error(`the console complains: ${complaints}`);
  await context.close();
  return { frame: [outer.width, outer.height, inner.width, inner.height].map(Math.round), asked: origins };
}

await run(() => each(JSON.parse(args.cases), framed));

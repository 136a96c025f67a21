// Plays a film in a frame of a page on another origin.
//
//   node embed.mjs --page URL --host ORIGIN
//
// Prints one JSON object {"ok", ...}; exits 0 only when the film plays inside the frame, the frame fills its place, the console
// holds no error and no violation of a policy, and no host was asked but the page's and the frame's.
import { parseArgs } from "node:util";
import { browser, result, run } from "./browser.mjs";

const { values: args } = parseArgs({ options: { page: { type: "string" }, host: { type: "string" } } });

Object.assign(result, { asked: [], complaints: [] });
await run(async () => {
  const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
  const asked = new Set();
  page.on("request", (request) => { const u = new URL(request.url()); if (/^https?:$/.test(u.protocol)) asked.add(u.origin); });
  page.on("console", (message) => { if (message.type() === "error" && !/favicon/.test(message.location().url)) result.complaints.push(message.text()); });
  page.on("pageerror", (error) => result.complaints.push(String(error)));
  await page.goto(args.page);
  const handle = await page.waitForSelector("iframe");
  await handle.scrollIntoViewIfNeeded();
  const frame = await handle.contentFrame();
  await frame.waitForSelector("video", { state: "attached", timeout: 30000 });
  await frame.locator('.start[data-do="play"]').click({ timeout: 30000 });
  await frame.waitForFunction(() => document.querySelector("video").currentTime > 0.3, null, { timeout: 60000 });
  const [outer, inner] = [await handle.boundingBox(), await frame.locator(".player").boundingBox()];
  result.frame = [outer.width, outer.height, inner.width, inner.height].map(Math.round);
  if (Math.abs(outer.width - inner.width) > 2 || Math.abs(outer.height - inner.height) > 2) throw new Error("the player does not fill its frame");
  const link = frame.locator("a.home");
  if (!(await link.evaluate((a) => a.href)).endsWith("/index.html")) throw new Error("there is no link to the film's page");
  result.asked = [...asked].sort();
  const allowed = [new URL(args.page).origin, args.host];
  if (result.asked.some((origin) => !allowed.includes(origin)) || !result.asked.includes(args.host)) throw new Error("other hosts were asked");
  if (result.complaints.length) throw new Error("the console complains");
});

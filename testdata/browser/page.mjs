// A watch page in Chromium, and what the scripts beside this file do with it.
import { browser, patience } from "./browser.mjs";

// open gives a page of its own context, and what it asked for. before(page) is done before the page is asked for.
export async function open(address, options = {}, before = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  page.setDefaultTimeout(patience);
  // Where a film began is noted by the page itself: whoever asks from outside may be late.
  await page.addInitScript(() => document.addEventListener("timeupdate", ({ target }) => { if (target.currentTime > 0) globalThis.begun ??= target.currentTime; }, true));
  await before(page);
  await page.goto(address);
  return { context, page, asked };
}

// begun is the film's first time that was not 0, undefined before.
export const begun = (page) => page.evaluate(() => globalThis.begun);

export const video = (page, run) => page.evaluate(`(${run})(document.querySelector("video"))`);

// reveal has the bar come back, which steps back while the film plays.
export async function reveal(page) {
  const box = await page.locator(".player").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await page.mouse.move(box.x + box.width / 2 + 9, box.y + box.height / 3);
}

export async function pick(page, menu, item) {
  await reveal(page);
  await page.locator(`[data-menu="${menu}"]`).click();
  await page.locator(`[data-for="${menu}"] ${item}`).first().click();
}

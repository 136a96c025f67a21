// What goes wrong on a page while a film is watched, and what the viewer sees of it. features.mjs has these pages open beside its own.
import { check, plain, shown, time, until } from "./browser.mjs";
import { begun, open, pick, reveal, video } from "./page.mjs";

const told = (page) => page.locator(".trouble").isVisible();
const paused = (page) => video(page, (v) => v.paused);
const stream = async (page) => (await video(page, (v) => v.currentSrc)).startsWith("blob:");

const later = /\/index[1-9]\.m4s$/; // all segments but the first

// hangs: a line on which a film's beginning was asked for and never answered loads it when it is asked again.
async function hangs(url) {
  let asked = 0;
  const { context, page } = await open(url, {}, (page) => page.route("**/master.m3u8", (route) => (asked++ === 0 ? undefined : route.continue())));
  await page.locator(".start").click();
  await until("a film that was not answered plays when it is asked for again", () => time(page), (now) => now > 0);
  check("it was asked for twice", asked === 2, asked);
  await context.close();
}

// offline tries a line that is down before play, with a film of which nothing is here yet, and with one whose beginning is kept
// by the browser, so that it comes while the rest does not.
async function offline(url, shot) {
  for (const kept of [false, true]) {
    const what = kept ? "a film whose beginning is kept" : "a film of which nothing is here";
    const { context, page } = await open(url, {}, (page) => page.addInitScript((later) => { // not by route(), for which the browser keeps nothing
      const { open, send } = XMLHttpRequest.prototype;
      XMLHttpRequest.prototype.open = function (method, url, ...more) { this.never = !location.search && new RegExp(later).test(url); open.call(this, method, url, ...more); };
      XMLHttpRequest.prototype.send = function (...body) { if (!this.never) send.apply(this, body); };
    }, later.source));
    if (kept) {
      await page.locator(".start").click();
      await until(`${what}: it plays before the line breaks`, () => time(page), (now) => now > 0.5);
      await page.goto(`${url}?again`);
    }
    await context.setOffline(true);
    await page.locator(".start").click();
    await until(`${what}: a broken line is told`, () => page.locator(".trouble").isVisible(), Boolean);
    if (!kept) await shot(page, "trouble");
    await context.setOffline(false);
    await until(`${what}: it goes on by itself`, () => time(page), (now) => now > 0.5);
    check(`${what}: the message is gone`, !(await page.locator(".trouble").isVisible()));
    await context.close();
  }
}

// dead breaks the server, not the line: the browser believes itself online.
async function dead(url) {
  const { context, page } = await open(url);
  await page.route("**/*.m3u8", (route) => route.abort("connectionrefused"));
  await page.locator(".start").click();
  await until("a server that is down is told, with a button to try again", () => page.locator('.trouble [data-do="retry"]').isVisible(), Boolean);
  await page.unroute("**/*.m3u8");
  await until("it plays by itself when the server is back", () => time(page), (now) => now > 0.5);
  check("and the message is gone", !(await page.locator(".trouble").isVisible()));
  await context.close();
}

// left: a film that the viewer paused stays so when the line comes back, whether it had begun or not, and is loaded all the same.
async function left(url) {
  const { context, page } = await open(url);
  await page.route("**/*.m3u8", (route) => route.abort("connectionrefused"));
  await page.locator(".start").click();
  await until("a server that is down is told", () => told(page), Boolean);
  await page.keyboard.press("k");
  await until("the viewer pauses", () => paused(page), Boolean);
  const asked = [];
  await page.route(later, (route) => { asked.push(route); });
  await page.unroute("**/*.m3u8");
  await until("the film is loaded when the server is back", () => video(page, (v) => v.readyState), (state) => state > 0);
  await until("then the message goes", () => told(page), (there) => !there);
  check("and the film waits for its viewer", await paused(page));
  await page.keyboard.press("k");
  await until("who plays it", () => time(page), (now) => now > 0.3);
  await context.setOffline(true);
  await video(page, (v) => { v.currentTime = 20; });
  await until("a line that breaks is told", () => told(page), Boolean);
  await page.keyboard.press("k");
  await until("the viewer pauses again", () => paused(page), Boolean);
  await page.unroute(later);
  await context.setOffline(false);
  for (const route of asked) await route.continue().catch(() => {}); // a request that was given up
  await until("what was missing is loaded", () => video(page, (v) => v.readyState), (state) => state >= 3);
  await page.waitForTimeout(6000); // longer than the page waits before it tries again
  check("the film still waits", await paused(page) && await time(page) === 20 && !(await told(page)), await time(page));
  await context.close();
}

// early: a chapter that is pressed while the film is still coming is where it begins; so is the film's beginning, of an address with a time.
async function early(url) {
  for (const [tail, press, from, to] of [["", (page) => page.locator(".chapters a").nth(1).click(), 10, 14], ["#t=15", (page) => page.locator(".player").press("Home"), 0, 4]]) {
    let go;
    const gate = new Promise((open) => { go = open; });
    const { context, page } = await open(url + tail, {}, (page) => page.route("**/init.mp4", (route) => gate.then(() => route.continue())));
    await page.locator(".start").click();
    await until("hls.js has the film", () => stream(page), Boolean);
    await press(page);
    go();
    await until(`a film told to begin at ${from} s before it was there does`, () => begun(page), (now) => now >= from && now < to);
    await context.close();
  }
}

// spoilt: what hls.js cannot append, and what the browser cannot decode, is loaded anew, and the film goes on; where that does not help, the MP4 does.
async function spoilt(url) {
  const { context, page } = await open(`${url}#t=4`, {}, (page) => page.addInitScript(() => {
    globalThis.begins = 0; // times that the film was given to the element
    globalThis.spoilt = 0;
    const add = MediaSource.prototype.addSourceBuffer;
    MediaSource.prototype.addSourceBuffer = function (type) {
      const picture = type.startsWith("video");
      if (picture) globalThis.begins++;
      return Object.assign(add.call(this, type), { picture });
    };
    const append = SourceBuffer.prototype.appendBuffer;
    SourceBuffer.prototype.appendBuffer = function (data) {
      const end = this.buffered.length > 0 ? this.buffered.end(this.buffered.length - 1) : -1;
      const unlike = this.picture && (globalThis.rotten || (globalThis.begins === 1 && Math.abs(end - 6) < 0.5)); // no pictures at all
      const broken = this.picture && globalThis.begins === 2 && Math.abs(end - 18) < 0.5; // pictures of nothing
      const copy = new Uint8Array(data).slice();
      let at = new TextDecoder("latin1").decode(copy).indexOf("mdat") + 4;
      if (!(unlike || broken) || at === 3) return append.call(this, data);
      globalThis.spoilt++;
      if (unlike) copy.fill(0xff, at);
      for (const sizes = new DataView(copy.buffer); broken && at + 5 < copy.length; at += 4 + sizes.getUint32(at)) copy.fill(0x55, at + 5, at + 4 + sizes.getUint32(at));
      return append.call(this, copy);
    };
  }));
  await page.locator(".start").click();
  const begins = () => page.evaluate(() => [globalThis.begins, globalThis.spoilt]); // times
  for (const [at, want] of [[6, 2], [18, 3]]) {
    await until(`the film goes on past what is spoilt at ${at} s`, () => time(page), (now) => now > at + 0.5);
    check("because it was begun anew", (await begins())[0] === want, await begins());
    const seen = [await paused(page), await stream(page), await told(page)];
    check("by itself, by hls.js, with no message", seen.join() === "false,true,false", seen);
    if (at === 6) await video(page, (v) => { v.currentTime = 16.5; });
  }
  await page.evaluate(() => { globalThis.rotten = true; document.querySelector("video").currentTime = 17; });
  for (const choice of ["sound", "-1"]) await pick(page, "quality", `[data-value="${choice}"]`); // loads anew
  await until("what stays spoilt is played from the MP4", () => video(page, (v) => [v.currentSrc, v.currentTime, v.paused]), ([src, now, paused]) => src.endsWith(".mp4") && now > 17.3 && !paused);
  check("with no message over it", !(await told(page)));
  await context.close();
}

// broken plays where the stream does not: hls.js finds a browser that it cannot use, and the MP4 plays with its own tracks.
async function broken(url) {
  const { context, page } = await open(url, {}, (page) => page.addInitScript(() => { delete SourceBuffer.prototype.remove; }));
  await page.locator(".start").click();
  await until("without hls.js the MP4 plays", () => video(page, (v) => [v.currentSrc, v.currentTime]), ([src, now]) => /\.mp4$/.test(src) && now > 0.3);
  await page.evaluate(() => { const v = document.querySelector("video"); v.pause(); v.currentTime = 6; });
  for (const [lang, text] of [["ru", "Дорога ещё была мёрзлой, и все молчали."], ["en", "The road was still frozen, and nobody spoke."]]) {
    await pick(page, "captions", `[data-value="${lang}"]`);
    await until(`and has its subtitles in ${lang}`, () => shown(page), (tracks) => tracks.length === 1 && tracks[0].lang === lang && plain(tracks[0].text) === text);
  }
  check("no size is offered that there is none of", !(await page.locator('[data-menu="quality"]').isVisible()));
  await context.close();
}

// phone plays without MediaSource, as an iPhone of 2022 does, by the browser's own HLS.
async function phone(url) {
  const { context, page } = await open(url, {}, (page) => page.addInitScript(() => {
    delete globalThis.MediaSource;
    delete globalThis.ManagedMediaSource;
    delete Element.prototype.requestFullscreen;
    HTMLVideoElement.prototype.webkitEnterFullscreen = function () {
      if (this.readyState === 0) throw new DOMException("there is no film yet", "InvalidStateError");
      globalThis.entered = true;
    };
  }));
  await reveal(page);
  await page.locator('[data-do="fullscreen"]').click();
  await until("the first press fills the screen", () => page.evaluate(() => globalThis.entered), Boolean);
  await until("and begins the film", () => time(page), (now) => now > 0.3);
  check("by the browser's own HLS", (await video(page, (v) => v.currentSrc)).endsWith(".m3u8"));

  const modes = () => video(page, (v) => [...v.textTracks].map((t) => `${t.language} ${t.mode}`).join());
  const chosen = () => page.locator('[data-for="captions"] [aria-checked="true"]').evaluateAll((all) => all.map((b) => b.dataset.value).join());
  await video(page, (v) => { for (const [name, lang] of [["English", "en"], ["русский", "ru"]]) v.addTextTrack("subtitles", name, lang).mode = lang === "en" ? "showing" : "disabled"; });
  await until("subtitles that the phone shows by itself are known", chosen, (value) => value === "en");
  check("and stay", (await modes()) === "en showing,ru disabled", await modes());
  await video(page, (v) => { v.textTracks[0].mode = "disabled"; v.textTracks[1].mode = "showing"; });
  await until("those of its own menu, too", chosen, (value) => value === "ru");
  await pick(page, "captions", '[data-value=""]');
  await until("the page's menu turns them off", modes, (now) => now === "en disabled,ru disabled");

  await page.route("**/*.m4s", (route) => route.abort("connectionreset"));
  await page.route("**/film.mp4", (route) => route.abort("connectionreset"));
  await video(page, (v) => { v.currentTime = 20; });
  await until("a line that breaks is told, with a button to try again", () => page.locator('.trouble [data-do="retry"]').isVisible(), Boolean);
  await page.unroute("**/*.m4s");
  await page.unroute("**/film.mp4");
  await until("it goes on by itself where it was", () => time(page), (now) => now > 20.3);
  check("and the message is gone", !(await told(page)));
  await context.close();
}

// fewer: hls.js drops a size that the browser cannot show after all. The menu offers what is left, and what was chosen stays, though its number changes.
async function fewer(url) {
  const { context, page } = await open(url, {}, (page) => page.addInitScript(() => {
    let made;
    Object.defineProperty(globalThis, "filmpressHls", { get: () => made, set: (Hls) => {
      made = class extends Hls { constructor(config) { super(config); globalThis.hls = this; } };
    } });
  }));
  await page.locator(".start").click();
  await until("it plays", () => time(page), (now) => now > 0.3);
  const menu = () => page.locator('[data-for="quality"] [role=menuitemradio]').evaluateAll((all) => all.map((b) => `${b.textContent.trim().split(" ")[0]} ${b.getAttribute("aria-checked")}`).join());
  check("both sizes are offered", (await menu()) === "Auto true,360p false,180p false,Sound false", await menu());
  await pick(page, "quality", ':text("360p")');
  await until("the large one is chosen", menu, (now) => now === "Auto false,360p true,180p false,Sound false");
  await until("and shown", () => video(page, (v) => v.videoHeight), (height) => height === 360);
  await page.evaluate(() => globalThis.hls.removeLevel(0));
  await until("what is left is not offered as a choice", menu, (now) => now === "Auto true,Sound false");
  await pick(page, "quality", '[data-value="sound"]');
  await pick(page, "quality", '[data-value="-1"]');
  await until("a film begun anew has both again", menu, (now) => now === "Auto true,360p false,180p false,Sound false");
  await context.close();
}

// held: a film that is begun anew while it is held at its first picture is held for as long as another.
async function held(url) {
  const { context, page } = await open(url, {}, async (page) => {
    await page.route("**/*.m4s", () => {}); // nothing comes
    await page.addInitScript(() => { // the time after which it is shown whatever comes
      globalThis.waits = new Map();
      const set = setTimeout, clear = clearTimeout;
      globalThis.setTimeout = (run, after, ...args) => {
        const id = set(after === 12_000 ? () => {} : run, after, ...args);
        if (after === 12_000) globalThis.waits.set(id, run);
        return id;
      };
      globalThis.clearTimeout = (id) => { globalThis.waits.delete(id); clear(id); };
    });
  });
  await page.locator(".start").click();
  const waits = () => page.evaluate(() => globalThis.waits.size);
  await until("it is held", waits, (n) => n === 1);
  const first = await page.evaluate(() => [...globalThis.waits.keys()][0]);
  await pick(page, "quality", '[data-value="sound"]');
  await until("its sound is held", () => page.evaluate((first) => [...globalThis.waits.keys()].some((id) => id !== first), first), Boolean);
  await page.evaluate((first) => globalThis.waits.get(first)?.(), first);
  check("the first wait lets nothing go", await video(page, (v) => v.playbackRate) === 0);
  await page.evaluate(() => [...globalThis.waits.values()].at(-1)());
  check("the second does", await video(page, (v) => v.playbackRate) === 1);
  await context.close();
}

export const parts = { offline, dead, left, early, spoilt, broken, phone, fewer, held };

// troubles has all of them on pages of a film's address. shot(page, name) may take a picture.
export async function troubles(url, shot) {
  const hanging = hangs(url); // for ten seconds
  hanging.catch(() => {}); // told below
  for (const part of Object.values(parts)) await part(url, shot);
  await hanging;
}

// Uses what the page offers beside play and CC, as a viewer would, and looks at its accessibility.
//
//   node features.mjs --url URL [--shots DIR] [--print FILE.pdf]
//
// The page is that of internal/watch's fixture: 24 s, subtitles in en and ru, two chapters. DIR gets pictures of the page, FILE what it prints.
// Prints one JSON object {"ok", "checks", ...}; exits 0 only when every check held.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessible, browser, check, dear, patience, plain, run, shown, time, until } from "./browser.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, shots: { type: "string", default: "" }, print: { type: "string" } } });

// open gives a page and what it asked for; CSP is bypassed only where axe must get in.
async function open(options = {}, address = args.url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  page.setDefaultTimeout(patience);
  await page.goto(address);
  return { context, page, asked };
}
const video = (page, run) => page.evaluate(`(${run})(document.querySelector("video"))`);
const shot = async (page, name, whole = false) => { if (args.shots) await page.screenshot({ path: join(args.shots, `${name}.png`), fullPage: whole }); };
async function reveal(page) {
  const box = await page.locator(".player").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await page.mouse.move(box.x + box.width / 2 + 9, box.y + box.height / 3);
}
const filmFiles = (asked) => asked.filter((path) => /\.(m3u8|m4s|mp4|vtt|srt|txt|mpd)$|sheet/.test(path));

async function quiet() { // nothing of the film before play, with and without a script; hls.js comes where data is not dear
  for (const saveData of [false, true]) {
    const context = await browser.newContext();
    if (saveData) await dear(context);
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(args.url);
    await page.waitForTimeout(1500);
    check(`hls.js comes before play, data dear ${saveData}`, asked.some((path) => /hls-\w+\.js$/.test(path)) !== saveData, asked);
    await context.close();
  }
  for (const javaScriptEnabled of [true, false]) {
    const { context, page, asked } = await open({ javaScriptEnabled, locale: "ru-RU" });
    await page.waitForTimeout(1500);
    check(`nothing of the film is loaded before play, script ${javaScriptEnabled}`, filmFiles(asked).length === 0, filmFiles(asked));
    check(`the page tells of CC and its key where they are, script ${javaScriptEnabled}`, (await page.locator(".how").isVisible()) === javaScriptEnabled);
    if (!javaScriptEnabled) await shot(page, "no-script", true);
    await context.close();
  }
}

// hangs: a line on which a film's beginning was asked for and never answered loads it when it is asked again.
async function hangs() {
  const context = await browser.newContext();
  const page = await context.newPage();
  let asked = 0;
  await page.route("**/master.m3u8", (route) => (asked++ === 0 ? undefined : route.continue()));
  await page.goto(args.url);
  await page.locator(".start").click();
  await until("a film that was not answered plays when it is asked for again", () => video(page, (v) => v.currentTime), (now) => now > 0);
  check("it was asked for twice", asked === 2, asked);
  await context.close();
}

async function axeFindsNothing() {
  for (const [colorScheme, name] of [["light", "en"], ["dark", "en"], ["light", "ar"], ["dark", "ar"]]) {
    const { context, page } = await open({ colorScheme, bypassCSP: true }, name === "en" ? args.url : new URL("ar.html", args.url).href);
    const run = (where) => accessible(page, `${name}, ${colorScheme}, ${where}`);
    await shot(page, `desktop-${name}-${colorScheme}`, true);
    check(`${name}: the direction`, (await page.evaluate(() => getComputedStyle(document.querySelector("h1")).direction)) === (name === "ar" ? "rtl" : "ltr"));
    await run("before play");
    await page.locator(".start").click();
    await until("it plays", () => time(page), (now) => now > 0.3);
    await reveal(page);
    await page.locator(".cc").click();
    await shot(page, `menu-${name}-${colorScheme}`);
    await run("menu open");
    await page.locator('[data-do="look"]').click();
    await shot(page, `look-${name}-${colorScheme}`);
    await run("looks open");
    await context.close();
  }
}

async function sharing(page) {
  await page.evaluate(() => { const v = document.querySelector("video"); v.pause(); v.currentTime = 12.5; });
  await until("the button names the time", () => page.locator(".share button").innerText(), (text) => text.includes("0:12"));
  await page.locator(".share button").click();
  await until("the link is copied", () => page.evaluate(() => navigator.clipboard.readText()), (text) => text === `${page.url()}#t=12`);
  check("it says so", (await page.locator(".share [role=status]").innerText()).length > 3);
}

async function reading(page) {
  const spoken = page.locator('.transcript details[open] [aria-current="true"] > span');
  for (const [at, text] of [[2, "We left before sunrise."], [11, "Bread & salt, three loaves < four."]]) {
    await page.evaluate((to) => { document.querySelector("video").currentTime = to; }, at);
    await until(`the line of second ${at} is marked`, () => spoken.allInnerTexts(), (lines) => lines.join() === text);
  }
  await page.locator(".find input").fill("PASS");
  await until("the search finds one line", () => page.locator(".transcript details[open] li:visible").allInnerTexts(), (lines) => lines.length === 1 && lines[0].includes("Then the pass opened."));
  await shot(page, "search");
  await page.locator(".transcript details[open] li:visible span").click();
  await until("a click on a line goes there", () => time(page), (now) => now >= 16.2 && now < 21);
  await page.locator(".find input").fill("");
  await page.locator(".chapters a").nth(1).click();
  await until("a chapter goes there", () => time(page), (now) => now >= 10 && now < 14);
}

async function looks(page) {
  await video(page, (v) => v.pause());
  await reveal(page);
  await page.locator(".cc").click();
  await page.locator('[data-for="captions"] [data-value="ru"]').click();
  await until("the transcript opens in the language of the subtitles", () => page.locator(".transcript details[open] ol").evaluateAll((all) => all.map((ol) => ol.lang).join()), (lang) => lang === "ru");
  await reveal(page);
  await page.locator(".cc").click();
  await page.locator('[data-for="captions"] [data-value="en"]').click();
  await page.locator(".cc").click();
  await page.locator('[data-do="look"]').click();
  await page.locator('.look [value="largest"]').check();
  await page.locator('.look [value="solid"]').check();
  await page.keyboard.press("Escape");
  check("the look is on", await page.evaluate(() => { const { size, ground } = document.querySelector(".player").dataset; return size === "largest" && ground === "solid"; }));
  await shot(page, "captions-largest");
  const kept = await page.evaluate(() => Object.entries(localStorage).sort().map((e) => e.join("=")).join(" "));
  check("only choices are kept", kept === "filmpress.captions=en filmpress.ground=solid filmpress.size=largest", kept);
  check("there is no cookie", (await page.context().cookies()).length === 0);
  await page.evaluate(() => { localStorage.setItem("filmpress.size", "medium"); document.querySelector(".player").dataset.size = "medium"; document.querySelector(".player").dataset.ground = "shaded"; });
  await shot(page, "captions");
}

async function soundOnly(page, asked) {
  await reveal(page);
  await page.locator('[data-menu="quality"]').click();
  await page.locator('[data-for="quality"] [data-value="sound"]').click();
  await page.waitForTimeout(800);
  asked.length = 0;
  await page.evaluate(() => { const v = document.querySelector("video"); v.currentTime = 1; v.play(); });
  await until("the sound plays alone", () => time(page), (now) => now > 2.5 && now < 9);
  check("no picture is loaded", !asked.some((path) => /\/v\d+\//.test(path)), asked);
  await until("subtitles stay with the sound", () => page.evaluate(() => [...document.querySelector("video").textTracks].filter((t) => t.mode === "showing").map((t) => t.language).join()), (on) => on === "en");
  await shot(page, "sound-only");
  await reveal(page);
  await page.locator('[data-menu="quality"]').click();
  await page.locator('[data-for="quality"] [data-value="-1"]').click();
  await until("the picture comes back", () => video(page, (v) => v.videoWidth), (w) => w > 0);
}

// offline tries a line that is down before play, with a film of which nothing is here yet, and with one whose beginning is kept
// by the browser, so that it comes while the rest does not.
async function offline() {
  for (const kept of [false, true]) {
    const what = kept ? "a film whose beginning is kept" : "a film of which nothing is here";
    const { context, page } = await open();
    if (kept) {
      await page.locator(".start").click();
      await until(`${what}: it plays before the line breaks`, () => time(page), (now) => now > 0.5);
      await page.goto(args.url);
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

// keys presses what the help names. Of a Russian layout the browser tells the letter and the place.
async function keys(page) {
  await page.locator(".player").focus();
  await page.evaluate(() => { const v = document.querySelector("video"); v.pause(); v.currentTime = 5; });
  const cc = () => page.locator(".cc").getAttribute("data-state");
  const press = (key, code) => page.locator(".player").evaluate((node, event) => node.dispatchEvent(new KeyboardEvent("keydown", { ...event, bubbles: true, cancelable: true })), { key, code });
  for (const [name, act, ask, holds] of [
    ["c turns subtitles off", () => page.keyboard.press("c"), cc, (state) => state === "off"],
    ["с of a Russian layout turns them on", () => press("с", "KeyC"), cc, (state) => state === "on"],
    ["С of a Russian layout turns them off", () => press("С", "KeyC"), cc, (state) => state === "off"],
    ["→ goes on by 5 s", () => page.keyboard.press("ArrowRight"), () => time(page), (now) => now === 10],
    ["← goes back", () => page.keyboard.press("ArrowLeft"), () => time(page), (now) => now === 5],
    ["↓ is quieter", () => page.keyboard.press("ArrowDown"), () => video(page, (v) => v.volume), (volume) => volume === 0.95],
    ["m is silent", () => page.keyboard.press("m"), () => video(page, (v) => v.muted), (muted) => muted],
    ["ь of a Russian layout is loud again", () => press("ь", "KeyM"), () => video(page, (v) => v.muted), (muted) => !muted],
    ["> is faster", () => page.keyboard.press(">"), () => video(page, (v) => v.defaultPlaybackRate), (rate) => rate === 1.25],
    ["Б of a Russian layout is slower", () => press("Б", "Comma"), () => video(page, (v) => v.defaultPlaybackRate), (rate) => rate === 1],
    ["k plays", () => page.keyboard.press("k"), () => video(page, (v) => v.paused), (paused) => !paused],
    ["the space bar pauses", () => page.keyboard.press(" "), () => video(page, (v) => v.paused), (paused) => paused],
    ["f fills the screen", () => page.keyboard.press("f"), () => page.evaluate(() => document.fullscreenElement?.className ?? ""), (name) => name.includes("player")],
    ["f leaves it", () => page.keyboard.press("f"), () => page.evaluate(() => document.fullscreenElement === null), Boolean],
    ["? tells the keys", () => page.keyboard.press("?"), () => page.locator("dialog.keys").isVisible(), Boolean],
    ["Escape closes them", () => page.keyboard.press("Escape"), () => page.locator("dialog.keys").isVisible(), (open) => !open],
  ]) {
    await act();
    await until(`the key ${name}`, ask, holds);
  }
  await page.locator("h1").click();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("m");
  check("keys do nothing while the reader is elsewhere", !(await video(page, (v) => v.muted)));
  await menuKeys(page);
}

// menuKeys goes through the menu of subtitles without a pointer.
async function menuKeys(page) {
  const focused = () => page.evaluate(() => document.activeElement.dataset.value ?? document.activeElement.dataset.do ?? document.activeElement.className);
  await page.locator(".cc").focus();
  await page.keyboard.press("Enter");
  await until("the menu begins at what is chosen", focused, (at) => at === "");
  for (const [key, want] of [["ArrowDown", "en"], ["ArrowDown", "ru"], ["End", "look"], ["Home", ""], ["ArrowUp", "look"], ["Home", ""], ["ArrowDown", "en"]]) {
    await page.keyboard.press(key);
    check(`${key} goes to ${want || "off"}`, await focused() === want, await focused());
  }
  const outline = await page.evaluate(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); return `${outlineStyle} ${outlineWidth}`; });
  check("what has the focus is seen", !/^none|^\w+ 0px/.test(outline), outline);
  await page.keyboard.press("Enter");
  await until("Enter takes it", () => page.locator(".cc").getAttribute("data-state"), (state) => state === "on");
  check("and the focus is at the button again", await focused() === "cc", await focused());
}

// broken plays where the stream does not: hls.js finds a browser that it cannot use, and the MP4 plays with its own tracks.
async function broken() {
  const context = await browser.newContext();
  await context.addInitScript(() => { delete SourceBuffer.prototype.remove; });
  const page = await context.newPage();
  await page.goto(args.url);
  await page.locator(".start").click();
  await until("without hls.js the MP4 plays", () => video(page, (v) => [v.currentSrc, v.currentTime]), ([src, now]) => /\.mp4$/.test(src) && now > 0.3);
  await page.evaluate(() => { const v = document.querySelector("video"); v.pause(); v.currentTime = 6; });
  for (const [lang, text] of [["ru", "Дорога ещё была мёрзлой, и все молчали."], ["en", "The road was still frozen, and nobody spoke."]]) {
    await reveal(page);
    await page.locator(".cc").click();
    await page.locator(`[data-for="captions"] [data-value="${lang}"]`).click();
    await until(`and has its subtitles in ${lang}`, () => shown(page), (tracks) => tracks.length === 1 && tracks[0].lang === lang && plain(tracks[0].text) === text);
  }
  check("no size is offered that there is none of", !(await page.locator('[data-menu="quality"]').isVisible()));
  await context.close();
}

// dead breaks the server, not the line: the browser believes itself online.
async function dead() {
  const { context, page } = await open();
  await page.route("**/*.m3u8", (route) => route.abort("connectionrefused"));
  await page.locator(".start").click();
  await until("a server that is down is told, with a button to try again", () => page.locator('.trouble [data-do="retry"]').isVisible(), Boolean);
  await page.unroute("**/*.m3u8");
  await until("it plays by itself when the server is back", () => time(page), (now) => now > 0.5);
  check("and the message is gone", !(await page.locator(".trouble").isVisible()));
  await context.close();
}

async function viewer() {
  const { context, page, asked } = await open();
  await page.locator(".start").click();
  await until("it plays", () => time(page), (now) => now > 0.3);
  check("hls.js before the browser's own HLS", (await video(page, (v) => v.currentSrc)).startsWith("blob:"));
  await sharing(page);
  await reading(page);
  await looks(page);
  await soundOnly(page, asked);
  await keys(page);
  await context.close();
  await offline();
  await dead();
  await broken();
}

async function addresses() {
  for (const [tail, at] of [["?t=10", 10], ["#t=12", 12], ["#t=0:15", 15]]) {
    const { context, page } = await open({}, args.url + tail);
    await page.locator(".start").click();
    await until(`${tail} begins there`, () => time(page), (now) => now >= at && now < at + 4);
    await context.close();
  }
}

async function phone() {
  for (const colorScheme of ["light", "dark"]) {
    const { context, page } = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme, hasTouch: true, reducedMotion: "reduce" });
    check("a phone's page is no wider than the phone", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await shot(page, `phone-${colorScheme}`);
    await page.locator(".start").click();
    await until("it plays on a phone", () => time(page), (now) => now > 1.2);
    await page.evaluate(() => document.querySelector("video").pause());
    await page.locator(".cc").click();
    await shot(page, `phone-menu-${colorScheme}`);
    await context.close();
  }
}

// readme takes the pictures of the README.
async function readme() {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of [["desktop", { width: 1280, height: 880 }], ["phone", { width: 390, height: 844 }]]) {
      const { context, page } = await open({ viewport, colorScheme });
      await shot(page, `readme-${name}-${colorScheme}`);
      await context.close();
    }
  }
}

async function print() {
  const { context, page } = await open();
  const pdf = await page.pdf({ path: args.print });
  check("it prints", pdf.length > 10_000 && pdf.subarray(0, 4).toString() === "%PDF");
  await page.emulateMedia({ media: "print" });
  const seen = await page.locator("main").innerText();
  for (const text of ["The Long Road to Osh", "Then the pass opened.", "И тут открылся перевал."]) check(`print holds ${text}`, seen.includes(text), seen.slice(0, 300));
  await shot(page, "print", true);
  await context.close();
}

await run(async () => {
  const hanging = hangs(); // for ten seconds
  for (const part of [quiet, axeFindsNothing, viewer, addresses, phone, print, ...(args.shots ? [readme] : [])]) await part();
  await hanging;
});

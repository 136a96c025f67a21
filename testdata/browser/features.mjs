// Uses what the page offers beside play and CC, as a viewer would, and looks at its accessibility.
//
//   node features.mjs --url URL [--shots DIR] [--print FILE.pdf]
//
// The page is that of internal/watch's fixture: 24 s, subtitles in en and ru, two chapters. DIR gets pictures of the page, FILE what it prints.
// Prints one JSON object {"ok", "checks", ...}; exits 0 only when every check held.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessible, browser, check, dear, run, time, until } from "./browser.mjs";
import { begun, open as openPage, pick, reveal, video } from "./page.mjs";
import { troubles } from "./troubles.mjs";

const { values: args } = parseArgs({ options: { url: { type: "string" }, shots: { type: "string", default: "" }, print: { type: "string" } } });

const open = (options = {}, address = args.url) => openPage(address, options);
const shot = async (page, name, whole = false) => { if (args.shots) await page.screenshot({ path: join(args.shots, `${name}.png`), fullPage: whole }); };
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
    check(`who has keys is told of C, JavaScript ${javaScriptEnabled}`, (await page.locator(".by-key").isVisible()) === javaScriptEnabled);
    check(`nothing of the film is loaded before play, script ${javaScriptEnabled}`, filmFiles(asked).length === 0, filmFiles(asked));
    check(`the page tells of CC and its key where they are, script ${javaScriptEnabled}`, (await page.locator(".how").isVisible()) === javaScriptEnabled);
    if (!javaScriptEnabled) await shot(page, "no-script", true);
    await context.close();
  }
}

// native: the browser's own controls are there for whoever gets no others, and are not drawn for a moment where the player is on its way.
async function native() {
  const drawn = async (page) => {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("DOM.enable");
    const { nodes } = await cdp.send("DOM.getFlattenedDocument", { depth: -1, pierce: true });
    const controls = nodes.find(({ attributes = [] }) => attributes[attributes.indexOf("pseudo") + 1] === "-webkit-media-controls");
    return controls !== undefined && cdp.send("DOM.getBoxModel", { backendNodeId: controls.backendNodeId }).then(() => true, () => false);
  };
  for (const [where, options, answer, want, then] of [
    ["without JavaScript", { javaScriptEnabled: false }, (route) => route.continue(), true, true],
    ["where the player does not come", {}, (route) => route.abort(), true, true],
    ["while it is on its way", {}, (route, late) => late.then(() => route.continue()), false, false],
    ["where it is on its way for too long", {}, () => {}, false, true],
  ]) {
    let come;
    const late = new Promise((go) => { come = go; });
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.route("**/player-*.js", (route) => answer(route, late));
    await page.goto(args.url, { waitUntil: "commit" });
    await page.locator(".downloads").waitFor();
    await until(`the browser's own controls ${where}`, () => drawn(page), (is) => is === want);
    come();
    if (!then) await page.locator(".start").waitFor();
    await until(`and afterwards ${where}`, () => drawn(page), (is) => is === then);
    await context.close();
  }
}

async function axeFindsNothing() {
  for (const [colorScheme, name] of [["light", "en"], ["dark", "en"], ["light", "ar"], ["dark", "ar"]]) {
    const { context, page } = await open({ colorScheme, bypassCSP: true }, name === "en" ? args.url : new URL("ar.html", args.url).href);
    const run = (where) => accessible(page, `${name}, ${colorScheme}, ${where}`, colorScheme === "dark");
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
  await pick(page, "captions", '[data-value="ru"]');
  await until("the transcript opens in the language of the subtitles", () => page.locator(".transcript details[open] ol").evaluateAll((all) => all.map((ol) => ol.lang).join()), (lang) => lang === "ru");
  await pick(page, "captions", '[data-value="en"]');
  await page.locator(".cc").click();
  await page.locator('[data-do="look"]').click();
  await page.locator('.look [value="largest"]').check();
  await page.locator('.look [value="solid"]').check();
  await page.keyboard.press("Escape");
  check("and the focus is at the button again", await page.evaluate(() => document.activeElement.matches(".cc")));
  check("the look is on", await page.evaluate(() => { const { size, ground } = document.querySelector(".player").dataset; return size === "largest" && ground === "solid"; }));
  await shot(page, "captions-largest");
  const kept = await page.evaluate(() => Object.entries(localStorage).sort().map((e) => e.join("=")).join(" "));
  check("only choices are kept", kept === "filmpress.captions=en filmpress.ground=solid filmpress.size=largest", kept);
  check("there is no cookie", (await page.context().cookies()).length === 0);
  await page.evaluate(() => { localStorage.setItem("filmpress.size", "medium"); document.querySelector(".player").dataset.size = "medium"; document.querySelector(".player").dataset.ground = "shaded"; });
  await shot(page, "captions");
}

async function soundOnly(page, asked) {
  await pick(page, "quality", '[data-value="sound"]');
  const pictures = () => asked.filter((path) => /\/v\d+\//.test(path)).length;
  let before = -1;
  await until("pictures that were on their way have come", async () => {
    const was = before;
    before = pictures();
    await page.waitForTimeout(800);
    return was === before;
  }, Boolean);
  asked.length = 0;
  await page.evaluate(() => { const v = document.querySelector("video"); v.currentTime = 1; v.play(); });
  await until("the sound plays alone", () => time(page), (now) => now > 2.5);
  check("no picture is loaded", !asked.some((path) => /\/v\d+\//.test(path)), asked);
  await until("subtitles stay with the sound", () => page.evaluate(() => [...document.querySelector("video").textTracks].filter((t) => t.mode === "showing").map((t) => t.language).join()), (on) => on === "en");
  await shot(page, "sound-only");
  await pick(page, "quality", '[data-value="-1"]');
  await until("the picture comes back", () => video(page, (v) => v.videoWidth), (w) => w > 0);
}

// keys presses what the help names. Of a Russian layout the browser tells the letter and the place.
async function keys(page) {
  await page.locator(".player").focus();
  await page.evaluate(() => { const v = document.querySelector("video"); v.pause(); v.currentTime = 5; });
  const cc = () => page.locator(".cc").getAttribute("data-state");
  const press = (key, code) => page.locator(".player").evaluate((node, event) => node.dispatchEvent(new KeyboardEvent("keydown", { ...event, bubbles: true, cancelable: true })), { key, code });
  const loudness = async () => [await video(page, (v) => v.volume), await time(page)];
  for (const [name, act, ask, holds] of [
    ["c turns subtitles off", () => page.keyboard.press("c"), cc, (state) => state === "off"],
    ["с of a Russian layout turns them on", () => press("с", "KeyC"), cc, (state) => state === "on"],
    ["С of a Russian layout turns them off", () => press("С", "KeyC"), cc, (state) => state === "off"],
    ["→ goes on by 5 s", () => page.keyboard.press("ArrowRight"), () => time(page), (now) => now === 10],
    ["← goes back", () => page.keyboard.press("ArrowLeft"), () => time(page), (now) => now === 5],
    ["Home is the volume's where that has the focus", () => page.locator(".volume").press("Home"), loudness, ([volume, now]) => volume === 0 && now === 5],
    ["End, too", () => page.locator(".volume").press("End"), loudness, ([volume, now]) => volume === 1 && now === 5],
    ["↓ is quieter", () => page.locator(".player").press("ArrowDown"), () => video(page, (v) => v.volume), (volume) => volume === 0.95],
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
}

async function addresses() {
  for (const [tail, at] of [["?t=10", 10], ["#t=12", 12], ["#t=0:15", 15]]) {
    const { context, page } = await open({}, args.url + tail);
    await page.locator(".start").click();
    await until(`${tail} begins there`, () => begun(page), (now) => now >= at && now < at + 4);
    await context.close();
  }
  const { context, page } = await open();
  for (const [tail, at] of [["?t=0m9s", "0:09"], ["?t=11s", "0:11"], ["?a#t=npt:5,9", "0:05"], ["?b#t=0h0m3.5s", "0:03"], ["?t=3x", "0:00"], ["?t=", "0:00"]]) {
    await page.goto(args.url + tail);
    await until(`the clock of ${tail}`, () => page.locator(".now").innerText(), (now) => now === at);
  }
  await context.close();
}

async function phone() {
  for (const colorScheme of ["light", "dark"]) {
    const { context, page } = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme, hasTouch: true, reducedMotion: "reduce" });
    check("a phone is told of no key that it has not", !(await page.locator(".by-key").isVisible()));
    check("a phone's page is no wider than the phone", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await shot(page, `phone-${colorScheme}`);
    await page.locator(".start").click();
    await until("it plays on a phone", () => time(page), (now) => now > 1.2);
    await page.evaluate(() => document.querySelector("video").pause());
    await page.locator(".cc").click();
    await shot(page, `phone-menu-${colorScheme}`);
    // A second sound has a button, too.
    await page.evaluate(() => document.querySelector('[data-menu="quality"]').insertAdjacentHTML("afterend", '<button type="button" data-menu="audio">S</button>'));
    await page.evaluate(() => { document.querySelector(".now").textContent = "1:00:04"; document.querySelector(".of").textContent = "/ 1:30:00"; });
    const outside = () => page.evaluate(() => document.querySelector(".cc").getBoundingClientRect().right - document.querySelector(".player").getBoundingClientRect().right);
    check("CC of a long film with two sounds is in a phone's picture", (await outside()) <= 0, await outside());
    await page.evaluate(() => document.querySelector('[data-menu="audio"]').remove());
    check("and with one", (await outside()) <= 0, await outside());
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

// begins: the subtitles with which a film begins are the viewer's, where it has them, else those that its page asks for.
async function begins() {
  for (const [kept, asked, want] of [["de", "ru", "ru"], ["", "ru", ""], ["en", "ru", "en"], ["de", "", ""]]) {
    const { context, page } = await openPage(args.url, {}, (page) => page.addInitScript(([kept, asked]) => {
      localStorage.setItem("filmpress.captions", kept);
      document.addEventListener("readystatechange", () => { document.querySelector(".player").dataset.captions = asked; });
    }, [kept, asked]));
    const on = page.locator('[data-for="captions"] [aria-checked="true"]');
    await until(`kept ${kept || "off"}, asked ${asked || "off"}: ${want || "off"}`, () => on.evaluateAll((all) => all.map((b) => b.dataset.value).join()), (value) => value === want);
    await context.close();
  }
}

await run(() => Promise.all([troubles(args.url, shot), (async () => {
  for (const part of [quiet, native, axeFindsNothing, viewer, begins, addresses, phone, print, ...(args.shots ? [readme] : [])]) await part();
})()]));

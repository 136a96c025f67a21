// How the scripts beside this file tell what held.

export const patience = 60_000; // milliseconds for anything to happen, on a busy machine

export const result = { ok: false };

const reasonOf = (error) => error.message.split("\n").slice(0, 4).join(" / ");

// judge runs a script's body, prints the result as one JSON object, and exits with 0 only when the body came to its end.
export async function judge(body, browser) {
  try {
    await body();
    result.ok = true;
  } catch (error) {
    result.reason = reasonOf(error);
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(result));
  process.exit(result.ok ? 0 : 1);
}

// each tries one case after another in the same browser, whose start is dear, and tells of every one: {"cases": [{"name", "ok", "reason", ...}]}.
export async function each(list, one) {
  result.cases = [];
  for (const { name, ...rest } of list) {
    const told = { name, ok: false };
    result.cases.push(told);
    try {
      Object.assign(told, await one(rest), { ok: true });
    } catch (error) {
      told.reason = reasonOf(error);
    }
  }
  const failed = result.cases.filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason}`);
  if (failed.length > 0) throw new Error(failed.join(" | "));
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

// What a viewer sees of a film, of a page of either browser.

// shown is what the viewer reads: the language of each track that is on, and the text of its cues of now.
export const shown = (page) => page.evaluate(() => [...document.querySelector("video").textTracks]
  .filter((track) => track.mode === "showing" && ["subtitles", "captions"].includes(track.kind))
  .map((track) => ({ lang: track.language, text: [...(track.activeCues ?? [])].map((cue) => cue.text).join("\n") })));
export const plain = (text) => text.replace(/<[^>]*>/g, "").replace(/\s+/g, " ").trim();
export const time = (page) => page.evaluate(() => document.querySelector("video").currentTime);
export const seek = (page, to) => page.evaluate((t) => { const v = document.querySelector("video"); v.pause(); v.currentTime = t; }, to);

// What a film begins with, asked for all at once when play is pressed. hls.js learns from each file which comes next, and on a thin
// line would wait for four round trips until its first segment comes; pressed for before it is there itself, it has not begun.
const patience = 10_000; // milliseconds that hls.js waits for one of these files; as it would itself for a first byte

export class Opening {
  // refs are seen from master, with spaces between them. wanted is where the film is to begin, in seconds: first segments are for its beginning only.
  constructor(master, refs, wanted) {
    const others = (refs?.split(" ") ?? []).filter((ref) => !wanted || !ref.endsWith(".m4s"));
    this.files = new Map([master, ...others.map((ref) => new URL(ref, master).href)].map((url) => [url, bring(url)]));
  }

  // loader is hls.js's loader, to which these files come as if it had loaded them: it learns from their times what the line carries.
  loader(Hls) {
    const { files } = this;
    return class extends Hls.DefaultConfig.loader {
      load(context, config, callbacks) {
        const coming = files.get(context.url);
        files.delete(context.url); // whoever loads it again wants it anew
        if (!coming) return super.load(context, config, callbacks);
        const late = new Promise((go) => { this.timer = setTimeout(go, patience); });
        Promise.race([coming, late]).then((file) => {
          clearTimeout(this.timer);
          if (this.gone) return;
          if (!file) return super.load(context, config, callbacks); // which tries more than once, and tells
          const { response, data, waited, took } = file;
          const end = performance.now();
          const { stats } = this;
          stats.loaded = stats.total = data.byteLength;
          Object.assign(stats.loading, { start: end - took, first: end - took + waited, end });
          callbacks.onSuccess({ url: response.url, code: response.status, data: context.responseType === "arraybuffer" ? data : new TextDecoder().decode(data) }, stats, context, response);
        });
      }

      abort() {
        this.leave();
        super.abort();
      }

      destroy() {
        this.leave();
        super.destroy();
      }

      leave() {
        this.gone = true;
        clearTimeout(this.timer);
      }
    };
  }
}

// bring fetches a file and measures, in milliseconds, when its first byte and all of it had come. Without an answer it gives nothing.
async function bring(url) {
  const start = performance.now();
  try {
    const response = await fetch(url);
    if (!response.ok) return null;
    const waited = performance.now() - start;
    return { response, waited, data: await response.arrayBuffer(), took: performance.now() - start };
  } catch {
    return null;
  }
}

// Brings hls.js, which lies in a file of its own.

// A browser that cannot be fed with a film in pieces does not need it.
export const streams = (globalThis.ManagedMediaSource ?? globalThis.MediaSource)?.isTypeSupported('video/mp4; codecs="avc1.42E01E,mp4a.40.2"') === true;

export const thin = () => navigator.connection?.saveData === true;

// fetchHls has the file at hand when the page is done, without running it. Where data is dear it waits for a click. As a blob it does not pass through
// the page's own thread, as it would to be held against its hash; loadHls does that.
export function fetchHls({ dataset }) {
  if (!streams || thin()) return;
  const get = () => fetch(dataset.hls, { priority: "low" }).then((file) => file.blob()).catch(() => {}); // loadHls will tell
  if (document.readyState === "complete") get();
  else addEventListener("load", get);
}

let coming = null;

// loadHls runs the file and gives the class of hls.js. It throws where the line does not bring it, and may be asked again.
export function loadHls({ dataset }) {
  coming ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = dataset.hls;
    script.integrity = dataset.hlsIntegrity;
    script.crossOrigin = "anonymous"; // in a frame without rights (sandbox) even our own files are another origin's
    script.addEventListener("load", () => resolve(globalThis.filmpressHls));
    script.addEventListener("error", () => {
      script.remove();
      coming = null;
      reject(new Error(`${dataset.hls} did not come`));
    });
    document.head.append(script);
  });
  return coming;
}

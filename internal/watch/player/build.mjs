// Bundles src/ into ../dist: player.js, player.css, hls.js and the licences of what is inside. Same sources, same bytes.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "dist");
const { version } = JSON.parse(readFileSync(join(here, "node_modules/hls.js/package.json"), "utf8"));

// hls.js is bundled from its sources with the parts that its own light builds switch, as our releases need them: 371 kB instead of 589.
const parts = { ALT_AUDIO: true, SUBTITLES: true, CMCD: false, CONTENT_STEERING: false, EME_DRM: false, IFRAMES: false, INTERSTITIALS: false,
  M2TS_ADVANCED_CODECS: false, MEDIA_CAPABILITIES: false, VARIABLE_SUBSTITUTION: false };
// What no switch takes out: films of MPEG-2 TS, ADTS and MP3, captions inside the picture, ID3; and what is switched off, but wants packages of its own.
const without = /\/(tsdemuxer|aacdemuxer|ac3-demuxer|mp3demuxer|cea-608-parser|id3-track-controller|cmcd-controller|eme-controller)$/;
const less = {
  name: "less",
  setup(b) {
    const none = () => ({ path: join(here, "src/none.js") });
    b.onResolve({ filter: without }, none);
    b.onResolve({ filter: /\/mp4-remuxer$/ }, ({ importer }) => (importer.endsWith("transmuxer.ts") ? none() : undefined)); // a function of it is used
  },
};

for (const name of readdirSync(dist)) if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { player: "src/player.js", hls: "src/hls.js" },
  outdir: dist,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  alias: { "hls.js": "./node_modules/hls.js/src/hls.ts" },
  define: { __VERSION__: JSON.stringify(version), __IN_WORKER__: "false", __HLS_WORKER_BUNDLE__: "null",
    ...Object.fromEntries(Object.entries(parts).map(([name, on]) => [`__USE_${name}__`, String(on)])) },
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } }, // as hls.js is built: a field that is only declared keeps what super() gave it
  plugins: [less],
  metafile: true,
  logLevel: "warning",
});

const inside = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs)).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const packages = new Set();
for (const [input] of inside) {
  const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((name) => {
  const root = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const file = readdirSync(root).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file ? readFileSync(join(root, file), "utf8").trim() : `Its package names the licence ${license} and holds no licence text.`;
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(dist, "notices.txt"), "The player of this page contains the following; of hls.js only those parts that films of its kind need.\n\n" + notices.join("\n----\n\n"));

for (const [file, { bytes }] of Object.entries(metafile.outputs)) console.log(`${file.split("/").pop()} ${Math.round(bytes / 1000)} kB`);

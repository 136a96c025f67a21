// Bundles src/ into ../dist: player.js, player.css, hls.js and the licences of what is inside. Same sources, same bytes.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "dist");

for (const name of readdirSync(dist)) if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: { player: "src/player.js", hls: "src/hls.js" },
  outdir: dist,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
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
writeFileSync(join(dist, "notices.txt"), "The player of this page contains:\n\n" + notices.join("\n----\n\n"));

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) console.log(`${file.split("/").pop()} ${Math.round(bytes / 1000)} kB`);

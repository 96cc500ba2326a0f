/**
 * Build the front end into mapsvc/static/dist: hashed names, a manifest, and each text file
 * compressed once with brotli and gzip, so that a server never has to. What `mapsvc map` puts into
 * one file brings its pictures and licences along.
 *
 *     node build.mjs [--out FOLDER]
 */

import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? join(here, "..", "mapsvc", "static", "dist"));

const COMPRESSED = /\.(js|css|svg|txt)$/;

/** Each entry becomes one file under its logical name in the manifest. */
const ENTRIES = {
  "leaflet.js": "src/leaflet.ts",
  "plugins.js": "src/plugins.ts",
  "locator.js": "src/locator.ts",
  "frame.js": "src/frame.ts",
  "frame-list.js": "src/frame-list.ts",
  "builder.js": "src/builder.ts",
  "site.css": "styles/site.css",
  "embed.css": "styles/embed.css",
  "dark.css": "styles/dark.css",
  "builder.css": "styles/builder.css",
  "offline.js": "src/offline.ts",
  "sw.js": "worker/sw.ts",
  "favicon.svg": "icons/favicon.svg",
  "icon-180.png": "icons/icon-180.png",
  "icon-192.png": "icons/icon-192.png",
  "icon-512.png": "icons/icon-512.png",
  "icon-maskable-512.png": "icons/icon-maskable-512.png",
};

/** The same for a file that has all it needs inside: no file lies beside it. */
const STANDALONE = {
  "standalone.js": "src/standalone.ts",
  "standalone.css": "styles/standalone.css",
};

async function bundle(entries, pictures, legalComments) {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: Object.values(entries),
    outdir: out,
    outbase: here,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020", "chrome87", "firefox84", "safari15"],
    loader: { ".png": pictures },
    plugins: [inlineIcons(), leafletOnce()],
    charset: "utf8",
    legalComments,
    metafile: true,
    logLevel: "warning",
  });
  return manifestOf(entries, metafile);
}

/** SVGs that a style sheet names become data: addresses; the app's icons stay files. */
function inlineIcons() {
  return {
    name: "inline-icons",
    setup(builder) {
      builder.onLoad({ filter: /[\\/]icon-[\w-]+\.png$/ }, async ({ path }) => ({
        contents: await readFile(path),
        loader: "copy",
      }));
      builder.onLoad({ filter: /\.svg$/ }, async ({ path }) => ({
        contents: await readFile(path),
        loader: basename(path) === "favicon.svg" ? "copy" : "dataurl",
      }));
    },
  };
}

/** A plug-in that imports Leaflet gets the global one: it is bundled in src/leaflet.ts alone. */
function leafletOnce() {
  return {
    name: "leaflet-once",
    setup(builder) {
      builder.onResolve({ filter: /^leaflet$/ }, ({ importer }) =>
        importer.endsWith("leaflet.ts") ? undefined : { path: "L", namespace: "global" },
      );
      builder.onLoad({ filter: /.*/, namespace: "global" }, () => ({
        contents: "module.exports = window.L;",
      }));
    },
  };
}

function manifestOf(entries, metafile) {
  const logical = new Map(Object.entries(entries).map(([name, source]) => [source, name]));
  const manifest = {};
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    const name = entryPoint && logical.get(entryPoint);
    if (name) {
      manifest[name] = relative(out, resolve(here, path));
    }
  }
  const missing = Object.keys(entries).filter((name) => !(name in manifest));
  if (missing.length) {
    throw new Error(`not built: ${missing.join(", ")}`);
  }
  return manifest;
}

async function compress(file) {
  const content = await readFile(file);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const brotli = await promisify(brotliCompress)(content, { params: quality });
  const gzipped = await promisify(gzip)(content, { level: 9 });
  await writeFile(`${file}.br`, brotli);
  await writeFile(`${file}.gz`, gzipped);
  return { file: basename(file), bytes: content.length, brotli: brotli.length };
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const manifest = {
  ...(await bundle(ENTRIES, "file", "linked")),
  ...(await bundle(STANDALONE, "dataurl", "eof")),
};
const sizes = [];
for (const name of (await readdir(out)).filter((name) => COMPRESSED.test(name)).sort()) {
  sizes.push(await compress(join(out, name)));
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
for (const { file, bytes, brotli } of sizes) {
  console.log(`${file}: ${bytes} bytes, ${brotli} compressed`);
}

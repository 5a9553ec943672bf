// Builds the page: one HTML file with everything in it, which runs from disk, and may do nothing else than that.
//
//   src/boot.ts, src/first.css -> what stands in the page as it is
//   src/style.css, src/page, src/worker, and the module with the inspector -> packed: three lengths of four bytes, then
//     style, script, worker, module, the last in LZMA, which the worker unpacks; all in gzip, in characters of seven bits
//   all of it -> dist/inspector.html, and beside the module, for the relay of the package

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildSync, transformSync } from "esbuild";
import { compress } from "lzma1";

/** In bytes: page and module together. */
const LIMIT = 250_000;
const TARGET = ["chrome123", "firefox128", "safari17.5"];
/** How the names of captures end, which the page has as texts. */
const TEXTS = [".txt", ".xxd", ".c", ".tcpdump", ".b64", ".hex", ".http"];

const root = dirname(fileURLToPath(import.meta.url));
const MODULE = join(root, "..", "..", "bindings", "js", "dist", "inspect.wasm");

const boot = bundle("src/boot.ts");
const script = bundle("src/page/main.ts");
const worker = bundle("src/worker/main.ts");
const [first, style] = ["src/first.css", "src/style.css"].map(minified);
const packed = await pack([style, script, worker], readFileSync(MODULE));
const csp = [
  "default-src 'none'",
  `script-src ${hash(boot)} ${hash(script)} 'wasm-unsafe-eval'`,
  `style-src ${hash(first)} ${hash(style)}`,
  "worker-src blob:",
  // Its icon. No other image is in it, and nothing of a capture becomes one.
  "img-src data:",
  // The relay that serves the page; and the servers that its user names.
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const parts = { csp, first, boot, packed };
const template = readFileSync(join(root, "src/index.html"), "utf8").replace(/\n\s+/g, "\n");
const page = template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
mkdirSync(join(root, "dist"), { recursive: true });
writeFileSync(join(root, "dist", "inspector.html"), page);
// The relay of the package serves it.
writeFileSync(join(dirname(MODULE), "inspector.html"), page);
const size = Buffer.byteLength(page);
console.log(
  `inspector.html: ${size} bytes; packed ${Buffer.byteLength(packed)}, of script ${script.length}, worker ${worker.length} and module`,
);
if (size > LIMIT) {
  console.error(`inspector.html: more than ${LIMIT} bytes`);
  process.exit(1);
}

/** A program as one script. */
function bundle(entry) {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    bundle: true,
    charset: "utf8",
    // The module is passed in, and never looked for.
    define: { "import.meta.url": '"blob:"', OPTION_TEXTS: JSON.stringify(optionTexts()) },
    loader: Object.fromEntries(TEXTS.map((ending) => [ending, "text"])),
    entryPoints: [entry],
    format: "iife",
    logLevel: "warning",
    minify: true,
    target: TARGET,
    write: false,
  });
  const text = outputFiles[0].text.trim();
  if (/<\/script|<!--/i.test(text)) throw new Error(`${entry}: the script cannot stand in a page`);
  return text;
}

/** What the package says of each option. */
function optionTexts() {
  const source = readFileSync(join(root, "..", "..", "bindings", "js", "src", "options.ts"), "utf8");
  const texts = [...source.matchAll(/\/\*\* (.*?) \*\/\n\s+readonly (\w+)\?/g)].map(([, text, name]) => [name, text]);
  if (texts.length === 0) throw new Error("the options of the package are not where they were");
  return Object.fromEntries(texts);
}

async function pack(scripts, module) {
  const buffers = scripts.map((text) => Buffer.from(text));
  const lengths = Buffer.alloc(4 * buffers.length);
  buffers.forEach(({ length }, index) => lengths.writeUInt32BE(length, 4 * index));
  // Not before it is needed: it catches the errors of others, and prints itself.
  const { gzipAsync } = await import("@gfx/zopfli");
  const all = Buffer.concat([lengths, ...buffers, compress(module, 9)]);
  return sevens(Buffer.from(await gzipAsync(all, { numiterations: 15 })));
}

/** As src/boot.ts reads it: a seventh more than the bytes, where base 64 is a third more. */
function sevens(bytes) {
  const unsafe = ["\0", "\r", "<"].map((character) => character.charCodeAt(0));
  const values = [];
  let [bits, held] = [0, 0];
  for (const byte of [...bytes, 0, 0]) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 7; held -= 7) values.push((bits >> (held - 7)) & 127);
    bits &= 127;
  }
  let text = bytes.length.toString(16).padStart(8, "0");
  for (let at = 0; at < Math.ceil((bytes.length * 8) / 7); at += 1) {
    const kind = unsafe.indexOf(values[at]);
    text += String.fromCharCode(kind < 0 ? values[at] : 256 + 128 * kind + values[(at += 1)]);
  }
  return text;
}

function minified(path) {
  return transformSync(readFileSync(join(root, path), "utf8"), {
    charset: "utf8",
    loader: "css",
    minify: true,
    target: TARGET,
  }).code.trim();
}

function hash(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

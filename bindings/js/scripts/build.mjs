// Builds the package: the WebAssembly modules, their base64 forms for runtimes that load them at once, and the TypeScript.
//
// For each module:
//   wasm-pack -> build/pkg/sansock_wasm_bg.wasm      needs Rust with the target wasm32-unknown-unknown
//   wasm-metadce: keeps only the exports that src/exports.ts names, so that nothing is left to import
//   the tables of CRC-32 are emptied: only gzip needs them
//   wasm-opt -> dist/NAME.wasm, and the same in base64 in dist/NAME-base64.js
// and
//   tsc -> dist/*.js, dist/*.d.ts, and dist/cjs for `require`; the types once more for TypeScript before 5.7
//   the licences of the repository -> LICENSE-*, because npm packs no symbolic links

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/**
 * Limits are in bytes; `interfaces` are those of src/exports.ts, `tables` those of CRC-32; `passes` follow all others. Control flow
 * that is built anew, and constants in locals, make a module smaller; the latter compress worse.
 */
const MODULES = [
  {
    name: "sansock",
    features: ["deflate", "fields", "tunnel"],
    interfaces: ["Exports", "DefaultExports", "TunnelExports"],
    tables: 9,
    passes: ["--converge"],
    limit: 197_000,
    gzipLimit: 92_000,
  },
  {
    name: "slim",
    features: [],
    interfaces: ["Exports"],
    tables: 0,
    passes: ["--flatten", "--rereloop", "-Oz", "-Oz", "--converge", "--const-hoisting"],
    limit: 90_000,
    gzipLimit: 43_600,
  },
  {
    // No program that a bundler makes has it: it is read from its file.
    name: "inspect",
    isInlined: false,
    features: ["deflate", "inspect"],
    interfaces: ["Exports", "InspectExports"],
    tables: 9,
    passes: ["--flatten", "--rereloop", "-Oz", "-Oz"],
    limit: 380_000,
    gzipLimit: 175_000,
  },
];
/** Optimised for size: level "z" alone inlines too little to become small. */
const LEVEL = "z";
const INLINE = "-Cllvm-args=-inline-threshold=50";
/** The deflate library is a tenth slower at level "z", and hardly smaller. */
const PROFILE = 'profile.release.package.zlib-rs.opt-level="s"';
/** Rust keeps the stack below its data: nothing lies in the first bytes of memory. */
const OPTIMISE = ["--local-cse", "-Oz", "--low-memory-unused"];
const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];
/** Paths of source files, and messages of the standard library and of the deflate library, in panics and errors. */
const PANICS = new RegExp(
  [
    /(?:\/rustc\/[0-9a-f]+|crates|core|wasm)\/[\w./-]+?\.rs/,
    /called `\w+::unwrap\(\)` on an? `\w+` value/,
    /internal error: entered unreachable code(?:: (?:compression does not use dictionary|the rust API does not use files))?/,
    /assertion (?:failed: self\.buf\.is_empty\(\) \|\| self\.buf\.len\(\) >= Self::padding\(\)|`left )/,
    /index out of bounds: the len is | but the index is |(?:range (?:start|end)|slice) index (?:starts at )?| but ends at /,
    / out of range for slice of length |removal index \(is |\) should be < len \(is |dest is out of bounds|mid > len/,
    /invalid (?:literal\/lengths? (?:set|code)|code lengths set|distances set|bit length repeat|stored block lengths|window size)/,
    /invalid (?:code -- missing end-of-block|distance too far back|block type|distance code)|too many length or distance symbols/,
    /incorrect (?:header|data|length) check|unknown (?:compression method|header flags set)|header crc mismatch/,
    /capacity overflow|RefCell already (?:mutably )?borrowed/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);
/** What Rust's target uses by default and every browser has since 2021. */
const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

/** What runtimes and bundlers that import WebAssembly give for the module. */
const WASM_TYPE = `import type { CompiledModule } from "./module.js";

declare const module: CompiledModule;
export default module;
`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const crate = join(root, "..", "..", "wasm");
const build = join(root, "build");
const dist = join(root, "dist");
const compiled = join(build, "pkg", "sansock_wasm_bg.wasm");
const reduced = join(build, "reduced.wasm");

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "cjs"), { recursive: true });
mkdirSync(build, { recursive: true });

MODULES.forEach(buildModule);
run("tsc", ["--project", join(root, "tsconfig.hosts.json")]);
run("tsc", ["--project", join(root, "tsconfig.cjs.json")]);
writeFileSync(join(dist, "cjs", "package.json"), '{ "type": "commonjs" }\n');
writeFileSync(join(dist, "wasm.d.ts"), WASM_TYPE);
[dist, join(dist, "cjs")].forEach(writeOlderTypes);
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, "..", "..", licence), join(root, licence));

/**
 * Before TypeScript 5.7 the types of buffers had no parameter: a copy of the types without it. `package.json` leads to it.
 */
function writeOlderTypes(folder) {
  const older = join(folder, "types");
  const names = readdirSync(folder, { recursive: true }).filter((name) => /\.d\.c?ts$/.test(name) && !name.startsWith("cjs"));
  for (const name of names) {
    const text = readFileSync(join(folder, name), "utf8");
    mkdirSync(dirname(join(older, name)), { recursive: true });
    writeFileSync(
      join(older, name),
      text.replaceAll(/\b(Uint8Array|ArrayBufferView|DataView|Buffer)<ArrayBuffer(?:Like)?>/g, "$1"),
    );
  }
}

function buildModule({ name, isInlined = true, features, interfaces, tables, passes, limit, gzipLimit }) {
  const exports = interfaces.flatMap(exportNames);
  writeFileSync(join(build, "graph.json"), JSON.stringify(graph(exports)));
  const final = join(dist, `${name}.wasm`);
  const packOptions = ["--mode", "no-install", "--target", "web", "--release", "--no-pack", "--out-dir", join(build, "pkg")];
  const cargoOptions = ["--", "--features", features.join(","), "--config", PROFILE];
  run("wasm-pack", ["--quiet", "build", crate, ...packOptions, ...cargoOptions]);
  run("wasm-metadce", [compiled, "--graph-file", join(build, "graph.json"), ...enabled(), "-o", reduced]);
  emptyChecksumTables(name, tables);
  emptyPanics(name);
  run("wasm-opt", [reduced, ...OPTIMISE, ...passes, ...enabled(), ...STRIP, "-o", final]);
  const wasm = readFileSync(final);
  const gzip = gzipSync(wasm, { level: 9 }).length;
  check(name, wasm, gzip, { exports, limit, gzipLimit });
  if (isInlined) {
    const text = `"${wasm.toString("base64")}";\n`;
    writeFileSync(join(dist, `${name}-base64.js`), `export const base64 = ${text}`);
    writeFileSync(join(dist, "cjs", `${name}-base64.js`), `exports.base64 = ${text}`);
  }
  console.log(`${name}.wasm: ${wasm.length} bytes, ${gzip} with gzip`);
}

/** Runs a tool of node_modules or of the system, with its output shown only when it fails. */
function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, env: environment(), stdio: "pipe" });
  } catch (error) {
    const missing = error.code === "ENOENT" ? `${command} is not installed` : "";
    console.error([missing, error.stdout, error.stderr].filter((text) => text?.length > 0).join("\n"));
    process.exit(1);
  }
}

/**
 * Empties the tables of CRC-32 in the reduced module. The deflate library has them for gzip; permessage-deflate never reads
 * them, and they compress worst. A table is 256 words in which entry a XOR b is the XOR of the entries a and b.
 */
function emptyChecksumTables(name, expected) {
  const words = 256;
  const wasm = new Uint8Array(readFileSync(reduced));
  const view = new DataView(wasm.buffer);
  let found = 0;
  for (let at = 0; at + 4 * words <= wasm.length; at += 1) {
    const entry = (index) => view.getUint32(at + 4 * index, true);
    const isLinear = (index) => entry(index) === (entry(index & -index) ^ entry(index & (index - 1))) >>> 0;
    const powers = Array.from({ length: 8 }, (_, bit) => 1 << bit);
    if (entry(0) === 0 && powers.every(entry) && Array.from({ length: words }, (_, index) => index).every(isLinear)) {
      wasm.fill(0, at, at + 4 * words);
      found += 1;
    }
  }
  if (found !== expected) {
    console.error(`${name}.wasm: ${found} tables of CRC-32, not ${expected}`);
    process.exit(1);
  }
  writeFileSync(reduced, wasm);
}

/** Empties texts that nobody reads in the reduced module: its panics are traps, and the engine reports errors of deflate. */
function emptyPanics(name) {
  const wasm = readFileSync(reduced);
  const texts = Array.from(wasm.toString("latin1").matchAll(PANICS));
  if (texts.length === 0) {
    console.error(`${name}.wasm: nothing for a panic to print`);
    process.exit(1);
  }
  texts.forEach(({ index, 0: text }) => wasm.fill(0, index, index + text.length));
  writeFileSync(reduced, wasm);
}

/** The level of optimisation, and flags for the compiler. Paths of this machine stay out of the module. */
function environment() {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const cargo = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  // Of two that match the last one holds, and the home of cargo may be in the checkout.
  const places = { [join(root, "..", "..")]: "sansock", [join(cargo, "registry", "src")]: "crates" };
  const flags = Object.entries(places).map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return {
    ...process.env,
    PATH: path,
    CARGO_PROFILE_RELEASE_OPT_LEVEL: LEVEL,
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [...flags, INLINE].join(" "),
  };
}

/** The names in an interface of src/exports.ts. */
function exportNames(name) {
  const source = readFileSync(join(root, "src", "exports.ts"), "utf8");
  const [, body] = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, "s").exec(source);
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)[:(]/gm), ([, name]) => name);
}

function graph(names) {
  const reached = names.map((name) => ({ name: `export ${name}`, export: name }));
  return [{ name: "host", root: true, reaches: reached.map(({ name }) => name) }, ...reached];
}

function enabled() {
  return FEATURES.map((feature) => `--enable-${feature}`);
}

function check(name, bytes, gzip, { exports, limit, gzipLimit }) {
  const module = new WebAssembly.Module(bytes);
  const imported = WebAssembly.Module.imports(module);
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const faults = [
    ...imported.map((entry) => `it imports ${entry.module}.${entry.name}`),
    ...exports.filter((wanted) => !exported.includes(wanted)).map((wanted) => `it does not export ${wanted}`),
    ...(bytes.length > limit ? [`it has ${bytes.length} bytes, more than ${limit}`] : []),
    ...(gzip > gzipLimit ? [`it has ${gzip} bytes with gzip, more than ${gzipLimit}`] : []),
  ];
  if (faults.length > 0) {
    console.error(`${name}.wasm: ${faults.join("; ")}`);
    process.exit(1);
  }
}

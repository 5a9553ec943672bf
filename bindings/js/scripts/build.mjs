// Builds the package: the WebAssembly module, its base64 form for runtimes that load it at once, and the TypeScript.
//
//   wasm-pack -> build/pkg/sansock_wasm_bg.wasm      needs Rust with the target wasm32-unknown-unknown
//   wasm-metadce: only the exports that src/engine.ts names, so that nothing is left to import
//   wasm-opt -> dist/sansock.wasm
//   tsc -> dist/*.js, dist/*.d.ts

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const SIZE_LIMIT = 80_000;
/** What Rust's target uses by default and every browser has since 2021. */
const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const crate = join(root, "..", "..", "wasm");
const build = join(root, "build");
const dist = join(root, "dist");
const compiled = join(build, "pkg", "sansock_wasm_bg.wasm");
const reduced = join(build, "reduced.wasm");
const final = join(dist, "sansock.wasm");

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
mkdirSync(build, { recursive: true });

const packOptions = ["--mode", "no-install", "--target", "web", "--release", "--no-pack"];
run("wasm-pack", "--quiet", "build", crate, ...packOptions, "--out-dir", join(build, "pkg"));
const exports = exportNames();
writeFileSync(join(build, "graph.json"), JSON.stringify(graph(exports)));
run("wasm-metadce", compiled, "--graph-file", join(build, "graph.json"), ...features(), "-o", reduced);
run("wasm-opt", reduced, "-Oz", ...features(), "--strip-debug", "--strip-producers", "-o", final);

const wasm = readFileSync(final);
check(wasm, exports);
writeFileSync(join(dist, "wasm-base64.js"), `export const base64 = "${wasm.toString("base64")}";\n`);
run("tsc", "--project", root);
console.log(`sansock.wasm: ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} with gzip`);

/** Runs a tool of node_modules or of the system, with its output shown only when it fails. */
function run(command, ...args) {
  try {
    execFileSync(command, args, { cwd: root, env: environment(), stdio: "pipe" });
  } catch (error) {
    const missing = error.code === "ENOENT" ? `${command} is not installed` : "";
    console.error([missing, error.stdout, error.stderr].filter((text) => text?.length > 0).join("\n"));
    process.exit(1);
  }
}

/** Small rather than fast, which costs little here; and paths of this machine stay out of the module. */
function environment() {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const cargo = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const places = { [join(cargo, "registry", "src")]: "crates", [join(root, "..", "..")]: "sansock" };
  const flags = Object.entries(places).map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  // By itself, "z" inlines too little to become small.
  flags.push("-Cllvm-args=-inline-threshold=50");
  return {
    ...process.env,
    PATH: path,
    CARGO_PROFILE_RELEASE_OPT_LEVEL: "z",
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags.join(" "),
  };
}

/** The names in the interface `Exports` of src/engine.ts. */
function exportNames() {
  const source = readFileSync(join(root, "src", "engine.ts"), "utf8");
  const [, body] = /export interface Exports \{\n(.*?)\n\}/s.exec(source);
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)[:(]/gm), ([, name]) => name);
}

function graph(names) {
  const reached = names.map((name) => ({ name: `export ${name}`, export: name }));
  return [{ name: "host", root: true, reaches: reached.map(({ name }) => name) }, ...reached];
}

function features() {
  return FEATURES.map((feature) => `--enable-${feature}`);
}

function check(bytes, names) {
  const module = new WebAssembly.Module(bytes);
  const imported = WebAssembly.Module.imports(module);
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const faults = [
    ...imported.map((entry) => `it imports ${entry.module}.${entry.name}`),
    ...names.filter((name) => !exported.includes(name)).map((name) => `it does not export ${name}`),
    ...(bytes.length > SIZE_LIMIT ? [`it has ${bytes.length} bytes, more than ${SIZE_LIMIT}`] : []),
  ];
  if (faults.length > 0) {
    console.error(`sansock.wasm: ${faults.join("; ")}`);
    process.exit(1);
  }
}

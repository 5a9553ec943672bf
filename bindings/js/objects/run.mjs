// Builds the module with objects for each target of wasm-pack, and runs the suite with each where it is meant to run.
//
//   node run.mjs [NAME...]    those whose names begin with one of these; default: all

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, extname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { launch } from "../test/chromium.mjs";

const ROOT = new URL("../../../", import.meta.url);
const here = fileURLToPath(new URL(".", import.meta.url));
const crate = fileURLToPath(new URL("wasm", ROOT));
const build = join(here, "..", "build", "objects");
const bin = join(here, "..", "node_modules", ".bin");
const TARGETS = ["nodejs", "web", "deno", "bundler"];
const TIME_LIMIT = 120_000;
const CONTENT_TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

const execute = promisify(execFile);

const programs = {
  "nodejs: Node": () => run(process.execPath, ["node.mjs"]),
  "web: Node": () => run(process.execPath, ["web.mjs"]),
  "web: Bun": () => run("bun", ["run", "web.mjs"]),
  "web: Chromium": () => inChromium("bindings/js/objects/page.html"),
  "deno: Deno": () => run("deno", ["run", "--quiet", "--allow-read", "deno.mjs"]),
  "bundler: webpack": async () => run(process.execPath, [await bundle(), ROOT.href]),
  "nodejs: README": () => readme(),
  "types: web": () => run("tsc", ["--ignoreConfig", "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,esnext.disposable", "--module", "nodenext", "types.ts"]),
};

/** Runs a program, and returns the last line that it prints. */
async function run(command, args) {
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const { stdout } = await execute(command, args, { cwd: here, env, timeout: TIME_LIMIT });
  return stdout.trim().split("\n").at(-1);
}

/** Runs the program of the README with the module that it names. */
async function readme() {
  const [, program] = /```js\n(.*?)```/s.exec(readFileSync(join(crate, "README.md"), "utf8"));
  const place = join(build, "readme");
  cpSync(join(build, "nodejs"), join(place, "pkg"), { recursive: true });
  writeFileSync(join(place, "program.mjs"), program);
  const printed = await run(process.execPath, [join(place, "program.mjs")]);
  if (printed !== "Hello, 世界") throw new Error(`it printed ${JSON.stringify(printed)}`);
  return printed;
}

function compile(target) {
  const options = ["--mode", "no-install", "--target", target, "--out-dir", join(build, target)];
  return run("wasm-pack", ["--quiet", "build", crate, ...options, "--", "--features", "objects"]);
}

/** Puts the suite and the module into one folder, and returns the program. */
async function bundle() {
  const { default: webpack } = await import(createRequire(new URL("../fixtures/run.mjs", import.meta.url)).resolve("webpack"));
  const compiler = webpack({
    mode: "production",
    target: "node20",
    entry: join(here, "bundler.mjs"),
    experiments: { asyncWebAssembly: true, outputModule: true },
    output: { path: join(build, "bundle"), filename: "program.mjs", module: true },
  });
  const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error ? reject(error) : resolve(stats))));
  if (stats.hasErrors()) throw new Error(stats.toString());
  return join(build, "bundle", "program.mjs");
}

/** Opens a page of the repository, whose title says how it went. */
async function inChromium(path) {
  const server = createServer(async ({ url }, response) => {
    try {
      const body = await readFile(new URL(`.${new URL(url, "http://localhost").pathname}`, ROOT));
      response.writeHead(200, { "content-type": CONTENT_TYPES[extname(url)] ?? "text/plain; charset=utf-8" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { browser, close } = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/${path}`);
    await page.waitForFunction(() => /^(passed|failed)$/.test(document.title), undefined, { timeout: TIME_LIMIT });
    const text = (await page.locator("#log").innerText()).trim();
    if ((await page.title()) !== "passed") throw new Error(text);
    return text.split("\n").at(-1);
  } finally {
    await close();
    server.close();
  }
}

rmSync(build, { recursive: true, force: true });
mkdirSync(build, { recursive: true });
for (const target of TARGETS) await compile(target);
const module = readFileSync(join(build, "web", "sansock_wasm_bg.wasm"));
const glue = readFileSync(join(build, "web", "sansock_wasm.js"));
const size = (bytes) => `${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip`;
console.log(`module: ${size(module)}; JavaScript: ${size(glue)}`);

const wanted = process.argv.slice(2);
let failed = 0;
for (const [name, program] of Object.entries(programs)) {
  if (wanted.length > 0 && !wanted.some((prefix) => name.startsWith(prefix))) continue;
  try {
    console.log(`${name}: ${(await program()) || "compiled"}`);
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`.slice(0, 5000));
  }
}
process.exitCode = failed === 0 ? 0 : 1;

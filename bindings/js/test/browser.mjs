// Opens the test page and the example page in a headless Chromium, and waits for their titles to say how it went.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, extname, join } from "node:path";
import process from "node:process";

import { chromium } from "playwright-core";

const ROOT = new URL("../../../", import.meta.url);
const PAGES = ["bindings/js/test/browser.html", "examples/browser/index.html"];
const TIME_LIMIT = 60_000;
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--no-sandbox",
];
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const executablePath = findChromium();
if (executablePath === undefined) {
  console.error("error: no Chromium: neither `chromium` nor `chromium-browser` nor `google-chrome` is in PATH");
  process.exit(1);
}

const server = createServer(async ({ url }, response) => {
  try {
    const body = await readFile(new URL(`.${new URL(url, "http://localhost").pathname}`, ROOT));
    response.writeHead(200, { "content-type": TYPES[extname(url)] ?? "text/plain; charset=utf-8" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const profile = await mkdtemp(join(tmpdir(), "sansock-chromium-"));
const browser = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, headless: true });
let failed = 0;
try {
  for (const path of PAGES) {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.log(`${path}: ${error.stack}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/${path}`);
    await page.waitForFunction(() => /^(passed|failed)$/.test(document.title), undefined, { timeout: TIME_LIMIT });
    const passed = (await page.title()) === "passed";
    failed += passed ? 0 : 1;
    const text = await page.locator("#log, #result").innerText();
    console.log(`${path}: ${text.trim().split("\n").slice(passed ? -1 : 0).join("\n")}`);
    if (process.env.SCREENSHOTS !== undefined) {
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${PAGES.indexOf(path)}.png`), fullPage: true });
    }
  }
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}
console.log(`${PAGES.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function findChromium() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

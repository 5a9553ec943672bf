// Opens the test page and the example page in a headless Chromium, and waits for their titles to say how it went. Then a page
// of Chromium's talks over HTTP/2 to the example server that leaves it to node:http2.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import process from "node:process";

import { launch } from "./chromium.mjs";
import { overHttp2 } from "./http2-page.mjs";

const ROOT = new URL("../../../", import.meta.url);
const PAGES = ["bindings/js/test/browser.html", "examples/browser/index.html"];
const TIME_LIMIT = 240_000;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const server = createServer(async ({ url }, response) => {
  try {
    const body = await readFile(new URL(`.${new URL(url, "http://localhost").pathname}`, ROOT));
    response.writeHead(200, { "content-type": TYPES[extname(url)] ?? "text/plain; charset=utf-8" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const { browser, close } = await launch();
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
  for (const [name, run] of Object.entries(overHttp2)) {
    try {
      await run(browser);
      console.log(`${name}: passed`);
    } catch (error) {
      failed += 1;
      console.log(`${name}: ${error.stack}`);
    }
  }
} finally {
  await close();
  server.close();
}
console.log(`${PAGES.length + Object.keys(overHttp2).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

// The browsers that the page is tried in, each headless, with a profile of its own, and without the network.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import puppeteer from "puppeteer-core";

/** The page as it is built, from disk. */
export const PAGE = new URL("../dist/inspector.html", import.meta.url).href;

/** Browsers with their programs. */
export const BROWSERS = { chrome: ["chromium", "chromium-browser", "google-chrome"], firefox: ["firefox-esr", "firefox"] };
const FLAGS = {
  chrome: [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
  ],
  firefox: [],
};

/** Starts a browser. */
export function launch(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = BROWSERS[name].flatMap((program) => folders.map((folder) => join(folder, program)));
  const executablePath = paths.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`none of ${BROWSERS[name].join(", ")} is in PATH`);
  return puppeteer.launch({ browser: name, executablePath, headless: true, args: FLAGS[name] });
}

/** Opens the page. Errors in it, and what its policy forbids, are gathered in `errors`. */
export async function openPage(browser, { width = 1280, height = 820, fragment = "" } = {}) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("dialog", (dialog) => {
    errors.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.setViewport({ width, height });
  await page.goto(PAGE + fragment);
  await until(page, () => document.body.lastElementChild?.tagName === "SCRIPT");
  return { page, errors };
}

/** Those that what takes long is tried in: LONG_IN=chrome is half of it. */
export const LONG_IN = process.env.LONG_IN?.split(" ") ?? Object.keys(BROWSERS);

/** Runs tests in each browser, one after the other, on one page, which `use` gets first. None of them may leave an error. */
export function runInBrowsers(tests, use, names = Object.keys(BROWSERS)) {
  for (const name of names) {
    describe(name, () => {
      let browser;
      let errors;
      before(async () => {
        browser = await launch(name);
        const opened = await openPage(browser);
        errors = opened.errors;
        await use({ ...opened, name, browser });
      });
      after(() => browser.close());
      afterEach(() => assert.deepEqual(errors.splice(0), []));
      for (const [title, run] of tests) test(title, run);
    });
  }
}

/** Waits until a function in the page returns something true, and returns that. The page's policy forbids other ways. */
export async function until(page, test, ...args) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await page.evaluate(test, ...args);
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`it has not come true: ${test}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** Drops files on the page: in Chromium as the desktop does it, elsewhere by an event. */
export async function drop(page, name, files) {
  await page.evaluate(() => delete document.body.dataset.read);
  if (name === "chrome") {
    const session = await page.createCDPSession();
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"])
      await session.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
    await session.detach();
  } else {
    // What the event carries comes from a chooser, because a page cannot name files of the disk.
    const chooser = await page.$("#file");
    await page.evaluate(() =>
      document.addEventListener("change", (event) => event.stopImmediatePropagation(), { capture: true, once: true }),
    );
    await chooser.uploadFile(...files);
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      for (const file of document.getElementById("file").files) transfer.items.add(file);
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
    });
  }
  return isRead(page);
}

/** Pastes a text on the page, outside of any field. */
export async function paste(page, text) {
  await page.evaluate((pasted) => {
    delete document.body.dataset.read;
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    // Firefox takes the text by other names.
    const init = { bubbles: true, clipboardData, dataType: "text/plain", data: pasted };
    document.body.dispatchEvent(new ClipboardEvent("paste", init));
  }, text);
  return isRead(page);
}

/** Waits until a capture has been read. Returns the number of entries. */
export async function isRead(page) {
  return Number(await until(page, () => document.body.dataset.read));
}

/** What the selected row says, once it is there. */
export function selectedRow(page) {
  return until(page, () =>
    [...(document.querySelector('#list [aria-selected="true"]')?.querySelectorAll("span") ?? [])]
      .map((part) => part.textContent)
      .join(", "),
  );
}

/** What is in the detail. */
export function detailText(page) {
  return page.evaluate(() => document.getElementById("detail").innerText);
}

/** The path of a file beside the tests. */
export function pathOf(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}

// axe-core finds nothing, in light and dark, narrow and wide, in each state of the page; and nothing needs to scroll sideways.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { launch, openPage, paste, selectedRow, until } from "./browsers.mjs";
import { capture, frame, fromClient, fromServer, HANDSHAKE } from "./conversations.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const KEY = [1, 2, 3, 4];
const TALK = capture(
  ...HANDSHAKE,
  fromServer(`[${'"many",'.repeat(300)}0]`),
  fromClient("part", { fin: false }),
  ["> ", frame(9, "ping", { key: KEY })],
  ["> ", frame(0, "end", { key: KEY })],
  fromClient("bad", { rsv: 2 }),
);

let browser;
before(async () => (browser = await launch("chrome")));
after(() => browser.close());

for (const theme of ["light", "dark"]) {
  for (const width of [360, 1280, 2560]) {
    test(`${theme}, ${width} pixels`, async () => {
      const { page, errors } = await openPage(browser, { width, height: 900 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
      await page.evaluate(AXE);
      await welcome(page);
      // What an entry shows is the same in all widths.
      await conversation(page, width === 1280);
      await playground(page);
      assert.deepEqual(errors, []);
      await page.close();
    });
  }
}

async function welcome(page) {
  await check(page, "welcome");
  await page.click("#paste");
  await check(page, "paste dialog");
  await page.click("#paste-cancel");
}

async function conversation(page, isEach) {
  await paste(page, TALK);
  await check(page, await selectedRow(page));
  await page.focus("#list");
  await page.keyboard.press("Home");
  const rows = await page.evaluate(() => Number(document.querySelector("#list [role=option]").ariaSetSize));
  for (let row = 0; row < (isEach ? rows : 1); row += 1) {
    await check(page, await selectedRow(page));
    await page.keyboard.press("ArrowDown");
  }
  await page.type("#search", "nowhere to be found");
  await until(page, () => !document.getElementById("none").hidden);
  await check(page, "nothing found");
}

async function playground(page) {
  await page.click("#tab-playground");
  await until(page, () => document.body.dataset.played);
  const tabs = ".side > .tabbed > [role=tablist] > [role=tab]";
  const count = await page.evaluate((all) => document.querySelectorAll(all).length, tabs);
  assert.equal(count, 5);
  for (let index = 0; index < count; index += 1) {
    await page.evaluate((all, each) => document.querySelectorAll(all)[each].click(), tabs, index);
    await check(page, `playground, tab ${index}`);
  }
}

async function check(page, state) {
  const found = await page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    const places = (nodes) => nodes.map(({ html, failureSummary }) => `${html.slice(0, 150)} ${failureSummary}`).join(" | ");
    return violations.map(({ id, nodes }) => `${id}: ${places(nodes)}`);
  });
  assert.deepEqual(found, [], state);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(tooWide, 0, `${state}: the page scrolls sideways`);
}

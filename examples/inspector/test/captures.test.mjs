// Each of the broken captures: one drop, and the row of its fault is selected, with the rule and the byte.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { detailText, drop, pathOf, selectedRow, runInBrowsers } from "./browsers.mjs";

const TABLE = readFileSync(pathOf("../captures/README.md"), "utf8");
const CAPTURES = [...TABLE.matchAll(/^\| \[([\w.-]+)\]\(.*?\) \| .*? \| `([A-Z_]+)`/gm)].map(([, file, fault]) => ({
  file,
  fault,
}));

assert.equal(CAPTURES.length, 10);

/** Set for each browser. */
let name;
let page;
const tests = new Map();
for (const { file, fault } of CAPTURES) {
  tests.set(`${file} shows ${fault}`, async () => {
    await drop(page, name, [pathOf(`../captures/${file}`)]);
    assert.match(await selectedRow(page), new RegExp(`^fault, .*${fault}`));
    const [heading, link, marked, answer] = await page.evaluate(() => {
      const detail = document.getElementById("detail");
      return [
        detail.querySelector("h2").textContent,
        detail.querySelector("a").href,
        detail.querySelectorAll("mark").length,
        [...detail.querySelectorAll("section:not(.states) > h3")].at(-1).nextElementSibling.textContent,
      ];
    });
    assert.equal(heading, `\u2715 ${fault}`);
    assert.match(link, /^https:\/\/www\.rfc-editor\.org\/rfc\/rfc\d+#section-[\d.]+$/);
    assert.equal(marked, 2);
    assert.match(answer, /88 |HTTP\/1\.1 400/);
  });
}

tests.set("the field at fault is marked in the drawing of the header", async () => {
  await drop(page, name, [pathOf("../captures/reserved-bits.txt")]);
  await selectedRow(page);
  const fields = await page.evaluate(() =>
    [...document.querySelectorAll(".bits .at-fault .name")].map((field) => field.textContent),
  );
  assert.deepEqual(fields, ["RSV1"]);
  assert.match(await detailText(page), /Closes with\s+code 1002/);
});

runInBrowsers(tests, (opened) => ({ name, page } = opened));

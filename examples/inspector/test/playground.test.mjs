// The playground: scenarios, the slider, steps of one's own, options, and links that hold all of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { NOT_PLAYED, OTHERS, PLAYED, SECTIONS } from "./attacks.mjs";
import { openPage, pathOf, until, runInBrowsers } from "./browsers.mjs";

/** How many times a list is scrolled on, at most: of a long one the beginning is read, and the end. */
const MOST_PAGES = 4;

/** Set for each browser. */
let browser;
let page;
let errors;
const tests = new Map();
/** Does something, and waits until what it changes has been played. */
async function played(act) {
  const before = await page.evaluate(() => document.body.dataset.played ?? "0");
  await act();
  await until(page, (number) => Number(document.body.dataset.played ?? 0) > number, Number(before));
}
const choose = async (scenario) => {
  const value = await page.evaluate(
    (wanted) => [...document.querySelectorAll("#scenario option")].find(({ textContent }) => textContent === wanted)?.value,
    scenario,
  );
  assert.ok(value, `there is no scenario ${scenario}`);
  await played(() => page.select("#scenario", value));
};
const tab = (text) =>
  page.evaluate(
    (wanted) =>
      [...document.querySelectorAll(".side > .tabbed > [role=tablist] > [role=tab]")]
        .find((each) => each.textContent === wanted)
        .click(),
    text,
  );
const selected = () => until(page, () => document.querySelector('#steps [aria-selected="true"]')?.textContent);
const rows = () =>
  page.evaluate(() =>
    [...document.querySelectorAll("#steps [role=option]")]
      .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
      .map((row) => `${row.querySelector(".kind").textContent}: ${row.querySelector(".summary")?.textContent ?? ""}`),
  );
const ends = () =>
  page.evaluate(() => [...document.querySelectorAll(".ends .end")].map((end) => end.querySelector("dd").textContent));

tests.set("a greeting, from the request to the end", async () => {
  await choose("A greeting");
  const all = await rows();
  assert.ok(all.includes("text: Hello, server") && all.includes("text: 13 characters: Hello, client"));
  assert.deepEqual(await ends(), ["connecting", "connecting"]);
  await page.focus("#time");
  await page.keyboard.press("End");
  assert.deepEqual(await ends(), ["closed", "closed"]);
  await page.keyboard.press("ArrowLeft");
  assert.match(await page.evaluate(() => document.getElementById("time").getAttribute("aria-valuetext")), /step 19 of 20/);
});

/** What the rows say, of a long list those at its beginning and its end, and whether that is all. */
async function allRows() {
  const found = new Map();
  const read = async () => {
    const [size, now] = await page.evaluate(() => {
      const elements = [...document.querySelectorAll("#steps [role=option]")];
      const text = (row) => `${row.querySelector(".kind").textContent}: ${row.querySelector(".summary")?.textContent ?? ""}`;
      return [Number(elements[0].ariaSetSize), elements.map((row) => [Number(row.ariaPosInSet), text(row)])];
    });
    for (const [place, text] of now) found.set(place, text);
    return size;
  };
  await page.focus("#steps");
  await page.keyboard.press("Home");
  let size = await read();
  for (let pages = 0; found.size < size && pages < MOST_PAGES; pages += 1) {
    await page.keyboard.press("PageDown");
    size = await read();
  }
  if (found.size < size) {
    await page.keyboard.press("End");
    await read();
  }
  const places = [...found.keys()].sort((one, other) => one - other);
  return { told: places.map((place) => found.get(place)), isWhole: found.size === size };
}

const isRefusal = (text) => text.startsWith("refused: ");
const isFault = (text) => /^[A-Z][A-Z0-9_]+$/.test(text);

/** Compares the rows with what an entry of attacks.mjs says of them. */
function compare({ told, isWhole }, expected) {
  let from = 0;
  for (const text of expected.filter((each) => !isRefusal(each))) {
    const all = `"${text}" is not so in\n${told.join("\n")}`;
    const [, how, what] = /^(?:(never|last): )?(.*)$/.exec(text);
    const fits = (row) => (isFault(what) ? /^(?:fault|closed): /.test(row) && row.includes(`${what}: `) : row.startsWith(what));
    if (how === "never") assert.ok(isWhole && !told.some(fits), all);
    else if (how === "last") assert.ok(fits(told.at(-1)), all);
    else {
      const at = told.findIndex((row, place) => place >= from && fits(row));
      assert.ok(at >= 0, all);
      from = at + 1;
    }
  }
}

test("each class of attacks has a scenario, or a reason why none can show it", () => {
  const sections = readFileSync(pathOf("../../../conformance/attacks.md"), "utf8").split(/^## /m);
  const classes = SECTIONS.flatMap((title) => {
    const section = sections.find((each) => each.startsWith(`${title}\n`));
    return [...section.matchAll(/^\| (?!Class |---)(.*?) +\|/gm)].map(([, name]) => name);
  });
  assert.ok(classes.length > 70, "the tables are not read");
  assert.deepEqual([...Object.keys(PLAYED), ...Object.keys(NOT_PLAYED)].sort(), classes.sort());
});

for (const [title, [scenario, ...expected]] of [
  ...Object.entries(PLAYED),
  ...Object.entries(OTHERS).map(([name, texts]) => [name, [name, ...texts]]),
]) {
  tests.set(`${title}: ${expected[0]}`, async () => {
    await choose(scenario);
    const [about, refused, first] = await page.evaluate(() => [
      document.querySelector(".about").textContent,
      [...document.querySelectorAll(".refused p")]
        .map((line) => line.textContent)
        .filter((line) => line.startsWith("refused: ")),
      document.querySelector('#steps [aria-selected="true"]').textContent,
    ]);
    assert.ok(about.length > 60);
    const refusals = expected.filter(isRefusal);
    assert.ok(refused.length === refusals.length && refusals.every((text, at) => refused[at].startsWith(text)), refused.join());
    compare(await allRows(), expected);
    if (expected.some(isFault)) {
      assert.match(first, /^(?:\u2715 )?(?:fault|closed)/);
      await page.keyboard.press("End");
      assert.ok((await ends()).includes("closed"));
    }
  });
}

tests.set("no scenario is without a test", async () => {
  const tested = [...new Set([...Object.values(PLAYED).map(([name]) => name), ...Object.keys(OTHERS)])];
  const found = await page.evaluate(() =>
    [...document.querySelectorAll("#scenario optgroup option")].map(({ textContent }) => textContent),
  );
  assert.deepEqual(found.sort(), tested.sort());
});

tests.set("equal texts have masking keys of their own", async () => {
  await choose("The same text twice");
  await tab("Step");
  const keys = [];
  for (const row of await page.$$("#steps .row.frame")) {
    await row.click();
    const fields = await page.evaluate(() => [...document.querySelectorAll(".fields tr")].map((field) => field.innerText));
    keys.push(fields.find((field) => field.startsWith("Masking-key")));
  }
  assert.ok(keys.length === 2 && keys.every((key) => /\b[0-9a-f]{2}\b/.test(key)) && keys[0] !== keys[1], keys.join());
});

tests.set("what does not shrink is longer compressed", async () => {
  await choose("A message that does not shrink");
  await tab("Step");
  await page.click("#steps .row.frame");
  const length = await page.evaluate(
    () =>
      [...document.querySelectorAll(".fields tr")].find((row) => row.textContent.startsWith("Extended")).cells[1].textContent,
  );
  assert.ok(Number(length.replace(/\D/g, "")) > 1000, length);
});

tests.set("the same bytes, however they are cut, give the same events", async () => {
  await choose("Byte by byte");
  const cut = await allRows();
  assert.ok(cut.isWhole);
  await tab("Script");
  for (const end of ["client", "server"])
    await played(() =>
      page.evaluate((id) => {
        const split = document.getElementById(id);
        split.value = "0";
        split.dispatchEvent(new Event("change"));
      }, `${end}-split`),
    );
  assert.deepEqual(await allRows(), cut);
});

tests.set("a right guess makes a compressed frame shorter, and no other", async () => {
  await choose("A secret beside a guess");
  const sizes = await page.evaluate(() =>
    [...document.querySelectorAll("#steps .row.frame")]
      .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
      .map((row) => parseInt(row.querySelector(".size").textContent)),
  );
  assert.equal(sizes.length, 4);
  assert.ok(sizes[1] < sizes[0], sizes);
  assert.equal(sizes[3], sizes[2]);
});

tests.set("a message in thousands of packets takes a few times what has come", async () => {
  await choose("A message in eight thousand packets");
  await page.focus("#steps");
  const held = [];
  for (let row = 0; row < 6; row += 1) {
    const text = await page.evaluate(() => document.querySelector(".end.server").innerText);
    const [, number, unit] = /memory\s+([\d.]+) (\w+)/i.exec(text);
    held.push(Number(number) * { B: 1, kB: 1000 }[unit]);
    await page.keyboard.press("ArrowDown");
  }
  assert.ok(Math.max(...held) > 6000 && Math.max(...held) < 4 * 8000, held);
});

tests.set("a step is added and removed, and the wire is changed", async () => {
  await choose("Fragments with a ping between them");
  await tab("Script");
  await page.select("#step-do", "close");
  await page.evaluate(() => (document.getElementById("step-at").value = "500"));
  await page.type("#step-data", "enough");
  await played(() => page.click(".add-step .primary"));
  assert.ok((await rows()).includes("close: 1000 enough"));
  await played(() => page.evaluate(() => [...document.querySelectorAll(".script button")].at(-1).click()));
  assert.ok(!(await rows()).includes("close: 1000 enough"));
  await played(() =>
    page.evaluate(() => {
      const delay = document.getElementById("client-delay");
      delay.value = "700";
      delay.dispatchEvent(new Event("change"));
    }),
  );
  assert.match(await page.evaluate(() => document.querySelector("#steps .head .time").textContent), /^0\.7000$/);
});

tests.set("an end stops reading", async () => {
  await choose("A greeting");
  assert.ok((await rows()).includes("text: Hello, client"));
  await tab("Script");
  await page.select("#step-do", "stall");
  await page.evaluate(() => (document.getElementById("step-at").value = "50"));
  await played(() => page.click(".add-step .primary"));
  const left = await rows();
  assert.ok(left.includes("stall \u2026: ") && left.includes("text: Hello, server"));
  assert.ok(!left.includes("text: Hello, client"));
});

tests.set("a bit of a frame is flipped by hand", async () => {
  await choose("A greeting");
  await tab("Step");
  await page.focus("#steps");
  for (let row = 0; row < 6; row += 1) await page.keyboard.press("ArrowDown");
  assert.match(await selected(), /^text/);
  await played(() => page.click('.flips [title="opcode 2"]'));
  assert.ok((await rows()).some((row) => row.startsWith("closed") && row.includes("RESERVED_OPCODE")));
  await played(() => page.select("#scenario", "0"));
  assert.ok(!(await rows()).some((row) => row.includes("RESERVED_OPCODE")));
});

tests.set("an option is set, and what the engine refuses is said", async () => {
  await choose("A greeting");
  await tab("Server options");
  const set = (value) =>
    played(() =>
      page.evaluate((given) => {
        const field = document.getElementById("server-maxMessageSize");
        field.value = given;
        field.dispatchEvent(new Event("change"));
      }, value),
    );
  assert.equal(await page.evaluate(() => document.querySelectorAll(".option").length), 34);
  await set("5");
  assert.ok((await rows()).some((row) => row.includes("MESSAGE_TOO_BIG")));
  await set("0");
  assert.match(await page.evaluate(() => document.querySelector(".refused").textContent), /^refused: maxMessageSize/);
  await set("");
  assert.equal(await page.evaluate(() => document.querySelector(".refused").textContent), "");
});

for (const scenario of ["A flipped bit", "A peer that does not read", "Byte by byte"]) {
  tests.set(`a link holds the whole state of ${scenario}`, () => comparesWithLink(scenario));
}

/** Opens the link of a scenario in another page, and compares the rows. */
async function comparesWithLink(scenario) {
  await choose(scenario);
  const [fragment, expected] = [await page.evaluate(() => location.hash), await rows()];
  const other = await openPage(browser, { fragment });
  await until(other.page, () => document.body.dataset.played);
  const found = await other.page.evaluate(() =>
    [...document.querySelectorAll("#steps [role=option]")]
      .sort((one, next) => one.ariaPosInSet - next.ariaPosInSet)
      .map((row) => `${row.querySelector(".kind").textContent}: ${row.querySelector(".summary")?.textContent ?? ""}`),
  );
  assert.deepEqual(found, expected);
  assert.deepEqual([...errors, ...other.errors], []);
  await other.page.close();
}

runInBrowsers(tests, async (opened) => {
  ({ browser, page, errors } = opened);
  await played(() => page.click("#tab-playground"));
});

// The playground: scenarios, the slider, steps of one's own, options, and links that hold all of it.

import assert from "node:assert/strict";

import { openPage, until, runInBrowsers } from "./browsers.mjs";

/** Scenarios of attacks, and the rule that each breaks. */
const ATTACKS = {
  "A head that never ends": "HANDSHAKE_TIMEOUT",
  "More headers than there is room for": "TOO_MANY_HEADERS",
  "A request in the body of a request": "UNEXPECTED_BODY",
  "A server that does not know the key": "BAD_ACCEPT",
  "A length of 2\u2076\u00b3 bytes": "LENGTH_OVERFLOW",
  "A gigabyte is announced": "MESSAGE_TOO_BIG",
  "A length in disguise": "NON_MINIMAL_LENGTH",
  "A client that does not mask": "UNMASKED",
  "A bit of an extension nobody agreed on": "RESERVED_BITS",
  "A thousand empty fragments": "TOO_MANY_FRAGMENTS",
  "A bomb": "MESSAGE_TOO_BIG",
  "Half a character": "BAD_TEXT",
  "A close code that must not be sent": "BAD_CLOSE_CODE",
  "A peer that never closes": "CLOSE_TIMEOUT",
  "A peer that is gone": "PONG_TIMEOUT",
  "A flipped bit": "EXPECTED_CONTINUATION",
};

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
  const values = await page.evaluate(() =>
    [...document.querySelectorAll("#scenario option")].map(({ value, textContent }) => [textContent, value]),
  );
  await played(async () => page.select("#scenario", Object.fromEntries(values)[scenario]));
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

for (const [scenario, fault] of Object.entries(ATTACKS)) {
  tests.set(`${scenario}: ${fault}`, async () => {
    await choose(scenario);
    assert.ok((await page.evaluate(() => document.querySelector(".about").textContent)).length > 60);
    assert.match(await selected(), /^(?:\u2715 )?(?:fault|closed)/);
    await page.focus("#steps");
    await page.keyboard.press("End");
    assert.ok((await ends()).includes("closed"));
    const found = await page.evaluate(
      (wanted) => [...document.querySelectorAll("#steps [role=option]")].some((row) => row.textContent.includes(wanted)),
      fault,
    );
    assert.ok(found, `${fault} is not in ${(await rows()).join("\n")}`);
  });
}

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

tests.set("a link holds the whole state", async () => {
  await choose("A flipped bit");
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
});

runInBrowsers(tests, async (opened) => {
  ({ browser, page, errors } = opened);
  await played(() => page.click("#tab-playground"));
});

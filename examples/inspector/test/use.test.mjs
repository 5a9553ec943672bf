// The page in use: keys, search, filters, copies, files of several kinds.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { Connection, SansockError } from "../../../bindings/js/dist/index.js";
import { parseCases, replay } from "../../../bindings/js/test/vectors.mjs";
import { detailText, drop, isRead, paste, pathOf, selectedRow, until, runInBrowsers } from "./browsers.mjs";
import { capture, frame, fromClient, fromServer, HANDSHAKE } from "./conversations.mjs";

const COMMAND = pathOf("../../../bindings/js/dist/command/main.js");
const KEY = [1, 2, 3, 4];
const folder = mkdtempSync(join(tmpdir(), "sansock-inspector-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Two faults, in two connections: two captures in one drop. */
const TALK = capture(
  ...HANDSHAKE,
  fromClient("hello"),
  fromServer('{"answer":[1,2,3]}'),
  fromClient("begin, ", { fin: false }),
  ["> ", frame(0, "end", { key: KEY })],
  fromClient("bad", { rsv: 2 }),
);
const OTHER = capture(...HANDSHAKE, fromServer("x".repeat(3000)), ["< ", frame(8, [0])]);

/** Set for each browser. */
let name;
let page;
const tests = new Map();
const visibleRows = () =>
  page.evaluate(() =>
    [...document.querySelectorAll("#list [role=option]")]
      .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
      .map((row) => row.querySelector(".kind").textContent),
  );
const counts = () => page.evaluate(() => document.getElementById("counts").textContent);
const clipboard = async () => {
  await page.click("#paste");
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyV", { commands: ["Paste"] });
  await page.keyboard.up("Control");
  const text = await until(page, () => document.getElementById("paste-text").value);
  await page.evaluate(() => (document.getElementById("paste-text").value = ""));
  await page.click("#paste-cancel");
  return text;
};
const pressCopy = async (text) => {
  for (const each of await page.$$(".copy-bar button"))
    if ((await each.evaluate((element) => element.textContent)) === text) await each.click();
  await until(page, (said) => document.getElementById("status").textContent.startsWith(said), text);
};

tests.set("keys move through the entries, to faults, and into the detail", async () => {
  await drop(page, name, [file("talk.txt", TALK), file("other.txt", OTHER)]);
  assert.match(await selectedRow(page), /^fault, .*RESERVED_BITS/);
  await page.focus("#list");
  await page.keyboard.press("n");
  assert.match(await selectedRow(page), /^fault, at the client, CLOSE_TOO_SHORT/);
  await page.keyboard.press("p");
  assert.match(await selectedRow(page), /RESERVED_BITS/);
  await page.keyboard.press("ArrowUp");
  assert.match(await selectedRow(page), /^text, client to server, 3 B/);
  await page.keyboard.press("Home");
  assert.match(await selectedRow(page), /^connection/);
  const numbers = await page.evaluate(() => [...document.querySelectorAll("#list .number")].map((number) => number.textContent));
  assert.deepEqual([...new Set(numbers)].sort(), ["connection 1", "connection 2"]);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "detail");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "list");
});

tests.set("search and filters", async () => {
  await paste(page, TALK);
  await page.focus("#list");
  await page.keyboard.press("/");
  await page.keyboard.type("ANSWER");
  await until(page, () => document.getElementById("counts").textContent.startsWith("2 of "));
  assert.deepEqual(await visibleRows(), ["text", "text message"]);
  await page.click("#clear");
  await page.select("#kind", "frame");
  await page.select("#from", "client");
  assert.deepEqual(await visibleRows(), ["text", "text, first", "last fragment", "text"]);
  await page.type("#least", "5");
  await page.type("#most", "6");
  await until(page, () => document.getElementById("counts").textContent.startsWith("1 of "));
  assert.deepEqual(await visibleRows(), ["text"]);
  await page.click("#clear");
  await until(page, () => !document.getElementById("counts").textContent.includes(" of "));
  await page.click("#next-fault");
  assert.match(await selectedRow(page), /^fault/);
});

tests.set("a frame can be copied, for other tools, and they agree", async () => {
  await paste(page, TALK);
  await selectedRow(page);
  await page.focus("#list");
  await page.keyboard.press("ArrowUp");
  // The payload is not read any more: the header says enough.
  const bytes = fromClient("bad", { rsv: 2 })[1].subarray(0, 6).toString("hex");
  await pressCopy("Copy hex");
  assert.equal(await clipboard(), bytes);
  await pressCopy("Copy as command");
  const command = await clipboard();
  const shown = execFileSync("sh", ["-c", `${command.replace("npx sansock", `"${process.execPath}" "${COMMAND}"`)} || true`], {
    encoding: "utf8",
  });
  assert.match(shown, /fault RESERVED_BITS/);
  await pressCopy("Copy as vector");
  const [vector] = parseCases(await clipboard());
  assert.ok(vector.steps[1].expected.some((line) => line.includes("fault=RESERVED_BITS")));
  assert.deepEqual(
    replay(vector, { Connection, SansockError }, true),
    vector.steps.map(({ expected }) => expected),
  );
});

tests.set("what is copied as a vector is one, of a frame, a fragment, a request and a response", async () => {
  const wrong = fromServer("x", { key: KEY });
  for (const [text, row, expected] of [
    [capture(...HANDSHAKE, wrong), "text", /fault=MASKED/],
    [
      capture(...HANDSHAKE, fromClient("one, ", { fin: false }), ["> ", frame(0, "two", { key: KEY })]),
      "last fragment",
      /text "one, two"/,
    ],
    [capture(HANDSHAKE[0]), "request", /request "\/chat" origin=absent/],
    [capture(...HANDSHAKE), "response", /^open$/m],
    [
      capture(HANDSHAKE[0], ["< ", Buffer.from("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]),
      "response",
      /rejected 404/,
    ],
  ]) {
    await paste(page, text);
    await page.focus("#list");
    await page.keyboard.press("Home");
    const kind = () => page.evaluate(() => document.querySelector('#list [aria-selected="true"] .kind').textContent);
    for (let rows = 0; (await kind()) !== row; rows += 1) {
      assert.ok(rows < 10, `there is no ${row}`);
      await page.keyboard.press("ArrowDown");
    }
    await pressCopy("Copy as vector");
    const [vector] = parseCases(await clipboard());
    assert.match(vector.steps.flatMap((step) => step.expected).join("\n"), expected);
    assert.deepEqual(
      replay(vector, { Connection, SansockError }, true),
      vector.steps.map((step) => step.expected),
    );
  }
});

tests.set("a payload that is cut is read whole", async () => {
  await paste(page, capture(...HANDSHAKE, fromServer(`[${'"many",'.repeat(1000)}0]`)));
  await page.select("#kind", "message");
  await page.focus("#list");
  await page.keyboard.press("Home");
  await until(page, () => document.querySelector("#detail .rest") !== null);
  await page.click("#detail .rest button");
  await until(page, () => document.querySelector("#detail .rest") === null);
  const tabs = await page.evaluate(() => [...document.querySelectorAll("#detail [role=tab]")].map((tab) => tab.textContent));
  assert.deepEqual(tabs, ["JSON", "Text", "Hex"]);
  assert.match(await detailText(page), /\[\n\s+"many",\n\s+"many",/);
});

tests.set("the bytes of each end, in a file of its own", async () => {
  const [client, server] = ["> ", "< "].map((end) =>
    Buffer.concat(
      [...HANDSHAKE, fromClient("one"), fromServer("two")].filter(([mark]) => mark === end).map(([, bytes]) => bytes),
    ),
  );
  await drop(page, name, [file("server.bin", server), file("client.bin", client)]);
  await page.select("#kind", "message");
  assert.deepEqual(await visibleRows(), ["text message", "text message"]);
  assert.match(await counts(), /client 1 frame, .* server 1 frame/);
});

tests.set("a broken file is said to be, and what came before stays", async () => {
  await paste(page, `${TALK}> 8g`);
  const said = await page.evaluate(() => document.getElementById("errors").textContent);
  assert.match(said, /pasted text: .*line \d+/);
  await paste(page, TALK);
  assert.equal(await page.evaluate(() => document.getElementById("errors").hidden), true);
});

tests.set("a dump is pasted into the dialog", async () => {
  await page.click("#paste");
  await page.keyboard.type("> 81 85 00 00 00 00 48 65 6c 6c 6f");
  await page.evaluate(() => delete document.body.dataset.read);
  await page.click("#paste-form .primary");
  await isRead(page);
  await page.focus("#list");
  await page.keyboard.press("End");
  assert.match(await page.evaluate(() => document.getElementById("list").innerText), /Hello/);
});

/** More rows than browsers lay out: the list scrolls in proportion. */
tests.set("a hundred and fifty thousand frames scroll, and only some rows exist", async () => {
  const one = `${capture(fromServer("tick"), fromClient("tock")).trim()}\n`;
  const path = file("many.txt", capture(...HANDSHAKE) + one.repeat(75_000));
  assert.ok((await drop(page, name, [path])) > 300_000);
  const place = () => page.evaluate(() => Number(document.querySelector('#list [aria-selected="true"]')?.ariaPosInSet));
  const isInView = () =>
    page.evaluate(() => {
      const [row, view] = ['#list [aria-selected="true"]', "#list"].map((each) =>
        document.querySelector(each).getBoundingClientRect(),
      );
      return row.top >= view.top - 1 && row.bottom <= view.bottom + 1;
    });
  await page.focus("#list");
  await page.keyboard.press("End");
  assert.equal(await place(), 300_003);
  const { x, y, width, height } = await (await page.$("#timeline")).boundingBox();
  await page.mouse.click(x + width / 2, y + height / 2);
  await page.focus("#list");
  const middle = await place();
  assert.ok(middle > 140_000 && middle < 160_000, `${middle}`);
  for (let step = 1; step <= 40; step += 1) {
    await page.keyboard.press("ArrowDown");
    assert.equal(await place(), middle + step);
    assert.ok(await isInView(), `row ${middle + step}`);
  }
  const rows = await page.evaluate(async () => {
    const list = document.getElementById("list");
    let most = 0;
    for (let part = 0; part <= 20; part += 1) {
      list.scrollTop = (list.scrollHeight * part) / 20;
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const shown = list.querySelectorAll("[role=option]");
      const view = list.getBoundingClientRect();
      const inView = [...shown].filter(
        (row) => row.getBoundingClientRect().bottom > view.top && row.getBoundingClientRect().top < view.bottom,
      );
      most = Math.max(most, shown.length);
      if (inView.length < view.height / 28) throw new Error(`${inView.length} rows at ${list.scrollTop}`);
    }
    return most;
  });
  assert.ok(rows < 100, `${rows} rows`);
});

tests.set("reading is stopped", async () => {
  const path = file("large.txt", capture(...HANDSHAKE) + capture(fromServer("y".repeat(60_000))).repeat(400));
  await page.evaluate(() => {
    delete document.body.dataset.read;
    new MutationObserver((_, observer) => {
      if (document.getElementById("progress-box").hidden) return;
      observer.disconnect();
      document.getElementById("cancel").click();
    }).observe(document.getElementById("progress-box"), { attributes: true });
  });
  await drop(page, name, [path]);
  assert.match(await page.evaluate(() => document.getElementById("status").textContent), /^stopped: /);
});

runInBrowsers(tests, (opened) => ({ name, page } = opened));

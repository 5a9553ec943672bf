// The states of both ends: the diagrams with the way taken, the deadlines, and the order of closing, up to the selected row.

import assert from "node:assert/strict";

import { Inspector, loadModule } from "../../../bindings/js/dist/inspect/index.js";
import { drop, paste, pathOf, runInBrowsers, until } from "./browsers.mjs";
import { capture, frame, fromClient, fromServer, HANDSHAKE } from "./conversations.mjs";

const CAPTURE = pathOf("../../../core/inspect/captures/websockets-plain.pcap");
const MACHINES = new Inspector(loadModule()).machines;
const KEY = [1, 2, 3, 4];

/** Set for each browser. */
let name;
let page;
const tests = new Map();

/** What is drawn and said of an end, in the view that is in front. */
const end = (which) =>
  page.evaluate((side) => {
    const view = [...document.querySelectorAll(`.end-states.${side}`)].find((each) => each.checkVisibility());
    if (view === undefined) return undefined;
    const texts = (selector, within = view) => [...within.querySelectorAll(selector)].map((each) => each.textContent);
    const machines = [...view.querySelectorAll("figure")].map((figure) => [
      figure.querySelector("figcaption").textContent,
      {
        states: texts(".state text", figure),
        visited: texts(".visited text", figure),
        current: texts(".current text", figure).join(),
        words: texts(".on", figure),
        taken: figure.querySelectorAll(".taken").length,
        said: texts(".off-screen", figure).join(),
      },
    ]);
    return {
      ...Object.fromEntries(machines),
      transport: view.querySelector(".transport .current").textContent,
      deadlines: texts("dd:last-of-type li").join("; ") || texts("dd:last-of-type").join(),
    };
  }, which);
const closing = () => page.evaluate(() => [...document.querySelectorAll(".closing li")].map((item) => item.textContent));
const press = async (...keys) => {
  await page.focus("#list");
  for (const key of keys) await page.keyboard.press(key);
};

tests.set("the diagrams are those of the engine's tables", async () => {
  // For the next two tests as well: Firefox says nothing of a file that is chosen once more.
  await drop(page, name, [CAPTURE]);
  const names = { handshake: "Opening handshake", message: "Messages", closing: "Connection" };
  const [client, server] = [await end("client"), await end("server")];
  for (const machine of MACHINES) {
    const shown = new Set([...client[names[machine.name]].states, ...server[names[machine.name]].states]);
    const all = new Set(machine.rows.flatMap(({ from, to }) => [from, to]));
    assert.deepEqual([...shown].sort(), [...all].sort());
  }
});

tests.set("a capture that ends well", async () => {
  await press("End");
  const [client, server] = [await end("client"), await end("server")];
  assert.equal(client["Opening handshake"].current, "open");
  assert.deepEqual(client["Opening handshake"].words, ["switching protocols"]);
  assert.deepEqual(server["Opening handshake"].visited.sort(), ["decision", "open", "request"]);
  assert.equal(client.Messages.current, "between messages");
  assert.match(client.Messages.words.join(), /^message ×\d+, control ×2$/);
  assert.equal(client.Connection.current, "closed");
  assert.deepEqual(client.Connection.visited.sort(), ["close sent", "closed", "connecting", "open"]);
  assert.equal(
    client.Connection.said,
    "Connection of the client: from connecting: handshake complete to open; host close to close sent; peer close to closed; eof to closed.",
  );
  assert.equal(client.Connection.taken, 4);
  assert.deepEqual([client.transport, server.transport], ["close", "close"]);
  assert.deepEqual([client.deadlines, server.deadlines], ["none", "none"]);
  assert.deepEqual(await closing(), [
    "client: host close, open → close sent",
    "server: peer close, open → close received",
    "server: close reply, close received → closed, transport: close",
    "client: peer close, close sent → closed",
    "client: eof, closed → closed, transport: close",
    "server: eof, closed → closed",
  ]);
});

tests.set("the way goes up to the selected row", async () => {
  await press("Home", "ArrowDown");
  const [client, server] = [await end("client"), await end("server")];
  assert.equal(client["Opening handshake"].current, "response");
  assert.equal(server["Opening handshake"].current, "decision");
  assert.equal(client.Connection.current, "connecting");
  assert.match(client.deadlines, /^handshake: in (?:10,000|9,999) ms \(handshake_timeout\)$/);
  assert.deepEqual(await closing(), []);
  await press("ArrowDown");
  assert.equal((await end("client")).Connection.current, "open");
  assert.equal((await end("client")).deadlines, "none");
  await press("End");
  await page.evaluate(() => document.querySelector(".closing li button").click());
  assert.match(await page.evaluate(() => document.querySelector("#detail h2").textContent), /^Close frame$/);
  assert.equal((await end("client")).Connection.current, "close sent");
  assert.match((await end("server")).deadlines, /^close: in (?:10,000|9,999) ms.*; write: in (?:60,000|59,999) ms \(write_timeout\)$/);
});

tests.set("a broken rule closes the connection of its receiver", async () => {
  await paste(page, capture(...HANDSHAKE, fromClient("part", { fin: false }), fromClient("bad")));
  const [client, server] = [await end("client"), await end("server")];
  assert.equal(server.Messages.current, "failed");
  assert.deepEqual(server.Messages.words, ["first fragment", "message"]);
  assert.deepEqual([server.Connection.current, server.transport], ["closed", "shut down writing"]);
  assert.equal(client.Connection.current, "open");
  assert.match(server.deadlines, /^write: 60,000 ms after/);
});

tests.set("each connection has its own way, and a ping waits for its pong", async () => {
  await paste(page, capture(fromServer("one"), ["> ", frame(9, "?", { key: KEY })]));
  await press("End");
  const [client, server] = [await end("client"), await end("server")];
  assert.equal(client.Connection.current, "", "its beginning is not in the capture");
  assert.match(client.deadlines, /^pong: 20,000 ms/);
  assert.match(server.deadlines, /^write: 60,000 ms/);
  assert.deepEqual(server.Messages.words, ["control"]);
});

tests.set("the engines of the playground, and their deadlines on the slider", async () => {
  await page.click("#tab-playground");
  await until(page, () => document.body.dataset.played);
  const before = await page.evaluate(() => document.body.dataset.played);
  await page.evaluate(() => {
    const select = document.getElementById("scenario");
    select.value = [...select.options].find(({ textContent }) => textContent === "A peer that never closes").value;
    select.dispatchEvent(new Event("change"));
  });
  await until(page, (number) => document.body.dataset.played !== number, before);
  await page.evaluate(() =>
    [...document.querySelectorAll(".side [role=tab]")].find(({ textContent }) => textContent === "States").click(),
  );
  await page.focus("#steps");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  const client = await end("client");
  assert.deepEqual([client.Connection.current, client.transport], ["close sent", "open"]);
  assert.equal(client.deadlines, "close: in 9,980 ms (close_timeout)");
  const marks = () => page.evaluate(() => [...document.querySelectorAll(".mark")].map((mark) => mark.textContent));
  assert.deepEqual(await marks(), ["client close"]);
  assert.equal(await end("server"), undefined, "it has no engine");
  await page.keyboard.press("End");
  const last = await end("client");
  assert.deepEqual([last.Connection.current, last.transport, last.deadlines], ["closed", "close", "none"]);
  assert.deepEqual(await closing(), ["client: host close, open → close sent", "client: timeout, close sent → closed"]);
  assert.deepEqual(await marks(), []);
  await page.click("#tab-inspector");
});

runInBrowsers(tests, (opened) => ({ name, page } = opened));

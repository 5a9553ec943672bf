// The vectors of core/vectors, as captures in the page: it shows the messages, pings and pongs that each states, and its fault
// or none. Many are opened at once, and looked at one after the other through the filter of connections.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

import { parseCases } from "../../../bindings/js/test/vectors.mjs";
import { transformSync } from "esbuild";

import { LONG_IN, isRead, paste, pathOf, runInBrowsers } from "./browsers.mjs";
import { HANDSHAKE } from "./conversations.mjs";

const FILES = readdirSync(pathOf("../../../core/vectors")).filter((name) => name.endsWith(".vec"));
/** What a host has chosen, or another carries, which the wire does not show. */
const OWN_OPTIONS = /^(?:parts|frames|allow_non_minimal_length|receive_while_closing|deliver_http) /;
const OWN_CALLS = /^(?:receive-request|request-fields|receive-response) /;
/** An end that has sent Close drops what comes. */
const IS_DROPPED = "data-does-not-move-the-close-deadline";
/** How much of a payload a row shows at least, in characters. */
const SHOWN = 100;
/** How many files are opened at once, and how many rows of each are read at most. */
const BATCH = 50;
const MOST = 3000;
/** Faults that are not on the wire either. */
const OWN_FAULTS =
  /^(?:EOF|EOF_IN_HANDSHAKE|FAILED_BY_HOST|REFUSED|NO_MEMORY|\w+_TIMEOUT|(?!CONTROL_TOO_LONG|CLOSE_TOO_SHORT)\w*TOO_\w*)$/;

/** The bytes of atoms: hexadecimal digits, and strings in quotes, each perhaps repeated. */
function bytesOf(text) {
  const parts = [];
  for (const [, digits, quoted, times] of text.matchAll(/(?:([0-9a-f]+)|"((?:[^"\\]|\\.)*)")(?:\*(\d+))?/g)) {
    const atom = digits === undefined ? Buffer.from(unescaped(quoted), "latin1") : Buffer.from(digits, "hex");
    for (let count = Number(times ?? 1); count > 0; count -= 1) parts.push(atom);
  }
  return Buffer.concat(parts);
}

function unescaped(quoted) {
  const plain = { r: "\r", n: "\n", t: "\t", '"': '"', "\\": "\\" };
  const latin1 = Buffer.from(quoted, "utf8").toString("latin1");
  return latin1.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, digits, letter) =>
    digits === undefined ? plain[letter] : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** A case as a capture, and what it states; undefined if the wire does not show it. */
function captureOf({ name, setup, steps }) {
  const role = setup.find(([keyword]) => keyword === "role")[1];
  const options = setup.filter(([keyword]) => keyword === "option").map(([, rest]) => rest);
  const lines = steps.flatMap(({ expected }) => expected);
  const isBeyond = options.some((option) => OWN_OPTIONS.test(option)) || role === "tunnel" || name === IS_DROPPED;
  const hasOwnCalls = steps.some(({ call }) => OWN_CALLS.test(call));
  if (isBeyond || hasOwnCalls || lines.some((line) => line.includes("fnv1a"))) return undefined;
  const [peer, own] = role === "server" ? [">", "<"] : ["<", ">"];
  const sent = [];
  const messages = [];
  for (const { call, expected } of steps) {
    if (call.startsWith("receive ")) sent.push(`${peer} ${bytesOf(call.slice(8)).toString("hex")}`);
    for (const line of expected) {
      const [, word, rest] = /^(\w+) ?(.*)/.exec(line);
      if (word === "out") sent.push(`${own} ${bytesOf(rest).toString("hex")}`);
      const isData = /^(?:text|binary|ping|pong)$/.test(word);
      if (isData) messages.push([word, bytesOf(rest.slice(0, rest.lastIndexOf('"') + 1) || rest)]);
    }
  }
  const stated = lines.join("\n").match(/^closed .*fault=(\w+)/m)?.[1];
  const fault = stated === undefined || OWN_FAULTS.test(stated) ? undefined : stated;
  const isOpen = options.includes("start_open 1");
  if (sent.length === 0 || !(isOpen || begins(sent, peer))) return undefined;
  const isCompressed = options.includes("deflate 1");
  if (isOpen && isCompressed) sent.unshift(...agreement(options));
  const end = role === "server" ? "server" : "client";
  return { name, text: sent.join("\n"), end, isCompressed, messages, fault, isClean: stated === undefined };
}

/** An opening handshake that agrees on what the options of a stream say that starts open. */
function agreement(options) {
  const words = options.map((option) => option.split(" ")).flatMap(([name, value]) => {
    if (name.endsWith("_max_window_bits")) return [`; ${name}=${value}`];
    return name.endsWith("_no_context_takeover") && value === "1" ? [`; ${name}`] : [];
  });
  const line = `\r\nSec-WebSocket-Extensions: permessage-deflate${words.join("")}\r\n\r\n`;
  return HANDSHAKE.map(([mark, head]) => mark + Buffer.from(head.toString().replace("\r\n\r\n", line)).toString("hex"));
}

/** Whether what the peer sends first can be told from frames: else the page reads it as such. */
function begins(sent, peer) {
  const first = Buffer.from(sent.find((line) => line.startsWith(peer))?.slice(2) ?? "", "hex").toString("latin1");
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS) |^HTTP\/1\.|^PRI /.test(first);
}

const { code } = transformSync(readFileSync(pathOf("../src/page/text.ts"), "utf8"), { loader: "ts" });
const { visible } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const ALL = FILES.flatMap((file) => parseCases(readFileSync(pathOf(`../../../core/vectors/${file}`), "utf8")));
const CAPTURES = ALL.map(captureOf).filter((capture) => capture !== undefined);
assert.ok(CAPTURES.length > 450, `${CAPTURES.length} vectors`);
assert.ok(CAPTURES.filter(({ fault }) => fault !== undefined).length > 300);

/** Opens captures as files that are dropped at once, and reads the rows of each of their connections. */
async function rowsOf(page, captures) {
  const texts = captures.map(({ text }) => text);
  await page.evaluate((contents) => {
    delete document.body.dataset.read;
    const dataTransfer = new DataTransfer();
    contents.forEach((text, index) => dataTransfer.items.add(new File([text], `${index}.txt`)));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, texts);
  await isRead(page);
  return page.evaluate(async (count, most) => {
    // The list of files would leave no room for rows.
    document.getElementById("sources").style.height = "40px";
    const [select, list] = ["connection", "list"].map((id) => document.getElementById(id));
    const text = (row, part) => row.querySelector(part)?.textContent ?? "";
    const rows = new Map();
    const read = () => {
      for (const row of list.querySelectorAll("[role=option]"))
        rows.set(Number(row.ariaPosInSet), [text(row, ".kind"), text(row, ".off-screen"), text(row, ".summary")]);
      return Number(list.querySelector("[role=option]")?.ariaSetSize ?? 0);
    };
    const found = [];
    for (let number = 1; number <= count; number += 1) {
      rows.clear();
      list.scrollTop = 0;
      select.value = String(number);
      select.dispatchEvent(new Event("change", { bubbles: true }));
      for (let all = Math.min(most, read()); rows.size < all; read()) {
        list.scrollTop += list.clientHeight / 2;
        await new Promise(requestAnimationFrame);
      }
      found.push([...rows].sort(([one], [other]) => one - other).map(([, row]) => row));
    }
    return found;
  }, captures.length, MOST);
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is wrong with the rows of a capture. */
function wrongWith({ name, end, messages, fault, isClean }, rows) {
  const other = end === "server" ? "client" : "server";
  const isReceived = ([kind, at]) =>
    (kind.endsWith(" message") && at === `at the ${end}`) || (/^p[io]ng$/.test(kind) && at === `${other} to ${end}`);
  const payload = (summary) => summary.replace(/^[\d,]+ frames {2}/, "").slice(0, SHOWN);
  const shown = rows.filter(isReceived).map(([kind, , summary]) => [kind.replace(" message", ""), payload(summary)]);
  const asShown = ([kind, bytes]) => {
    const text = bytes.toString("utf8");
    const isText = kind !== "binary" && Buffer.from(text).equals(bytes);
    return [kind, (isText ? visible(text) : bytes.toString("hex")).slice(0, SHOWN)];
  };
  const expected = messages.map(asShown);
  const ofFaults = rows.filter(([kind, at]) => kind === "fault" && at.includes(end));
  const faults = ofFaults.map(([, , summary]) => summary.split(":")[0]);
  const problems = [
    same(shown.slice(0, expected.length), expected) ? "" : `${JSON.stringify(shown)}, not ${JSON.stringify(expected)}`,
    fault === undefined || [faults[0], faults.at(-1)].includes(fault) ? "" : `${faults}, not ${fault}`,
    isClean && faults.length > 0 ? `${faults}, and no fault is stated` : "",
  ];
  return problems.filter((problem) => problem !== "").map((problem) => `${name}: ${problem}`);
}

let page;
const tests = new Map();
for (const isCompressed of [false, true]) {
  const captures = CAPTURES.filter((capture) => capture.isCompressed === isCompressed);
  const [words, assumed] = isCompressed ? ["with", "0"] : ["without", "1"];
  tests.set(`${captures.length} vectors, ${words} compression, show what they state`, async () => {
    const wrong = [];
    // It stays for what is opened later.
    await paste(page, "> 81 80 00 00 00 00");
    await page.select("#assumed", assumed);
    await isRead(page);
    for (let at = 0; at < captures.length; at += BATCH) {
      const batch = captures.slice(at, at + BATCH);
      const found = await rowsOf(page, batch);
      wrong.push(...batch.flatMap((capture, index) => wrongWith(capture, found[index])));
    }
    assert.deepEqual(wrong, []);
  });
}

const use = async (opened) => {
  ({ page } = opened);
  await page.setViewport({ width: 1600, height: 2400 });
};
runInBrowsers(tests, use, LONG_IN);

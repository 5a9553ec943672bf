// The vectors of core/vectors, as captures in the page: it shows the fault that each states, or none.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { parseCases } from "../../../bindings/js/test/vectors.mjs";
import { launch, openPage, paste, pathOf } from "./browsers.mjs";

const FILES = readdirSync(pathOf("../../../core/vectors")).filter((name) => name.endsWith(".vec"));
/** What a host has chosen, which the wire does not show. */
const OWN_OPTIONS =
  /^(?:parts|frames|allow_non_minimal_length|receive_while_closing|max_\w+|deliver_http|deflate|\w+_no_context_takeover|\w+_max_window_bits) /;
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

/** A case as a capture, and the fault that it states; undefined if the wire does not show it. */
function captureOf({ name, setup, steps }) {
  const role = setup.find(([keyword]) => keyword === "role")[1];
  const options = setup.filter(([keyword]) => keyword === "option").map(([, rest]) => rest);
  const isOwn =
    options.some((option) => OWN_OPTIONS.test(option)) || role === "tunnel" || setup.some(([keyword]) => keyword === "hold");
  if (
    isOwn ||
    steps.some(
      ({ call, expected }) =>
        /^(?:field|receive-request|request-fields|receive-response) /.test(call) ||
        expected.some((line) => line.includes("fnv1a")),
    )
  )
    return undefined;
  const isOpen = options.includes("start_open 1");
  const [peer, own] = role === "server" ? [">", "<"] : ["<", ">"];
  const lines = [];
  for (const { call, expected } of steps) {
    if (call.startsWith("receive ")) lines.push(`${peer} ${bytesOf(call.slice(8)).toString("hex")}`);
    for (const line of expected) if (line.startsWith("out ")) lines.push(`${own} ${bytesOf(line.slice(4)).toString("hex")}`);
  }
  const stated = steps
    .flatMap(({ expected }) => expected)
    .join("\n")
    .match(/^closed .*fault=(\w+)/m)?.[1];
  const fault = stated === undefined || OWN_FAULTS.test(stated) ? undefined : stated;
  return fault !== undefined && (isOpen || begins(lines, peer)) ? { name, text: lines.join("\n"), fault } : undefined;
}

/** Whether what the peer sends first can be told from frames: else the page reads it as such. */
function begins(lines, peer) {
  const first = Buffer.from(lines.find((line) => line.startsWith(peer))?.slice(2) ?? "", "hex").toString("latin1");
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS) |^HTTP\/1\.|^PRI /.test(first);
}

describe("vectors", () => {
  let browser;
  let page;
  let total = 0;
  before(async () => {
    browser = await launch("chrome");
    ({ page } = await openPage(browser));
    await paste(page, "> 81 80 00 00 00 00");
    await page.select("#assumed", "1");
  });
  after(() => browser.close());
  test("are found", () => assert.ok(total > 300));

  for (const file of FILES) {
    const captures = parseCases(readFileSync(pathOf(`../../../core/vectors/${file}`), "utf8"))
      .map(captureOf)
      .filter((capture) => capture !== undefined);
    if (captures.length === 0) continue;
    total += captures.length;
    test(`${captures.length} of ${file}`, async () => {
      const wrong = [];
      for (const { name, text, fault } of captures) {
        await paste(page, text);
        const shown = await page.evaluate(() =>
          [...document.querySelectorAll("#list .fault .summary")].map((row) => row.textContent.split(":")[0]),
        );
        if (!shown.includes(fault)) wrong.push(`${name}: ${shown.join(", ")}, not ${fault}\n${text}`);
      }
      assert.deepEqual(wrong, []);
    });
  }
});

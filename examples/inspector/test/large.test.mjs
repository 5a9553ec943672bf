// How fast the page is there, and what a hundred megabytes do to it.

import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { BROWSERS, LONG_IN, drop, launch, openPage, runInBrowsers, selectedRow } from "./browsers.mjs";
import { frame, HANDSHAKE } from "./conversations.mjs";

const folder = mkdtempSync(join(tmpdir(), "sansock-inspector-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** From the start of loading to the first thing that is seen, in milliseconds. */
const FIRST_PAINT = 500;
/** How long the page may not answer while it reads or scrolls, in milliseconds, on a machine that does other things besides. */
const STALL = 1000;
const FRAMES = 100_000;
const PAYLOAD = 1000;
const KEY = [1, 2, 3, 4];
const LOOPBACK = [127, 0, 0, 1];
const RAW_IP = 101;

/** A capture of packets, one for each pair of a direction and bytes: pcap, IPv4, TCP. */
function writePackets(path, packets) {
  const out = openSync(path, "w");
  const head = Buffer.alloc(24);
  [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, RAW_IP].forEach((word, index) => head.writeUInt32LE(word, 4 * index));
  let pieces = [head];
  const next = { "> ": 1000, "< ": 5000 };
  let count = 0;
  for (const [direction, bytes] of packets) {
    const other = direction === "> " ? "< " : "> ";
    const packet = Buffer.alloc(16 + 20 + 20 + bytes.length);
    [Math.floor(count / 1000), (count % 1000) * 1000, 40 + bytes.length, 40 + bytes.length].forEach((word, index) =>
      packet.writeUInt32LE(word, 4 * index),
    );
    packet.set([0x45, 0, (40 + bytes.length) >> 8, (40 + bytes.length) & 255, 0, 1, 0x40, 0, 64, 6, 0, 0, ...LOOPBACK, ...LOOPBACK], 16);
    const ports = direction === "> " ? [40_000, 8765] : [8765, 40_000];
    ports.forEach((port, index) => packet.writeUInt16BE(port, 36 + 2 * index));
    packet.writeUInt32BE(next[direction], 40);
    packet.writeUInt32BE(next[other], 44);
    // The length of the header, and ACK with PSH.
    packet.set([0x50, 0x18, 0xff, 0xff], 48);
    packet.set(bytes, 56);
    next[direction] += bytes.length;
    pieces.push(packet);
    count += 1;
    if (pieces.length > 1000) {
      writeSync(out, Buffer.concat(pieces));
      pieces = [];
    }
  }
  writeSync(out, Buffer.concat(pieces));
  closeSync(out);
}

function* conversation() {
  yield* HANDSHAKE.map(([direction, text]) => [direction, Buffer.from(text)]);
  for (let index = 0; index < FRAMES; index += 1) {
    const text = `{"id":${index},"pad":"${"x".repeat(PAYLOAD - 40)}"}`;
    yield index % 2 === 0 ? ["> ", frame(1, text, { key: KEY })] : ["< ", frame(1, text)];
  }
  yield ["> ", frame(1, [0xff], { key: KEY })];
}

for (const name of Object.keys(BROWSERS)) {
  test(`${name} paints within half a second, from disk`, async () => {
    const browser = await launch(name);
    try {
      const times = [];
      // The first start of a browser reads the browser itself.
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const { page } = await openPage(browser);
        times.push(
          await page.evaluate(async () => {
            const painted = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
            while (painted() === undefined) await new Promise(requestAnimationFrame);
            return painted();
          }),
        );
        await page.close();
      }
      assert.ok(Math.min(...times) < FIRST_PAINT, `${times.map(Math.round)} ms`);
    } finally {
      await browser.close();
    }
  });
}

/** Set for each browser. */
let name;
let page;
const tests = new Map();

tests.set("a hundred megabytes are read, and scroll, while the page answers", async () => {
  const path = join(folder, "large.pcap");
  writePackets(path, conversation());
  assert.ok(statSync(path).size > 100_000_000);
  await page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - last);
      last = now;
    }, 5);
  });
  // A frame and its message for each, the heads and what was opened, and the end of the last.
  assert.ok((await drop(page, name, [path])) >= 2 * FRAMES);
  assert.match(await selectedRow(page), /^fault, .*BAD_TEXT/);
  await page.evaluate(async () => {
    const list = document.getElementById("list");
    for (let part = 0; part <= 60; part += 1) {
      list.scrollTop = (list.scrollHeight * part) / 60;
      await new Promise(requestAnimationFrame);
    }
  });
  const longest = await page.evaluate(() => window.longest);
  assert.ok(longest > 0 && longest < STALL, `${Math.round(longest)} ms`);
});

runInBrowsers(tests, (opened) => ({ name, page } = opened), LONG_IN);

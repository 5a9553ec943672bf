// Captures that try to be more than text: markup in every place that the page shows, and files that are no captures at all.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { drop, paste, pathOf, until, runInBrowsers } from "./browsers.mjs";
import { capture, frame, fromClient, fromServer } from "./conversations.mjs";
import { readFileSync, readdirSync } from "node:fs";

const KEY = [0x37, 0xfa, 0x21, 0x3d];
const MARKUP = [
  "<img src=x onerror=document.title=1>",
  "<script>document.title=1</script>",
  "</pre></div><iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
  '"><svg onload=document.title=1>',
  "<a href=javascript:document.title=1 autofocus onfocus=document.title=1>x</a>",
  "{{constructor.constructor('document.title=1')()}}${document.title=1}",
  "\u202e<b>\u0000\u001b[2J\ufeff",
];
const HEAD = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
const folder = mkdtempSync(join(tmpdir(), "sansock-inspector-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A conversation that has a piece of markup in its target, headers, messages and reason. */
function conversation(markup) {
  const inHead = markup.replace(/[^\x20-\x7e]/g, "");
  return capture(
    [
      "> ",
      Buffer.from(
        `GET /?${encodeURI(inHead).replaceAll("%3C", "<")} HTTP/1.1\r\nHost: chat.example\r\n${HEAD}X-Markup: ${inHead}\r\n\r\n`,
      ),
    ],
    [
      "< ",
      Buffer.from(
        `HTTP/1.1 101 ${inHead}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nServer: ${inHead}\r\n\r\n`,
      ),
    ],
    fromClient(markup),
    fromServer(JSON.stringify({ [markup]: markup })),
    ["> ", frame(9, markup.slice(0, 40), { key: KEY })],
    ["< ", frame(8, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from(markup.slice(0, 40))]))],
  );
}

test("no source of the page reads text as markup", () => {
  const sources = readdirSync(pathOf("../src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  assert.ok(sources.length > 20);
  for (const name of sources) {
    const text = readFileSync(pathOf(`../src/${name}`), "utf8");
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTMLUnsafe|\beval\(|new Function\b|srcdoc/,
      name,
    );
  }
});

/** Set for each browser. */
let name;
let page;
let errors;
const tests = new Map();
test("the policy of the page allows its own scripts and styles, and the relay that it is from", () => {
  const [, policy] = readFileSync(pathOf("../dist/inspector.html"), "utf8").match(/Content-Security-Policy" content="([^"]+)"/);
  const directives = Object.fromEntries(policy.split("; ").map((each) => [each.split(" ")[0], each.split(" ").slice(1)]));
  const { "script-src": scripts, "style-src": styles, ...others } = directives;
  const isHash = (source) => /^'sha256-[\w+/]+=*'$/.test(source);
  assert.ok(scripts.every((source) => isHash(source) || source === "'wasm-unsafe-eval'") && styles.every(isHash), policy);
  assert.deepEqual(others, {
    "default-src": ["'none'"],
    "worker-src": ["blob:"],
    "img-src": ["data:"],
    "connect-src": ["'self'", "ws:", "wss:"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
  });
});

/** Looks at every entry, and at every tab of it. */
async function lookAtAll() {
  await page.focus("#list");
  await page.keyboard.press("Home");
  const rows = await page.evaluate(() => Number(document.querySelector("#list [role=option]")?.ariaSetSize ?? 0));
  for (let row = 0; row < rows; row += 1) {
    await page.evaluate(() => document.querySelectorAll("#detail [role=tab]").forEach((tab) => tab.click()));
    await page.keyboard.press("ArrowDown");
  }
}

async function assertHarmless(expected) {
  const found = await page.evaluate(() => ({
    title: document.title,
    foreign: document.querySelectorAll(
      "img, iframe, object, embed, b:not(.ladder-head b), script:not(body > script), [onerror], [onload], [onfocus], [autofocus], a[href^=javascript]",
    ).length,
    links: [...document.links].map((link) => link.origin).filter((origin) => origin !== "https://www.rfc-editor.org"),
    violations: window.violations,
    requests: performance
      .getEntriesByType("resource")
      .map((entry) => entry.name)
      .filter((url) => !url.startsWith("blob:")),
  }));
  assert.deepEqual(found, { title: "Sansock inspector", foreign: 0, links: [], violations: [], requests: [] }, expected);
  assert.deepEqual(errors, []);
}

MARKUP.forEach((markup, index) => {
  tests.set(`markup ${index} stays text`, async () => {
    assert.ok((await paste(page, conversation(markup))) >= 8);
    await lookAtAll();
    await assertHarmless(markup);
  });
});

tests.set("a file whose name is markup", async () => {
  const path = join(folder, "<img src=x onerror=document.title=1>.txt");
  writeFileSync(path, conversation(MARKUP[0]));
  await drop(page, name, [path]);
  await assertHarmless();
  assert.match(await page.evaluate(() => document.getElementById("sources").textContent), /^<img src=x onerror/);
});

tests.set("a HAR with markup as its URL and its messages", async () => {
  const entry = {
    request: { method: "GET", url: `ws://x/${MARKUP[0]}`, headers: [{ name: "X", value: MARKUP[1] }] },
    response: { status: 101, headers: [] },
    startedDateTime: "2026-01-01T00:00:00Z",
    _webSocketMessages: MARKUP.map((data, at) => ({ type: at % 2 ? "send" : "receive", time: at, opcode: 1, data })),
  };
  await paste(page, JSON.stringify({ log: { version: "1.2", entries: [entry] } }));
  await lookAtAll();
  await assertHarmless();
});

tests.set("bytes that are no capture", async () => {
  const noise = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 2654435761) >>> 13);
  for (const bytes of [
    noise,
    new Uint8Array(0),
    Buffer.from("a1b2c3d4", "hex"),
    Buffer.from('{"log":'),
    Buffer.from("0a0d0d0a1c000000", "hex"),
  ]) {
    const path = join(folder, "noise.bin");
    writeFileSync(path, bytes);
    await drop(page, name, [path]);
    await lookAtAll();
    await assertHarmless();
  }
  await until(page, () => !document.getElementById("errors").hidden);
});

tests.set("a link to the playground that is broken, or too large", async () => {
  const large = Buffer.from(
    await new Response(
      new Blob(["[".repeat(5_000_000)]).stream().pipeThrough(new CompressionStream("deflate-raw")),
    ).arrayBuffer(),
  ).toString("base64url");
  for (const fragment of ["#play=AAAA", `#play=${large}`, "#play=q1ZKLUvMKU1VsgIA"]) {
    await page.evaluate((hash) => (location.hash = hash), fragment);
    await until(page, () => document.getElementById("errors").textContent.includes("link"));
    await page.evaluate(() => (document.getElementById("errors").textContent = ""));
  }
  await assertHarmless();
});

runInBrowsers(tests, async (opened) => {
  ({ name, page, errors } = opened);
  await page.evaluate(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
});

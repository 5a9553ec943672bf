// The command, as people run it: each test starts programs and reads what they print.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { connect } from "../dist/node/index.js";

const MAIN = fileURLToPath(new URL("../dist/command/main.js", import.meta.url));
const TIMEOUT = { timeout: 20_000 };
const running = new Set();
after(() => running.forEach((program) => program.kill("SIGKILL")));

function start(args) {
  const program = spawn(process.execPath, [MAIN, ...args], { stdio: "pipe" });
  running.add(program);
  program.on("exit", () => running.delete(program));
  return program;
}

/** Runs it to its end, with this standard input. */
async function run(args, input = "") {
  const program = start(args);
  const output = { out: "", err: "" };
  program.stdout.setEncoding("utf8").on("data", (text) => (output.out += text));
  program.stderr.setEncoding("utf8").on("data", (text) => (output.err += text));
  program.stdin.on("error", () => {});
  program.stdin.end(input);
  const [status] = await once(program, "close");
  return { status, ...output };
}

/** Starts a server, and waits for so many lines. */
async function serving(args, count = 1) {
  const program = start(args);
  const lines = [];
  const reader = createInterface({ input: program.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = once(program, "close").then(([status]) => {
    if (lines.length < count) throw new Error(`it ended with ${status}: ${lines.join("\n")}`);
  });
  while (lines.length < count) await Promise.race([once(reader, "line"), ended]);
  const stop = async () => {
    program.kill("SIGTERM");
    const [status] = await once(program, "close");
    return status;
  };
  return { lines, stop, until: async (found) => { while (!lines.some(found)) await once(reader, "line"); } };
}

async function echo() {
  const server = await serving(["serve", "--port", "0"]);
  return { ...server, url: server.lines[0].replace("listening on ", "") };
}

/** A relay to this URL: where it listens, and where one looks at it. */
async function relaying(url, ...more) {
  const relay = await serving(["relay", "--listen", "0", "--to", url, ...more], 2);
  const [listening, look] = relay.lines;
  const [, address] = /^listening on (ws:\/\/127\.0\.0\.1:\d+), for /.exec(listening);
  const [, origin, token] = /^look at (http:\/\/127\.0\.0\.1:\d+)\/#live=([0-9a-f]{32})$/.exec(look);
  return { ...relay, address, origin, entries: `${origin.replace("http", "ws")}/entries?token=${token}` };
}

test("a client sends what is piped in and prints what comes back", TIMEOUT, async () => {
  const { url, stop } = await echo();
  const piped = await run([url], "one\n\n/binary 00ff\n//slash\n");
  assert.deepEqual([piped.status, piped.out], [0, "one\n\n00ff\n/slash\n"]);
  const once = await run([url, "--send", "a\nb"]);
  assert.deepEqual([once.status, once.out], [0, "a\\nb\n"]);
  assert.equal(await stop(), 0);
});

test("each command has a help, and says what is wrong with its arguments", TIMEOUT, async () => {
  const commands = [["serve"], ["inspect"], ["relay"], []];
  const helps = await Promise.all(commands.map((command) => run([...command, "--help"])));
  helps.forEach(({ status, out }, at) => assert.deepEqual([status, out.startsWith(`usage: sansock ${commands[at]}`)], [0, true]));
  const wrong = [["relay"], ["relay", "--to", "ws://a", "--listen", "70000"], ["inspect"], ["inspect", "--client", "a", "b"], ["serve", "--no"]];
  const said = await Promise.all(wrong.map((args) => run(args)));
  said.forEach(({ status, err }) => assert.deepEqual([status, err.startsWith("sansock: ")], [2, true], err));
  const missing = await run(["inspect", "no-such-file"]);
  assert.deepEqual([missing.status, /ENOENT/.test(missing.err)], [1, true]);
});

test("a capture is shown as lines, or as JSON, and its status says whether a rule is broken", TIMEOUT, async () => {
  const good = await run(["inspect", "-"], "> 81 82 00000000 6869\n< 81 02 6869\n");
  assert.equal(good.status, 0);
  assert.equal(good.out.split("\n")[1], "  1 > text, masked, 2 bytes: hi");
  const bad = await run(["inspect", "--json", "-"], "< 81 02 1b5d\n< 8b 00\n");
  const entries = bad.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([bad.status, entries.find(({ type }) => type === "fault").fault], [1, "RESERVED_OPCODE"]);
  const steering = await run(["inspect", "-"], "< 81 04 1b5d300a\n");
  assert.equal(/[\x00-\x09\x0b-\x1f]/.test(steering.out), false);
  const broken = await run(["inspect", "-"], "> 8180 00000000\nno\n");
  assert.deepEqual([broken.status, /line 2/.test(broken.err), broken.out.includes("text, masked")], [1, true, false]);
});

test("a relay shows a conversation to the terminal and to who has its token", TIMEOUT, async () => {
  const server = await echo();
  const relay = await relaying(server.url);
  const early = await connect(relay.entries);
  const { out, status } = await run([relay.address, "--send", "hello"]);
  assert.deepEqual([out, status], ["hello\n", 0]);
  await relay.until((line) => line.endsWith("< closed: 1000"));
  const late = await connect(relay.entries);
  const read = async (viewer) => {
    const entries = [];
    while (!entries.some(({ type, from }) => type === "closed" && from === "server")) {
      entries.push(...(await viewer.receive()).trimEnd().split("\n").map((line) => JSON.parse(line)));
    }
    return entries;
  };
  const [first, second] = [await read(early), await read(late)];
  assert.deepEqual(first, second);
  assert.deepEqual(first.filter(({ type }) => type === "message").map(({ from, payload }) => [from, payload.text]), [["client", "hello"], ["server", "hello"]]);
  await Promise.all([early.close(), late.close()]);
  assert.deepEqual([await relay.stop(), await server.stop()], [0, 0]);
});

test("a relay refuses viewers without its token, and pages of other sites", TIMEOUT, async () => {
  const relay = await relaying("ws://127.0.0.1:9");
  const refused = (url, options) => assert.rejects(connect(url, options), (error) => error.status === 403);
  await refused(relay.entries.slice(0, -1));
  await refused(relay.entries.replace(/token=.*/, ""));
  await refused(relay.entries, { origin: "http://evil.example" });
  const own = await connect(relay.entries, { origin: relay.origin });
  await own.close();
  const page = await fetch(`${relay.origin}/etc/passwd`);
  assert.equal(page.status, 404);
  await relay.stop();
});

/** All that comes, up to the end. */
async function all(socket) {
  const pieces = [];
  socket.on("data", (piece) => pieces.push(piece));
  await once(socket, "end");
  return Buffer.concat(pieces);
}

test("a relay changes no byte, and half-closes as the ends do", TIMEOUT, async () => {
  const [toServer, toClient] = [randomBytes(3_000_000), randomBytes(2_000_000)];
  let received;
  const target = createServer({ allowHalfOpen: true }, async (socket) => {
    received = await all(socket);
    socket.end(toClient);
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const relay = await relaying(`ws://127.0.0.1:${target.address().port}`, "--quiet");
  const client = connectTcp({ port: Number(new URL(relay.address).port), host: "127.0.0.1", allowHalfOpen: true });
  client.end(toServer);
  const answer = await all(client);
  target.close();
  await relay.stop();
  assert.deepEqual([received.equals(toServer), answer.equals(toClient)], [true, true]);
});

test("a relay to a server that is not there ends the connection, and goes on", TIMEOUT, async () => {
  const relay = await relaying("ws://127.0.0.1:9");
  for (let round = 0; round < 2; round++) {
    const client = connectTcp({ port: Number(new URL(relay.address).port), host: "127.0.0.1" });
    client.on("error", () => {});
    await once(client, "close");
  }
  assert.equal(await relay.stop(), 0);
});

// The border between this package and the module: numbers, exports, how many calls cross it.

import { Engine } from "../dist/engine.js";
import { currentEngine } from "../dist/module.js";
import * as numbers from "../dist/numbers.js";
import { OPTIONS } from "../dist/options.js";
import { equal, ok } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";
import * as sansock from "../dist/public.js";

export function border(header) {
  return [
    { name: "the numbers are those of sansock.h", run: () => sameNumbers(header) },
    { name: "the engine exports what the types say", run: sameExports },
    { name: "a receive that fits in a batch is one call", run: oneCall },
    { name: "small reads of one message are one call for its header, and one for its payload", run: noCall },
    { name: "a large message for a client is one call for its header", run: headerCall },
    { name: "small messages for a client are one call, and one more in a long chunk", run: noHeaderCall },
    { name: "small reads of large messages for a client are one call for each header", run: headerCalls },
    { name: "with a keepalive, a large message that is cut is read by the engine", run: keepaliveCalls },
    { name: "a payload that is announced as larger than what can be held is a fault", run: hugePayload },
    { name: "an engine of another version is refused", run: otherVersion },
    { name: "an engine that failed is not called again", run: deadEngine },
  ];
}

function sameNumbers(header) {
  const defined = new Map();
  for (const [, name, value] of header.matchAll(/^#define SANSOCK_(\w+) \(?(-?(?:0x)?[0-9a-fA-F]+)\)?$/gm)) {
    defined.set(name, Number(value));
  }
  const ours = new Map([["ABI_VERSION", numbers.ABI_VERSION]]);
  const add = (prefix, entries) => {
    for (const [name, value] of entries) {
      ours.set(`${prefix}_${name.replaceAll("-", "_").replace(/[A-Z]+/g, upperSnake).toUpperCase()}`, value);
    }
  };
  add("KIND", Object.entries(numbers.KIND));
  add("FLAG", Object.entries(numbers.FLAG));
  add("ERR", Object.entries(numbers.STATUS));
  add("OPTION", Object.entries(OPTIONS).map(([name, { number }]) => [name, number]));
  add("TRANSPORT", numbers.TRANSPORTS.map((name, value) => [name, value]));
  add("STATE", numbers.STATES.map((name, value) => [name, value]));
  add("ORIGIN", numbers.ORIGIN_RELATIONS.map((name, value) => [name, value]));
  add("BLOCK", Object.entries(numbers.BLOCK_FLAG));
  add("ROLE", Object.entries(numbers.ROLE));
  add("TEXT", Object.entries(numbers.TEXT));
  add("HTTP", Object.entries(numbers.HTTP));
  add("REGION", Object.entries(numbers.REGION));
  // Success has no name here, and the release has one of its own.
  const theirs = [...defined].filter(([name]) => name !== "OK" && name !== "H" && !name.startsWith("VERSION"));
  equal([...ours].sort(), theirs.sort(), "constants");
}

/** `maxHeadSize` but not `MAX_HEAD_SIZE`. */
function upperSnake(capitals, at, name) {
  return name === name.toUpperCase() ? capitals : `_${capitals}`;
}

function sameExports() {
  const { calls } = currentEngine();
  equal(calls.abi_version(), numbers.ABI_VERSION);
  equal(Object.values(calls).filter((call) => typeof call !== "function"), []);
}

function oneCall() {
  const { client, server } = connected(sansock);
  // The report of another connection that waits is made first.
  client.send("zero");
  server.receive(client.takeOutput());
  let output;
  const sent = counted(() => {
    client.send("one");
    client.send("two");
    output = client.takeOutput();
    equal([client.pendingOutput, client.takeOutput().length], [0, 0]);
  });
  equal(sent, { conn_send: 2 });
  const received = counted(() => {
    equal(server.receive(output).map(({ data }) => data), ["one", "two"]);
    const { transport, nextDeadline, writable, pendingOutput } = server;
    equal([transport, nextDeadline, writable, pendingOutput], ["open", null, true, 0]);
  });
  equal(received, { conn_receive: 1 });
  exchange(client, server);
  client.free();
  server.free();
}

/** Bytes in the middle of a payload are gathered, and passed on in one call with those that complete it. */
function noCall() {
  const { client, server } = connected(sansock);
  client.send(new Uint8Array(1000).fill(7));
  const output = client.takeOutput();
  const counts = counted(() => {
    const events = [];
    for (let at = 0; at < output.length; at += 8) {
      events.push(...server.receive(output.subarray(at, at + 8), 0));
    }
    equal(events.map(({ data }) => data), [new Uint8Array(1000).fill(7)]);
  });
  equal(counts, { conn_receive: 2 });
  client.send(new Uint8Array(200_000));
  const large = client.takeOutput();
  const more = counted(() => {
    for (let at = 0; at < large.length; at += 1000) {
      server.receive(large.subarray(at, at + 1000), 0);
    }
  });
  equal(more, { conn_receive: 5, conn_release: 1 }, "64 KiB at a time, and the memory back at the end");
  client.free();
  server.free();
}

/** The header of a large message for a client goes to the engine, its payload does not. */
function headerCall() {
  const { client, server } = connected(sansock);
  const data = new Uint8Array(100_000).fill(7);
  server.send(data);
  const output = server.takeOutput();
  const counts = counted(() => {
    equal(client.receive(output.subarray(0, 30_000), 0), []);
    equal(client.receive(output.subarray(30_000, 60_000), 0), []);
    equal(client.receive(output.subarray(60_000), 0).map((event) => event.data), [data]);
  });
  equal(counts, { conn_receive_header: 1 });
  server.send(new Uint8Array(1000));
  server.send(data);
  server.send("end");
  const both = server.takeOutput();
  client.receive(both.subarray(0, 500), 0);
  client.receive(both.subarray(500, 600), 0);
  const behind = counted(() => {
    equal(client.receive(both.subarray(600), 0).map((event) => event.data), [new Uint8Array(1000), data, "end"]);
  });
  equal(behind, { conn_receive: 2, conn_receive_header: 1 });
  client.free();
  server.free();
}

function noHeaderCall() {
  const { client, server } = connected(sansock);
  const output = (count, size) => {
    server.sendBatch(Array.from({ length: count }, () => new Uint8Array(size)));
    return server.takeOutput();
  };
  const received = (chunk, messages) => counted(() => equal(client.receive(chunk, 0).length, messages));
  equal(received(output(3, 1000), 3), { conn_receive: 1 }, "a short chunk");
  equal(received(output(60, 1000), 60), { conn_receive_header: 1, conn_receive: 1 }, "a long chunk");
  const cut = output(60, 1000);
  equal(received(cut.subarray(0, 30_000), 29), { conn_receive_header: 1, conn_receive: 1 });
  equal(received(cut.subarray(30_000), 31), { conn_receive: 1 }, "a long chunk that begins inside a message");
  client.free();
  server.free();
}

/** The engine reads the first of them, which shows that they are large. */
function headerCalls() {
  const { client, server } = connected(sansock);
  server.sendBatch(Array.from({ length: 5 }, () => new Uint8Array(20_000).fill(7)));
  const output = server.takeOutput();
  const counts = counted(() => {
    const events = [];
    for (let at = 0; at < output.length; at += 1460) {
      events.push(...client.receive(output.subarray(at, at + 1460), 0));
    }
    equal(events.map(({ data }) => data.length), [20_000, 20_000, 20_000, 20_000, 20_000]);
  });
  equal(counts, { conn_receive: 2, conn_receive_header: 4 });
  client.free();
  server.free();
}

function keepaliveCalls() {
  const { client, server } = connected(sansock, { client: { pingInterval: 1000 } });
  const output = () => {
    server.send(new Uint8Array(10_000));
    return server.takeOutput();
  };
  const whole = output();
  equal(counted(() => equal(client.receive(whole, 0).length, 1)), { conn_receive_header: 1 });
  const cut = output();
  const counts = counted(() => equal(client.receive(cut.subarray(0, 6000), 0), []));
  equal(counts, { conn_receive_header: 1, conn_receive: 1 });
  equal(client.receive(cut.subarray(6000), 0).length, 1);
  client.free();
  server.free();
}

function hugePayload() {
  const client = sansock.Connection.client(null, { startOpen: true, maxMessageSize: Number.POSITIVE_INFINITY });
  const idle = client.memoryUsage();
  const chunk = new Uint8Array(5000);
  // The header of a binary message of 2^30 + 1 bytes.
  chunk.set([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 1]);
  const { conn_receive_header, conn_receive } = counted(() => {
    equal(client.receive(chunk, 0).map(({ type, sentCode }) => [type, sentCode]), [["closed", 1009]]);
  });
  equal([conn_receive_header, conn_receive], [1, 1]);
  ok(client.memoryUsage() - idle < 8 * chunk.length, "memory for what has arrived");
  client.free();
}

/** How often each of the engine's calls was made. */
function counted(run) {
  const { calls } = currentEngine();
  const counts = {};
  const originals = { ...calls };
  for (const [name, call] of Object.entries(originals)) {
    calls[name] = (...args) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return call(...args);
    };
  }
  try {
    run();
  } finally {
    Object.assign(calls, originals);
  }
  return counts;
}

function stub(replaced) {
  const { calls } = currentEngine();
  return new Engine({ ...calls, memory: new WebAssembly.Memory({ initial: 1 }), ...replaced });
}

function otherVersion() {
  let message = "";
  try {
    stub({ abi_version: () => numbers.ABI_VERSION + 1 });
  } catch (error) {
    ({ message } = error);
  }
  ok(message.includes("version"), `message: ${message}`);
}

function deadEngine() {
  let calls = 0;
  const cause = new WebAssembly.RuntimeError("unreachable");
  const engine = stub({
    conn_timeout: () => {
      calls += 1;
      throw cause;
    },
  });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      engine.calls.conn_timeout(1, 0);
      throw new Error("returned");
    } catch (error) {
      equal(error.code, "POISONED", error.message);
      ok(error.cause === cause, "the cause is kept");
    }
  }
  equal(calls, 1);
  ok(engine.dead, "dead");
}

// The border between this package and the engine: numbers, exports, how often it is crossed.

import { Engine } from "../dist/engine.js";
import { currentEngine } from "../dist/module.js";
import * as numbers from "../dist/numbers.js";
import { equal, ok } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";
import * as sansock from "../dist/public.js";

export function border(header) {
  return [
    { name: "the numbers are those of sansock.h", run: () => sameNumbers(header) },
    { name: "the engine exports what the types say", run: sameExports },
    { name: "a receive that fits in a batch is one call", run: oneCall },
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
  add("OPTION", Object.entries(numbers.OPTION));
  add("TRANSPORT", numbers.TRANSPORTS.map((name, value) => [name, value]));
  add("STATE", numbers.STATES.map((name, value) => [name, value]));
  add("ORIGIN", numbers.ORIGINS.map((name, value) => [name, value]));
  add("BLOCK", Object.entries({ MORE: numbers.BLOCK_MORE, WRITABLE: numbers.BLOCK_WRITABLE }));
  add("ROLE", Object.entries({ CLIENT: numbers.ROLE_CLIENT, SERVER: numbers.ROLE_SERVER }));
  const { TEXT_URL, TEXT_ORIGIN, TEXT_SUBPROTOCOL } = numbers;
  add("TEXT", Object.entries({ URL: TEXT_URL, ORIGIN: TEXT_ORIGIN, SUBPROTOCOL: TEXT_SUBPROTOCOL }));
  // Regions are indices here; success has no name.
  const theirs = [...defined].filter(([name]) => !name.startsWith("REGION_") && name !== "OK" && name !== "H");
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
  const { calls } = currentEngine();
  const counts = new Map();
  const originals = { ...calls };
  for (const [name, call] of Object.entries(originals)) {
    calls[name] = (...args) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return call(...args);
    };
  }
  try {
    client.send("one");
    client.send("two");
    equal(Object.fromEntries(counts), { conn_send_text: 2 });
    const output = client.takeOutput();
    equal(Object.fromEntries(counts), { conn_send_text: 2, conn_consumed: 1 });
    counts.clear();
    equal(server.receive(output).map(({ data }) => data), ["one", "two"]);
    const { transport, nextDeadline, writable, pendingOutput } = server;
    equal([transport, nextDeadline, writable, pendingOutput], ["open", null, true, 0]);
    equal(Object.fromEntries(counts), { conn_receive: 1 });
  } finally {
    Object.assign(calls, originals);
  }
  exchange(client, server);
  client.free();
  server.free();
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

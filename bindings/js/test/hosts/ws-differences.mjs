// The tables of WS.md: each row is tried, with sansock/ws, and on Node with the package ws as well.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import * as ours from "sansock/ws";

import { equal } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { runtime } from "./runtime.mjs";
import { answering, rawClient, requestText } from "./sockets.mjs";

const theirs = createRequire(new URL("../../../../conformance/package.json", import.meta.url))("./node_modules/ws/index.js");

/** A server of one of both. `socket` resolves to its first WebSocket. */
async function serving({ WebSocketServer }, options = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  let accept;
  const socket = new Promise((resolve) => (accept = resolve));
  server.on("connection", (each) => {
    each.on("error", () => {});
    atEnd(() => each.terminate());
    accept(each);
  });
  await once(server, "listening");
  atEnd(() => server.close());
  const { port } = server.address();
  return { port, socket, url: `ws://127.0.0.1:${port}/` };
}

function client({ WebSocket }, ...given) {
  const socket = new WebSocket(...given);
  atEnd(() => {
    socket.on("error", () => {});
    socket.terminate();
  });
  return socket;
}

/** The status of the answer to a bare request. */
async function statusOf(implementation, headers, options) {
  const { port } = await serving(implementation, options);
  const { socket, send } = rawClient(port);
  send(requestText(headers));
  const [chunk] = await once(socket, "data");
  return Number(chunk.toString("latin1").split(" ")[1]);
}

/** What a server makes of bytes: the first of the events message and error. */
async function eventOf(implementation, frames, options) {
  const { port, socket } = await serving(implementation, options);
  const { send } = rawClient(port);
  send(requestText());
  const websocket = await socket;
  const outcome = new Promise((resolve) => {
    websocket.on("message", () => resolve("message"));
    websocket.on("error", () => resolve("error"));
  });
  send(Uint8Array.from(frames));
  return outcome;
}

/** An open client of a server, both of one implementation. */
async function pair(implementation, options = {}, given = {}) {
  const { url, socket } = await serving(implementation, options);
  const open = client(implementation, url, given);
  await once(open, "open");
  return [open, await socket];
}

const MASKED = [0, 0, 0, 0];

/** What each row of the first table comes to: with ws, with ours. */
const DIFFERENCES = {
  "the option `protocolVersion`": [["made", "RangeError"], (each) => {
    try {
      client(each, "ws://127.0.0.1:1/", { protocolVersion: 8 }).on("error", () => {});
      return "made";
    } catch (error) {
      return error.name;
    }
  }],
  "a request of version 8": [[101, 426], (each) => statusOf(each, { "Sec-WebSocket-Version": "8" })],
  "a request whose `Upgrade` names another protocol": [[400, 426], (each) => statusOf(each, { Upgrade: "h2c" })],
  "the option `generateMask`": [[true, false], async (each) => {
    let called = false;
    const [open] = await pair(each, {}, { generateMask: () => (called = true) });
    await new Promise((resolve) => open.send("x", resolve));
    return called;
  }],
  "the option `skipUTF8Validation`": [["message", "error"], (each) =>
    eventOf(each, [0x81, 0x81, ...MASKED, 0xff], { skipUTF8Validation: true })],
  "the option `allowSynchronousEvents: false`": [[true, false], async (each) => {
    const { port, socket } = await serving(each, { allowSynchronousEvents: false });
    const { send } = rawClient(port);
    send(requestText());
    const websocket = await socket;
    return new Promise((resolve) => {
      let isLater;
      websocket.on("message", () => {
        if (isLater === undefined) {
          isLater = false;
          Promise.resolve().then(() => (isLater = true));
        } else {
          resolve(isLater);
        }
      });
      send(Uint8Array.from([0x81, 0x80, ...MASKED, 0x81, 0x80, ...MASKED]));
    });
  }],
  "an offer of compression with parameters that are not known": [[400, 101], (each) =>
    statusOf(each, { "Sec-WebSocket-Extensions": "permessage-deflate; nonsense" }, { perMessageDeflate: true })],
  "frame lengths that are not in their shortest form": [["message", "error"], (each) => eventOf(each, [0x82, 0xfe, 0, 1, ...MASKED, 5])],
  "a server that agrees on none of the subprotocols that were offered": [["error", "open"], async (each) => {
    const { url } = await serving(each, { handleProtocols: () => false });
    const socket = client(each, url, ["a"]);
    return new Promise((resolve) => ["open", "error"].forEach((type) => socket.on(type, () => resolve(type))));
  }],
  "`threshold` of `perMessageDeflate`": [[true, false], async (each) => {
    const [open, other] = await pair(each, { perMessageDeflate: true }, { perMessageDeflate: { threshold: 5000 } });
    const before = open._socket.bytesWritten;
    open.send("x".repeat(1000));
    await once(other, "message");
    return open._socket.bytesWritten - before < 500;
  }],
  "what waits to be written": [[undefined, "TOO_LARGE"], async (each) => {
    const [, other] = await pair(each);
    try {
      other.send(Buffer.alloc(2 ** 30 + 1));
      return "taken";
    } catch (error) {
      return error.code;
    }
  }, { ours: runtime === "node" ? undefined : "1 GiB of memory would be needed", theirs: "1 GiB would be written" }],
  "the default of `maxFragments`": [["error", "message"], (each) =>
    eventOf(each, [0x01, 0x80, ...MASKED, ...Array(20_000).fill([0x00, 0x80, ...MASKED]).flat(), 0x80, 0x80, ...MASKED])],
  "`send`": [["undefined", "boolean"], async (each) => {
    const [open] = await pair(each);
    return typeof open.send("x");
  }],
};

/** What each row of the second table comes to. */
const ADDITIONS = {
  "the event `drain`": async () => {
    const [open] = await pair(ours);
    const drained = once(open, "drain");
    open.send(Buffer.alloc(5_000_000));
    await drained;
    equal(open.bufferedAmount, 0);
  },
  "the property `writable`": async () => {
    const [open] = await pair(ours);
    equal(open.writable, true);
    open.send(Buffer.alloc(5_000_000));
    equal(open.writable, false);
  },
  "the option `pingInterval`": async () => {
    const [open] = await pair(ours, { pingInterval: 10 });
    await once(open, "ping");
  },
  "the option `pongTimeout`": async () => {
    const [, other] = await pair(ours, { pingInterval: 10, pongTimeout: 10, closeTimeout: 10 }, { autoPong: false });
    equal((await once(other, "close"))[0], 1006);
  },
  "the option `engine`": async () => {
    const server = await answering(() => "HTTP/1.1 404 No\r\n\r\n");
    const socket = client(ours, server.url, { perMessageDeflate: true, engine: { deflate: false } });
    await once(socket, "error");
    equal(server.requests[0].includes("permessage-deflate"), false);
  },
  "the property `fault` of errors": async () => {
    const { url, socket } = await serving(ours, { maxPayload: 1 });
    const open = client(ours, url);
    await once(open, "open");
    open.send("xx");
    equal((await once(await socket, "error"))[0].fault, "MESSAGE_TOO_BIG");
  },
};

/** The first cells of the rows of each table. */
function tables() {
  const text = readFileSync(new URL("../../WS.md", import.meta.url), "utf8");
  return text.split(/^## /m).slice(1).map((section) =>
    section.split("\n").filter((line) => line.startsWith("| ")).slice(2).map((line) => line.split("|")[1].trim()));
}

export const wsDifferences = [
  {
    name: "the tables have the rows that are tried",
    run: () => equal(tables(), [Object.keys(DIFFERENCES), Object.keys(ADDITIONS)]),
  },
  ...Object.entries(DIFFERENCES).flatMap(([what, [expected, run, skip = {}]]) => [
    { name: `${what}, with sansock/ws`, skip: skip.ours, run: async () => equal(await run(ours), expected[1]) },
    {
      name: `${what}, with ws`,
      skip: skip.theirs ?? (runtime === "node" ? undefined : "ws is for Node"),
      run: async () => equal(await run(theirs), expected[0]),
    },
  ]),
  ...Object.entries(ADDITIONS).map(([name, run]) => ({ name, run })),
];

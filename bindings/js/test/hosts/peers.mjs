// Peers that are not ours: the package ws, undici, and what each runtime has itself.

import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createRequire } from "node:module";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { rejection } from "./memory.mjs";
import { host, runtime } from "./runtime.mjs";
import { bytes, connecting, echo, pem, serving } from "./sockets.mjs";

// By their paths: Bun has a module of its own for the name `ws`.
const load = createRequire(new URL("../../../../conformance/package.json", import.meta.url));
const { WebSocket: WsSocket, WebSocketServer: WsServer } = load("./node_modules/ws/index.js");

const TEXTS = ["", "text", "é 世界", "x".repeat(100_000)];

/** A client of ours talks to a server that sends everything back. */
async function ours(url, options = {}) {
  const client = await connecting(url, options);
  for (const message of [...TEXTS, bytes(1, 2, 3), new Uint8Array(200_000).fill(7)]) {
    await client.send(message);
    equal(await client.receive(), message);
  }
  await client.send(["a", "b", "c"]);
  equal(await client.receive(), "abc");
  return client;
}

/** A client with the interface of browsers talks to a server of ours. */
async function theirs(socket) {
  socket.binaryType = "arraybuffer";
  const received = [];
  const done = new Promise((resolve, reject) => {
    socket.onerror = (event) => reject(event.error ?? new Error("the WebSocket failed"));
    socket.onopen = () => [...TEXTS, bytes(1, 2, 3)].forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => {
      received.push(typeof data === "string" ? data : new Uint8Array(data));
      if (received.length === TEXTS.length + 1) {
        socket.close(4000, "done");
      }
    };
    socket.onclose = resolve;
  });
  const { code, reason, wasClean } = await done;
  equal(received, [...TEXTS, bytes(1, 2, 3)]);
  equal([code, reason, wasClean], [4000, "done", true]);
}

/** An HTTP server of the runtime's `node:http`, on a free port. */
async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => server.close());
  return server.address().port;
}

const common = [
  {
    name: "the client of ws, with compression and without it",
    run: async () => {
      const server = await serving(echo);
      for (const perMessageDeflate of [true, false]) {
        await theirs(new WsSocket(server.url, { perMessageDeflate }));
      }
    },
  },
  {
    name: "a client of ws is refused, and told why",
    run: async () => {
      const server = await serving(echo, { onRequest: () => ({ status: 418, body: "no coffee" }) });
      const socket = new WsSocket(server.url);
      const [error] = await once(socket, "error");
      ok(error.message.includes("418"), error.message);
    },
  },
  {
    name: "the client of undici",
    skip: runtime === "node" ? undefined : "undici's WebSocket needs Node",
    run: async () => {
      const server = await serving(echo);
      await theirs(new (load("undici").WebSocket)(server.url));
    },
  },
  {
    name: "the WebSocket that the runtime has",
    skip: globalThis.WebSocket === undefined ? "this Node has none" : undefined,
    run: async () => {
      const server = await serving(echo, { origins: "any" });
      await theirs(new globalThis.WebSocket(server.url));
    },
  },
  {
    name: "the server of ws",
    run: async () => {
      for (const perMessageDeflate of [true, false]) {
        const server = new WsServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
        await once(server, "listening");
        atEnd(() => server.close());
        server.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
        const client = await ours(`ws://127.0.0.1:${server.address().port}/`);
        equal(client.opened.extensions.length, Number(perMessageDeflate));
        equal((await client.close(4000, "done")).clean, true);
      }
    },
  },
];

const runtimes = [
  {
    name: "the server of Deno",
    skip: runtime === "deno" ? undefined : "needs Deno",
    run: async () => {
      const { Deno } = globalThis;
      const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => socket.send(data);
        return response;
      });
      atEnd(() => server.shutdown());
      const client = await ours(`ws://127.0.0.1:${server.addr.port}/`);
      equal((await client.close(4000, "done")).clean, true);
    },
  },
  {
    name: "the server of Bun",
    skip: runtime === "bun" ? undefined : "needs Bun",
    run: async () => {
      const server = globalThis.Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("a page")),
        websocket: { message: (socket, message) => void socket.send(message), perMessageDeflate: true },
      });
      atEnd(() => server.stop(true));
      const client = await ours(`ws://127.0.0.1:${server.port}/`);
      equal((await client.close(4000, "done")).clean, true);
    },
  },
];

const upgrades = [
  {
    name: "upgradeHandler shares a port with the pages of node:http",
    run: async () => {
      const errors = [];
      const onUpgrade = host.upgradeHandler({ subprotocols: "chat", onError: (error) => errors.push(error.message) }, echo);
      const server = createServer((_, response) => response.end("a page"));
      server.on("upgrade", onUpgrade);
      const port = await listening(server);
      equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "a page");
      const client = await ours(`ws://127.0.0.1:${port}/`, { subprotocols: ["chat"] });
      equal([client.subprotocol, onUpgrade.connections.size], ["chat", 1]);
      await theirs(new WsSocket(`ws://127.0.0.1:${port}/`));
      equal((await rejection(connecting(`ws://127.0.0.1:${port}/`, { origin: "http://evil.example" }))).status, 403);
      const end = onUpgrade.close(4001);
      equal((await client.closed).code, 4001);
      await end;
      equal((await rejection(connecting(`ws://127.0.0.1:${port}/`))).status, 503);
      equal(errors, []);
    },
  },
  {
    name: "upgradeHandler with onRequest, and over TLS",
    run: async () => {
      const onRequest = ({ target }) => (target === "/no" ? { status: 404, body: "not here" } : { headers: { "X-A": "1" } });
      const server = createTlsServer(pem());
      server.on("upgrade", host.upgradeHandler({ onRequest }, echo));
      const url = `wss://127.0.0.1:${await listening(server)}/`;
      const tls = { ca: pem().cert };
      const client = await ours(url, { tls });
      ok(client.headers.some(([name, value]) => name.toLowerCase() === "x-a" && value === "1"), "the header");
      const error = await rejection(connecting(`${url}no`, { tls }));
      equal([error.status, new TextDecoder().decode(error.body)], [404, "not here"]);
      await client.close();
    },
  },
].map((each) => (host.upgradeHandler === undefined ? { ...each, skip: "sansock/deno has no upgradeHandler: it is for node:http" } : each));

export const peers = [...common, ...runtimes, ...upgrades];

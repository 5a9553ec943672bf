// The server of each runtime, over its own sockets.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { equal, ok } from "../assert.mjs";
import { isBlocked, rejection, settled } from "./memory.mjs";
import { host, runtime } from "./runtime.mjs";
import { bytes, connecting, echo, pem, rawClient, requestText, serving, socketPath } from "./sockets.mjs";

const MESSAGES = ["", "text", "é 世界", bytes(1, 2, 3), bytes(), "x".repeat(70_000), "é世".repeat(20_000), new Uint8Array(1_000_000).fill(5)];

/** Sends messages and receives their echoes. */
async function talk(connection) {
  for (const message of MESSAGES) {
    await connection.send(message);
    equal(await connection.receive(), message);
  }
  await connection.send(["in ", "parts"]);
  equal(await connection.receive(), "in parts");
  ok((await connection.ping()) >= 0, "ping");
  const { clean, code } = await connection.close(4000, "done");
  equal([clean, code], [true, 4000]);
}

const page = (server) => server.url.replace("ws", "http");
const path = (unix) => ({ createConnection: () => connectTcp(unix) });

const talking = [
  {
    name: "messages over TCP, with compression and without it",
    run: async () => {
      for (const deflate of [true, false]) {
        const server = await serving(echo, { deflate });
        equal(server.url, `ws://127.0.0.1:${server.port}/`);
        await talk(await connecting(server.url));
        equal(server.errors, []);
      }
    },
  },
  {
    name: "large texts of every width, and with half a pair, which is sent as U+FFFD",
    run: async () => {
      const texts = ["x", "é", "世", "🦀", "xé世🦀", "\ud800", "x\udc00"].map((each) => each.repeat(10_000));
      const server = await serving(async (connection) => {
        for (const text of texts) {
          await connection.send(text);
        }
      });
      const client = await connecting(server.url);
      for (const text of texts) {
        ok((await client.receive()) === new TextDecoder().decode(new TextEncoder().encode(text)), text.slice(0, 4));
      }
      equal((await client.closed).code, 1000);
      equal(server.errors, []);
    },
  },
  {
    name: "messages over TLS, to a name and to an address",
    run: async () => {
      const server = await serving(echo, { tls: pem() });
      equal(server.url, `wss://127.0.0.1:${server.port}/`);
      const tls = { ca: pem().cert };
      await talk(await connecting(server.url, { tls }));
      await talk(await connecting(`wss://localhost:${server.port}/`, { tls }));
    },
  },
  {
    name: "messages over a Unix socket",
    run: async () => {
      const unix = socketPath();
      const server = await serving(echo, { path: unix });
      equal([server.port, server.url], [null, null]);
      await talk(await connecting("ws://localhost/", path(unix)));
    },
  },
  {
    name: "many connections at once",
    run: async () => {
      const server = await serving();
      const clients = await Promise.all(Array.from({ length: 50 }, () => connecting(server.url)));
      const answers = await Promise.all(clients.map(async (client, index) => {
        await client.send(`${index}`);
        return client.receive();
      }));
      equal(answers, clients.map((_, index) => `${index}`));
      equal(server.connections.size, 50);
      await Promise.all(clients.map((client) => client.close()));
    },
  },
  {
    name: "both know where the other is",
    run: async () => {
      let peer;
      const server = await serving((connection) => {
        peer = connection.remoteAddress;
      });
      const client = await connecting(server.url);
      await client.closed;
      equal(client.remoteAddress, { address: "127.0.0.1", port: server.port });
      equal([peer.address, peer.port > 0], ["127.0.0.1", true]);
    },
  },
  {
    name: "a client that does not read makes the server wait, and gets everything in the end",
    run: async () => {
      let sent = 0;
      let waits;
      const full = new Promise((resolve) => (waits = resolve));
      const server = await serving(async (connection) => {
        for (; sent < 400; sent++) {
          const room = connection.send(new Uint8Array(100_000).fill(sent));
          if (await isBlocked(room)) {
            waits();
          }
          await room;
        }
        waits();
      }, { deflate: false, outputSoftLimit: 300_000 });
      const client = await connecting(server.url, { maxQueue: 100_000 });
      await full;
      ok(sent < 400, "40 MB went to a client that does not read");
      for (let index = 0; index < 400; index++) {
        const message = await client.receive();
        equal([message.length, message[0], message.at(-1)], [100_000, index % 256, index % 256]);
      }
      equal((await client.closed).code, 1000);
    },
  },
  ...["at once", "later"].map((when) => ({
    name: `what came before a Close and the end of the stream is answered, by a handler that answers ${when}`,
    run: async () => {
      const server = await serving(async (connection) => {
        for await (const message of connection) {
          if (when === "later") {
            await settled();
            await settled();
          }
          await connection.send(message);
        }
      });
      const { socket, send, ended } = rawClient(server.port);
      send(requestText());
      await once(socket, "data");
      const message = "\x81\x81\0\0\0\0";
      const close = "\x88\x82\0\0\0\0\x03\xe8";
      socket.end(Buffer.from(`${message}a${message}b${message}c${close}`, "latin1"));
      const received = await ended;
      equal(received.slice(received.indexOf("\r\n\r\n") + 4), "\x81\x01a\x81\x01b\x81\x01c\x88\x02\x03\xe8");
    },
  })),
  {
    name: "a client that is gone without a word ends the connection",
    run: async () => {
      let end;
      const ended = new Promise((resolve) => (end = resolve));
      const server = await serving(async (connection) => end(await connection.closed));
      const { socket, send } = rawClient(server.port);
      send(requestText());
      await once(socket, "data");
      socket.destroy();
      equal((await ended).code, 1006);
    },
  },
];

const requests = [
  {
    name: "onRequest serves pages, and may take its time",
    run: async () => {
      const server = await serving(echo, {
        onRequest: async (request, { remoteAddress }) => {
          await settled();
          if (request.fault === null) {
            return undefined;
          }
          equal(remoteAddress.address, "127.0.0.1");
          return { status: 201, headers: { "X-Mine": "1" }, body: `${request.method} ${request.target}` };
        },
      });
      const response = await fetch(`${page(server)}a/page?x=1`);
      equal([response.status, response.headers.get("x-mine"), await response.text()], [201, "1", "GET /a/page?x=1"]);
      await talk(await connecting(server.url));
      equal(server.errors, []);
    },
  },
  {
    name: "without onRequest a page is refused with 426",
    run: async () => {
      const server = await serving();
      const response = await fetch(page(server));
      equal([response.status, response.headers.get("upgrade")], [426, "websocket"]);
      await response.text();
    },
  },
  {
    name: "a request that cannot be accepted is refused for its fault, if onRequest does not answer it",
    run: async () => {
      const server = await serving(echo, { onRequest: () => ({ headers: { A: "b" } }) });
      const response = await fetch(page(server));
      equal([response.status, await response.text()], [426, "426\n"]);
      const { send, ended } = rawClient(server.port);
      send(requestText({ "Sec-WebSocket-Key": "short" }));
      ok((await ended).startsWith("HTTP/1.1 400 "), "a bad key");
    },
  },
  {
    name: "onRequest that throws, or answers nonsense, makes a 500",
    run: async () => {
      const fail = () => {
        throw new Error("no idea");
      };
      for (const onRequest of [fail, async () => fail(), () => null, () => 5, () => "x", () => ({ status: 99 }),
        () => ({ status: 200, headers: 5 }), () => ({ status: 200, body: {} }), () => ({ status: 200, headers: { "A B": "c" } }),
        () => ({ subprotocol: "not offered" }), () => ({ headers: { Upgrade: "x" } })]) {
        const server = await serving(echo, { onRequest });
        const error = await rejection(connecting(server.url));
        equal([String(onRequest), error.status], [String(onRequest), 500]);
        equal([String(onRequest), server.errors.length], [String(onRequest), 1]);
      }
    },
  },
  {
    name: "onRequest accepts with a subprotocol and headers, or leaves that to the options",
    run: async () => {
      const answers = [{ subprotocol: "b", headers: [["X-A", "1"]] }, {}, undefined, { subprotocol: null }];
      const server = await serving(echo, { subprotocols: ["c"], onRequest: () => answers.shift() });
      const got = [];
      while (answers.length > 0) {
        const client = await connecting(server.url, { subprotocols: ["b", "c"] });
        got.push([client.subprotocol, client.headers.some(([name]) => name.toLowerCase() === "x-a")]);
        await client.close();
      }
      equal(got, [["b", true], ["c", false], ["c", false], ["c", false]]);
    },
  },
  {
    name: "onRequest refuses, and the client gets status, headers and body",
    run: async () => {
      const answer = { status: 401, reason: "Who are you", headers: { "WWW-Authenticate": "Basic" }, body: "log in" };
      const server = await serving(echo, { onRequest: () => answer });
      const error = await rejection(connecting(server.url));
      ok(error instanceof host.UnexpectedStatusError && error instanceof host.HandshakeError, error.name);
      equal([error.status, new TextDecoder().decode(error.body), error.fault.name], [401, "log in", "HTTP_STATUS"]);
      ok(error.headers.some(([name, value]) => name.toLowerCase() === "www-authenticate" && value === "Basic"), "headers");
      ok(error.message.includes("401 Who are you"), error.message);
    },
  },
  {
    name: "a client that goes while onRequest takes its time harms nobody",
    run: async () => {
      let answer;
      let asked;
      const request = new Promise((resolve) => (asked = resolve));
      const server = await serving(echo, {
        onRequest: () => {
          asked();
          return new Promise((resolve) => (answer = resolve));
        },
      });
      const { socket, send } = rawClient(server.port);
      send(requestText());
      await request;
      socket.destroy();
      await once(socket, "close");
      answer({ status: 200 });
      await settled();
      equal(server.errors, []);
      await server.close();
    },
  },
];

const origins = [
  {
    name: "which origins may connect",
    run: async () => {
      const evil = "http://evil.example";
      const cases = [
        [undefined, [undefined, "self"], [evil, "null", "https://127.0.0.1"]],
        ["same", [undefined, "self"], [evil]],
        ["any", [undefined, evil, "self"], []],
        [[evil], [evil], [undefined, "self", "http://evil.example.org"]],
        [[null, /^http:\/\/\w+\.example$/], [undefined, evil], ["self", "http://a.b.example"]],
        [[/^http:\/\/e/g], [evil, evil, evil], ["self"]],
        [(function* () {
          yield evil;
        })(), [evil, evil], ["self"]],
        [[], [], [undefined, evil]],
      ];
      for (const [allowed, yes, no] of cases) {
        const server = await serving(echo, allowed === undefined ? {} : { origins: allowed });
        const self = page(server).slice(0, -1);
        const outcome = async (origin) => {
          const given = origin === "self" ? self : origin;
          const result = await connecting(server.url, given === undefined ? {} : { origin: given }).catch((error) => error);
          return result.status ?? 101;
        };
        for (const origin of yes) {
          equal([String(allowed), origin, await outcome(origin)], [String(allowed), origin, 101]);
        }
        for (const origin of no) {
          equal([String(allowed), origin, await outcome(origin)], [String(allowed), origin, 403]);
        }
      }
    },
  },
  {
    name: "one origin that is not in a list is refused when the server is made",
    run: async () => {
      for (const wrong of ["http://a.example", 5, null, [5]]) {
        equal((await rejection(serving(echo, { origins: wrong }))).code, "INVALID_ARGUMENT");
      }
    },
  },
  {
    name: "over TLS a page of the same host is of the same origin only if it came over TLS",
    run: async () => {
      const server = await serving(echo, { tls: pem() });
      const tls = { ca: pem().cert };
      const host = `127.0.0.1:${server.port}`;
      await connecting(server.url, { tls, origin: `https://${host}` });
      equal((await rejection(connecting(server.url, { tls, origin: `http://${host}` }))).status, 403);
    },
  },
];

const ends = [
  {
    name: "close: 1001 for what is open, 503 for what is not answered, and nothing more is accepted",
    run: async () => {
      const pending = [];
      const server = await serving(echo, {
        onRequest: (request) => (request.target === "/slow" ? new Promise((resolve) => pending.push(resolve)) : undefined),
      });
      const client = await connecting(server.url);
      const slow = rejection(connecting(`${server.url}slow`));
      while (pending.length === 0) {
        await settled();
      }
      const silent = rawClient(server.port);
      await once(silent.socket, "connect");
      await client.ping();
      const closed = server.close();
      equal([(await client.closed).code, (await slow).status], [1001, 503]);
      await silent.ended;
      await closed;
      equal([server.connections.size, server.errors], [0, []]);
      ok((await rejection(connecting(server.url))) instanceof Error, "it still accepts");
      pending[0]({ status: 200 });
      await server.close();
    },
  },
  {
    name: "close with a code and a reason, by a signal, and at the end of a block",
    run: async () => {
      const server = await serving();
      const client = await connecting(server.url);
      void server.close(4000, "maintenance");
      const { code, reason } = await client.closed;
      equal([code, reason], [4000, "maintenance"]);

      const controller = new AbortController();
      const other = await serving(echo, { signal: controller.signal });
      const second = await connecting(other.url);
      controller.abort();
      equal((await second.closed).code, 1001);

      const third = await serving();
      await third[Symbol.asyncDispose]();
      ok((await rejection(connecting(third.url))) instanceof Error, "it still accepts");
    },
  },
  {
    name: "a client that says nothing, or not all, gets 408",
    run: async () => {
      const server = await serving(echo, { handshakeTimeout: 30, closeTimeout: 30 });
      for (const text of ["", "GET / HTTP/1.1\r\nHost: a"]) {
        const { send, ended } = rawClient(server.port);
        send(text);
        ok((await ended).startsWith("HTTP/1.1 408 "), "no 408");
      }
    },
  },
  {
    name: "a head that is too large gets 431, and what is no HTTP gets 400",
    run: async () => {
      const server = await serving();
      for (const [text, status] of [[requestText({ A: "b".repeat(20_000) }), 431], ["\x16\x03\x01\r\n\r\n", 400]]) {
        const { send, ended } = rawClient(server.port);
        send(text);
        ok((await ended).startsWith(`HTTP/1.1 ${status} `), `no ${status}`);
      }
    },
  },
  {
    name: "limits of messages hold over sockets",
    run: async () => {
      const server = await serving(echo, { maxMessageSize: 1000 });
      const client = await connecting(server.url);
      await client.send("x".repeat(1001));
      equal((await client.closed).code, 1009);
    },
  },
  {
    name: "clients that speak no TLS do not stop a server for TLS, nor do they keep it from closing",
    run: async () => {
      const server = await serving(echo, { tls: pem() });
      const wrong = rawClient(server.port);
      wrong.send(requestText());
      await wrong.ended;
      ok((await rejection(connecting(`ws://127.0.0.1:${server.port}/`))) instanceof Error, "a plain client");
      await talk(await connecting(server.url, { tls: { ca: pem().cert } }));
      const silent = rawClient(server.port);
      await once(silent.socket, "connect");
      await settled();
      await server.close();
    },
  },
  {
    name: "an address that is taken, and options that are none",
    run: async () => {
      const server = await serving();
      ok((await rejection(serving(echo, { port: server.port }))) instanceof Error, "the port is taken");
      for (const options of [{ maxMesageSize: 1 }, { startOpen: true }, { maxQueue: -1 }, { maxQueue: "1" }, { deflate: 1 },
        { pingInterval: 0 }, { views: true }, { seed: new Uint8Array(32) }]) {
        equal([options, (await rejection(serving(echo, options))).code], [options, "INVALID_ARGUMENT"]);
        equal([options, (await rejection(host.connect(server.url, options))).code], [options, "INVALID_ARGUMENT"]);
      }
    },
  },
  {
    name: "onError that throws loses no connection and no answer",
    run: async () => {
      const onError = () => {
        throw new Error("from onError");
      };
      const { queueMicrotask: original } = globalThis;
      const reported = [];
      globalThis.queueMicrotask = (callback) => original(() => {
        try {
          callback();
        } catch (error) {
          reported.push(error.message);
        }
      });
      try {
        const fail = () => {
          throw new Error("failed");
        };
        const server = await serving(fail, { onError });
        equal((await (await connecting(server.url)).closed).code, 1011);
        const other = await serving(echo, { onError, onRequest: fail });
        equal((await rejection(connecting(other.url))).status, 500);
      } finally {
        globalThis.queueMicrotask = original;
      }
      equal(reported, ["from onError", "from onError"]);
    },
  },
  {
    name: "unref lets the process end",
    run: async () => {
      const program = fileURLToPath(new URL("unref-program.mjs", import.meta.url));
      const flags = runtime === "deno" ? ["run", "--allow-all", "--quiet"] : [];
      const child = spawn(process.execPath, [...flags, program], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.on("data", (chunk) => (output += chunk));
      const [status] = await once(child, "close");
      equal([status, output], [0, "listening\n"]);
    },
  },
];

export const serve = [...talking, ...requests, ...origins, ...ends];

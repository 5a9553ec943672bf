// WebSocketServer of sansock/ws, by what the package ws documents.

import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createRequire } from "node:module";

import * as ws from "sansock/ws";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { settled } from "./memory.mjs";
import { pem, rawClient, requestText } from "./sockets.mjs";
import { wsClient, wsFailure, wsOpen, wsPair, wsServing } from "./ws-sockets.mjs";

const { WebSocket, WebSocketServer } = ws;
const theirs = createRequire(new URL("../../../../conformance/package.json", import.meta.url))("./node_modules/ws/index.js");
const throws = (kind, text, call) => {
  try {
    call();
  } catch (error) {
    ok(error instanceof kind && error.message.includes(text), `${error}`);
    return;
  }
  throw new Error(`${call} did not throw`);
};

/** The answer to a bare request. */
async function answerTo(server, text) {
  const { send, ended } = rawClient(server.address().port);
  send(text);
  const answer = await ended;
  return [Number(answer.split(" ")[1]), answer];
}

async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => server.close());
  return server.address().port;
}

const making = [
  {
    name: "exports, by import and by require: the class, which has the rest",
    run: () => {
      const required = createRequire(import.meta.url)("sansock/ws");
      for (const [Class, named] of [[ws.default, ws], [required, required]]) {
        equal([typeof Class, Class.name, new Class(null) instanceof Class], ["function", "WebSocket", true]);
        equal([named.WebSocket === Class, named.Server === named.WebSocketServer], [true, true]);
        equal([Class.WebSocket === Class, Class.Server === named.Server, Class.WebSocketServer === named.Server], [true, true, true]);
        equal(Class.createWebSocketStream === named.createWebSocketStream, true);
        equal([Class.CONNECTING, Class.OPEN, Class.CLOSING, Class.CLOSED], [0, 1, 2, 3]);
      }
      equal(Object.keys(ws).sort(), ["Server", "WebSocket", "WebSocketServer", "createWebSocketStream", "default"]);
    },
  },
  {
    name: "what require returns has the documented properties of ws",
    run: () => {
      const required = createRequire(import.meta.url)("sansock/ws");
      // Parts of `ws` that it does not document.
      const own = ["Receiver", "Sender", "extension", "subprotocol", "PerMessageDeflate"];
      const expected = Object.keys(theirs).filter((name) => !own.includes(name));
      equal(Object.keys(required).sort(), expected.sort());
    },
  },
  {
    name: "one of port, server and noServer",
    run: () => {
      for (const options of [undefined, {}, { port: 0, noServer: true }, { server: createServer(), noServer: true }, { port: 0, server: createServer() }]) {
        throws(TypeError, "One and only one", () => new WebSocketServer(options));
      }
    },
  },
  {
    name: "an option that the engine refuses, when the server is made and not when a client comes",
    run: () => {
      throws(Error, "serverMaxWindowBits", () => new WebSocketServer({ noServer: true, perMessageDeflate: { serverMaxWindowBits: 99 } }));
      throws(Error, "maxMessageSize", () => new WebSocketServer({ port: 0, maxPayload: -1 }));
      throws(Error, "noSuchOption", () => new WebSocketServer({ noServer: true, engine: { noSuchOption: true } }));
    },
  },
  {
    name: "port, host, callback, listening, address, and close with its callback",
    run: async () => {
      let called = false;
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", backlog: 5, path: null, verifyClient: null }, () => (called = true));
      await once(server, "listening");
      equal([called, server.address().address], [true, "127.0.0.1"]);
      const errors = [];
      await new Promise((resolve) => {
        server.on("close", () => errors.push("closed"));
        server.close((error) => errors.push(error));
        server.close(resolve);
      });
      equal(errors, ["closed", undefined]);
      const error = await new Promise((resolve) => server.close(resolve));
      equal(error.message, "The server is not running");
    },
  },
  {
    name: "a port that is taken is an event error",
    run: async () => {
      const server = await wsServing();
      const other = new WebSocketServer({ port: server.address().port, host: "127.0.0.1" });
      equal((await once(other, "error"))[0].code, "EADDRINUSE");
    },
  },
  {
    name: "a server of node:http, shared with pages, and one of node:https",
    run: async () => {
      for (const isSecure of [false, true]) {
        const http = isSecure ? createTlsServer(pem()) : createServer((_, response) => response.end("a page"));
        let isListening = false;
        const server = new WebSocketServer({ server: http }, () => (isListening = true));
        const port = await listening(http);
        equal([isListening, server.address().port], [true, port]);
        server.on("connection", (socket) => socket.send("hello"));
        const client = wsClient(`${isSecure ? "wss" : "ws"}://127.0.0.1:${port}/`, { rejectUnauthorized: false });
        equal(String((await once(client, "message"))[0]), "hello");
        if (!isSecure) {
          equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "a page");
        }
        client.close();
        await once(client, "close");
        server.close();
        await once(server, "close");
      }
    },
  },
  {
    name: "noServer and handleUpgrade",
    run: async () => {
      const server = new WebSocketServer({ noServer: true });
      throws(Error, "noServer", () => server.address());
      const http = createServer();
      let again;
      http.on("upgrade", (request, socket, head) => {
        server.handleUpgrade(request, socket, head, (websocket, given) => {
          ok(given === request, "the request");
          server.emit("connection", websocket, request);
        });
        again = () => server.handleUpgrade(request, socket, head, () => {});
      });
      server.on("connection", (socket) => socket.send("hello"));
      const client = wsClient(`ws://127.0.0.1:${await listening(http)}/`);
      equal(String((await once(client, "message"))[0]), "hello");
      throws(Error, "more than once", again);
      equal(server.clients.size, 1);
    },
  },
];

const deciding = [
  {
    name: "path, and shouldHandle",
    run: async () => {
      const server = await wsServing({ path: "/chat" });
      await wsOpen(`${server.url}chat?x=1`);
      equal(await wsFailure(`${server.url}other`), ["Unexpected server response: 400", 1006]);
      server.shouldHandle = ({ url }) => url === "/other";
      await wsOpen(`${server.url}other`);
      equal((await wsFailure(`${server.url}chat`))[0], "Unexpected server response: 400");
    },
  },
  {
    name: "verifyClient, sync and async, with status, message and headers",
    run: async () => {
      let seen;
      const sync = await wsServing({ verifyClient: (information) => {
        seen = information;
        return information.req.url === "/yes";
      } });
      await wsOpen(`${sync.url}yes`, { origin: "http://a.example" });
      equal([seen.origin, seen.secure, seen.req.url], ["http://a.example", false, "/yes"]);
      equal(await wsFailure(`${sync.url}no`), ["Unexpected server response: 401", 1006]);

      const server = await wsServing({ verifyClient: ({ req }, decide) => {
        setTimeout(() => (req.url === "/yes" ? decide(true) : decide(false, 404, "not here", { "X-Why": "no" })), 0);
      } });
      await wsOpen(`${server.url}yes`);
      const client = wsClient(`${server.url}no`);
      const [, response] = await once(client, "unexpected-response");
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      await once(response, "end");
      equal([response.statusCode, response.headers["x-why"], body], [404, "no", "not here"]);
    },
  },
  {
    name: "subprotocols: the first that is offered, or what handleProtocols chooses",
    run: async () => {
      const protocolOf = async (options, offered) => (await wsOpen((await wsServing(options)).url, offered)).protocol;
      equal(await protocolOf({}, ["a", "b"]), "a");
      equal(await protocolOf({}, []), "");
      equal(await protocolOf({ handleProtocols: (protocols, { url }) => (protocols.has("b") && url === "/" ? "b" : false) }, ["a", "b"]), "b");
      equal(await protocolOf({ handleProtocols: () => false }, "a"), "");
    },
  },
  {
    name: "clients, and clientTracking",
    run: async () => {
      const { server, client, other } = await wsPair();
      equal([server.clients.size, server.clients.has(other)], [1, true]);
      client.close();
      await once(other, "close");
      equal(server.clients.size, 0);
      const untracked = await wsServing({ clientTracking: false });
      await wsOpen(untracked.url);
      equal(untracked.clients, undefined);
    },
  },
  {
    name: "the events connection and headers, and a class of one's own",
    run: async () => {
      class Special extends WebSocket {
        greet() {
          this.send("special");
        }
      }
      const server = await wsServing({ WebSocket: Special }, (socket, request) => {
        equal(request.headers["x-a"], "1");
        socket.greet();
      });
      server.on("headers", (headers, request) => headers.push(`X-Path: ${request.url}`));
      const client = wsClient(`${server.url}here`, { headers: { "X-A": "1" } });
      const upgraded = once(client, "upgrade");
      const message = once(client, "message");
      equal((await upgraded)[0].headers["x-path"], "/here");
      equal(String((await message)[0]), "special");
    },
  },
  {
    name: "requests that are refused: status, and why in the body",
    run: async () => {
      const server = await wsServing();
      const cases = [
        [requestText({}, "POST / HTTP/1.1"), 405, "Invalid HTTP method"],
        [requestText({ Upgrade: "h2c" }), 426, "Invalid Upgrade header"],
        [requestText({ "Sec-WebSocket-Key": "x" }), 400, "Missing or invalid Sec-WebSocket-Key header"],
        [requestText({ "Sec-WebSocket-Key": undefined }), 400, "Missing or invalid Sec-WebSocket-Key header"],
        [requestText({ "Sec-WebSocket-Version": "8" }), 426, "Missing or invalid Sec-WebSocket-Version header"],
        [requestText({ "Sec-WebSocket-Protocol": "a b" }), 400, "Invalid Sec-WebSocket-Protocol header"],
      ];
      for (const [text, status, why] of cases) {
        const [got, answer] = await answerTo(server, text);
        equal([why, got, answer.includes(why)], [why, status, true]);
      }
      const page = await fetch(server.url.replace("ws", "http"));
      equal([page.status, await page.text()], [426, "Upgrade Required"]);
    },
  },
  {
    name: "wsClientError leaves the answer to its listener",
    run: async () => {
      const server = await wsServing();
      server.on("wsClientError", (error, socket, request) => socket.end(`HTTP/1.1 418 ${error.message} ${request.url}\r\n\r\n`));
      const [status, answer] = await answerTo(server, requestText({ "Sec-WebSocket-Key": "x" }));
      equal([status, answer.includes("Sec-WebSocket-Key header /chat")], [418, true]);
    },
  },
  {
    name: "close: what is open stays, what is not decided gets 503",
    run: async () => {
      let decide;
      let asked;
      const waiting = new Promise((resolve) => (asked = resolve));
      const server = await wsServing({ verifyClient: ({ req }, callback) => {
        if (req.url === "/slow") {
          decide = callback;
          asked();
        } else {
          callback(true);
        }
      } });
      const client = await wsOpen(server.url);
      const slow = wsFailure(`${server.url}slow`);
      await waiting;
      let isClosed = false;
      server.close(() => (isClosed = true));
      decide(true);
      equal((await slow)[0], "Unexpected server response: 503");
      client.send("still open");
      equal(String((await once(client, "message"))[0]), "still open");
      equal(isClosed, false);
      client.close();
      await once(server, "close");
      await settled();
      equal(isClosed, true);
    },
  },
];

export const wsServer = [...making, ...deciding];

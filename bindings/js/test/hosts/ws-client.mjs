// WebSocket of sansock/ws: its opening, by what the package ws documents.

import { once } from "node:events";
import { Agent, createServer } from "node:http";
import { createRequire } from "node:module";
import { connect as connectTcp } from "node:net";

import { WebSocket, WebSocketServer } from "sansock/ws";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { answering, pem, rawServer, serving, socketPath } from "./sockets.mjs";
import { wsClient, wsFailure, wsOpen, wsServing } from "./ws-sockets.mjs";

const Package = createRequire(new URL("../../../../conformance/package.json", import.meta.url))("./node_modules/ws/index.js");
const redirect = (location) => `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
const notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const headerOf = (head, name) => new RegExp(`\r\n${name}: ([^\r]*)`, "i").exec(head)?.[1];
const thrown = (kind, call) => {
  try {
    call();
  } catch (error) {
    ok(error instanceof kind, `${call}: ${error}`);
    return;
  }
  throw new Error(`${call} did not throw`);
};

const making = [
  {
    name: "URLs, subprotocols and versions that are not allowed",
    run: () => {
      for (const url of ["", "example.com", "ftp://a/", "ws://a/#b", "ws+unix:"]) {
        thrown(SyntaxError, () => new WebSocket(url));
      }
      for (const protocols of ["a b", ["a", "a"], ["a", ""]]) {
        thrown(SyntaxError, () => new WebSocket("ws://a/", protocols));
      }
      thrown(RangeError, () => new WebSocket("ws://a/", { protocolVersion: 8 }));
    },
  },
  {
    name: "attributes before it is open; http stands for ws",
    run: async () => {
      const server = await wsServing();
      const client = wsClient(server.url.replace("ws:", "http:"));
      equal([client.url, client.readyState, client.protocol, client.extensions, client.binaryType], [server.url, 0, "", "", "nodebuffer"]);
      equal([client.isPaused, client.bufferedAmount, client.CONNECTING, client.CLOSED], [false, 0, 0, 3]);
      for (const call of ["send", "ping", "pong"]) {
        thrown(Error, () => client[call]("x"));
      }
      await once(client, "open");
      equal(client.readyState, 1);
    },
  },
  {
    name: "headers, origin, name and password, finishRequest, and options of http.request",
    run: async () => {
      const server = await answering(() => notFound);
      const url = server.url.replace("//", "//me:p%40ss@");
      const options = { headers: { "X-A": "1", Upgrade: "mine" }, origin: "http://a.example", hostname: "b.invalid", port: 1, protocol: "ftp:" };
      const finishRequest = (request, websocket) => {
        ok(websocket instanceof WebSocket, "the WebSocket");
        request.setHeader("X-B", "2");
        request.end();
      };
      await wsFailure(url, ["chat"], { ...options, finishRequest });
      const [head] = server.requests;
      const seen = ["X-A", "X-B", "Origin", "Upgrade", "Authorization", "Sec-WebSocket-Protocol"].map((name) => headerOf(head, name));
      equal(seen, ["1", "2", "http://a.example", "websocket", `Basic ${btoa("me:p@ss")}`, "chat"]);
      ok(headerOf(head, "Sec-WebSocket-Extensions").startsWith("permessage-deflate"), "no compression is offered");
    },
  },
  {
    name: "an agent, a connection of one's own, and a Unix socket",
    run: async () => {
      const server = await wsServing();
      await wsOpen(server.url, { agent: new Agent() });
      let made = 0;
      await wsOpen(server.url, { createConnection: ({ port, host }) => {
        made += 1;
        return connectTcp({ port, host });
      } });
      equal(made, 1);
      const http = createServer();
      const path = socketPath();
      const unix = new WebSocketServer({ server: http });
      http.listen(path);
      await once(http, "listening");
      atEnd(() => http.close());
      const asked = new Promise((resolve) => unix.on("connection", (_, { url }) => resolve(url)));
      await wsOpen(`ws+unix:${path}:/a?b`);
      equal(await asked, "/a?b");
    },
  },
];

const failing = [
  {
    name: "close and terminate while it connects",
    run: async () => {
      const { url } = await rawServer((socket) => socket.resume());
      for (const how of ["close", "terminate"]) {
        const failure = wsFailure(url);
        const client = wsClient(url);
        const closed = new Promise((resolve) => client.on("close", (code, reason) => resolve([code, reason.length])));
        const failed = once(client, "error");
        client[how]();
        equal(client.readyState, 2);
        equal((await failed)[0].message, "WebSocket was closed before the connection was established");
        equal([await closed, client.readyState], [[1006, 0], 3]);
        failure.catch(() => {});
      }
    },
  },
  {
    name: "responses that break a rule",
    run: async () => {
      const head = (lines) => ["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n");
      const upgrade = ["Upgrade: websocket", "Connection: Upgrade"];
      const cases = [
        [head(upgrade), "Invalid Sec-WebSocket-Accept header"],
        [head([...upgrade, "Sec-WebSocket-Accept: x"]), "Invalid Sec-WebSocket-Accept header"],
        [head(["Upgrade: h2c", "Connection: Upgrade"]), "Invalid Upgrade header"],
        [notFound, "Unexpected server response: 404"],
        ["", "socket hang up"],
      ];
      for (const [answer, message] of cases) {
        const server = await answering(() => answer);
        equal(await wsFailure(server.url), [message, 1006]);
      }
    },
  },
  {
    name: "a subprotocol that was not offered, or without any offer",
    run: async () => {
      const server = new Package.WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "c" });
      server.on("headers", (headers, { url }) => (url === "/none" ? headers.push("Sec-WebSocket-Protocol: c") : undefined));
      await once(server, "listening");
      atEnd(() => server.close());
      const url = `ws://127.0.0.1:${server.address().port}/`;
      equal(await wsFailure(url, ["a"]), ["Server sent an invalid subprotocol", 1006]);
      equal(await wsFailure(`${url}none`), ["Server sent a subprotocol but none was requested", 1006]);
    },
  },
  {
    name: "handshakeTimeout",
    run: async () => {
      const { url } = await rawServer((socket) => socket.resume());
      equal(await wsFailure(url, { handshakeTimeout: 30 }), ["Opening handshake has timed out", 1006]);
    },
  },
  {
    name: "nobody listens: the error of the socket",
    run: async () => {
      const server = await rawServer();
      const { port } = server;
      const closed = wsFailure(`ws://127.0.0.1:${port === 1 ? 2 : 1}/`);
      ok((await closed)[0].length > 0, "no message");
    },
  },
  {
    name: "unexpected-response leaves the answer to its listener",
    run: async () => {
      const server = await answering(() => "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
      const client = wsClient(server.url);
      const [request, response] = await once(client, "unexpected-response");
      equal([response.statusCode, typeof request.destroy, client.readyState], [401, "function", 0]);
      const closed = new Promise((resolve) => client.on("close", resolve));
      client.on("error", () => {});
      response.resume();
      client.terminate();
      equal(await closed, 1006);
    },
  },
];

const redirects = [
  {
    name: "followRedirects: off by default; url is the last one",
    run: async () => {
      const end = await wsServing();
      const server = await answering((head) => redirect(head.startsWith("GET / ") ? "/next" : end.url));
      equal(await wsFailure(server.url), ["Unexpected server response: 302", 1006]);
      const client = await wsOpen(server.url, { followRedirects: true });
      equal([client.url, server.requests.length], [end.url, 3]);
    },
  },
  {
    name: "maxRedirects, and redirects that lead nowhere",
    run: async () => {
      const loop = await answering(() => redirect("/"));
      equal(await wsFailure(loop.url, { followRedirects: true }), ["Maximum redirects exceeded", 1006]);
      equal(loop.requests.length, 11);
      equal((await wsFailure(loop.url, { followRedirects: true, maxRedirects: 1 }))[0], "Maximum redirects exceeded");
      const nowhere = await answering(() => redirect("ftp://a/"));
      ok((await wsFailure(nowhere.url, { followRedirects: true }))[0].includes("protocol must be one of"), "the message");
    },
  },
  {
    name: "another host gets no credentials, unless there is a listener for redirect, who may take them away",
    run: async () => {
      const last = await answering(() => notFound);
      const first = await answering((head) => redirect(head.startsWith("GET / ") ? "/same" : last.url));
      const options = { followRedirects: true, headers: { Authorization: "a", Cookie: "b", "X-Kept": "c" } };
      const names = ["Authorization", "Cookie", "X-Kept"];
      const sent = ({ requests }) => requests.splice(0).map((head) => names.map((name) => headerOf(head, name) ?? ""));
      await wsFailure(first.url, options);
      equal([sent(first), sent(last)], [[["a", "b", "c"], ["a", "b", "c"]], [["", "", "c"]]]);
      const client = wsClient(first.url, options);
      const urls = [];
      client.on("redirect", (url, request) => {
        urls.push([url, client.url === url, request.getHeader("authorization")]);
        request.removeHeader("cookie");
      });
      await once(client, "error");
      equal(urls, [[`${first.url}same`, true, "a"], [last.url, true, "a"]]);
      equal(sent(last), [["a", "", "c"]]);
    },
  },
];

const secure = [
  {
    name: "over TLS, trusted and not",
    run: async () => {
      const server = await serving(undefined, { tls: pem() });
      const client = await wsOpen(server.url, { ca: pem().cert });
      client.send("x");
      equal(String((await once(client, "message"))[0]), "x");
      client.close();
      await new Promise((resolve) => client.on("close", resolve));
      ok((await wsFailure(server.url))[0].length > 0, "it was trusted");
    },
  },
];

export const wsOpening = [...making, ...failing, ...redirects, ...secure];

// Handshakes made of fields, for hosts with an HTTP of their own.

import { equal, ok, refused } from "./assert.mjs";
import { exchange } from "./pair.mjs";

/** What a host passes of a request over HTTP/1.1, as `node:http` has it. */
const UPGRADE = [
  [":method", "GET"],
  [":path", "/chat"],
  ["Host", "example.com"],
  ["Upgrade", "websocket"],
  ["Connection", "keep-alive, Upgrade"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ["Sec-WebSocket-Version", "13"],
];

/** What a host passes of a stream of HTTP/2, as `node:http2` has it. */
function connect(more = {}) {
  return Object.assign(Object.create(null), {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":path": "/chat",
    ":authority": "example.com",
    "sec-websocket-version": "13",
    ...more,
    [Symbol("nodejs.http2.sensitiveHeaders")]: [],
  });
}

export function fields({ Connection }) {
  return [
    ...["1.1", "2", "3"].map((version) => ({
      name: `a conversation over the fields of HTTP/${version}`,
      run: () => {
        const client = Connection.client("wss://example.com/chat", { subprotocols: "chat", origin: "https://example.com", now: 0 });
        const server = Connection.server({ subprotocols: ["chat"], now: 0 });
        const [request, ...none] = client.requestFields(version, 0);
        equal([request.type, request.status, request.body, none], ["head", null, new Uint8Array(0), []]);
        equal(request.headers[0], [":method", version === "1.1" ? "GET" : "CONNECT"]);
        ok(request.headers.every(([name]) => name === name.toLowerCase()), "names in lower case");
        equal(client.pendingOutput, 0);

        const [event] = server.receiveRequest(version, request.headers, 0);
        equal([event.type, event.method, event.target], ["request", request.headers[0][1], "/chat"]);
        equal([event.authority, event.originRelation, event.subprotocol], ["example.com", "same", "chat"]);
        equal([event.fault, event.headers.some(([name]) => name.startsWith(":"))], [null, false]);

        const [response, open] = server.accept(null, [["X-Note", "caf\u00e9"]], 0);
        equal([response.type, response.status], ["head", version === "1.1" ? 101 : 200]);
        ok(response.headers.some(([name, value]) => name === "x-note" && value === "caf\u00e9"), "our header");
        equal([open.type, open.subprotocol, server.pendingOutput], ["open", "chat", 0]);

        const [opened] = client.receiveResponse(response.status, response.headers, 0);
        equal([opened.type, opened.subprotocol], ["open", "chat"]);
        client.send("h\u00e9llo");
        equal(exchange(client, server).server.map(({ data }) => data), ["h\u00e9llo"]);
        client.close(1000, "", 0);
        const ends = exchange(client, server);
        equal([ends.client.at(-1).clean, ends.server.at(-1).clean], [true, true]);
        equal(server.transport, "close");
      },
    })),
    {
      name: "the fields of node:http and of node:http2 as they are, and frames behind the head",
      run: () => {
        for (const [version, given] of [["1.1", UPGRADE], ["1.1", new Map(UPGRADE)], ["2", connect()], ["3", connect()]]) {
          const server = Connection.server({ now: 0 });
          const [request] = server.receiveRequest(version, given, 0);
          equal([request.type, request.target], ["request", "/chat"], `HTTP/${version}`);
          equal(server.receive(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69), 0), []);
          const [head, open, text] = server.accept(null, [], 0);
          equal([head.type, open.type, text.data], ["head", "open", "hi"]);
        }
      },
    },
    {
      name: "a field that is repeated, as an array",
      run: () => {
        const server = Connection.server({ now: 0 });
        const [request] = server.receiveRequest("2", connect({ cookie: ["a=1", "b=2"] }), 0);
        equal(request.headers.filter(([name]) => name === "cookie"), [["cookie", "a=1"], ["cookie", "b=2"]]);
      },
    },
    {
      name: "a refusal is a head with its body, and comes to the client as one",
      run: () => {
        const server = Connection.server({ now: 0 });
        server.receiveRequest("2", connect({ origin: "https://evil.example" }), 0);
        const [head, closed] = server.reject(403, [["X-Why", "origin"]], "not from there", 0);
        equal([head.type, head.status, new TextDecoder().decode(head.body)], ["head", 403, "not from there"]);
        equal([closed.type, closed.fault.name, server.pendingOutput], ["closed", "REFUSED", 0]);
        equal(server.transport, "shutdown-write");

        const client = Connection.client("wss://example.com/chat", { now: 0 });
        client.requestFields("2", 0);
        equal(client.receiveResponse(head.status, head.headers, 0), []);
        const [rejected, end] = client.receive(head.body, 0);
        equal([rejected.type, rejected.status, rejected.reason], ["rejected", 403, ""]);
        equal(new TextDecoder().decode(rejected.body), "not from there");
        equal([end.type, end.fault.name], ["closed", "HTTP_STATUS"]);
      },
    },
    {
      name: "what the peer does wrong is an event, not an error",
      run: () => {
        const cases = [
          ["2", connect({ ":protocol": "connect-udp" }), 501, "UNSUPPORTED_PROTOCOL"],
          ["2", { ":method": "GET", ":scheme": "https", ":path": "/", ":authority": "a" }, 400, "NOT_EXTENDED_CONNECT"],
          ["2", connect({ "Bad Name": "x" }), 400, "BAD_HEADER"],
          ["3", [["a", "b"]], 400, "BAD_PSEUDO_HEADERS"],
          ["1.1", UPGRADE.slice(0, 3), 426, "NOT_AN_UPGRADE"],
          ["1.1", {}, 400, "BAD_PSEUDO_HEADERS"],
        ];
        for (const [version, given, status, fault] of cases) {
          const [head, closed] = Connection.server({ now: 0 }).receiveRequest(version, given, 0);
          equal([head.type, head.status, closed.fault.name, closed.byPeer], ["head", status, fault, true]);
        }
        for (const status of [0, 99, 600, 999]) {
          const client = Connection.client("ws://example.com/", { now: 0 });
          client.requestFields("2", 0);
          equal(client.receiveResponse(status, [], 0).at(-1).type, "closed", String(status));
        }
      },
    },
    {
      name: "interim responses, and the status among the fields",
      run: () => {
        const client = Connection.client("ws://example.com/", { now: 0 });
        client.requestFields("2", 0);
        equal(client.receiveResponse(103, undefined, 0), []);
        equal(client.receiveResponse(200, { ":status": "200", date: "today" }, 0)[0].headers, [["date", "today"]]);
      },
    },
    {
      name: "fields that are refused leave the connection as it was",
      run: () => {
        const server = Connection.server({ now: 0 });
        refused("INVALID_ARGUMENT", () => server.receiveRequest("2", [...Object.entries(connect()), ["x", 1]], 0));
        refused("INVALID_ARGUMENT", () => server.receiveRequest(2, connect(), 0));
        equal(server.receiveRequest("2", connect(), 0)[0].type, "request");
        refused("INVALID_STATE", () => server.receiveRequest("2", connect(), 0));
        const client = Connection.client("ws://example.com/", { now: 0 });
        refused("INVALID_ARGUMENT", () => client.requestFields("1.0", 0));
        refused("INVALID_STATE", () => client.receiveResponse(200, [], 0));
        client.requestFields("2", 0);
        refused("INVALID_ARGUMENT", () => client.receiveResponse("200", [], 0));
        refused("INVALID_ARGUMENT", () => client.receiveResponse(65_536, [], 0));
        equal(client.receiveResponse(200, [], 0)[0].type, "open");
        const open = [Connection.client(null, { startOpen: true }), Connection.server({ startOpen: true })];
        for (const connection of [...open, server, client]) {
          refused("INVALID_STATE", () => connection.receiveRequest("1.1", []));
          refused("INVALID_STATE", () => connection.requestFields("2"));
          refused("INVALID_STATE", () => connection.receiveResponse(200));
        }
        const late = Connection.client("ws://example.com/", { now: 0 });
        late.takeOutput();
        refused("INVALID_STATE", () => late.requestFields("2", 0));
      },
    },
    {
      name: "fields whose iterator uses the engine",
      run: () => {
        function* given() {
          for (const field of Object.entries(connect())) {
            const other = Connection.client("ws://example.com/", { headers: [["X", "y".repeat(100)]] });
            yield field;
            other.free();
          }
        }
        equal(Connection.server({ now: 0 }).receiveRequest("2", given(), 0)[0].target, "/chat");
      },
    },
  ];
}

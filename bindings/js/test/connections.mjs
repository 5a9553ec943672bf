// What connections do, as their users see it.

import { equal, ok, refused } from "./assert.mjs";
import { connected, drained, exchange } from "./pair.mjs";

export function connections(sansock) {
  const { Connection, PreparedMessage, parseUrl } = sansock;
  return [
    {
      name: "handshake, messages and closing, as events",
      run: () => conversation(Connection),
    },
    {
      name: "two conversations, one after the other",
      run: () => {
        conversation(Connection);
        conversation(Connection);
      },
    },
    {
      name: "clocks at both ends of their range",
      run: () => {
        for (const [start, end] of [[0, 0], [0, Number.MAX_SAFE_INTEGER], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]]) {
          const server = Connection.server({ startOpen: true, pingInterval: 1, pongTimeout: 1, now: start });
          for (let turn = 0; turn < 5; turn++) {
            server.timeout(end);
            server.takeOutput();
          }
          server.close(1000, "", end);
          equal([server.nextDeadline !== null, server.transport], [true, "open"]);
        }
      },
    },
    {
      name: "more messages in one chunk than a batch holds",
      run: () => {
        const { client, server } = connected(sansock);
        const messages = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
        equal(client.sendBatch(messages), messages.length);
        const events = server.receive(client.takeOutput());
        equal(events.map(({ data }) => data), messages);
        equal(server.unconsumed, 0);
      },
    },
    {
      name: "connections with the same options, and with others, one after the other",
      run: () => {
        const limits = [100, 100, 200, 100, 200, 200];
        const servers = limits.map((maxMessageSize) => Connection.server({ startOpen: true, maxMessageSize }));
        const client = Connection.client(null, { startOpen: true });
        client.send(new Uint8Array(150));
        const output = client.takeOutput();
        const types = servers.map((server) => server.receive(output)[0].type);
        equal(types, limits.map((limit) => (limit > 100 ? "binary" : "closed")));
        const pings = [undefined, 1000, undefined].map((pingInterval) =>
          Connection.server({ startOpen: true, pingInterval, now: 0 }),
        );
        equal(pings.map(({ nextDeadline }) => nextDeadline), [null, 1000, null]);
        const subprotocols = ["a"];
        const chosen = ["b", "c"].map((name) => {
          subprotocols[0] = name;
          const opening = Connection.client("ws://example.com/", { subprotocols: ["b", "c"] });
          const server = Connection.server({ subprotocols });
          return server.receive(opening.takeOutput())[0].subprotocol;
        });
        equal(chosen, ["b", "c"]);
      },
    },
    {
      name: "a batch keeps the order of text and binary",
      run: () => {
        const { client, server } = connected(sansock);
        client.sendBatch(["é", Uint8Array.of(1, 2), "", new Uint8Array(0), "end"]);
        const { server: events } = exchange(client, server);
        const expected = [
          ["text", "é"],
          ["binary", Uint8Array.of(1, 2)],
          ["text", ""],
          ["binary", new Uint8Array(0)],
          ["text", "end"],
        ];
        equal(events.map(({ type, data }) => [type, data]), expected);
      },
    },
    {
      name: "parts of a message, sent and received",
      run: () => {
        const { client, server } = connected(sansock, { server: { parts: true } });
        const text = new TextEncoder().encode("né");
        client.sendPart(text.subarray(0, 2), false, "text");
        const { server: first } = exchange(client, server);
        equal(first, [{ type: "text", data: "n", first: true, last: false }]);
        client.sendPart(text.subarray(2), true, "text");
        const { server: last } = exchange(client, server);
        equal(last.map(({ data }) => data).join(""), "é");
        ok(last.at(-1).last && !last[0].first, "the last part ends the message");
      },
    },
    {
      name: "one message for many connections, of both roles",
      run: () => {
        const bytes = Uint8Array.of(1, 2, 3);
        for (const [data, kind, sent] of [["là", undefined, "là"], [bytes, undefined, bytes], [new TextEncoder().encode("là"), "text", "là"]]) {
          const message = new PreparedMessage(data, kind);
          equal(message.kind, typeof sent === "string" ? "text" : "binary");
          for (const { client, server } of [connected(sansock), connected(sansock)]) {
            server.sendPrepared(message);
            equal(client.receive(server.takeOutput(), 0).map(({ data }) => data), [sent]);
            client.sendPrepared(message);
            equal(server.receive(client.takeOutput(), 0).map(({ data }) => data), [sent]);
          }
          message.free();
        }
        bytes.fill(9);
        refused("INVALID_ARGUMENT", () => new PreparedMessage(Uint8Array.of(0xff), "text"));
        refused("INVALID_ARGUMENT", () => new PreparedMessage("a", "ping"));
        for (const none of [undefined, null, 1, ["a"], {}]) {
          refused("INVALID_ARGUMENT", () => new PreparedMessage(none));
        }
      },
    },
    {
      name: "the header of a message whose payload the server writes itself",
      run: () => {
        const { client, server } = connected(sansock);
        const payload = new Uint8Array(70000).fill(7);
        server.sendHeader("binary", payload.length);
        equal(client.receive(server.takeOutput()), []);
        equal(client.receive(payload), [{ type: "binary", data: payload, first: true, last: true }]);
      },
    },
    {
      name: "ping, pong and round-trip time",
      run: () => {
        const { client, server } = connected(sansock);
        client.ping("là", 100);
        const payload = new TextEncoder().encode("là");
        equal(server.receive(client.takeOutput(), 120), [{ type: "ping", payload }]);
        equal(client.receive(server.takeOutput(), 140), [{ type: "pong", payload, roundTripTime: 40 }]);
        server.pong("x");
        const pong = { type: "pong", payload: Uint8Array.of(0x78), roundTripTime: null };
        equal(client.receive(server.takeOutput(), 140), [pong]);
      },
    },
    {
      name: "keepalive: the deadline, the ping, the end",
      run: () => {
        const server = Connection.server({ startOpen: true, pingInterval: 1000, pongTimeout: 500, now: 5 });
        equal(server.nextDeadline, 1005);
        equal(server.timeout(1005), []);
        equal(server.takeOutput()[0], 0x89);
        equal(server.nextDeadline, 1505);
        server.pause(1100);
        equal(server.nextDeadline, null);
        server.resume(2000);
        equal(server.nextDeadline, 2405);
        const [closed] = server.timeout(2405);
        equal([closed.code, closed.clean, closed.sentCode, closed.fault.name], [1006, false, 1011, "PONG_TIMEOUT"]);
        equal(closed.fault, server.fault);
        ok(closed.fault.text.length > 10, "the fault has a text");
      },
    },
    {
      name: "a request that is rejected",
      run: () => {
        const client = Connection.client("ws://example.com/", { origin: "https://elsewhere.example" });
        const server = Connection.server();
        const [request] = server.receive(client.takeOutput());
        equal([request.origin, request.originRelation], ["https://elsewhere.example", "cross"]);
        const [closed] = server.reject(403, [["X-Why", "caf\u00e9"]], "not from there");
        equal([closed.type, closed.fault.name], ["closed", "REFUSED"]);
        equal(server.transport, "shutdown-write");
        const [rejected, end] = client.receive(server.takeOutput());
        equal([rejected.type, rejected.status, rejected.truncated], ["rejected", 403, false]);
        equal(new TextDecoder().decode(rejected.body), "not from there");
        equal(rejected.headers.find(([name]) => name === "X-Why"), ["X-Why", "caf\u00e9"]);
        equal([end.type, end.code, end.clean], ["closed", 1006, false]);
      },
    },
    {
      name: "the relation of a request's origin to its host, and whether it is the same",
      run: () => {
        const cases = [
          [undefined, "absent", true],
          ["http://example.com", "same", true],
          ["https://elsewhere.example", "cross", false],
          ["null", "cross", false],
        ];
        for (const [origin, originRelation, sameOrigin] of cases) {
          const client = Connection.client("ws://example.com/", { origin });
          const server = Connection.server();
          const [request] = server.receive(client.takeOutput());
          equal([request.originRelation, request.sameOrigin], [originRelation, sameOrigin], String(origin));
          // What a host writes: it must not accept because the value is merely truthy.
          const [event] = request.sameOrigin ? server.accept() : server.reject(403);
          equal(event.type, sameOrigin ? "open" : "closed", String(origin));
        }
      },
    },
    {
      name: "the peer's Close is answered by the next input call, not before",
      run: () => {
        for (const next of [(server) => server.timeout(0), (server) => server.receive(new Uint8Array(0), 0)]) {
          const { client, server } = connected(sansock);
          client.close(1000, "bye", 0);
          equal(server.receive(client.takeOutput(), 0), [{ type: "closing", code: 1000, reason: "bye" }]);
          equal([server.state, server.more, server.nextDeadline, server.pendingOutput], ["closing", true, 0, 0]);
          server.send("last words");
          const [closed, ...none] = next(server);
          equal([closed.type, closed.code, closed.clean, closed.sentCode, none], ["closed", 1000, true, 1000, []]);
          equal([server.state, server.more, server.transport], ["closed", false, "close"]);
          // Our own Close drops what comes after it, so look at the bytes: a text frame, then Close.
          const output = drained(server);
          equal([output[0], output[2 + "last words".length]], [0x81, 0x88]);
        }
      },
    },
    {
      name: "the peer's Close can be answered with a code of one's own, and must be with autoClose off",
      run: () => {
        for (const autoClose of [true, false]) {
          const { client, server } = connected(sansock, { server: { autoClose } });
          client.close(1000, "", 0);
          equal(server.receive(client.takeOutput(), 0).map(({ type }) => type), ["closing"]);
          equal([server.more, server.nextDeadline], autoClose ? [true, 0] : [false, 10_000]);
          if (!autoClose) {
            equal([server.timeout(0), server.pendingOutput, server.state], [[], 0, "closing"]);
          }
          server.close(4000, "mine", 0);
          equal([server.more, server.nextDeadline], [true, 0]);
          equal(server.timeout(0).map(({ type, sentCode, clean }) => [type, sentCode, clean]), [["closed", 4000, true]]);
          const [closing] = client.receive(drained(server), 0);
          equal([closing.type, closing.code, closing.reason], ["closing", 4000, "mine"]);
        }
      },
    },
    {
      name: "what waits behind a request that is not answered",
      run: () => {
        const client = Connection.client("ws://example.com/");
        const server = Connection.server();
        const request = client.takeOutput();
        const behind = new Uint8Array(request.length + 100_000);
        behind.set(request);
        const [event] = server.receive(behind);
        equal(event.type, "request");
        equal(server.unconsumed, 100_000 - 65_536);
        equal(server.receive(Uint8Array.of(1)), []);
        equal(server.unconsumed, 1);
      },
    },
    {
      name: "a chunk and a message larger than what goes through the transfer buffer at once",
      run: () => {
        const { client, server } = connected(sansock);
        const data = new Uint8Array(5_000_000).map((_, index) => index % 251);
        client.sendBinary(data);
        equal(client.writable, false);
        const [event] = server.receive(client.takeOutput());
        ok(client.writable, "writable again");
        equal(event.data.length, data.length);
        ok(event.data.every((byte, index) => byte === data[index]), "the same bytes");
      },
    },
    {
      name: "fail, and the event that is due at once",
      run: () => {
        const { client, server } = connected(sansock);
        server.fail(1008, "enough", 10);
        ok(server.more && server.nextDeadline === 0, "due");
        equal(server.timeout(10).map(({ type, sentCode }) => [type, sentCode]), [["closed", 1008]]);
        equal(client.receive(server.takeOutput(), 10), [{ type: "closing", code: 1008, reason: "enough" }]);
      },
    },
    {
      name: "the end of the stream",
      run: () => {
        const { server } = connected(sansock);
        const [closed] = server.receiveEof();
        equal([closed.code, closed.byPeer, closed.fault.name], [1006, true, "EOF"]);
        equal([server.transport, server.state], ["close", "closed"]);
        equal(server.receiveEof(), []);
      },
    },
    {
      name: "URLs, parsed",
      run: () => {
        equal(parseUrl("ws://example.com"), { secure: false, host: "example.com", port: 80 });
        equal(parseUrl(new URL("wss://[::1]:9001/x?y")), { secure: true, host: "::1", port: 9001 });
        equal(parseUrl("wss://user:pass@example.com/"), { secure: true, host: "example.com", port: 443 });
      },
    },
    {
      name: "user and password of a URL become a Basic Authorization header",
      run: () => {
        const client = Connection.client("ws://Aladdin:open%20sesame@example.com/");
        const lines = new TextDecoder().decode(client.takeOutput()).split("\r\n");
        ok(lines.includes("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), lines.join("\n"));
        ok(!lines.some((line) => line.includes("Aladdin")), "and are nowhere else");
      },
    },
    {
      name: "the default clock and seed",
      run: () => {
        const [first, second] = [Connection.client("ws://a/"), Connection.client("ws://a/")];
        const deadline = first.nextDeadline - performance.now();
        ok(deadline > 9000 && deadline <= 10_000, `the handshake's deadline is in ${deadline} ms`);
        const texts = [first, second].map((connection) => new TextDecoder().decode(connection.output()));
        ok(texts[0] !== texts[1], "no two keys are the same");
        ok(first.memoryUsage() > 0, "memory is counted");
      },
    },
  ];
}

function conversation(Connection) {
  const client = Connection.client("ws://example.com/chat?x=1", { now: 0, subprotocols: ["soup", "chat"] });
  const server = Connection.server({ now: 0, subprotocols: ["chat"], headers: [["Server", "test"]] });
  equal([client.state, client.nextDeadline], ["connecting", 10_000]);

  const [request, ...none] = server.receive(client.takeOutput(), 0);
  equal(none, []);
  equal([request.target, request.authority, request.origin], ["/chat?x=1", "example.com", null]);
  equal([request.originRelation, request.subprotocols, request.subprotocol], ["absent", ["soup", "chat"], "chat"]);
  ok(request.headers.some(([name, value]) => name === "Sec-WebSocket-Version" && value === "13"), "the headers");
  equal(server.accept(null, [["X-Note", "hi"]], 0), [{ type: "open", subprotocol: "chat", extensions: [], headers: [] }]);

  const [open] = client.receive(server.takeOutput(), 0);
  equal([open.type, open.subprotocol], ["open", "chat"]);
  ok(open.headers.some(([name, value]) => name === "X-Note" && value === "hi"), "our header");
  ok(open.headers.some(([name, value]) => name === "Server" && value === "test"), "the configured header");
  equal([client.state, client.nextDeadline, client.transport], ["open", null, "open"]);

  client.send("héllo");
  client.send(Uint8Array.of(1, 2, 3));
  const { server: messages } = exchange(client, server);
  equal(messages, [
    { type: "text", data: "héllo", first: true, last: true },
    { type: "binary", data: Uint8Array.of(1, 2, 3), first: true, last: true },
  ]);

  client.close(1000, "bye", 50);
  equal([client.state, client.nextDeadline], ["closing", 60_050], "the Close must be written");
  const closing = { type: "closing", code: 1000, reason: "bye" };
  const closed = { type: "closed", code: 1000, reason: "bye", clean: true, byPeer: true, sentCode: 1000, fault: null };
  equal(exchange(client, server, 60), {
    client: [closing, { ...closed, byPeer: false }],
    server: [closing, closed],
  });
  equal([server.transport, client.fault], ["close", null]);
  client.receiveEof(60);
  equal([client.transport, client.nextDeadline], ["close", null]);
  client.free();
  server.free();
}

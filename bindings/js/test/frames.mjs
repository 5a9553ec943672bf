// Frames as they arrive, and faults that are left to the host: for programs that relay or inspect.

import { equal, ok, refused } from "./assert.mjs";
import { connected, drained, exchange } from "./pair.mjs";

export function frames(sansock) {
  const { Connection, encodeFrame } = sansock;
  const open = (role, options) => {
    const all = { startOpen: true, now: 0, ...options };
    return role === "server" ? Connection.server(all) : Connection.client(null, all);
  };
  /** The output of the peer of a role after some calls. */
  const sent = (role, run) => {
    const peer = open(role === "server" ? "client" : "server");
    run(peer);
    return drained(peer);
  };
  return [
    {
      name: "frames of no connection",
      run: () => {
        const utf8 = new TextEncoder();
        const key = Uint8Array.of(1, 2, 3, 4);
        const cases = [
          [["text", "Hi"], "8102 4869"],
          [["text", "Hi", { fin: false }], "0102 4869"],
          [["continuation", utf8.encode("Hi")], "8002 4869"],
          [["binary", Uint8Array.of(1, 2), { key }], "8282 01020304 0000"],
          [["binary", new ArrayBuffer(1), { key: key.buffer, fin: undefined, compressed: true }], "c281 01020304 01"],
          [["ping", ""], "8900"],
          [["pong", "p"], "8a01 70"],
          [["close", Uint8Array.of(3, 0xe8)], "8802 03e8"],
        ];
        for (const [given, expected] of cases) {
          const found = Array.from(encodeFrame(...given), (byte) => byte.toString(16).padStart(2, "0")).join("");
          equal(found, expected.replaceAll(" ", ""), given[0]);
        }
        const large = new Uint8Array(70_000).fill(7);
        const receiver = open("client", {});
        equal(receiver.receive(encodeFrame("binary", large), 0).map(({ data }) => data), [large]);
        equal(encodeFrame("binary", new Uint8Array(65_536), { key }).length, 65_536 + 14);
        equal(encodeFrame("binary", new Uint8Array(126)).subarray(0, 4), Uint8Array.of(0x82, 126, 0, 126));
      },
    },
    {
      name: "frames that no connection could send",
      run: () => {
        const wrong = [
          ["ping", "x".repeat(126)],
          ["close", "", { fin: false }],
          ["pong", "", { compressed: true }],
          ["continuation", "", { compressed: true }],
          ["text", "", { key: new Uint8Array(3) }],
          ["text", "", { key: "abcd" }],
          ["text", "", { fin: 1 }],
          ["text", "", { compressed: null }],
          ["text", "", []],
          ["text", "", null],
          ["text", 5],
          ["text", ["a"]],
          ["toString", ""],
          [1, ""],
          [undefined, ""],
        ];
        for (const each of wrong) {
          refused("INVALID_ARGUMENT", () => encodeFrame(...each));
        }
      },
    },
    {
      name: "a text may be cut inside a code point, and its frames are delivered as they arrive",
      run: () => {
        for (const role of ["server", "client"]) {
          const bytes = sent(role, (peer) => {
            peer.sendPart(Uint8Array.of(0x61, 0xc3), false, "text");
            peer.sendPart(Uint8Array.of(0xa9), true, "text");
            peer.send(Uint8Array.of(1, 2, 3));
          });
          const receiver = open(role, { frames: true });
          const frame = { type: "frame", kind: "text", frameEnd: true, compressed: false };
          equal(shapes(receiver.receive(bytes.slice(), 0)), shapes([
            { ...frame, data: Uint8Array.of(0x61, 0xc3), first: true, last: false, frameLength: 2 },
            { ...frame, data: Uint8Array.of(0xa9), first: false, last: true, frameLength: 1 },
            { ...frame, kind: "binary", data: Uint8Array.of(1, 2, 3), first: true, last: true, frameLength: 3 },
          ]));
          const cut = open(role, { frames: true });
          const pieces = Array.from(bytes, (_, at) => cut.receive(bytes.slice(at, at + 1), 0)).flat();
          equal(pieces.map(({ data }) => [...data]), [[0x61], [0xc3], [0xa9], [1], [2], [3]]);
          equal(pieces.map(({ frameEnd }) => frameEnd), [false, true, true, false, false, true]);
        }
      },
    },
    {
      name: "large frames for a client, whole and cut",
      run: () => {
        const payload = new Uint8Array(200_000).map((_, index) => index % 251);
        const bytes = sent("client", (peer) => {
          peer.send(payload);
          peer.send(payload);
        });
        for (const size of [1460, 65_536, bytes.length]) {
          for (const views of [false, true]) {
            const client = open("client", { frames: true, views });
            const events = [];
            for (let at = 0; at < bytes.length; at += size) {
              events.push(...client.receive(bytes.slice(at, at + size), 0));
            }
            ok(events.every(({ type, frameLength }) => type === "frame" && frameLength === payload.length), "all are frames");
            const data = Uint8Array.from(events.flatMap((event) => [...event.data]));
            ok(data.length === 400_000 && data.every((byte, at) => byte === payload[at % payload.length]), `reads of ${size}`);
            equal(events.filter(({ first }) => first).length, 2);
          }
        }
      },
    },
    {
      name: "with views, the data of frames is where it arrived, unmasked",
      run: () => {
        for (const role of ["server", "client"]) {
          const bytes = sent(role, (peer) => {
            peer.send("a text");
            peer.send(Uint8Array.of(1, 2, 3));
          });
          const chunk = bytes.slice();
          const receiver = open(role, { frames: true, views: true });
          const events = receiver.receive(chunk, 0);
          equal(events.map(({ data }) => [...data]), [[...new TextEncoder().encode("a text")], [1, 2, 3]]);
          ok(events.every(({ data }) => data.buffer === chunk.buffer), "views of the chunk");
          const copies = open(role, { frames: true }).receive(bytes, 0);
          ok(copies.every(({ data }) => data.buffer !== bytes.buffer), "copies without the option");
        }
      },
    },
    {
      name: "pings, Close and faults are left to the host",
      run: () => {
        const bytes = sent("server", (peer) => {
          peer.ping("p", 0);
          peer.close(1000, "", 0);
        });
        const server = open("server", { frames: true });
        equal(server.receive(bytes, 0).map(({ type }) => type), ["ping", "closing"]);
        equal([server.pendingOutput, server.more], [0, false]);
        server.close(1000, "", 0);
        equal(server.timeout(0).map(({ type, clean }) => [type, clean]), [["closed", true]]);
      },
    },
    {
      name: "frames have no cap on the size of messages: data is no longer than a read",
      run: () => {
        const client = open("client", { frames: true, maxMessageSize: Number.POSITIVE_INFINITY });
        const [event] = client.receive(Uint8Array.of(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0, 7), 0);
        equal([event.type, event.frameLength, [...event.data], event.frameEnd], ["frame", 2 ** 40, [7], false]);
        client.free();
      },
    },
    {
      name: "a fault that is left to the host",
      run: () => {
        const { client, server } = connected(sansock, { server: { autoFail: false, closeTimeout: 500 } });
        client.send("hi");
        const bytes = Uint8Array.from([...client.takeOutput(), 0x83, 0x80, 0, 0, 0, 0]);
        const [text, event, ...none] = server.receive(bytes, 0);
        equal([text.data, event.type, event.code, none], ["hi", "fault", 1002, []]);
        const { name, actual, limit, position } = event.fault;
        equal([name, actual, limit, position], ["RESERVED_OPCODE", 3, null, 8]);
        equal(event.fault, server.fault);
        equal([server.receive(bytes, 0), server.nextDeadline], [[], 500]);
        server.send("a last word");
        server.fail(event.code, "no such opcode", 0);
        const [closed] = server.timeout(0);
        equal([closed.type, closed.sentCode, closed.byPeer, closed.fault], ["closed", 1002, true, event.fault]);
        const { client: events } = exchange(client, server);
        equal(events.map(({ data, reason }) => data ?? reason).slice(0, 2), ["a last word", "no such opcode"]);
      },
    },
    {
      name: "a fault that the host does not answer, and nothing is read behind it",
      run: () => {
        const client = open("client", { autoFail: false, closeTimeout: 500 });
        equal(client.receive(Uint8Array.of(0x83, 0), 0).map(({ type }) => type), ["fault"]);
        equal(client.receive(sent("client", (peer) => peer.send(new Uint8Array(10_000))), 0), []);
        equal(client.timeout(499), []);
        const [closed] = client.timeout(500);
        equal([closed.type, closed.sentCode, closed.fault.name], ["closed", null, "RESERVED_OPCODE"]);
        equal(client.transport, "close");
      },
    },
    {
      name: "a fault has its numbers, and no numbers where there are none",
      run: () => {
        const server = open("server", { maxMessageSize: 100 });
        equal(server.fault, null);
        const [closed] = server.receive(Uint8Array.of(0x82, 0xfe, 1, 0, 0, 0, 0, 0), 0);
        const { actual, limit, position } = closed.fault;
        equal([actual, limit, position], [256, 100, 0]);
        equal(server.fault, closed.fault);
        const [end] = open("server").receiveEof(0);
        equal([end.fault.actual, end.fault.limit, end.fault.position], [null, null, null]);
      },
    },
    {
      name: "the position of a fault counts what the engine has not seen",
      run: () => {
        const before = sent("client", (peer) => peer.sendBatch([new Uint8Array(100_000), "a", new Uint8Array(5000)]));
        const bytes = Uint8Array.from([...before, 0x83, 0]);
        for (const size of [1000, 1460, 65_536, bytes.length]) {
          const client = open("client");
          const events = [];
          for (let at = 0; at < bytes.length; at += size) {
            events.push(...client.receive(bytes.subarray(at, at + size), 0));
          }
          while (client.more) {
            events.push(...client.timeout(0));
          }
          equal(events.at(-1).fault?.position, before.length, `reads of ${size} bytes`);
          equal(client.fault.position, before.length);
        }
      },
    },
  ];
}

/** Events with their properties in one order. */
function shapes(events) {
  return events.map((event) => Object.entries(event).sort(([left], [right]) => (left < right ? -1 : 1)));
}

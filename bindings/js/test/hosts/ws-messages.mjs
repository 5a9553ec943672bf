// WebSocket of sansock/ws: messages, errors, closing, events, streams, by what the package ws documents.

import { once } from "node:events";

import { createWebSocketStream, WebSocket } from "sansock/ws";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { settled } from "./memory.mjs";
import { rawClient, requestText } from "./sockets.mjs";
import { wsClient, wsPair, wsServing } from "./ws-sockets.mjs";

const bytes = (...values) => Uint8Array.from(values);
const closeOf = (socket) => new Promise((resolve) => socket.on("close", (code, reason) => resolve([code, String(reason)])));
const thrown = (kind, call) => {
  try {
    call();
  } catch (error) {
    ok(error instanceof kind, `${call}: ${error}`);
    return error;
  }
  throw new Error(`${call} did not throw`);
};
/** So many messages, with what came with each. */
const messages = (socket, count) =>
  new Promise((resolve) => {
    const all = [];
    socket.on("message", (data, isBinary) => {
      all.push([data, isBinary]);
      if (all.length === count) {
        resolve(all);
      }
    });
  });

const sending = [
  {
    name: "send: every kind of data, binary and not, in order",
    run: async () => {
      const { client, other } = await wsPair();
      const received = messages(other, 10);
      client.send("text");
      client.send(Buffer.from([1]));
      client.send(bytes(2).buffer);
      client.send(new Blob([bytes(3)]));
      client.send(new DataView(bytes(0, 4).buffer, 1));
      client.send(5);
      client.send("as bytes", { binary: true });
      client.send(Buffer.from("as text"), { binary: false });
      client.send(null);
      client.send("last");
      const seen = (await received).map(([data, isBinary]) => [Buffer.isBuffer(data), isBinary, isBinary ? [...data] : String(data)]);
      equal(seen, [
        [true, false, "text"], [true, true, [1]], [true, true, [2]], [true, true, [3]], [true, true, [4]], [true, false, "5"],
        [true, true, [...Buffer.from("as bytes")]], [true, false, "as text"], [true, true, []], [true, false, "last"],
      ]);
    },
  },
  {
    name: "send: in fragments, compressed and not, and its callbacks in order",
    run: async () => {
      const { client, other } = await wsPair({ server: { perMessageDeflate: { threshold: 0 } }, client: { perMessageDeflate: { threshold: 10 } } });
      equal([client.extensions, other.extensions], ["permessage-deflate", "permessage-deflate"]);
      const received = messages(other, 3);
      const calls = [];
      client.send("a", { fin: false }, () => calls.push(1));
      client.send("b", { fin: false });
      client.send("c", { fin: true }, () => calls.push(2));
      client.send("x".repeat(1000), { compress: false }, () => calls.push(3));
      await new Promise((resolve) => client.send("y".repeat(1000), resolve));
      equal([calls, (await received).map(([data]) => data.length)], [[1, 2, 3], [3, 1000, 1000]]);
    },
  },
  {
    name: "compression: a server agrees on it only if it is told to",
    run: async () => {
      for (const [server, client, expected] of [[undefined, undefined, ""], [true, undefined, "permessage-deflate"], [true, false, ""]]) {
        const pair = await wsPair({ server: { perMessageDeflate: server }, client: { perMessageDeflate: client } });
        equal(pair.client.extensions, expected);
      }
    },
  },
  {
    name: "binaryType of binary messages; text is a Buffer",
    run: async () => {
      const { client, other } = await wsPair();
      for (const [type, check] of Object.entries({
        nodebuffer: (data) => Buffer.isBuffer(data) && data.length === 2,
        arraybuffer: (data) => data instanceof ArrayBuffer && data.byteLength === 2,
        fragments: (data) => Array.isArray(data) && Buffer.concat(data).length === 2,
        blob: (data) => data instanceof Blob && data.size === 2,
      })) {
        client.binaryType = type;
        client.binaryType = "nonsense";
        equal(client.binaryType, type);
        const next = messages(client, 2);
        other.send(bytes(1, 2));
        other.send("é");
        const [[data], [text, isBinary]] = await next;
        ok(check(data) && Buffer.isBuffer(text) && !isBinary, type);
      }
    },
  },
  {
    name: "ping and pong, with data and callbacks; autoPong",
    run: async () => {
      const { client, other } = await wsPair({ server: { autoPong: false } });
      const ping = once(other, "ping");
      await new Promise((resolve) => client.ping("data", true, resolve));
      equal(String((await ping)[0]), "data");
      const pong = once(client, "pong");
      other.pong(bytes(1, 2), () => {});
      equal([...(await pong)[0]], [1, 2]);
      const answered = once(other, "pong");
      other.ping();
      equal((await answered)[0].length, 0);
      for (const call of ["ping", "pong"]) {
        equal(thrown(RangeError, () => client[call]("x".repeat(126))).message, "The data size must not be greater than 125 bytes");
      }
    },
  },
  {
    name: "after the end: callbacks get an error, and bufferedAmount grows",
    run: async () => {
      const { client } = await wsPair();
      const closed = closeOf(client);
      client.close();
      client.send("ab", (error) => ok(error.message.includes("readyState 2"), error.message));
      await closed;
      const error = await new Promise((resolve) => client.send("cde", resolve));
      equal(error.message, "WebSocket is not open: readyState 3 (CLOSED)");
      const failed = await new Promise((resolve) => client.ping("f", undefined, resolve));
      equal([failed.message, client.bufferedAmount], [error.message, 6]);
      client.send("no callback");
    },
  },
  {
    name: "what was not written when the socket went: its callback gets an error",
    run: async () => {
      const { client, other } = await wsPair();
      other.pause();
      const outcomes = [];
      for (let index = 0; index < 40; index++) {
        client.send(Buffer.alloc(1_000_000), (error) => outcomes.push(error === undefined));
      }
      await settled();
      const closed = closeOf(client);
      client.terminate();
      equal((await closed)[0], 1006);
      equal([outcomes.length, outcomes.includes(false), outcomes.lastIndexOf(true) < outcomes.indexOf(false)], [40, true, true]);
    },
  },
  {
    name: "pause, resume and isPaused; drain and writable, which ws has not",
    run: async () => {
      const { client, other } = await wsPair();
      client.pause();
      equal(client.isPaused, true);
      const drained = once(other, "drain");
      let count = 0;
      client.on("message", () => (count += 1));
      let sent = 0;
      while (sent < 40 && (sent === 0 || other.bufferedAmount < 20_000_000)) {
        other.send(Buffer.alloc(1_000_000));
        sent += 1;
      }
      await settled();
      equal([count, other.writable], [0, false]);
      client.resume();
      await drained;
      while (count < sent) {
        await settled();
      }
      equal([client.isPaused, other.writable, other.bufferedAmount], [false, true, 0]);
    },
  },
];

/** Frames that break a rule, as a client sends them: the error's code and kind, and the code of the Close frame. */
const MASKED = [0, 0, 0, 0];
const FRAMES = {
  "reserved bits": [[0xb1, 0x80, ...MASKED], "WS_ERR_UNEXPECTED_RSV_2_3", RangeError, 1002],
  "a reserved opcode": [[0x83, 0x80, ...MASKED], "WS_ERR_INVALID_OPCODE", RangeError, 1002],
  "a continuation of nothing": [[0x80, 0x80, ...MASKED], "WS_ERR_INVALID_OPCODE", RangeError, 1002],
  "a message in a message": [[0x01, 0x80, ...MASKED, 0x81, 0x80, ...MASKED], "WS_ERR_INVALID_OPCODE", RangeError, 1002],
  "a fragmented ping": [[0x09, 0x80, ...MASKED], "WS_ERR_EXPECTED_FIN", RangeError, 1002],
  "no mask": [[0x81, 0x00], "WS_ERR_EXPECTED_MASK", RangeError, 1002],
  "a long ping": [[0x89, 0xfe, 0, 126, ...MASKED], "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", RangeError, 1002],
  "a Close of one byte": [[0x88, 0x81, ...MASKED, 1], "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", RangeError, 1002],
  "a close code that is not allowed": [[0x88, 0x82, ...MASKED, 3, 0xed], "WS_ERR_INVALID_CLOSE_CODE", RangeError, 1002],
  "a text that is no UTF-8": [[0x81, 0x81, ...MASKED, 0xff], "WS_ERR_INVALID_UTF8", Error, 1007],
  "a reason that is no UTF-8": [[0x88, 0x83, ...MASKED, 3, 0xe8, 0xff], "WS_ERR_INVALID_UTF8", Error, 1007],
  "a length beyond all": [[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, ...MASKED], "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", RangeError, undefined],
  "a message that is too large": [[0x82, 0xfe, 0x04, 0, ...MASKED], "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", RangeError, 1009],
  "too many fragments": [[0x01, 0x80, ...MASKED, ...Array(4).fill([0x00, 0x80, ...MASKED]).flat()], "WS_ERR_TOO_MANY_BUFFERED_PARTS", RangeError, 1008],
};

const errors = Object.entries(FRAMES).map(([what, [frame, code, kind, closeCode]]) => ({
  name: `${what}: ${code}`,
  run: async () => {
    let accept;
    const accepted = new Promise((resolve) => (accept = resolve));
    const server = await wsServing({ maxPayload: 1000, maxFragments: 3 }, (socket) => accept(socket));
    const { socket, send } = rawClient(server.address().port);
    send(requestText());
    const websocket = await accepted;
    await once(socket, "data");
    const sent = once(socket, "data");
    const closed = closeOf(websocket);
    const failed = once(websocket, "error");
    send(bytes(...frame));
    const [error] = await failed;
    equal([error.code, error.constructor === kind, typeof error.fault], [code, true, "string"]);
    const [answer] = await sent;
    if (closeCode !== undefined) {
      equal([answer[0], answer.readUInt16BE(2)], [0x88, closeCode]);
    }
    socket.end();
    equal((await closed)[0], 1006);
  },
}));

const closing = [
  {
    name: "close: codes and reasons, and what the other sees",
    run: async () => {
      for (const [given, code, reason] of [[[], 1005, ""], [[1000], 1000, ""], [[4000, "why é"], 4000, "why é"], [[1011, Buffer.from("x")], 1011, "x"]]) {
        const { client, other } = await wsPair();
        const ends = [closeOf(client), closeOf(other)];
        client.close(...given);
        equal(client.readyState, 2);
        client.close(1, "again");
        equal((await ends[1]), [code, reason]);
        equal([(await ends[0])[0], client.readyState], [code, 3]);
      }
    },
  },
  {
    name: "close: what is not allowed",
    run: async () => {
      const { client } = await wsPair();
      for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000, 1.5, "1000", null]) {
        equal(thrown(TypeError, () => client.close(code)).message, "First argument must be a valid error code number");
      }
      equal(thrown(RangeError, () => client.close(1000, "x".repeat(124))).message, "The message must not be greater than 123 bytes");
      equal(client.readyState, 1);
    },
  },
  {
    name: "terminate: 1006 on both sides, and no error",
    run: async () => {
      const { client, other } = await wsPair();
      const ends = [closeOf(client), closeOf(other)];
      client.terminate();
      equal(await Promise.all(ends), [[1006, ""], [1006, ""]]);
    },
  },
  {
    name: "closeTimeout ends the wait for a peer that does not answer",
    run: async () => {
      let accept;
      const accepted = new Promise((resolve) => (accept = resolve));
      const server = await wsServing({ closeTimeout: 30 }, (socket) => accept(socket));
      const { send } = rawClient(server.address().port);
      send(requestText());
      const websocket = await accepted;
      const closed = closeOf(websocket);
      websocket.close();
      equal((await closed)[0], 1006);
    },
  },
  {
    name: "pingInterval and engine, which ws has not",
    run: async () => {
      const { client, other } = await wsPair({ server: { pingInterval: 20 }, client: { engine: { maxMessageSize: 10 } } });
      await once(client, "ping");
      const failed = once(client, "error");
      other.send("x".repeat(11));
      equal((await failed)[0].code, "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH");
      equal((await closeOf(client))[0], 1006);
    },
  },
];

const events = [
  {
    name: "addEventListener and the properties: events as in browsers",
    run: async () => {
      const server = await wsServing();
      const client = wsClient(server.url);
      const seen = [];
      const note = (event) => seen.push([event.type, event.target === client]);
      client.onopen = note;
      client.onmessage = ({ type, data }) => seen.push([type, data]);
      client.onclose = ({ type, code, reason, wasClean }) => seen.push([type, code, reason, wasClean]);
      client.addEventListener("open", { handleEvent: note });
      client.addEventListener("message", () => seen.push("once"), { once: true });
      const removed = () => seen.push("removed");
      client.addEventListener("message", removed);
      client.addEventListener("message", removed);
      client.removeEventListener("message", removed);
      await once(client, "open");
      for (const text of ["a", "b"]) {
        const next = messages(client, 1);
        client.send(text);
        await next;
      }
      const closed = closeOf(client);
      client.close(4000, "x");
      await closed;
      equal(seen, [["open", true], ["open", true], ["message", "a"], "once", ["message", "b"], ["close", 4000, "x", true]]);
      client.onopen = null;
      equal(client.onopen, null);
      const failing = new WebSocket("ws://127.0.0.1:1/");
      const event = await new Promise((resolve) => (failing.onerror = resolve));
      ok(event.type === "error" && event.error instanceof Error && event.message === event.error.message, "the error event");
    },
  },
];

const streams = [
  {
    name: "createWebSocketStream: a duplex stream that ends with the connection",
    run: async () => {
      const { client, other } = await wsPair();
      const stream = createWebSocketStream(client, { encoding: "utf8" });
      const peer = createWebSocketStream(other);
      peer.pipe(peer);
      stream.write("one ");
      stream.write("two");
      let received = "";
      for await (const chunk of stream) {
        received += chunk;
        if (received.length === 7) {
          stream.end();
        }
      }
      equal([received, client.readyState, other.readyState], ["one two", 3, 3]);
    },
  },
  {
    name: "createWebSocketStream: writes before it is open, large data, and backpressure",
    run: async () => {
      const server = await wsServing();
      const stream = createWebSocketStream(wsClient(server.url));
      const data = Buffer.alloc(3_000_000, 7);
      stream.write(data);
      let length = 0;
      for await (const chunk of stream) {
        length += chunk.length;
        if (length === data.length) {
          stream.end();
        }
      }
      equal(length, data.length);
    },
  },
  {
    name: "createWebSocketStream: destroy terminates, and an error of the WebSocket destroys",
    run: async () => {
      const { client, other } = await wsPair();
      const stream = createWebSocketStream(client);
      const closed = closeOf(other);
      stream.destroy();
      equal((await closed)[0], 1006);
      const failing = createWebSocketStream(wsClient("ws://127.0.0.1:1/"));
      ok((await once(failing, "error"))[0] instanceof Error, "no error");
      const object = await wsPair();
      const texts = createWebSocketStream(object.client, { readableObjectMode: true });
      object.other.send("text");
      equal((await once(texts, "data"))[0], "text");
      atEnd(() => texts.destroy());
    },
  },
];

export const wsMessages = [...sending, ...errors, ...closing, ...events, ...streams];

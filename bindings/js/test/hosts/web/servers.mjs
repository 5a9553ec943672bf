// The servers that both classes talk to: one of ours, and one of bare sockets that breaks rules.

import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";

import { rawServer, serving } from "../sockets.mjs";

const NO_EXTENSION = "";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A server of ours. What it does is named by the path. */
export async function goodServer() {
  const requests = [];
  const recorded = [];
  let last;
  const behaviours = {
    "/echo": async (connection) => {
      for await (const message of connection) {
        await connection.send(message);
      }
    },
    "/close": (connection, query) => connection.close(Number(query[0]), decodeURIComponent(query[1])),
    "/terminate": async (connection) => {
      await connection.receive();
      connection.terminate();
    },
    "/late": async (connection) => {
      await connection.receive();
      await connection.send("late");
    },
    "/farewell": async (connection) => {
      await connection.send("one");
      await connection.send("two");
      await connection.close(4000, "bye");
    },
    "/record": async (connection) => {
      for await (const message of connection) {
        recorded.push(typeof message === "string" ? message : String.fromCharCode(...message));
      }
    },
  };
  const onRequest = ({ target, subprotocols, headers }) => {
    const header = (name) => headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
    const extensions = header("sec-websocket-extensions").join(", ");
    requests.push({
      target,
      subprotocols: header("sec-websocket-protocol"),
      extensions: extensions === NO_EXTENSION ? [] : extensions.split(/\s*,\s*/),
      authorization: header("authorization"),
    });
    return { subprotocol: subprotocols.at(-1) ?? null };
  };
  const handle = (connection) => {
    last = connection;
    const [path, query = ""] = connection.request.target.split("?");
    return (behaviours[path] ?? behaviours["/echo"])(connection, query.split("&"));
  };
  const { url, errors } = await serving(handle, { origins: "any", pingInterval: null, onRequest });
  const lastClosed = async () => {
    const { code, reason, clean } = await last.closed;
    return [code, reason, clean];
  };
  return { url, errors, requests, recorded, lastClosed };
}

const SWITCHING = "HTTP/1.1 101 Switching Protocols";
const UPGRADE = { Upgrade: "websocket", Connection: "Upgrade" };
const head = (status, headers) => [status, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
const accepting = (accept, further = {}) => head(SWITCHING, { ...UPGRADE, "Sec-WebSocket-Accept": accept, ...further });

/** Answers to a request, made with the value that accepts it. */
const ANSWERS = {
  "the status 404": () => head("HTTP/1.1 404 Not Found", { "Content-Length": 0 }),
  "the status 401": () => head("HTTP/1.1 401 Unauthorized", { "Content-Length": 0, "WWW-Authenticate": "Basic" }),
  "the status 200": () => head("HTTP/1.1 200 OK", { "Content-Length": 0 }),
  "a redirect": () => head("HTTP/1.1 302 Found", { Location: "/ping", "Content-Length": 0 }),
  "a wrong Sec-WebSocket-Accept": () => accepting("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
  "no Sec-WebSocket-Accept": () => head(SWITCHING, UPGRADE),
  "no Upgrade": (accept) => head(SWITCHING, { Connection: "Upgrade", "Sec-WebSocket-Accept": accept }),
  "another Upgrade": (accept) => accepting(accept, { Upgrade: "h2c" }),
  "an extension that was not offered": (accept) => accepting(accept, { "Sec-WebSocket-Extensions": "x-other" }),
  "an extension with a parameter that there is not": (accept) => accepting(accept, { "Sec-WebSocket-Extensions": "permessage-deflate; other" }),
  "no answer": () => "",
  "no HTTP": () => "SSH-2.0-server\r\n\r\n",
};

const text = (value) => [0x81, value.length, ...Buffer.from(value)];
const close = (code, reason = "") => [0x88, 2 + reason.length, code >> 8, code & 255, ...Buffer.from(reason, "latin1")];

/** What a server sends behind its answer. */
const FRAMES = {
  "a message, and Close": [...text("hi"), ...close(1000)],
  "fragments, with a ping between": [0x01, 1, 0x61, 0x89, 0, 0x80, 1, 0x62, ...close(1000)],
  "Close without a code": [0x88, 0],
  "Close with 1012": close(1012),
  "Close with a byte order mark": close(4000, "\xef\xbb\xbfx"),
  "Close with half a code": [0x88, 1, 3],
  "Close with 1005": close(1005),
  "Close with 999": close(999),
  "Close with 5000": close(5000),
  "Close whose reason is not UTF-8": close(1000, "\xff"),
  "a frame with a mask": [0x81, 0x81, 0, 0, 0, 0, 0x61, ...close(1000)],
  "a reserved kind of frame": [0x83, 0],
  "a reserved kind of control frame": [0x8b, 0],
  "a reserved bit": [0xa1, 1, 0x61],
  "a compressed frame without compression": [0xc1, 1, 0x61],
  "a ping in fragments": [0x09, 0],
  "a ping of 126 bytes": [0x89, 126, 0, 126, ...new Array(126).fill(0)],
  "a continuation of nothing": [0x80, 0],
  "a message inside another": [0x01, 1, 0x61, 0x81, 0],
  "text that is not UTF-8": [0x81, 1, 0xff],
  "a length with its highest bit": [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
  "a length that is too long a form": [0x82, 126, 0, 1, 0x61, ...close(1000)],
};
/** After these the server ends its stream, without waiting for anything. */
const ENDING = { "the end of the stream": [], "a message, and the end of the stream": text("hi"), "half a frame, and the end of the stream": [0x82, 5, 1] };

/** A server of bare sockets: the path names the answer, or the frames behind a good one. */
export async function badServer() {
  let last;
  const server = await rawServer((socket) => {
    const client = new Received(socket);
    socket.once("data", (chunk) => {
      const request = chunk.toString("latin1");
      const [, target] = /^GET \/(\S*)/.exec(request);
      const [, key] = /^Sec-WebSocket-Key: *(\S+)/im.exec(request);
      last = client;
      answer(socket, client, decodeURIComponent(target), createHash("sha1").update(key + GUID).digest("base64"));
    });
  });
  const lastCode = async () => (await last.ended).find(([kind]) => kind === 8)?.[1] ?? null;
  const lastPong = async () => (await last.ended).find(([kind]) => kind === 10)?.[1] ?? null;
  return { url: server.url, answers: ANSWERS, frames: { ...FRAMES, ...ENDING }, lastCode, lastPong };
}

function answer(socket, client, name, accept) {
  if (name in ANSWERS) {
    socket.end(ANSWERS[name](accept));
  } else if (name === "a subprotocol") {
    socket.end(accepting(accept, { "Sec-WebSocket-Protocol": "chat" }));
  } else {
    const frames = { ...FRAMES, ...ENDING, ping: [0x89, 2, 1, 2] }[name];
    client.reads(name === "ping" ? 10 : 8, () => (name === "ping" ? socket.end(Buffer.from(close(1000))) : socket.end()));
    socket.write(accepting(accept), "latin1");
    socket[name in ENDING ? "end" : "write"](Buffer.from(frames));
  }
}

/** The short control frames of a client, until its end: kind, and the code or the bytes. */
class Received {
  ended;
  #frames = [];
  #bytes = Buffer.alloc(0);

  constructor(socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.once("end", () => {
        socket.end();
        resolve(this.#frames);
      });
      socket.once("close", () => resolve(this.#frames));
    });
  }

  /** Reads frames, and calls back at the first of a kind. */
  reads(kind, callback) {
    this.socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#bytes.length >= 6 && this.#bytes.length >= 6 + (this.#bytes[1] & 127)) {
        this.#take(kind, callback);
      }
    });
  }

  #take(kind, callback) {
    const length = this.#bytes[1] & 127;
    const key = this.#bytes.subarray(2, 6);
    const payload = this.#bytes.subarray(6, 6 + length).map((byte, index) => byte ^ key[index % 4]);
    const found = this.#bytes[0] & 15;
    this.#bytes = this.#bytes.subarray(6 + length);
    const isFirst = this.#frames.every(([each]) => each !== found);
    this.#frames.push([found, found === 8 ? (length >= 2 ? payload.readUInt16BE() : "none") : Array.from(payload).join(" ")]);
    if (found === kind && isFirst) {
      callback();
    }
  }
}

/** An address at which nobody listens. */
export async function nobody() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

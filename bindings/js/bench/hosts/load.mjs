// The client of all servers: it keeps a number of messages under way on each connection, and counts the frames that come back.
//
//   node load.mjs PORT '{"size":125,"kind":"binary","connections":100,"inFlight":1,"messages":20000,"deflate":false}'
//
// Prints a line when all connections are open, waits for a line on standard input, and prints a line when all messages are back.

import { once } from "node:events";
import { connect } from "node:net";
import { argv, stdin } from "node:process";
import { constants, deflateRawSync } from "node:zlib";

const MASK = Uint8Array.of(1, 2, 3, 4);
const BLOCK = "The quick brown fox jumps over the lazy dog, and runs. ";
const { size, kind, connections, inFlight, messages, deflate } = JSON.parse(argv[3]);

/** The frame that is sent: masked, and compressed if that is asked for. */
function makeFrame() {
  const plain = Buffer.from(BLOCK.repeat(size / BLOCK.length + 1)).subarray(0, size);
  const flushed = { finishFlush: constants.Z_SYNC_FLUSH };
  const payload = deflate ? deflateRawSync(plain, flushed).subarray(0, -4) : plain;
  const { length } = payload;
  const first = 0x80 | (deflate ? 0x40 : 0) | (kind === "text" ? 1 : 2);
  let head;
  if (length < 126) {
    head = Buffer.from([first, 0x80 | length]);
  } else if (length < 65_536) {
    head = Buffer.from([first, 0xfe, length >> 8, length & 0xff]);
  } else {
    head = Buffer.from([first, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(length, 6);
  }
  return Buffer.concat([head, MASK, payload.map((byte, index) => byte ^ MASK[index & 3])]);
}

/** Counts the frames of a stream. */
class Counter {
  #head = [];
  #skip = 0;

  /** How many frames end in these bytes. */
  count(bytes) {
    let ended = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.#skip > 0) {
        const length = Math.min(this.#skip, bytes.length - at);
        at += length;
        this.#skip -= length;
        ended += Number(this.#skip === 0);
        continue;
      }
      this.#head.push(bytes[at]);
      at += 1;
      const length = payloadLength(this.#head);
      if (length !== undefined) {
        this.#head = [];
        this.#skip = length;
        ended += Number(length === 0);
      }
    }
    return ended;
  }
}

/** The length of a payload, once the header of its frame is complete. */
function payloadLength([, second, ...rest]) {
  const short = second & 0x7f;
  const needed = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (second === undefined || rest.length < needed) {
    return undefined;
  }
  return needed === 0 ? short : rest.reduce((value, byte) => value * 256 + byte, 0);
}

async function open(port) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const offer = deflate
    ? "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n"
    : "";
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${offer}` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const [answer] = await once(socket, "data");
  if (!answer.includes(" 101 ") || answer.toString().toLowerCase().includes("permessage-deflate") !== deflate) {
    throw new Error(`the server answered ${answer}`);
  }
  return socket;
}

const frame = makeFrame();
const sockets = [];
for (let index = 0; index < connections; index++) {
  sockets.push(await open(Number(argv[2])));
}
console.log("open");
await once(stdin, "data");
let unsent = messages;
let missing = messages;
const done = new Promise((resolve) => {
  for (const socket of sockets) {
    const counter = new Counter();
    const send = (count) => {
      const frames = Math.min(count, unsent);
      unsent -= frames;
      if (frames > 0) {
        socket.write(frames === 1 ? frame : Buffer.concat(Array.from({ length: frames }, () => frame)));
      }
    };
    socket.on("data", (bytes) => {
      const count = counter.count(bytes);
      missing -= count;
      send(count);
      if (missing === 0) {
        resolve();
      }
    });
    send(inFlight);
  }
});
await done;
console.log("done");
if (argv[4] === "stay") {
  // The connections are measured, and ended from outside.
  await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1));
}
sockets.forEach((socket) => socket.destroy());
stdin.destroy();

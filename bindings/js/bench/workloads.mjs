// What is measured, the same for every engine. A workload is a list of steps, of which some are timed.
//
// An engine exports, where it has them:
//   receiver(spec, sink)      a function that takes a chunk and passes messages to sink.text or sink.binary
//   sender(spec, wire)        a function that sends a message: wire.write(bytes) for what goes out, then wire.end()
//   serverHandshake(request)  an opened connection: { response, close() }, or a promise of one
//   clientHandshake(options)  { request, receive(response), close() }, or promises of them
//   connection(spec, done)    a function that takes a chunk, echoes its message, and calls done()

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Handshakes in one pass. */
const HANDSHAKES = 64;
/** Connections that exist before those that are counted, so that code and caches are not counted. */
const EARLIER = 100;

/** Counts messages, of which some come later. */
class Counter {
  count = 0;
  #target = 0;
  #resolve;

  /** When so many have come; undefined if they have. */
  reached(target) {
    if (this.count < target) {
      this.#target = target;
      return new Promise((resolve) => {
        this.#resolve = resolve;
      });
    }
  }

  counted() {
    this.count += 1;
    if (this.count === this.#target) {
      this.#resolve();
    }
  }
}

/** Reads of each message that comes its length, its first and its last unit. */
class Sink extends Counter {
  sum = 0;

  text(text) {
    this.sum += text.length + text.charCodeAt(0) + text.charCodeAt(text.length - 1);
    this.counted();
  }

  binary(bytes) {
    this.sum += bytes.length + bytes[0] + bytes[bytes.length - 1];
    this.counted();
  }
}

/** The transport of a sender: reads the first byte of all that is written, and keeps a copy of the first pass. */
class Wire extends Counter {
  bytes = 0;
  sum = 0;
  kept = null;

  write(chunk) {
    this.bytes += chunk.length;
    this.sum += chunk[0];
    this.kept?.push(Buffer.from(chunk));
  }

  end() {
    this.counted();
  }
}

export function receiving(engine, spec) {
  const sink = new Sink();
  const feed = engine.receiver(spec, sink);
  const source = readFileSync(spec.frames);
  // Some engines unmask in place, and some deliver parts of what they were given: each pass has fresh bytes.
  const chunks = pieces(source, spec.read).map((piece) => Buffer.allocUnsafeSlow(piece.length));
  const messages = spec.messages;
  let expected = 0;
  const fill = () => {
    let at = 0;
    for (const chunk of chunks) {
      at += source.copy(chunk, 0, at);
    }
    sink.count = 0;
    sink.sum = 0;
  };
  const run = () => {
    for (const chunk of chunks) {
      feed(chunk);
    }
    return sink.reached(messages);
  };
  const verify = () => {
    expected += 1;
    if (sink.count !== messages || sink.sum !== spec.check) {
      throw new Error(`pass ${expected}: ${sink.count} messages of ${messages}, sum ${sink.sum} of ${spec.check}`);
    }
  };
  return { messages, steps: [untimed(fill), timed(run), untimed(verify)] };
}

/** The output of the first pass goes to a file, for the runner to verify; of the others, the length counts. */
export async function sending(engine, spec) {
  const wire = new Wire();
  const send = engine.sender(spec, wire);
  const source = readFileSync(spec.payloads);
  const text = spec.kind === "text";
  const payloads = pieces(source, spec.size).map((piece) => (text ? piece.toString() : Buffer.from(piece)));
  const messages = payloads.length;
  const run = () => {
    for (const payload of payloads) {
      send(payload);
    }
    return wire.reached(messages);
  };
  wire.kept = [];
  await run();
  const output = Buffer.concat(wire.kept);
  wire.kept = null;
  writeFileSync(spec.sent, output);
  const clear = () => {
    wire.count = 0;
    wire.bytes = 0;
  };
  const verify = () => {
    const least = spec.deflate === 1 ? messages : source.length + 2 * messages;
    if (wire.count !== messages || wire.bytes < least || (spec.deflate !== 1 && wire.bytes !== output.length)) {
      throw new Error(`${wire.count} messages in ${wire.bytes} bytes`);
    }
  };
  return { messages, steps: [untimed(clear), timed(run), untimed(verify)] };
}

export function handshakes(engine, spec) {
  return spec.role === "server" ? serverHandshakes(engine, spec) : clientHandshakes(engine, spec);
}

function serverHandshakes(engine, spec) {
  const request = readFileSync(spec.request);
  const accept = acceptOf(request.toString("latin1"));
  let opened = [];
  const run = async () => {
    const pending = [];
    for (let number = 0; number < HANDSHAKES; number++) {
      pending.push(engine.serverHandshake(request));
    }
    opened = await Promise.all(pending);
  };
  const close = () => {
    for (const { response, close } of opened) {
      const text = response.toString("latin1");
      if (!text.startsWith("HTTP/1.1 101 ") || !text.includes(`: ${accept}\r\n`) || !text.endsWith("\r\n\r\n")) {
        throw new Error(`not opened: ${text}`);
      }
      close();
    }
  };
  return { messages: HANDSHAKES, steps: [timed(run), untimed(close)] };
}

function clientHandshakes(engine, spec) {
  const lines = readFileSync(spec.headers, "latin1").trimEnd().split("\n");
  const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2));
  const options = { url: "ws://www.example.com/chat?room=42", origin: "http://www.example.com", headers };
  const template = readFileSync(spec.response, "latin1");
  let clients = [];
  let responses = [];
  let opened = 0;
  const begin = async () => {
    const pending = [];
    for (let number = 0; number < HANDSHAKES; number++) {
      pending.push(engine.clientHandshake(options));
    }
    clients = await Promise.all(pending);
  };
  const respond = () => {
    const accepts = clients.map(({ request }) => acceptOf(request.toString("latin1")));
    responses = accepts.map((accept) => Buffer.from(template.replace("@accept@", accept)));
  };
  const finish = async () => {
    const results = await Promise.all(clients.map((client, index) => client.receive(responses[index])));
    opened = results.filter(Boolean).length;
  };
  const close = () => {
    if (opened !== HANDSHAKES) {
      throw new Error(`${opened} opened of ${HANDSHAKES}`);
    }
    clients.forEach((client) => client.close());
  };
  return { messages: HANDSHAKES, steps: [timed(begin), untimed(respond), timed(finish), untimed(close)] };
}

/** The memory that one connection holds once it has echoed one message, in bytes. */
export async function connections(engine, spec) {
  const frames = readFileSync(spec.frames);
  const held = [];
  await open(engine, spec, frames, EARLIER, held);
  const before = await resident();
  await open(engine, spec, frames, spec.connections, held);
  const after = await resident();
  if (held.length !== EARLIER + spec.connections) {
    throw new Error(`${held.length} connections`);
  }
  return (after - before) / spec.connections;
}

async function open(engine, spec, frames, count, held) {
  for (let number = 0; number < count; number++) {
    await new Promise((resolve) => {
      const feed = engine.connection(spec, resolve);
      held.push(feed);
      feed(Buffer.from(frames));
    });
  }
}

async function resident() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
}

/** A module with one function that does nothing and takes what a receive call takes, and a memory of 2 MiB. */
const MODULE = Buffer.from(
  "0061736d0100000001080160037f7f7c017f0302010005030100200710" + "02066d656d6f72790200036e6f7000000a0601040041000b",
  "hex",
);
const CALLS = 2000;

/** What the host costs. */
export function floor(_, spec) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  const memory = new Uint8Array(exports.memory.buffer);
  const source = Buffer.alloc(spec.size ?? 0, "sansock ");
  memory.set(source);
  const view = Buffer.from(exports.memory.buffer);
  const { size, message } = spec;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let sum = 0;
  const floors = {
    call: () => {
      sum += exports.nop(1, 2, 3);
    },
    utf8: () => {
      sum += view.utf8Slice(0, size).length;
    },
    latin1: () => {
      sum += view.latin1Slice(0, size).length;
    },
    decoder: () => {
      sum += decoder.decode(memory.subarray(0, size)).length;
    },
    set: () => {
      memory.set(source, 0);
    },
    slice: () => {
      sum += memory.slice(0, size).length;
    },
    block: () => {
      const block = memory.slice(0, size);
      for (let at = 0; at < size; at += message) {
        sum += block.subarray(at, at + message).length;
      }
    },
  };
  const call = floors[spec.what];
  const each = spec.what === "block" ? Math.ceil(size / message) : 1;
  const run = () => {
    for (let count = 0; count < CALLS; count++) {
      call();
    }
  };
  const verify = () => {
    if (!Number.isInteger(sum)) {
      throw new Error("no sum");
    }
  };
  return { messages: CALLS * each, steps: [timed(run), untimed(verify)] };
}

function timed(run) {
  return { timed: true, run };
}

function untimed(run) {
  return { timed: false, run };
}

function pieces(bytes, size) {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function acceptOf(request) {
  const [, key] = /^sec-websocket-key: *(\S+)\r$/im.exec(request);
  return createHash("sha1").update(key + GUID).digest("base64");
}

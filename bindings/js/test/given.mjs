// Bytes as callers give them: measured by what they are and not by what they say, and refused if they are no longer there.

import { compile } from "../dist/module.js";
import { equal, ok, refused } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";

const utf8 = new TextEncoder();

/** A class whose instances are too short for what is asked of them. */
class Short extends Uint8Array {
  constructor(...args) {
    super(args.length === 1 && typeof args[0] === "number" ? args[0] : 1);
  }
}

/** Where bytes are passed in: what errors call them, bytes to pass, and what comes of them. All have an even length. */
function carriers({ Connection, Tunnel }) {
  /** Frames of binary messages of these sizes, as they arrive at an end. */
  function framesFor(role, sizes) {
    const started = { startOpen: true, now: 0, seed: new Uint8Array(32) };
    const sender = role === "server" ? Connection.client(null, started) : Connection.server(started);
    sizes.forEach((size) => sender.send(filled(size)));
    const output = sender.takeOutput();
    sender.free();
    return output;
  }
  const sending = (name, argument, content, send) => ({
    name,
    argument,
    content,
    pass: (bytes) => {
      const connection = Connection.server({ startOpen: true, now: 0 });
      try {
        send(connection, bytes);
        return connection.takeOutput();
      } catch (error) {
        equal(connection.pendingOutput, 0, "output of a refused call");
        throw error;
      } finally {
        connection.free();
      }
    },
  });
  const answering = (name, send) => ({
    name,
    argument: "body",
    content: filled(20),
    pass: (bytes) => {
      const server = requested(Connection);
      try {
        send(server, bytes);
        return server.takeOutput();
      } finally {
        server.free();
      }
    },
  });
  /** `first` may come first. */
  const receiving = (name, role, content, options = {}, first = new Uint8Array(0)) => ({
    name: `receive, ${name}`,
    argument: "chunk",
    content,
    pass: (bytes) => {
      const started = { startOpen: true, now: 0, ...options };
      const connection = role === "server" ? Connection.server(started) : Connection.client(null, started);
      try {
        const events = [...connection.receive(first, 0), ...connection.receive(bytes, 0)];
        events.push(...connection.receive(new Uint8Array(0), 0));
        return [events, connection.unconsumed, connection.state, connection.pendingOutput];
      } finally {
        connection.free();
      }
    },
  });
  const seeded = (role, create) => ({
    name: `the seed of a ${role}`,
    argument: "seed",
    content: filled(32),
    pass: (seed) => {
      const connection = create(seed);
      const output = connection.takeOutput();
      connection.free();
      return output;
    },
  });
  const text = utf8.encode("twenty bytes of text");
  const all = [
    sending("sendText", "text", text, (connection, bytes) => connection.sendText(bytes)),
    sending("sendBinary", "data", filled(20), (connection, bytes) => connection.sendBinary(bytes)),
    sending("sendBinary, large", "data", filled(70_000), (connection, bytes) => connection.sendBinary(bytes)),
    sending("send", "data", filled(20), (connection, bytes) => connection.send(bytes)),
    sending("sendPart", "data", filled(20), (connection, bytes) => connection.sendPart(bytes, false)),
    sending("sendBatch", "messages", filled(20), (connection, bytes) => connection.sendBatch(["a", bytes, bytes])),
    sending("ping", "payload", filled(20), (connection, bytes) => connection.ping(bytes, 0)),
    sending("pong", "payload", filled(20), (connection, bytes) => connection.pong(bytes)),
    sending("close", "reason", text, (connection, bytes) => connection.close(1000, bytes, 0)),
    sending("fail", "reason", text, (connection, bytes) => connection.fail(1011, bytes, 0)),
    answering("reject", (server, bytes) => server.reject(403, [], bytes, 0)),
    answering("respond", (server, bytes) => server.respond(200, "", [], bytes, 0)),
    seeded("client", (seed) => Connection.client("ws://h/", { seed, now: 0 })),
  ];
  for (const views of [false, true]) {
    const name = views ? " with views" : "";
    all.push(
      receiving(`small messages for a server${name}`, "server", framesFor("server", [20, 20]), { views }),
      receiving(`small messages for a client${name}`, "client", framesFor("client", [20, 20]), { views }),
      receiving(`frames${name}`, "server", framesFor("server", [20, 20]), { views, frames: true }),
      receiving(`large messages for a server${name}`, "server", framesFor("server", [70_000, 20]), { views }),
      receiving(`large messages for a client${name}`, "client", framesFor("client", [70_000, 20, 5000]), { views }),
      receiving(`more than one piece${name}`, "server", framesFor("server", [1_200_000, 20]), { views }),
      receiving(`the middle of a message${name}`, "client", filled(20), { views }, framesFor("client", [100]).slice(0, 12)),
      receiving(
        `the middle of a large message${name}`,
        "client",
        filled(2000),
        { views },
        framesFor("client", [10_000]).slice(0, 5000),
      ),
      receiving(
        `the end of a large message and the beginning of another${name}`,
        "client",
        framesFor("client", [10_000, 10_000]).slice(5000, 15_000),
        { views },
        framesFor("client", [10_000]).slice(0, 5000),
      ),
    );
  }
  if (Tunnel !== undefined) {
    all.push({
      name: "receive of a tunnel",
      argument: "chunk",
      content: utf8.encode(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(5000)}\r\n\r\n${"behind".repeat(1000)}`),
      pass: (bytes) => {
        const tunnel = new Tunnel("http://proxy/", "host", 443, { now: 0 });
        tunnel.takeOutput();
        try {
          return [tunnel.receive(bytes, 0), tunnel.unconsumed];
        } finally {
          tunnel.free();
        }
      },
    });
  }
  return all;
}

/** A subclass whose class body `define` may change; its instances have the bytes of `content`. */
function ofClass(define, Base = Uint8Array) {
  return (content) => {
    class Given extends Base {}
    const given = new Given(content.slice().buffer);
    define(Given.prototype, Given);
    return given;
  };
}

/** A plain array with properties of its own. */
function withOwn(properties, Base = Uint8Array) {
  return (content) => Object.defineProperties(new Base(content.slice().buffer), Object.getOwnPropertyDescriptors(properties));
}

const LENGTHS = { "1": 1, "0": 0, "a large number": 2 ** 31, "2 to the 53rd": 2 ** 53, "negative": -1, "NaN": Number.NaN, "a string": "3" };

/** Bytes that say something else of themselves. Each has the bytes of its argument. */
const LIARS = {
  ...Object.fromEntries(
    Object.entries(LENGTHS).flatMap(([name, value]) => [
      [`a class whose lengths are ${name}`, ofClass((prototype) => lengths(prototype, { get: () => value }))],
      [`an array whose own lengths are ${name}`, (content) => lengths(content.slice(), { value })],
    ]),
  ),
  "a class whose length throws": ofClass((prototype) => lengths(prototype, { get: trap })),
  "a class whose length changes with each read": ofClass((prototype) => {
    let reads = 0;
    lengths(prototype, { get: () => (reads++ % 2 === 0 ? 2 : 1 << 20) });
  }),
  "a class whose length is an object with valueOf": ofClass((prototype) => lengths(prototype, { value: { valueOf: trap } })),
  "a class that is in another buffer, elsewhere": ofClass((prototype) => {
    Object.defineProperties(prototype, { buffer: { value: new ArrayBuffer(8) }, byteOffset: { value: 6 } });
  }),
  "an array with a buffer of its own": withOwn({ buffer: new ArrayBuffer(8), byteOffset: 6 }),
  "an array whose own buffer is shared": withOwn({ buffer: { [Symbol.toStringTag]: "SharedArrayBuffer" } }),
  "a class with another species": ofClass((_, Given) => {
    Object.defineProperty(Given, Symbol.species, { get: () => Short });
  }),
  "a class whose species throws": ofClass((_, Given) => Object.defineProperty(Given, Symbol.species, { get: trap })),
  "an array with a constructor of its own": withOwn({ constructor: { [Symbol.species]: Short } }),
  "a class whose slice is a view, as that of Node's Buffer": ofClass((prototype) => {
    prototype.slice = Uint8Array.prototype.subarray;
  }),
  "a class with methods of its own": ofClass((prototype) => {
    for (const name of ["subarray", "slice", "set", "copyWithin", "at", "values", "toString", "valueOf", "toJSON"]) {
      prototype[name] = trap;
    }
    Object.defineProperty(prototype, Symbol.iterator, { get: trap });
    Object.defineProperty(prototype, Symbol.toPrimitive, { get: trap });
  }),
  "an array that says that it is another": withOwn({ [Symbol.toStringTag]: "Uint16Array" }),
  "an array without a prototype": (content) => Object.setPrototypeOf(content.slice(), null),
  "an array with the prototype of Array": (content) => Object.setPrototypeOf(content.slice(), Array.prototype),
  "an array with the prototype of DataView": (content) => Object.setPrototypeOf(content.slice(), DataView.prototype),
  "an array whose prototype is a proxy": (content) => Object.setPrototypeOf(content.slice(), new Proxy({}, { get: trap })),
  "a Uint16Array that says that it is of bytes": withOwn({ [Symbol.toStringTag]: "Uint8Array", length: 3 }, Uint16Array),
  "a Uint16Array with the prototype of Uint8Array": (content) =>
    Object.setPrototypeOf(new Uint16Array(content.slice().buffer), Uint8Array.prototype),
  "a class of Uint8ClampedArray": ofClass((prototype) => lengths(prototype, { get: () => 1 }), Uint8ClampedArray),
  "a class of DataView": ofClass((prototype) => {
    Object.defineProperties(prototype, { byteLength: { value: 1 }, byteOffset: { value: 1 }, buffer: { value: null } });
  }, DataView),
  "a DataView without a prototype": (content) => Object.setPrototypeOf(new DataView(content.slice().buffer), null),
  "a buffer that says that it is shared, and short": (content) =>
    Object.defineProperties(content.slice().buffer, {
      [Symbol.toStringTag]: { value: "SharedArrayBuffer" },
      byteLength: { value: 1 },
      slice: { value: trap },
    }),
  "an array in a buffer that says that it is shared": (content) => {
    const given = content.slice();
    Object.setPrototypeOf(given.buffer, null);
    return given;
  },
  "an array in the middle of a buffer": (content) => {
    const around = new Uint8Array(content.length + 16).fill(0xff);
    around.set(content, 8);
    return around.subarray(8, 8 + content.length);
  },
};

const CAN_RESIZE = typeof ArrayBuffer.prototype.resize === "function";

/** Views of resizable buffers that are in bounds. */
const RESIZABLE = {
  "an array that tracks the length of its buffer": (content) => resizable(content, 0, (buffer) => new Uint8Array(buffer)),
  "an array that tracks it from its middle, in a smaller buffer": (content) => {
    const given = resizable(content, 8, (buffer) => new Uint8Array(buffer, 8), 8);
    given.buffer.resize(8 + content.length);
    return given;
  },
  "an array of fixed length in a resizable buffer": (content) =>
    resizable(content, 8, (buffer) => new Uint8Array(buffer, 8, content.length)),
  "a DataView that tracks the length of its buffer": (content) => resizable(content, 0, (buffer) => new DataView(buffer)),
  "a resizable buffer": (content) => resizable(content, 0, (buffer) => buffer),
};

/** What cannot be read any more, or must not be. Each is made of these bytes, which are at least 2. */
const GONE = {
  "a detached array": (content) => detached(content.slice()),
  "a detached array of a class with a length": (content) => detached(ofClass((prototype) => lengths(prototype, { get: () => 8 }))(content)),
  "a detached array in the middle of a buffer": (content) => detached(new Uint8Array(content.slice().buffer, 1)),
  "a detached Uint16Array": (content) => detached(new Uint16Array(content.slice().buffer)),
  "a detached DataView": (content) => detached(new DataView(content.slice().buffer)),
  "a detached buffer": (content) => detached(content.slice()).buffer,
  "an empty array that is detached": () => detached(new Uint8Array(0)),
  "a shared array": (content) => shared(content),
  "a shared array that says that it is not": (content) => {
    const given = shared(content);
    Reflect.setPrototypeOf(given.buffer, ArrayBuffer.prototype);
    return Object.defineProperty(given, "buffer", { value: new ArrayBuffer(8) });
  },
  "an array in shared memory": (content) => new Uint8Array(sharedMemory(), 0, content.length),
  "a shared DataView": (content) => new DataView(shared(content).buffer),
  "a shared buffer": (content) => shared(content).buffer,
  "a proxy of an array": (content) => new Proxy(content.slice(), {}),
  "an object with the prototype of Uint8Array": () => Object.create(Uint8Array.prototype),
  "an object that says that it is an array": (content) => ({ ...content, length: content.length, [Symbol.toStringTag]: "Uint8Array" }),
};

/** Views of resizable buffers that are out of bounds of them. */
const SHRUNK = {
  "an array": (content) => shrunk(content, (buffer) => new Uint8Array(buffer, 0, content.length), content.length - 1),
  "an array in the middle": (content) => shrunk(content, (buffer) => new Uint8Array(buffer, 1, 1), 1),
  "an array, and nothing is left": (content) => shrunk(content, (buffer) => new Uint8Array(buffer, 0, 1), 0),
  "an array that tracks the length": (content) => shrunk(content, (buffer) => new Uint8Array(buffer, 2), 1),
  "an empty array": (content) => shrunk(content, (buffer) => new Uint8Array(buffer, 2, 0), 1),
  "a Uint16Array": (content) => shrunk(content, (buffer) => new Uint16Array(buffer, 0, 1), 1),
  "a DataView": (content) => shrunk(content, (buffer) => new DataView(buffer, 0, content.length), content.length - 1),
  "a DataView that tracks the length": (content) => shrunk(content, (buffer) => new DataView(buffer, 2), 1),
  "an array of a class with a length": (content) => {
    const make = (buffer) => Object.defineProperty(new Uint8Array(buffer, 0, content.length), "length", { value: 8 });
    return shrunk(content, make, 1);
  },
};

export function given(sansock) {
  const { Connection } = sansock;
  const all = carriers(sansock);
  const truth = { ...LIARS, ...(CAN_RESIZE ? RESIZABLE : {}) };
  const gone = { ...GONE, ...(CAN_RESIZE ? prefixed("in a buffer that was made smaller, ", SHRUNK) : {}) };
  return [
    ...all.map(({ name, content, pass }) => ({
      name: `bytes are measured by what they are, ${name}`,
      run: () => {
        const expected = pass(content.slice());
        equal(failuresOf(truth, (make) => equal(pass(make(content)), expected)), []);
      },
    })),
    ...all.map(({ name, argument, content, pass }) => ({
      name: `bytes that are not there any more, shared, or none, ${name}`,
      run: () => {
        const check = (make) => {
          const error = refused("INVALID_ARGUMENT", () => pass(make(content)));
          ok(error.message.startsWith(`${argument}: `), error.message);
        };
        equal(failuresOf(gone, check), []);
      },
    })),
    {
      name: "bytes that are not there any more say why",
      run: () => {
        const { client } = connected(sansock);
        const why = (make) => refused("INVALID_ARGUMENT", () => client.sendBinary(make(filled(8)))).message;
        equal(why(GONE["a detached array"]), "data: the buffer is detached");
        equal(why(GONE["a detached DataView"]), "data: the buffer is detached");
        equal(why(GONE["a shared array"]), "data: the buffer is shared");
        equal(why(GONE["a proxy of an array"]), "data: must be bytes");
        if (CAN_RESIZE) {
          equal([...new Set(Object.values(SHRUNK).map(why))], ["data: the view is out of bounds of its buffer"]);
        }
      },
    },
    {
      name: "a module in bytes that are not there any more, or shared",
      run: async () => {
        const smallest = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
        const bytes = Object.entries(gone).filter(([name]) => !/^(a proxy|an object)/.test(name));
        for (const [name, make] of bytes) {
          const error = await compile(make(smallest)).catch((thrown) => thrown);
          ok(error.code === "INVALID_ARGUMENT" && error.message.startsWith("source: "), `${name}: ${error}`);
        }
        ok((await compile(LIARS["an array whose own lengths are 1"](smallest))) instanceof WebAssembly.Module, "a module");
      },
    },
    {
      name: "an empty view is one, where it is in bounds",
      run: () => {
        const { client, server } = connected(sansock);
        const views = [new Uint8Array(0), new DataView(new ArrayBuffer(2), 2), new ArrayBuffer(0), new Uint16Array(0)];
        if (CAN_RESIZE) {
          views.push(new Uint8Array(new ArrayBuffer(2, { maxByteLength: 8 }), 2));
        }
        views.forEach((view) => client.send(view));
        equal(exchange(client, server).server.map(({ data }) => data.length), views.map(() => 0));
      },
    },
    {
      name: "payloads are copies, whatever a class's slice does",
      run: () => {
        const { client, server } = connected(sansock);
        for (const size of [20, 5000, 70_000]) {
          server.send(filled(size));
          const chunk = LIARS["a class whose slice is a view, as that of Node's Buffer"](server.takeOutput());
          const [{ data }] = client.receive(chunk);
          ok(Object.getPrototypeOf(data) === Uint8Array.prototype, "the class of a payload");
          new Uint8Array(chunk.buffer).fill(0xff);
          equal(data, filled(size));
        }
      },
    },
    {
      name: "a batch whose iterable takes away what it has handed out",
      run: () => {
        const takeAway = [(bytes) => detached(bytes), ...(CAN_RESIZE ? [(bytes) => bytes.buffer.resize(1)] : [])];
        for (const take of takeAway) {
          const { client, server } = connected(sansock);
          const bytes = CAN_RESIZE ? new Uint8Array(new ArrayBuffer(8, { maxByteLength: 8 }), 0, 8) : new Uint8Array(8);
          function* messages() {
            yield bytes;
            take(bytes);
            yield "after";
          }
          const error = refused("INVALID_ARGUMENT", () => client.sendBatch(messages()));
          ok(error.message.startsWith("messages: "), error.message);
          equal(exchange(client, server).server, []);
        }
      },
    },
    {
      name: "a batch whose iterable makes calls on the same connection",
      run: () => {
        const { client, server } = connected(sansock);
        function* messages() {
          yield "first";
          client.send(new Uint8Array(100_000));
          yield filled(70_000);
          client.sendBatch(["nested", filled(10)]);
          server.receive(client.takeOutput()).forEach(({ data }) => early.push(data));
          yield "last";
        }
        const early = [];
        equal(client.sendBatch(messages()), 3);
        const late = exchange(client, server).server.map(({ data }) => data);
        equal([...early, ...late], [new Uint8Array(100_000), "nested", filled(10), "first", filled(70_000), "last"]);
      },
    },
    {
      name: "iterables that free the connection",
      run: () => {
        function* freeing(connection) {
          connection.free();
          // A connection in the same place.
          others.push(Connection.server({ startOpen: true }));
        }
        const others = [];
        const opened = connected(sansock).client;
        refused("BAD_HANDLE", () => opened.sendBatch(freeing(opened)));
        const calls = {
          accept: (server) => server.accept(null, freeing(server)),
          reject: (server) => server.reject(403, freeing(server)),
          respond: (server) => server.respond(200, "", freeing(server)),
        };
        for (const call of Object.values(calls)) {
          const server = requested(Connection);
          refused("BAD_HANDLE", () => call(server));
        }
        if (sansock.Tunnel !== undefined) {
          const server = Connection.server();
          refused("BAD_HANDLE", () => server.receiveRequest("2", freeing(server)));
        }
        equal(others.map(({ pendingOutput, state }) => [pendingOutput, state]), others.map(() => [0, "open"]));
        others.forEach((other) => other.free());
      },
    },
    {
      name: "headers that take away the body",
      run: () => {
        const server = requested(Connection);
        function* headers(body) {
          yield ["A", "b"];
          detached(body);
        }
        const getter = (body) => ({
          get A() {
            detached(body);
            return "b";
          },
        });
        for (const given of [headers, getter]) {
          const calls = [
            (body) => server.reject(403, given(body), body),
            (body) => server.respond(200, "", given(body), body),
          ];
          for (const call of calls) {
            const error = refused("INVALID_ARGUMENT", () => call(filled(20)));
            ok(error.message.startsWith("body: "), error.message);
          }
        }
        server.accept();
        ok(!textOf(server.takeOutput()).includes("A: b"), "no header stays added");
      },
    },
    {
      name: "headers that answer the request while they are read",
      run: () => {
        const server = requested(Connection);
        function* headers() {
          yield ["A", "b"];
          server.reject(404, [["C", "d"]]);
        }
        refused("INVALID_STATE", () => server.accept(null, headers()));
        const response = textOf(server.takeOutput());
        ok(response.startsWith("HTTP/1.1 404 ") && response.includes("C: d\r\n") && !response.includes("A: b"), response);
      },
    },
    {
      name: "options that create a connection while they are read",
      run: () => {
        const nested = [];
        function* subprotocols() {
          yield "chat";
          nested.push(Connection.client("ws://nested/", { subprotocols: "other", headers: { A: "b" } }), Connection.server());
          yield "echo";
        }
        const client = Connection.client("ws://outer/", { subprotocols: subprotocols(), headers: { C: "d" } });
        const request = textOf(client.takeOutput());
        ok(request.includes("\r\nHost: outer\r\n") && request.includes("chat, echo") && request.includes("C: d"), request);
        ok(!request.includes("A: b"), request);
        ok(textOf(nested[0].takeOutput()).includes("Sec-WebSocket-Protocol: other\r\n"), "the nested one's own");
        nested.concat(client).forEach((each) => each.free());
      },
    },
    {
      name: "a String is not cut into characters, whatever it says that it is",
      run: () => {
        const { client } = connected(sansock);
        const text = Object.defineProperty(new String("abc"), Symbol.toStringTag, { value: "Array" });
        const bare = Object.setPrototypeOf(new String("abc"), { [Symbol.iterator]: String.prototype[Symbol.iterator] });
        for (const value of [text, bare]) {
          refused("INVALID_ARGUMENT", () => client.sendBatch(value));
          refused("INVALID_ARGUMENT", () => client.send(value));
          refused("INVALID_ARGUMENT", () => Connection.server({ subprotocols: value }));
          refused("INVALID_ARGUMENT", () => Connection.server({ headers: value }));
        }
        equal(client.pendingOutput, 0);
      },
    },
  ];
}

function trap() {
  throw new Error("code of the caller's was called");
}

function lengths(target, descriptor) {
  return Object.defineProperties(target, { length: descriptor, byteLength: descriptor });
}

function detached(view) {
  const { get } = Object.getOwnPropertyDescriptor(
    view instanceof DataView ? DataView.prototype : Object.getPrototypeOf(Uint8Array.prototype),
    "buffer",
  );
  const buffer = get.call(view);
  structuredClone(buffer, { transfer: [buffer] });
  return view;
}

/** Not every page has the class of shared buffers, but every one has the buffers. */
function shared(content) {
  const view = new Uint8Array(typeof SharedArrayBuffer === "undefined" ? sharedMemory() : new SharedArrayBuffer(content.length));
  view.set(content);
  return view.subarray(0, content.length);
}

function sharedMemory() {
  return new WebAssembly.Memory({ initial: 20, maximum: 20, shared: true }).buffer;
}

/** What `make` makes of a resizable buffer, which holds the content from `at` on. */
function resizable(content, at, make, spare = 0) {
  const size = at + content.length;
  const buffer = new ArrayBuffer(size + spare, { maxByteLength: size + spare + 8 });
  new Uint8Array(buffer).set(content, at);
  return make(buffer);
}

function shrunk(content, make, size) {
  const view = resizable(content, 0, make);
  view.buffer.resize(size);
  return view;
}

/** A server with a request to answer. */
function requested(Connection) {
  const client = Connection.client("ws://h/", { now: 0, seed: new Uint8Array(32) });
  const server = Connection.server({ now: 0 });
  server.receive(client.takeOutput(), 0);
  client.free();
  return server;
}

function filled(length) {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + 1) & 0xff);
}

function textOf(bytes) {
  return new TextDecoder().decode(bytes);
}

function prefixed(prefix, entries) {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}

/** The names of the cases in which `check` throws, with the reason. */
function failuresOf(cases, check) {
  return Object.entries(cases).flatMap(([name, value]) => {
    try {
      check(value);
      return [];
    } catch (error) {
      return [`${name}: ${error.message}`];
    }
  });
}

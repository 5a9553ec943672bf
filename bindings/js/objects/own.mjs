// What a module with objects is by itself: times that are required, errors, memory, and code of the caller's in between.

import { equal, ok, refused } from "../test/assert.mjs";

const utf8 = new TextEncoder();
const EMPTY = new Uint8Array(0);

export function own({ Connection, Tunnel, parseUrl, parseProxy }) {
  const pair = (options) => ({
    client: Connection.client(null, { startOpen: true, now: 0, ...options }),
    server: Connection.server({ startOpen: true, now: 0, ...options }),
  });
  return [
    { name: "times are required, and named", run: () => times(Connection, Tunnel) },
    { name: "errors have a code and a number", run: () => errors(Connection) },
    { name: "what is no option is refused by name, even if undefined", run: () => options(Connection, Tunnel) },
    { name: "a call that is refused changes nothing", run: () => unchanged(pair) },
    { name: "random keys, and a seed that repeats", run: () => seeds(Connection) },
    { name: "without random bytes no client is created, unless it is given a seed", run: () => entropy(Connection) },
    { name: "code of the caller's may use the connection", run: () => reentrant(Connection, pair) },
    { name: "what such code throws is thrown on", run: () => thrown(Connection, pair) },
    { name: "bytes of every kind, and those that cannot be read", run: () => kinds(pair) },
    { name: "chunks and output are copies", run: () => copies(pair) },
    { name: "the memory of large messages is given back", run: () => memory(pair) },
    { name: "an event for which JavaScript has no memory fails the connection", run: () => noMemory(pair) },
    { name: "what was freed throws", run: () => freed(Connection) },
    { name: "strings of bytes, and of UTF-8", run: () => strings(Connection, pair) },
    { name: "URLs, and objects that have one", run: () => urls(parseUrl, parseProxy) },
    { name: "deadlines are numbers, or null", run: () => deadlines(Connection) },
  ];
}

function times(Connection, Tunnel) {
  const named = (call) => ok(refused("INVALID_ARGUMENT", call).message.startsWith("now: "), `${call} names it`);
  named(() => Connection.server());
  named(() => Connection.server({}));
  named(() => Connection.client("ws://a/", { now: undefined }));
  named(() => new Tunnel("http://a", "b", 1, {}));
  const server = Connection.server({ startOpen: true, now: 0 });
  for (const now of [undefined, null, "1", -1, Number.NaN, 2 ** 53, 1n, new Number(1)]) {
    named(() => server.receive(EMPTY, now));
    named(() => server.receiveEof(now));
    named(() => server.timeout(now));
    named(() => server.ping("", now));
    named(() => server.close(1000, "", now));
    named(() => server.fail(1011, "", now));
    named(() => server.pause(now));
    named(() => server.resume(now));
  }
  equal([server.state, server.pendingOutput, server.more], ["open", 0, false]);
  equal(server.receive(EMPTY, 1.75), []);
}

function errors(Connection) {
  const error = refused("INVALID_STATE", () => Connection.server({ now: 0 }).send("text"));
  ok(error instanceof Error, "the class");
  equal([error.name, error.number, error.sent], ["SansockError", -2, undefined]);
  const small = Connection.server({ startOpen: true, outputSoftLimit: 10, outputHardLimit: 10, now: 0 });
  const batch = refused("WOULD_BLOCK", () => small.sendBatch(["1234", "5678", "9"]));
  equal([batch.number, batch.sent], [-3, 1]);
  equal(refused("TOO_LARGE", () => small.send("12345678901")).number, -4);
}

function options(Connection, Tunnel) {
  const named = (name, call) => ok(refused("INVALID_ARGUMENT", call).message.startsWith(`${name}: `), `${name} is named`);
  named("views", () => Connection.server({ now: 0, views: true }));
  named("max_message_size", () => Connection.server({ now: 0, max_message_size: undefined }));
  named("maxMessageSize", () => Connection.server({ now: 0, maxMessageSize: "1" }));
  named("deflate", () => Connection.server({ now: 0, deflate: 1 }));
  named("textAsBytes", () => Connection.server({ now: 0, textAsBytes: 1 }));
  named("seed", () => Connection.server({ now: 0, seed: new Uint8Array(31) }));
  named("subprotocols[1]", () => Connection.server({ now: 0, subprotocols: ["a", "a"] }));
  named('headers["A"]', () => Connection.server({ now: 0, headers: { A: "\n" } }));
  named('headers["A"][1]', () => Connection.server({ now: 0, headers: { A: ["b", 1] } }));
  named("options", () => Connection.server([]));
  named("options", () => Connection.server(new (class Options {})()));
  named("url", () => Connection.client(null, { now: 0 }));
  named("maxFrameSize", () => new Tunnel("http://a", "b", 1, { now: 0, maxFrameSize: undefined }));
  // Infinity, and what no string can hold, count as the largest message.
  Connection.server({ now: 0, maxMessageSize: Number.POSITIVE_INFINITY }).free();
}

function unchanged(pair) {
  const { client, server } = pair();
  for (const call of [
    () => client.send(1),
    () => client.sendText(Uint8Array.of(0xff)),
    () => client.sendPart("a", 1),
    () => client.sendPart("a", true, "words"),
    () => client.sendHeader("text", -1),
    () => client.sendBatch(["a", 1]),
    () => client.sendBatch("ab"),
    () => client.ping(new Uint8Array(126), 0),
    () => client.close(1006, "", 0),
    () => client.close(1000, Uint8Array.of(0xff), 0),
    () => client.close("1000", "", 0),
    () => client.setCompression(1),
    () => client.written(1),
    () => client.output(-1),
    () => client.output(1, 0.5),
    () => client.receive("text", 0),
    () => client.receive([1], 0),
  ]) {
    refused("INVALID_ARGUMENT", call);
  }
  refused("INVALID_STATE", () => client.accept(null, [], 0));
  equal([client.pendingOutput, client.state, client.more, client.unconsumed], [0, "open", false, 0]);
  client.send("after all");
  equal(server.receive(client.takeOutput(), 0).map(({ data }) => data), ["after all"]);
}

function seeds(Connection) {
  const request = (options) => String.fromCharCode(...Connection.client("ws://a/", { now: 0, ...options }).takeOutput());
  const keys = new Set(Array.from({ length: 10 }, () => request({})));
  equal(keys.size, 10, "different requests");
  const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
  equal(request({ seed }), request({ seed: seed.buffer }));
}

function entropy(Connection) {
  const getRandomValues = () => {
    throw new Error("no random bytes");
  };
  Object.defineProperty(crypto, "getRandomValues", { configurable: true, value: getRandomValues });
  try {
    equal(refused("ENTROPY", () => Connection.client("ws://a/", { now: 0 })).number, -9);
    Connection.client("ws://a/", { now: 0, seed: new Uint8Array(32) }).free();
    Connection.server({ now: 0 }).free();
  } finally {
    delete crypto.getRandomValues;
  }
  Connection.client("ws://a/", { now: 0 }).free();
}

function reentrant(Connection, pair) {
  const { client, server } = pair();
  function* messages() {
    client.send("first");
    yield "second";
    client.send("before the batch");
  }
  equal(client.sendBatch(messages()), 1);
  const received = server.receive(client.takeOutput(), 0);
  equal(received.map(({ data }) => data), ["first", "before the batch", "second"]);
  const other = Connection.server({ now: 0 });
  const options = {
    now: 0,
    get headers() {
      return { A: String(other.pendingOutput) };
    },
  };
  Connection.server(options).free();
}

function thrown(Connection, pair) {
  const expected = new Error("of the caller's");
  const fail = () => {
    throw expected;
  };
  const { client, server } = pair();
  const catches = (call) => {
    try {
      call();
    } catch (error) {
      ok(error === expected, `${error}`);
      return;
    }
    throw new Error("nothing was thrown");
  };
  function* failing() {
    yield "one";
    fail();
  }
  // Many times: what a call leaves behind would add up.
  for (let index = 0; index < 3000; index++) {
    catches(() => client.sendBatch(failing()));
    catches(() => Connection.server({ now: 0, get parts() { return fail(); } }));
    catches(() => Connection.server(new Proxy({}, { getPrototypeOf: fail })));
    catches(() => Connection.client({ get href() { return fail(); } }, { now: 0 }));
  }
  client.send("still here");
  equal(server.receive(client.takeOutput(), 0)[0].data, "still here");
}

function kinds(pair) {
  const { client, server } = pair();
  const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  class Derived extends Uint8Array {}
  const given = [bytes, bytes.buffer, new DataView(bytes.buffer, 2, 3), new Uint16Array(bytes.buffer, 2, 2), bytes.subarray(3, 5), new Derived(2), EMPTY];
  given.forEach((each) => client.send(each));
  const found = server.receive(client.takeOutput(), 0).map(({ type, data }) => [type, Array.from(data)]);
  equal(found, [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7], [2, 3, 4], [2, 3, 4, 5], [3, 4], [0, 0], []].map((each) => ["binary", each]));
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const invalid = [detached, detached.buffer, "text", [1], 1, null, undefined, {}, { length: 1 }];
  if (typeof SharedArrayBuffer !== "undefined") {
    invalid.push(new SharedArrayBuffer(1), new Uint8Array(new SharedArrayBuffer(1)));
  }
  for (const each of invalid) {
    ok(refused("INVALID_ARGUMENT", () => server.receive(each, 0)).message.startsWith("chunk: "), "it is named");
    refused("INVALID_ARGUMENT", () => client.sendBinary(each));
  }
}

function copies(pair) {
  const { client, server } = pair();
  client.send(Uint8Array.of(1, 2, 3));
  const output = client.output();
  equal([output.length, client.output(4).length, client.output(Number.POSITIVE_INFINITY, 5).length], [9, 4, 4]);
  equal([client.output(1, 8).length, client.output(1, 9).length, client.output(1, 100).length], [1, 0, 0]);
  const chunk = client.takeOutput();
  equal([chunk, client.pendingOutput], [output, 0]);
  const [{ data }] = server.receive(chunk, 0);
  equal([data, chunk], [Uint8Array.of(1, 2, 3), output]);
  chunk.fill(0);
  client.send(new Uint8Array(1 << 20));
  server.receive(client.takeOutput(), 0);
  equal(data, Uint8Array.of(1, 2, 3), "after linear memory has grown");
}

function memory(pair) {
  const { client, server } = pair();
  const idle = server.memoryUsage();
  const text = "é".repeat(3 << 20);
  client.send(text);
  const output = client.takeOutput();
  let events = [];
  for (let at = 0; at < output.length; at += 1 << 16) {
    events = server.receive(output.subarray(at, at + (1 << 16)), 0);
  }
  ok(events.length === 1 && events[0].data === text, "the message");
  ok(server.memoryUsage() < idle + 1000, `${server.memoryUsage()} bytes are held`);
}

function noMemory(pair) {
  const { client, server } = pair();
  ["before", new Uint8Array(1000), "behind"].forEach((each) => client.send(each));
  client.close(4000, "", 0);
  const chunk = client.takeOutput();
  const events = withoutMemory(1000, () => server.receive(chunk, 0));
  equal(events.map(({ type, data }) => [type, data]), [["text", "before"], ["closing", undefined]]);
  equal(client.receive(server.takeOutput(), 0).map(({ type, code }) => [type, code]), [["closing", 1009], ["closed", 1009]]);
  equal(server.timeout(0).map(({ type, code }) => [type, code]), [["closed", 4000]]);
}

/** Runs while an array of this many bytes cannot be copied. */
function withoutMemory(length, run) {
  const { Uint8Array: original } = globalThis;
  const construct = (target, args) => {
    if (args.length === 1 && ArrayBuffer.isView(args[0]) && args[0].byteLength === length) {
      throw new RangeError("no memory");
    }
    return Reflect.construct(target, args);
  };
  globalThis.Uint8Array = new Proxy(original, { construct });
  try {
    return run();
  } finally {
    globalThis.Uint8Array = original;
  }
}

function freed(Connection) {
  const connection = Connection.server({ now: 0 });
  connection.free();
  for (const call of [() => connection.free(), () => connection.state, () => connection.receive(EMPTY, 0), () => connection.takeOutput()]) {
    let error;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    ok(error instanceof Error && error.code === undefined, "an error of wasm-bindgen's");
  }
  const sending = Connection.server({ startOpen: true, now: 0 });
  function* freeing() {
    sending.free();
    yield "text";
  }
  let refusal;
  try {
    sending.sendBatch(freeing());
  } catch (error) {
    refusal = error;
  }
  ok(refusal instanceof Error, "what is at work is not freed");
  for (let index = 0; index < 3000; index++) {
    Connection.server({ now: 0 }).free();
  }
}

function strings(Connection, pair) {
  const { client, server } = pair();
  client.send("\ud800 and 世界");
  client.ping("né", 0);
  const [message, ping] = server.receive(client.takeOutput(), 0);
  equal([message.data, ping.payload], ["\ufffd and 世界", utf8.encode("né")]);
  const http = Connection.server({ now: 0, headers: { "X-A": "\xe9" } });
  const request = "GET /\xe9 HTTP/1.1\r\nHost: a\r\nX-B: \xe9\r\n\r\n".replace("/\xe9", "/");
  http.receive(Uint8Array.from(request, (character) => character.charCodeAt(0)), 0);
  ok(String.fromCharCode(...http.takeOutput()).includes("X-A: \xe9\r\n"), "one byte for a character");
  const named = refused("INVALID_ARGUMENT", () => Connection.server({ now: 0, headers: { A: "世" } }));
  ok(named.message.startsWith('headers["A"]: '), named.message);
}

function urls(parseUrl, parseProxy) {
  equal(parseUrl("wss://[::1]:8443/a"), { secure: true, host: "::1", port: 8443 });
  equal(parseUrl(new URL("ws://me:secret@example.com/")), { secure: false, host: "example.com", port: 80 });
  equal(parseProxy("socks5://a"), { secure: false, host: "a", port: 1080, resolvesNames: false });
  for (const url of ["http://a", "", 1, null, undefined, {}, { href: 1 }, ["ws://a"]]) {
    ok(refused("INVALID_ARGUMENT", () => parseUrl(url)).message.startsWith("url: "), "it is named");
  }
}

function deadlines(Connection) {
  const connection = Connection.server({ startOpen: true, now: 0 });
  equal(connection.nextDeadline, null);
  connection.ping(undefined, 5);
  connection.close(undefined, undefined, 7.9);
  connection.takeOutput();
  equal([connection.nextDeadline, connection.state, connection.fault], [10_007, "closing", null]);
  const [closed] = connection.timeout(10_007);
  equal([closed.code, closed.sentCode, closed.fault.name], [1006, 1000, "CLOSE_TIMEOUT"]);
  equal(connection.fault, closed.fault);
}

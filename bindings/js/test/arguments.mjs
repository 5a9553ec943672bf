// Arguments of the wrong type: refused by name, never coerced, never cut into characters. And the forms that are accepted.

import { compile } from "../dist/module.js";
import { OPTIONS } from "../dist/options.js";
import { equal, ok, refused } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";

/** Coercing it throws. */
const TRAP = {
  toString: () => coerced(),
  valueOf: () => coerced(),
  toJSON: () => coerced(),
  [Symbol.toPrimitive]: () => coerced(),
};

function coerced() {
  throw new Error("the value was coerced");
}

const VALUES = {
  "a whole number": 42,
  "zero": 0,
  "a negative number": -1,
  "a fraction": 1.5,
  "NaN": Number.NaN,
  "Infinity": Number.POSITIVE_INFINITY,
  "a number above 2^53": 2 ** 60,
  "a bigint": 1n,
  "null": null,
  "true": true,
  "a string": "1000",
  "an empty string": "",
  "a symbol": Symbol("text"),
  "an object with toString": TRAP,
  "a String": new String("1000"),
  "a Number": new Number(1000),
  "a Boolean": new Boolean(true),
  "an array": ["1000"],
  "a function": () => "1000",
  "a Date": new Date(0),
  "a Map": new Map(),
  "bytes": Uint8Array.of(1),
};
/** For what has no default. */
const MISSING = { undefined };

const NUMBERS = ["a whole number", "zero"];
const TIMES = [...NUMBERS, "a fraction"];
const STRINGS = ["a string", "an empty string"];
const SWITCHES = ["true"];
const BYTES = ["bytes"];

/** Every argument: how it is passed, which of the values are of its type, and whether it must be passed. */
function table({ Connection, parseUrl, Tunnel }) {
  const isDefault = Tunnel !== undefined;
  const open = (value, call) => {
    const { client, server } = connected({ Connection });
    call(server, value);
    return { client, server };
  };
  const call = (name, argument, allowed, run, required = false) => ({
    name: `${name}: ${argument}`,
    argument,
    allowed,
    required,
    run: (value) => open(value, run),
  });
  const required = (...row) => call(...row, true);
  const answering = (name, argument, allowed, run) => ({
    name: `${name}: ${argument}`,
    argument,
    allowed,
    required: false,
    run: (value) => run(requested(Connection), value),
  });
  const text = [...STRINGS, ...BYTES];
  return [
    required("receive", "chunk", BYTES, (connection, value) => connection.receive(value, 0)),
    call("receive", "now", TIMES, (connection, value) => connection.receive(new Uint8Array(0), value)),
    call("receiveEof", "now", TIMES, (connection, value) => connection.receiveEof(value)),
    call("timeout", "now", TIMES, (connection, value) => connection.timeout(value)),
    required("sendText", "text", text, (connection, value) => connection.sendText(value)),
    required("sendBinary", "data", BYTES, (connection, value) => connection.sendBinary(value)),
    required("send", "data", text, (connection, value) => connection.send(value)),
    required("sendPart", "data", text, (connection, value) => connection.sendPart(value, true)),
    required("sendPart", "last", SWITCHES, (connection, value) => connection.sendPart("a", value)),
    call("sendPart", "kind", [], (connection, value) => connection.sendPart("a", true, value)),
    required("sendBatch", "messages", ["an array", "a Map"], (connection, value) => connection.sendBatch(value)),
    required("sendBatch, one of them", "messages", text, (connection, value) => connection.sendBatch(["a", value])),
    required("sendHeader", "kind", [], (connection, value) => connection.sendHeader(value, 1)),
    required("sendHeader", "length", NUMBERS, (connection, value) => connection.sendHeader("text", value)),
    call("sendHeader", "last", SWITCHES, (connection, value) => connection.sendHeader("text", 1, value)),
    call("ping", "payload", text, (connection, value) => connection.ping(value, 0)),
    call("ping", "now", TIMES, (connection, value) => connection.ping("", value)),
    call("pong", "payload", text, (connection, value) => connection.pong(value)),
    call("close", "code", NUMBERS, (connection, value) => connection.close(value, "", 0)),
    call("close", "reason", text, (connection, value) => connection.close(1000, value, 0)),
    call("close", "now", TIMES, (connection, value) => connection.close(1000, "", value)),
    call("fail", "code", NUMBERS, (connection, value) => connection.fail(value, "", 0)),
    call("fail", "reason", text, (connection, value) => connection.fail(1011, value, 0)),
    call("fail", "now", TIMES, (connection, value) => connection.fail(1011, "", value)),
    required("setCompression", "on", SWITCHES, (connection, value) => connection.setCompression(value)),
    call("pause", "now", TIMES, (connection, value) => connection.pause(value)),
    call("resume", "now", TIMES, (connection, value) => connection.resume(value)),
    call("output", "limit", [...NUMBERS, "Infinity"], (connection, value) => connection.output(value)),
    required("written", "count", ["zero"], (connection, value) => connection.written(value)),
    answering("accept", "subprotocol", ["null"], (connection, value) => connection.accept(value, [], 0)),
    answering("accept", "now", TIMES, (connection, value) => connection.accept(null, [], value)),
    answering("reject", "status", [], (connection, value) => connection.reject(value, [], "", 0)),
    answering("reject", "body", text, (connection, value) => connection.reject(403, [], value, 0)),
    answering("reject", "now", TIMES, (connection, value) => connection.reject(403, [], "", value)),
    answering("accept", "limits", ["an object with toString"], (connection, value) =>
      connection.accept(null, [], 0, value),
    ),
    ...["deflate", "serverNoContextTakeover", "clientNoContextTakeover", "serverMaxWindowBits", "clientMaxWindowBits"].map(
      (limit) =>
        answering("accept, limit", limit, limit.includes("No") ? SWITCHES : [], (connection, value) =>
          connection.accept(null, [], 0, { [limit]: value }),
        ),
    ),
    answering("respond", "status", [], (connection, value) => connection.respond(value, "", [], "", 0)),
    answering("respond", "reason", STRINGS, (connection, value) => connection.respond(200, value, [], "", 0)),
    answering("respond", "body", text, (connection, value) => connection.respond(200, "", [], value, 0)),
    answering("respond", "now", TIMES, (connection, value) => connection.respond(200, "", [], "", value)),
    ...(isDefault ? fieldCalls(Connection) : []),
    answering("addResponseHeader", "name", ["a string"], (connection, value) => connection.addResponseHeader(value, "a")),
    answering("addResponseHeader", "value", STRINGS, (connection, value) => connection.addResponseHeader("A", value)),
    ...constructors({ Connection, parseUrl }),
  ];
}

/** The calls of handshakes that are made of fields, each on a connection that awaits it. */
function fieldCalls(Connection) {
  const row = (name, argument, allowed, required, run) => ({
    name: `${name}: ${argument}`,
    argument,
    allowed,
    required,
    run,
  });
  const server = () => Connection.server({ now: 0 });
  const client = () => Connection.client("ws://h/", { now: 0 });
  const asked = () => {
    const connection = client();
    connection.requestFields("2", 0);
    return connection;
  };
  return [
    row("receiveRequest", "httpVersion", [], true, (value) => server().receiveRequest(value, [], 0)),
    row("receiveRequest", "fields", ["a Map"], true, (value) => server().receiveRequest("2", value, 0)),
    row("receiveRequest", "now", TIMES, false, (value) => server().receiveRequest("2", [], value)),
    row("requestFields", "httpVersion", [], true, (value) => client().requestFields(value, 0)),
    row("requestFields", "now", TIMES, false, (value) => client().requestFields("2", value)),
    row("receiveResponse", "status", NUMBERS, true, (value) => asked().receiveResponse(value, [], 0)),
    row("receiveResponse", "fields", ["a Map"], false, (value) => asked().receiveResponse(200, value, 0)),
    row("receiveResponse", "now", TIMES, false, (value) => asked().receiveResponse(200, [], value)),
  ];
}

/** The arguments and options with which connections are created. */
function constructors({ Connection, parseUrl }) {
  const row = (name, argument, allowed, run, isRequired = false) => ({ name, argument, allowed, required: isRequired, run });
  const server = (option, allowed) => {
    const create = (value) => Connection.server({ [option]: value }).free();
    return row(`server: option ${option}`, option, allowed, create);
  };
  const client = (option, allowed) => {
    const create = (value) => Connection.client("ws://h/", { [option]: value }).free();
    return row(`client: option ${option}`, option, allowed, create);
  };
  return [
    row("client: url", "url", ["null"], (value) => Connection.client(value), true),
    row("parseUrl: url", "url", [], (value) => parseUrl(value), true),
    row("server: options", "options", ["an object with toString"], (value) => Connection.server(value)),
    row("client: options", "options", ["an object with toString"], (value) => Connection.client("ws://h/", value)),
    ...Object.entries(OPTIONS).map(([option, { type }]) =>
      server(option, type === "boolean" ? SWITCHES : [...NUMBERS, "Infinity"]),
    ),
    server("views", SWITCHES),
    server("now", TIMES),
    server("seed", []),
    server("subprotocols", ["a string", "an array", "a Map"]),
    client("subprotocols", ["a string", "an array", "a Map"]),
    client("headers", ["an array", "a Map"]),
    client("origin", ["a string"]),
    client("key", []),
  ];
}

/** A server with a request to answer. */
function requested(Connection) {
  const client = Connection.client("ws://h/", { subprotocols: ["chat"], now: 0 });
  const server = Connection.server({ now: 0 });
  server.receive(client.takeOutput(), 0);
  client.free();
  return server;
}

export const WRONG_HEADERS = {
  "a string": "X: y",
  "a String": new String("X: y"),
  "a number": 42,
  "null": null,
  "a function": () => [],
  "an instance of a class": new (class Tenant {
    X = "y";
  })(),
  "one pair that is not in a list": ["X", "y"],
  "a string for a pair": ["AB"],
  "a pair with a number": [["X", 42]],
  "a pair with null": [["X", null]],
  "a pair with undefined": [["X", undefined]],
  "a pair with a number for the name": [[42, "y"]],
  "a pair with an object with toString": [["X", TRAP]],
  "a pair with a String": [["X", new String("y")]],
  "a pair with bytes": [["X", Uint8Array.of(0x79)]],
  "a pair of one": [["X"]],
  "a pair of three": [["X", "y", "z"]],
  "a pair of nothing": [new Array(2)],
  "an object for a pair": [{ 0: "X", 1: "y", length: 2 }],
  "a Set for a pair": [new Set(["X", "y"])],
  "a hole for a pair": new Array(1),
  "the second is wrong": [["A", "b"], ["X", 42]],
  "an object with a number": { X: 42 },
  "an object with null": { X: null },
  "an object with undefined": { X: undefined },
  "an object with a number in an array": { X: ["y", 42] },
  "an object with a hole in an array": { X: new Array(1) },
  "an object with an array in an array": { X: [["y"]] },
  "an object whose second is wrong": { A: "b", X: 42 },
  "a Map with a number": new Map([["X", 42]]),
  "a character above U+00FF": [["X", "\u0100"]],
};

/** Pairs of strings that are no headers to add. */
export const REFUSED_HEADERS = {
  "a name that is no token": [["X Y", "z"]],
  "a header of the handshake": [["Upgrade", "h2c"]],
  "two lines": { X: "y\r\nZ: a" },
};

const WRONG_SUBPROTOCOLS = {
  "a String": new String("chat"),
  "a number": 42,
  "null": null,
  "a plain object": { chat: true },
  "an object like an array": { 0: "chat", length: 1 },
  "an array with a number": ["chat", 42],
  "an array with null": [null],
  "an array with undefined": [undefined],
  "an array with a hole": new Array(1),
  "an array with a String": [new String("chat")],
  "an array with an object with toString": [TRAP],
  "an array in an array": [["chat"]],
  "bytes": Uint8Array.of(0x63),
  "a Map": new Map([["chat", "chat"]]),
  "a list in one string": "chat, superchat",
  "an empty string": "",
  "an empty string in an array": [""],
};

export function wrongArguments(sansock) {
  const { Connection, SansockError } = sansock;
  const byName = (argument, run) => {
    const error = refused("INVALID_ARGUMENT", run);
    ok(error instanceof SansockError, "a SansockError");
    ok(error.message.startsWith(argument), `"${error.message}" does not begin with ${argument}`);
  };
  const carriers = {
    "a client's option": (headers) => Connection.client("ws://h/", { headers }),
    "a server's option": (headers) => Connection.server({ headers }),
    "accept": (headers) => requested(Connection).accept(null, headers),
    "reject": (headers) => requested(Connection).reject(403, headers),
    "respond": (headers) => requested(Connection).respond(403, "", headers),
  };
  const fields = {
    "receiveRequest": (given) => Connection.server().receiveRequest("2", given),
    "receiveResponse": (given) => {
      const client = Connection.client("ws://h/");
      client.requestFields("2");
      client.receiveResponse(200, given);
    },
  };
  const wrongHeaders = Object.entries({ ...WRONG_HEADERS, ...REFUSED_HEADERS });
  return [
    ...table(sansock).map(({ name, argument, allowed, required, run }) => ({
      name: `of the wrong type, ${name}`,
      run: () => {
        const values = Object.entries(required ? { ...VALUES, ...MISSING } : VALUES);
        const wrong = values.filter(([value]) => !allowed.includes(value));
        const failures = failuresOf(wrong, (value) => byName(argument, () => run(value)));
        equal(failures, [], `${argument}, of ${wrong.length}`);
      },
    })),
    ...Object.entries(carriers).map(([carrier, pass]) => ({
      name: `headers that are none, in ${carrier}`,
      run: () => {
        equal(failuresOf(wrongHeaders, (headers) => byName("headers", () => pass(headers))), []);
      },
    })),
    ...Object.entries(sansock.Tunnel === undefined ? {} : fields).map(([carrier, pass]) => ({
      name: `fields that are none, in ${carrier}`,
      run: () => {
        equal(failuresOf(Object.entries(WRONG_HEADERS), (given) => byName("fields", () => pass(given))), []);
      },
    })),
    {
      name: "a limit that is unknown is refused even if it is undefined, and one that is not is no limit then",
      run: () => {
        byName("deflateLevel: ", () => requested(Connection).accept(null, [], 0, { deflateLevel: undefined }));
        byName("__proto__: ", () => requested(Connection).accept(null, [], 0, JSON.parse('{ "__proto__": true }')));
        byName("limits: ", () => requested(Connection).accept(null, [], 0, Object.create({ deflate: false })));
        const limits = { deflate: undefined, serverMaxWindowBits: undefined, clientNoContextTakeover: undefined };
        equal(requested(Connection).accept(null, [], 0, limits).map(({ type }) => type), ["open"]);
      },
    },
    {
      name: "subprotocols that are none",
      run: () => {
        const pass = (subprotocols) => byName("subprotocols", () => Connection.client("ws://h/", { subprotocols }));
        equal(failuresOf(Object.entries(WRONG_SUBPROTOCOLS), pass), []);
      },
    },
    {
      name: "a refused argument leaves the connection and the engine as they were",
      run: () => {
        const { client, server } = connected(sansock);
        client.sendPart("still ", false);
        for (const value of Object.values(VALUES).filter((each) => typeof each !== "boolean")) {
          byName("last", () => client.sendPart("a", value));
        }
        byName("now", () => client.timeout(1n));
        byName("chunk", () => client.receive(Object.create(Uint8Array.prototype)));
        client.sendPart("here", true);
        equal(exchange(client, server).server.map(({ data }) => data), ["still here"]);
      },
    },
    {
      name: "an unknown option is refused even if it is undefined, or a name that all objects have",
      run: () => {
        byName("maxMesageSize: ", () => Connection.server({ maxMesageSize: undefined }));
        byName("constructor: ", () => Connection.server({ constructor: true }));
        byName("__proto__: ", () => Connection.server(JSON.parse('{ "__proto__": true }')));
      },
    },
    {
      name: "options that are inherited are not lost in silence",
      run: () => {
        byName("options: ", () => Connection.server(Object.create({ parts: true })));
        byName("options: ", () => Connection.server(new Map([["parts", true]])));
      },
    },
    {
      name: "an option is read once",
      run: () => {
        let reads = 0;
        const options = {
          startOpen: true,
          get parts() {
            reads += 1;
            return reads === 1;
          },
        };
        Connection.client(null, options).free();
        equal(reads, 1);
      },
    },
    {
      name: "a module that is none",
      run: async () => {
        const failures = [];
        for (const [name, value] of Object.entries(VALUES).filter(([, each]) => !isModuleLike(each))) {
          await compile(value).then(
            () => failures.push(`${name}: compiled`),
            (error) => failures.push(...failuresOf([[name, error]], (each) => byName("source: ", () => raise(each)))),
          );
        }
        equal(failures, []);
      },
    },
    {
      name: "a batch is not a string to be cut into characters",
      run: () => {
        const { client } = connected(sansock);
        byName("messages: ", () => client.sendBatch("abc"));
        byName("messages: ", () => client.sendBatch(new String("abc")));
        byName("messages: ", () => client.sendBatch({ length: 3 }));
        equal([client.pendingOutput, client.sendBatch(new Set(["a", "b"]))], [0, 2]);
      },
    },
  ];
}

/** What is fetched, or compiled as bytes. */
function isModuleLike(value) {
  return typeof value === "string" || ArrayBuffer.isView(value);
}

function raise(error) {
  throw error;
}

/** The names of the cases in which `check` throws, with the reason. */
function failuresOf(cases, check) {
  const failures = [];
  for (const [name, value] of cases) {
    try {
      check(value);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  }
  return failures;
}

export function acceptedForms({ Connection }) {
  const lines = (options) => {
    const client = Connection.client("ws://h/", options);
    const request = new TextDecoder().decode(client.takeOutput()).split("\r\n");
    client.free();
    return request;
  };
  function* pairs() {
    yield ["X-Tenant", "42"];
    yield ["X-Tenant", "43"];
  }
  const both = ["X-Tenant: 42", "X-Tenant: 43"];
  const headers = {
    "pairs": { given: [["X-Tenant", "42"], ["X-Tenant", "43"]], expected: both },
    "a generator": { given: pairs(), expected: both },
    "a Set of pairs": { given: new Set(pairs()), expected: both },
    "a Map": { given: new Map([["X-Tenant", "42"]]), expected: ["X-Tenant: 42"] },
    "Headers": { given: new Headers([["X-Tenant", "42"]]), expected: ["x-tenant: 42"] },
    "Headers with a name twice": { given: new Headers([...pairs()]), expected: ["x-tenant: 42, 43"] },
    "a plain object": { given: { "X-Tenant": "42", TE: "trailers" }, expected: ["X-Tenant: 42", "TE: trailers"] },
    "an object without a prototype": {
      given: Object.assign(Object.create(null), { "X-Tenant": "42" }),
      expected: ["X-Tenant: 42"],
    },
    "an object with an array": { given: { "X-Tenant": ["42", "43"], TE: "trailers" }, expected: [...both, "TE: trailers"] },
    "an object with an empty array": { given: { "X-Tenant": [] }, expected: [] },
    "an empty object": { given: {}, expected: [] },
    "no headers": { given: undefined, expected: [] },
  };
  const subprotocols = {
    "an array": { given: ["chat", "echo"], expected: "chat, echo" },
    "a string is one subprotocol": { given: "chat", expected: "chat" },
    "a Set": { given: new Set(["chat", "echo"]), expected: "chat, echo" },
    "a generator": {
      given: (function* names() {
        yield "chat";
      })(),
      expected: "chat",
    },
    "an empty array": { given: [], expected: undefined },
    "no subprotocols": { given: undefined, expected: undefined },
  };
  return [
    ...Object.entries(headers).map(([name, { given, expected }]) => ({
      name: `headers are ${name}`,
      run: () => equal(lines({ headers: given }).filter((line) => /^(x-tenant|te):/i.test(line)), expected),
    })),
    ...Object.entries(subprotocols).map(([name, { given, expected }]) => ({
      name: `subprotocols: ${name}`,
      run: () => {
        const offers = lines({ subprotocols: given }).filter((line) => line.startsWith("Sec-WebSocket-Protocol: "));
        equal(offers, expected === undefined ? [] : [`Sec-WebSocket-Protocol: ${expected}`]);
      },
    })),
    {
      name: "headers of an answer in every form",
      run: () => {
        const forms = [[["X", "y"]], { X: "y" }, new Map([["X", "y"]]), new Set([["X", "y"]])];
        for (const form of forms) {
          const [accepting, rejecting] = [requested(Connection), requested(Connection)];
          accepting.accept("chat", form);
          rejecting.reject(403, form);
          for (const server of [accepting, rejecting]) {
            ok(new TextDecoder().decode(server.takeOutput()).includes("\r\nX: y\r\n"), JSON.stringify(form));
          }
        }
      },
    },
    {
      name: "a URL is a string or a URL",
      run: () => {
        const [first] = lines({});
        equal(first, "GET / HTTP/1.1");
        const client = Connection.client(new URL("ws://example.com/chat?a=1"));
        ok(new TextDecoder().decode(client.takeOutput()).startsWith("GET /chat?a=1 "), "the URL's target");
        client.free();
      },
    },
  ];
}

// The class WebSocket, by the steps of the WHATWG WebSockets Standard.

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { settled } from "./memory.mjs";
import { host } from "./runtime.mjs";
import { answering, bytes, echo, rawServer, requestText, serving } from "./sockets.mjs";

const { WebSocket } = host;
/** The codes of these are those of `DOMException`. */
const thrown = (name, call) => {
  try {
    call();
  } catch (error) {
    ok(error instanceof DOMException, `${call}: ${error}`);
    equal([String(call), error.name], [String(call), name]);
    return;
  }
  throw new Error(`${call} did not throw`);
};

/** A WebSocket, and the names of its events in their order. */
function opening(url, given) {
  const socket = new WebSocket(url, given);
  const events = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, (event) => events.push([event.type, socket.readyState]));
  }
  const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
  const [opened, closed] = [next("open"), next("close")];
  atEnd(async () => {
    if (socket.readyState < 2) {
      socket.close();
    }
    await closed;
  });
  return { socket, events, next, opened, closed };
}

/** A WebSocket that is open, to a server with this handler. */
async function open(handler = echo, options = {}, given = []) {
  const server = await serving(handler, options);
  const all = opening(server.url, given);
  await all.opened;
  return { ...all, server };
}

const quiet = (url, given) => {
  const socket = new WebSocket(url, given);
  socket.close();
  return socket;
};

const constructing = [
  {
    name: "constructor: a URL that is none, with another scheme, or with a fragment is a SyntaxError",
    run: () => {
      for (const url of ["", "example.com", "ws://", "ws://a b/", "ftp://a/", "mailto:a", "ws://a/#b", "ws://a/#", "wss://a:99999/", "/path"]) {
        thrown("SyntaxError", () => new WebSocket(url));
      }
    },
  },
  {
    name: "constructor: http and https stand for ws and wss; url is serialised",
    run: () => {
      const cases = {
        "ws://EXAMPLE.com": "ws://example.com/",
        "http://a.invalid/x?y": "ws://a.invalid/x?y",
        "https://a.invalid:443/": "wss://a.invalid/",
        "ws://a.invalid:80/é": "ws://a.invalid/%C3%A9",
        "wss://a.invalid:81": "wss://a.invalid:81/",
      };
      for (const [given, url] of Object.entries(cases)) {
        equal(quiet(given).url, url);
        equal(quiet(new URL(given)).url, url);
      }
    },
  },
  {
    name: "constructor: subprotocols that are no tokens, or repeated, are a SyntaxError",
    run: () => {
      for (const protocols of ["", "a b", "a,b", "é", ["a", "a"], ["a", "A"], ["a", ""], ["\0"], "a/b"]) {
        thrown("SyntaxError", () => new WebSocket("ws://a.invalid/", protocols));
      }
    },
  },
  {
    name: "constructor: subprotocols are strings, or become such",
    run: async () => {
      for (const [given, expected] of [["chat", "chat"], [["a", "b"], "a, b"], [new Set(["x"]), "x"], [5, "5"], [[7], "7"], [null, "null"], [[], undefined]]) {
        const server = await answering(() => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        await opening(server.url, given).closed;
        equal(/\r\nSec-WebSocket-Protocol: ([^\r]*)/i.exec(server.requests[0])?.[1], expected);
      }
    },
  },
  {
    name: "before it is open: CONNECTING, nothing agreed on, nothing buffered",
    run: () => {
      const socket = quiet("ws://a.invalid/");
      const other = new WebSocket("ws://a.invalid/");
      equal([other.readyState, other.protocol, other.extensions, other.bufferedAmount, other.binaryType], [0, "", "", 0, "blob"]);
      equal([other.onopen, other.onmessage, other.onerror, other.onclose], [null, null, null, null]);
      other.close();
      equal([socket.readyState, other.readyState], [2, 2]);
    },
  },
  {
    name: "constants and attributes are where the standard has them",
    run: () => {
      for (const each of [WebSocket, quiet("ws://a.invalid/")]) {
        equal([each.CONNECTING, each.OPEN, each.CLOSING, each.CLOSED], [0, 1, 2, 3]);
      }
      let keys = [];
      for (const key in WebSocket.prototype) {
        keys.push(key);
      }
      keys = keys.filter((key) => key === key.toLowerCase() || /^[a-z]/.test(key));
      for (const name of ["url", "readyState", "bufferedAmount", "protocol", "extensions", "binaryType", "send", "close", "onopen", "onclose"]) {
        ok(keys.includes(name), `${name} is not enumerable`);
      }
      ok(WebSocket.prototype instanceof EventTarget, "no EventTarget");
    },
  },
];

const lives = [
  {
    name: "open: what was agreed on, then the event",
    run: async () => {
      const { socket, events } = await open(echo, { subprotocols: ["b"] }, ["a", "b"]);
      equal([socket.readyState, socket.protocol, events], [1, "b", [["open", 1]]]);
      ok(socket.extensions.startsWith("permessage-deflate"), socket.extensions);
    },
  },
  {
    name: "messages of each kind, as binaryType says at that time, with the origin of the URL",
    run: async () => {
      const { socket, next, server } = await open();
      const send = async (data, type) => {
        if (type !== undefined) {
          socket.binaryType = type;
        }
        const message = next("message");
        socket.send(data);
        const event = await message;
        equal([event instanceof MessageEvent, event.origin], [true, server.url.slice(0, -1)]);
        return event.data;
      };
      equal(await send("é"), "é");
      const blob = await send(bytes(1, 2));
      ok(blob instanceof Blob, "no Blob");
      equal(new Uint8Array(await blob.arrayBuffer()), bytes(1, 2));
      const buffer = await send(bytes(3), "arraybuffer");
      ok(buffer instanceof ArrayBuffer, "no ArrayBuffer");
      equal([new Uint8Array(buffer), buffer.byteLength], [bytes(3), 1]);
      socket.binaryType = "nonsense";
      equal(socket.binaryType, "arraybuffer");
    },
  },
  {
    name: "send: every kind of data, in order, also behind a Blob that is read",
    run: async () => {
      const { socket } = await open();
      socket.binaryType = "arraybuffer";
      const received = [];
      const done = new Promise((resolve) => {
        socket.onmessage = ({ data }) => {
          received.push(typeof data === "string" ? data : new Uint8Array(data));
          if (received.length === 10) {
            resolve();
          }
        };
      });
      const own = bytes(9, 9);
      socket.send("text");
      socket.send(new Blob([bytes(1, 2)]));
      socket.send(bytes(3).buffer);
      socket.send(new DataView(bytes(0, 4, 0).buffer, 1, 1));
      socket.send(own);
      own.fill(0);
      socket.send(new Uint16Array(bytes(5, 5).buffer));
      socket.send(123);
      socket.send(null);
      socket.send({ toString: () => "object" });
      socket.send(new Blob(["last"]));
      await done;
      equal(received, ["text", bytes(1, 2), bytes(3), bytes(4), bytes(9, 9), bytes(5, 5), "123", "null", "object", new TextEncoder().encode("last")]);
    },
  },
  {
    name: "send: while it connects, an InvalidStateError; a lone surrogate is sent as U+FFFD",
    run: async () => {
      const server = await serving(echo);
      const { socket, opened, next } = opening(server.url);
      thrown("InvalidStateError", () => socket.send("x"));
      await opened;
      const message = next("message");
      socket.send("a\ud800");
      equal((await message).data, "a\ufffd");
    },
  },
  {
    name: "bufferedAmount: the bytes that were sent in this turn, then none; after the end it grows and stays",
    run: async () => {
      const { socket, next, closed } = await open();
      const arrived = next("message");
      socket.send("é");
      equal(socket.bufferedAmount, 2);
      socket.send(bytes(1, 2, 3));
      socket.send(new DataView(bytes(1, 2, 3, 4).buffer, 1));
      equal(socket.bufferedAmount, 8);
      socket.send(new Blob([bytes(1, 2)]));
      equal(socket.bufferedAmount, 10);
      await arrived;
      while (socket.bufferedAmount > 0) {
        await settled();
      }
      socket.close();
      socket.send("12345");
      socket.send(new Blob(["678"]));
      equal(socket.bufferedAmount, 8);
      await closed;
      equal(socket.bufferedAmount, 8);
      socket.send(bytes(1));
      equal(socket.bufferedAmount, 9);
    },
  },
  {
    name: "bufferedAmount: what the network never took stays after a failure",
    run: async () => {
      const { socket, closed, server } = await open(async (connection) => {
        await connection.closed;
      }, { maxQueue: 0, deflate: false });
      for (let index = 0; index < 600; index++) {
        socket.send(new Uint8Array(60_000));
      }
      await settled();
      server.connections.forEach((connection) => connection.terminate());
      await closed;
      ok(socket.bufferedAmount > 0 && socket.bufferedAmount % 60_000 === 0, `${socket.bufferedAmount} bytes`);
    },
  },
];

const closing = [
  {
    name: "close: codes and reasons that are not allowed, in each state",
    run: async () => {
      const { socket, closed } = await open();
      const check = () => {
        for (const code of [0, 999, 1001, 1005, 2999, 5000, 65_536 + 1000, Number.NaN, null]) {
          thrown("InvalidAccessError", () => socket.close(code));
        }
        thrown("SyntaxError", () => socket.close(1000, "é".repeat(62)));
        thrown("SyntaxError", () => socket.close(undefined, "x".repeat(124)));
      };
      check();
      socket.close(3000.2, 5);
      check();
      equal([(await closed).code, (await closed).reason], [3000, "5"]);
      check();
      socket.close();
    },
  },
  {
    name: "close: with a code and a reason, without, and with a reason alone",
    run: async () => {
      for (const [given, code, reason] of [[[], 1005, ""], [[1000], 1000, ""], [[4999, "why é"], 4999, "why é"], [[undefined, "x"], 1000, "x"]]) {
        let seen;
        const { socket, closed, events } = await open(async (connection) => {
          seen = await connection.closed;
        });
        socket.close(...given);
        equal(socket.readyState, 2);
        const event = await closed;
        equal([event.code, event.wasClean, seen.code, seen.reason], [code, true, code, reason]);
        equal(events, [["open", 1], ["close", 3]]);
        if (globalThis.CloseEvent !== undefined) {
          ok(event instanceof CloseEvent, "no CloseEvent");
        }
      }
    },
  },
  {
    name: "close: while it connects, the connection fails: error, then close with 1006",
    run: async () => {
      const server = await rawServer((socket) => socket.resume());
      const { socket, events, closed } = opening(server.url);
      socket.close();
      equal([socket.readyState, events], [2, []]);
      const { code, reason, wasClean } = await closed;
      equal([code, reason, wasClean, events], [1006, "", false, [["error", 3], ["close", 3]]]);
    },
  },
  {
    name: "close: what was sent before goes out, a Blob that is read included",
    run: async () => {
      const received = [];
      const { socket, closed } = await open(async (connection) => {
        for await (const message of connection) {
          received.push(message);
        }
      });
      socket.send("a");
      socket.send(new Blob([bytes(1)]));
      socket.send("b");
      socket.close();
      await closed;
      equal(received, ["a", bytes(1), "b"]);
    },
  },
  {
    name: "messages that come while it is closing are dropped",
    run: async () => {
      const { socket, events, closed } = await open(async (connection) => {
        await connection.receive();
        await connection.send("late");
      });
      socket.send("x");
      socket.close();
      equal((await closed).wasClean, true);
      equal(events.map(([type]) => type), ["open", "close"]);
    },
  },
  {
    name: "the server closes: CLOSED is the state in the event, with its code and reason",
    run: async () => {
      const { closed, events, socket } = await open((connection) => connection.close(4321, "bye"));
      const { code, reason, wasClean } = await closed;
      equal([code, reason, wasClean, events, socket.readyState], [4321, "bye", true, [["open", 1], ["close", 3]], 3]);
    },
  },
  {
    name: "a failure: error, which says why, then close with 1006",
    run: async () => {
      const { socket, next, closed, events } = await open(async (connection) => {
        await connection.receive();
        connection.terminate();
      });
      const failed = next("error");
      socket.send("x");
      const error = await failed;
      equal((await closed).code, 1006);
      equal(events, [["open", 1], ["error", 3], ["close", 3]]);
      ok(error.error instanceof Error && error.message.length > 0, "no reason");
    },
  },
  {
    name: "a server that breaks the protocol is a failure",
    run: async () => {
      const server = await rawServer((socket) => {
        socket.once("data", (chunk) => {
          const key = /Sec-WebSocket-Key: (\S+)/i.exec(chunk.toString("latin1"))[1];
          void answerTo(key).then((head) => socket.write(`${head}\x83\x00`, "latin1"));
          socket.once("data", () => socket.end());
        });
      });
      const { closed, events } = opening(server.url);
      const { code, wasClean } = await closed;
      equal([code, wasClean, events.map(([type]) => type)], [1006, false, ["open", "error", "close"]]);
    },
  },
  {
    name: "redirects and refusals are failures",
    run: async () => {
      for (const status of [302, 404, 200]) {
        const server = await answering(() => `HTTP/1.1 ${status} X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n`);
        const { closed, events, next } = opening(server.url);
        const error = next("error");
        equal([(await closed).code, events], [1006, [["error", 3], ["close", 3]]]);
        equal([(await error).error.status, server.requests.length], [status, 1]);
      }
    },
  },
];

async function answerTo(key) {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`));
  const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return requestText({ Host: undefined, "Sec-WebSocket-Version": undefined, "Sec-WebSocket-Key": undefined, "Sec-WebSocket-Accept": accept },
    "HTTP/1.1 101 Switching Protocols");
}

const handlers = [
  {
    name: "event handlers: called with the WebSocket as this, replaced in their place, set anew at the end",
    run: async () => {
      const { socket, next } = await open();
      const calls = [];
      const send = async () => {
        calls.length = 0;
        const message = next("message");
        socket.send("x");
        await message;
        await settled();
        return calls.join("");
      };
      const first = function () {
        equal(this === socket, true);
        calls.push("1");
      };
      socket.onmessage = first;
      ok(socket.onmessage === first, "the getter");
      socket.addEventListener("message", () => calls.push("2"));
      equal(await send(), "12");
      socket.onmessage = () => calls.push("3");
      equal(await send(), "32");
      socket.onmessage = null;
      equal([socket.onmessage, await send()], [null, "2"]);
      socket.onmessage = () => calls.push("4");
      equal(await send(), "24");
      for (const nothing of [5, "x", undefined]) {
        socket.onmessage = nothing;
        equal([socket.onmessage, await send()], [null, "2"]);
      }
      const object = { handleEvent: () => calls.push("5") };
      socket.onmessage = object;
      ok(socket.onmessage === object, "an object is kept");
      equal(await send(), "2");
    },
  },
  {
    name: "drain and writable say when to go on; options go where subprotocols do",
    run: async () => {
      const { socket, next } = await open(echo, {}, { outputSoftLimit: 1000, deflate: false, headers: { "X-A": "1" }, protocols: [] });
      equal([socket.writable, socket.extensions], [true, ""]);
      const drained = next("drain");
      socket.send("x".repeat(5000));
      equal(socket.writable, false);
      await drained;
      equal(socket.writable, true);
    },
  },
];

export const webSocket = [...constructing, ...lives, ...closing, ...handlers];

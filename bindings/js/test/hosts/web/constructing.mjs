// The script, first part: what is passed to the constructor, and what a WebSocket is before it is open.

import { ended, nameOf, outcome } from "./observing.mjs";

/** Stands for an address at which nobody listens. */
const NOBODY = "NOBODY";

const URLS = [
  "",
  "/path",
  "example.com",
  "ws://",
  "ws://a b/",
  "ws:/NOBODY/x",
  "ws://127.0.0.1:99999/",
  "ftp://NOBODY/",
  "mailto:a@b",
  "about:blank",
  "blob:http://NOBODY/x",
  `ws://${NOBODY}/#part`,
  `ws://${NOBODY}/#`,
  `WS://${NOBODY}`,
  `ws://${NOBODY}/a/../b c?d e`,
  `ws://${NOBODY}/é?ü`,
  `ws://user:secret@${NOBODY}/`,
  `http://${NOBODY}/x?y`,
  `https://${NOBODY}/`,
  `wss://127.0.0.1:443/`,
  ` ws://${NOBODY}/ `,
  `ws://${NOBODY}/\ud800`,
];

const PROTOCOLS = {
  "''": "",
  "'chat'": "chat",
  "'a b'": "a b",
  "'a,b'": "a,b",
  "'é'": "é",
  "'a\\0'": "a\0",
  "'a/b'": "a/b",
  "5": 5,
  "true": true,
  "null": null,
  "undefined": undefined,
  "[]": [],
  "['a', 'b']": ["a", "b"],
  "['a', 'a']": ["a", "a"],
  "['a', 'A']": ["a", "A"],
  "['a', '']": ["a", ""],
  "[7]": [7],
  "[['a']]": [["a"]],
  "new Set(['a', 'b'])": new Set(["a", "b"]),
  "new String('chat')": new String("chat"),
  "Symbol()": Symbol("a"),
};

export const constructing = {
  "a URL": async ({ WebSocket, note, nobody }) => {
    const at = (text) => text.replace(NOBODY, nobody);
    const given = {
      ...Object.fromEntries(URLS.map((url) => [JSON.stringify(url), at(url)])),
      "a URL": new URL(`http://${nobody}/object`),
      "an object": { toString: () => `ws://${nobody}/text` },
      "5": 5,
      "null": null,
    };
    for (const [text, url] of Object.entries(given)) {
      await note(`new WebSocket(${text})`, async () => {
        const socket = new WebSocket(url);
        const seen = socket.url;
        await ended(socket);
        return seen.replace(nobody, NOBODY);
      });
    }
  },

  "how it is called": async ({ WebSocket, note, nobody }) => {
    await note("new WebSocket()", () => new WebSocket());
    await note("WebSocket(url) without new", () => WebSocket(`ws://${nobody}/`));
    await note("new WebSocket(Symbol())", () => new WebSocket(Symbol("a")));
    await note("a class that extends it", async () => {
      class Derived extends WebSocket {}
      const socket = new Derived(`ws://${nobody}/`);
      await ended(socket);
      return [socket instanceof Derived, socket instanceof WebSocket, socket instanceof EventTarget];
    });
  },

  "subprotocols": async ({ WebSocket, note, server }) => {
    for (const [text, protocols] of Object.entries(PROTOCOLS)) {
      await note(`protocols: ${text}`, async () => {
        const before = server.requests.length;
        const socket = new WebSocket(`${server.url}echo`, protocols);
        await outcome(socket);
        await ended(socket);
        return server.requests[before]?.subprotocols ?? null;
      });
    }
  },

  "the request": async ({ WebSocket, note, server }) => {
    await note("extensions that are offered", async () => {
      const before = server.requests.length;
      const socket = new WebSocket(`${server.url}echo`);
      await outcome(socket);
      await ended(socket);
      return server.requests[before].extensions.map((each) => each.split(";")[0]);
    });
    await note("the target", async () => {
      const before = server.requests.length;
      const socket = new WebSocket(`${server.url}echo/é?a b`);
      await outcome(socket);
      await ended(socket);
      return server.requests[before].target;
    });
    await note("credentials in the URL", async () => {
      const before = server.requests.length;
      const socket = new WebSocket(`${server.url}echo`.replace("//", "//user:secret@"));
      await outcome(socket);
      await ended(socket);
      return server.requests[before].authorization;
    });
  },

  "attributes before it is open": async ({ WebSocket, note, server }) => {
    const socket = new WebSocket(`${server.url}echo`);
    for (const name of ["readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "onopen", "onmessage", "onerror", "onclose"]) {
      await note(`${name} before it is open`, () => socket[name]);
    }
    await note("send before it is open", () => socket.send("x"));
    await note("send() before it is open", () => socket.send());
    await outcome(socket);
    await ended(socket);
  },

  "the shape of the class": async ({ WebSocket, note, server }) => {
    const socket = new WebSocket(`${server.url}echo`);
    await note("WebSocket.name", () => WebSocket.name);
    await note("WebSocket.length", () => WebSocket.length);
    await note("toString of an instance", () => Object.prototype.toString.call(socket));
    await note("own properties of an instance", () => Object.keys(socket));
    for (const name of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"]) {
      for (const [where, object] of [["the class", WebSocket], ["the prototype", WebSocket.prototype]]) {
        await note(`${name} of ${where}`, () => {
          const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, name);
          return { value, writable, enumerable, configurable };
        });
      }
    }
    for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "onopen", "onmessage", "onerror", "onclose"]) {
      await note(`the property ${name}`, () => {
        const { get, set, enumerable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        return { get: typeof get, set: typeof set, enumerable };
      });
    }
    for (const name of ["send", "close"]) {
      await note(`the method ${name}`, () => {
        const { value, enumerable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        return { enumerable, length: value.length };
      });
    }
    for (const name of ["readyState", "url", "CONNECTING"]) {
      await note(`${name} = 5`, () => {
        socket[name] = 5;
      });
    }
    await note("readyState of another object", () => Object.getOwnPropertyDescriptor(WebSocket.prototype, "readyState").get.call({}));
    await note("addEventListener is that of EventTarget", () => Object.hasOwn(WebSocket.prototype, "addEventListener"));
    await outcome(socket);
    await ended(socket);
  },

  "binaryType": async ({ WebSocket, note, server }) => {
    const socket = new WebSocket(`${server.url}echo`);
    for (const value of ["arraybuffer", "nonsense", "blob", "nodebuffer", "ArrayBuffer", 5, null]) {
      await note(`binaryType = ${JSON.stringify(value)}`, () => {
        socket.binaryType = "arraybuffer";
        try {
          socket.binaryType = value;
        } catch (error) {
          return [nameOf(error), socket.binaryType];
        }
        return socket.binaryType;
      });
    }
    await outcome(socket);
    await ended(socket);
  },
};

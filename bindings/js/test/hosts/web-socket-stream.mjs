// The class WebSocketStream: streams with backpressure.

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { all, isBlocked, rejection, settled } from "./memory.mjs";
import { host } from "./runtime.mjs";
import { answering, bytes, echo, rawServer, serving } from "./sockets.mjs";

const { WebSocketError, WebSocketStream } = host;

async function open(handler = echo, options = {}, given = {}) {
  const server = await serving(handler, options);
  const stream = new WebSocketStream(server.url, given);
  const opened = await stream.opened;
  atEnd(async () => {
    stream.close();
    await stream.closed.catch(() => {});
  });
  return { server, stream, ...opened };
}

export const webSocketStream = [
  {
    name: "messages of both kinds, and what was agreed on",
    run: async () => {
      const { stream, readable, writable, protocol, extensions, server } = await open(echo, { subprotocols: "b" }, { protocols: ["a", "b"] });
      equal([stream.url, protocol, extensions.startsWith("permessage-deflate")], [server.url, "b", true]);
      const writer = writable.getWriter();
      const reader = readable.getReader();
      for (const message of ["text", bytes(1, 2), ""]) {
        await writer.write(message);
        equal((await reader.read()).value, message);
      }
      await writer.close();
      equal(await stream.closed, { closeCode: 1005, reason: "" });
      equal((await reader.read()).done, true);
    },
  },
  {
    name: "the server closes, with whatever code: the readable ends, and nothing can be written",
    run: async () => {
      for (const code of [1000, 1001, 4000, 1011]) {
        const { stream, readable, writable } = await open(async (connection) => {
          await connection.send("x");
          await connection.close(code, "why");
        });
        equal(await stream.closed, { closeCode: code, reason: "why" });
        equal([code, await all(readable)], [code, ["x"]]);
        equal((await rejection(writable.getWriter().write("x"))).name, "InvalidStateError");
      }
    },
  },
  {
    name: "an abrupt end fails both streams, and closed",
    run: async () => {
      const { stream, readable, writable } = await open(async (connection) => {
        await connection.receive();
        connection.terminate();
      });
      const writer = writable.getWriter();
      await writer.write("x");
      const error = await rejection(stream.closed);
      ok(error instanceof WebSocketError && error instanceof DOMException, String(error));
      equal([error.name, error.closeCode, error.cause.code], ["WebSocketError", 1006, 1006]);
      equal((await rejection(readable.getReader().read())).name, "WebSocketError");
      equal((await rejection(writer.write("x"))).name, "WebSocketError");
    },
  },
  {
    name: "close with a code and a reason; cancel and abort with those of a WebSocketError",
    run: async () => {
      const ways = {
        close: ({ stream }) => stream.close({ closeCode: 4001, reason: "enough" }),
        cancel: ({ readable }) => readable.cancel(new WebSocketError("", { closeCode: 4001, reason: "enough" })),
        abort: ({ writable }) => writable.abort(new WebSocketError("", { closeCode: 4001, reason: "enough" })),
      };
      for (const [way, call] of Object.entries(ways)) {
        let seen;
        const opened = await open(async (connection) => {
          seen = await connection.closed;
        });
        void call(opened);
        await opened.stream.closed;
        equal([way, seen.code, seen.reason], [way, 4001, "enough"]);
      }
      for (const reason of [undefined, new Error("x"), new WebSocketError("")]) {
        const { stream, readable } = await open();
        void readable.cancel(reason);
        equal((await stream.closed).closeCode, 1005);
      }
    },
  },
  {
    name: "a stream that is piped into another passes its end on",
    run: async () => {
      let seen;
      const source = await open(async (connection) => {
        await connection.send("x");
        await connection.close(4002, "from the source");
      });
      const target = await open(async (connection) => {
        equal(await connection.receive(), "x");
        seen = await connection.closed;
      });
      await source.readable.pipeTo(target.writable);
      equal([await source.stream.closed, await target.stream.closed], [{ closeCode: 4002, reason: "from the source" }, { closeCode: 1005, reason: "" }]);
      equal(seen.code, 1005);
    },
  },
  {
    name: "who does not read makes the server wait, and loses nothing",
    run: async () => {
      let sent = 0;
      let waits;
      const full = new Promise((resolve) => (waits = resolve));
      const { readable } = await open(async (connection) => {
        for (; sent < 300; sent++) {
          const room = connection.send(new Uint8Array(100_000).fill(sent));
          if (await isBlocked(room)) {
            waits();
          }
          await room;
        }
        waits();
      }, { deflate: false }, { maxQueue: 100_000 });
      await full;
      ok(sent < 300, "30 MB went to a client that does not read");
      const messages = await all(readable);
      equal(messages.map((message) => message[0]), messages.map((_, index) => index % 256));
      equal(messages.length, 300);
    },
  },
  {
    name: "a server that does not read makes the writer wait",
    run: async () => {
      let go;
      const gate = new Promise((resolve) => (go = resolve));
      const { writable, stream } = await open(async (connection) => {
        await gate;
        let count = 0;
        for await (const message of connection) {
          count += message.length;
        }
        equal(count, 30_000_000);
      }, { maxQueue: 100_000 }, { deflate: false });
      const writer = writable.getWriter();
      let written = 0;
      let waits;
      const full = new Promise((resolve) => (waits = resolve));
      const all = (async () => {
        for (; written < 300; written++) {
          const room = writer.write(new Uint8Array(100_000));
          if (await isBlocked(room)) {
            waits();
          }
          await room;
        }
        waits();
        await writer.close();
      })();
      await full;
      ok(written < 300, "30 MB went to a server that does not read");
      go();
      await all;
      equal((await stream.closed).closeCode, 1005);
    },
  },
  {
    name: "an opening that fails, or is given up, rejects opened and closed",
    run: async () => {
      const server = await answering(() => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
      const refused = new WebSocketStream(server.url);
      const error = await rejection(refused.opened);
      const { closeCode, cause } = await rejection(refused.closed);
      equal([error.name, error.closeCode, error.cause.status], ["WebSocketError", null, 404]);
      equal([closeCode, cause === error.cause], [1006, true]);

      const silent = await rawServer((socket) => socket.resume());
      const closed = new WebSocketStream(silent.url);
      closed.close();
      equal((await rejection(closed.opened)).name, "WebSocketError");

      const controller = new AbortController();
      const aborted = new WebSocketStream(silent.url, { signal: controller.signal });
      controller.abort();
      equal((await rejection(aborted.opened)).name, "AbortError");
      equal((await rejection(aborted.closed)).name, "AbortError");
    },
  },
  {
    name: "a signal that comes later does nothing",
    run: async () => {
      const controller = new AbortController();
      const { readable, writable } = await open(echo, {}, { signal: controller.signal });
      controller.abort();
      await settled();
      void writable.getWriter().write("x");
      equal((await readable.getReader().read()).value, "x");
    },
  },
  {
    name: "arguments that are not allowed",
    run: async () => {
      const throws = (name, call) => {
        try {
          call();
        } catch (error) {
          equal([String(call), error.name], [String(call), name]);
          return;
        }
        throw new Error(`${call} did not throw`);
      };
      throws("SyntaxError", () => new WebSocketStream("nonsense"));
      throws("SyntaxError", () => new WebSocketStream("ws://a/", { protocols: ["a", "a"] }));
      throws("InvalidAccessError", () => new WebSocketError("", { closeCode: 1001 }));
      throws("SyntaxError", () => new WebSocketError("", { reason: "x".repeat(124) }));
      const { closeCode, reason, message } = new WebSocketError("text", { reason: "x" });
      equal([closeCode, reason, message], [1000, "x", "text"]);
      const { stream } = await open();
      throws("InvalidAccessError", () => stream.close({ closeCode: 1005 }));
      throws("SyntaxError", () => stream.close({ closeCode: 1000, reason: "x".repeat(124) }));
    },
  },
];

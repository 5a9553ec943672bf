// The script for WebSocketStream.

import { nameOf, written } from "./observing.mjs";

const bytes = (...values) => Uint8Array.from(values);

/** How a promise ends. */
async function settled(promise) {
  try {
    const value = await promise;
    return value === undefined ? "resolves" : value;
  } catch (error) {
    const { closeCode, reason } = error;
    return closeCode === undefined ? `rejects: ${nameOf(error)}` : [`rejects: ${nameOf(error)}`, closeCode, reason];
  }
}

/** Makes a stream of which nobody waits for anything. */
function made(WebSocketStream, url, options) {
  const stream = new WebSocketStream(url, options);
  stream.opened.catch(() => {});
  stream.closed.catch(() => {});
  return "a stream";
}

async function opened({ WebSocketStream, server }, target, options) {
  const stream = new WebSocketStream(`${server.url}${target}`, options);
  const { readable, writable, ...others } = await stream.opened;
  return { stream, reader: readable.getReader(), writer: writable.getWriter(), ...others };
}

async function ended({ stream }) {
  stream.close();
  await settled(stream.closed);
}

const DATA = {
  "'é'": () => "é",
  "''": () => "",
  "5": () => 5,
  "a Uint8Array": () => bytes(1, 2),
  "an ArrayBuffer": () => bytes(3).buffer,
  "null": () => null,
  "a Blob": () => new Blob(["x"]),
  "a view of a SharedArrayBuffer": () => new Uint8Array(new SharedArrayBuffer(2)),
  "a symbol": () => Symbol("a"),
  "a DataView": () => new DataView(bytes(1, 2, 3).buffer, 1),
};

export const streaming = {
  "constructing": async ({ WebSocketStream, note, server, nobody }) => {
    await note("new WebSocketStream()", () => new WebSocketStream());
    for (const url of ["", "/path", "ftp://NOBODY/", "ws://NOBODY/#part"]) {
      await note(`new WebSocketStream(${JSON.stringify(url)})`, () => made(WebSocketStream, url.replace("NOBODY", nobody)));
    }
    for (const protocols of [["a", "a"], ["a b"], [""]]) {
      await note(`WebSocketStream with the protocols ${JSON.stringify(protocols)}`, () => made(WebSocketStream, `ws://${nobody}/`, { protocols }));
    }
    const stream = new WebSocketStream(`${server.url}echo`, { protocols: ["a", "b"] });
    await note("url of a WebSocketStream", () => stream.url === `${server.url}echo`);
    await note("toString of a WebSocketStream", () => Object.prototype.toString.call(stream));
    await note("promises of a WebSocketStream", () => [stream.opened instanceof Promise, stream.closed instanceof Promise]);
    for (const name of ["url", "opened", "closed"]) {
      await note(`the property ${name} of WebSocketStream`, () => {
        const { get, set, enumerable } = Object.getOwnPropertyDescriptor(WebSocketStream.prototype, name);
        return { get: typeof get, set: typeof set, enumerable };
      });
    }
    await note("what opened resolves to", async () => {
      const { readable, writable, ...others } = await stream.opened;
      return [readable instanceof ReadableStream, writable instanceof WritableStream, others];
    });
    await ended({ stream });
  },

  "messages": async (script) => {
    for (const [text, make] of Object.entries(DATA)) {
      await script.note(`write(${text})`, async () => {
        const all = await opened(script, "echo");
        try {
          await all.writer.write(make());
          return await written((await all.reader.read()).value);
        } finally {
          await ended(all);
        }
      });
    }
  },

  "closing": async (script) => {
    const { note, server } = script;
    for (const given of [[], [{}], [{ closeCode: 1000 }], [{ closeCode: 3000, reason: "é" }], [{ reason: "alone" }]]) {
      await note(`WebSocketStream.close(${given.map((each) => JSON.stringify(each))})`, async () => {
        const all = await opened(script, "echo");
        all.stream.close(...given);
        return [await settled(all.stream.closed), await settled(all.reader.read()), await server.lastClosed()];
      });
    }
    const all = await opened(script, "echo");
    for (const given of [{ closeCode: 1001 }, { closeCode: 5000 }, { closeCode: 1000, reason: "x".repeat(124) }]) {
      await note(`WebSocketStream.close(${JSON.stringify(given).slice(0, 40)})`, () => all.stream.close(given));
    }
    await ended(all);
    await note("the writable is closed", async () => {
      const { stream, writer, reader } = await opened(script, "echo");
      await writer.close();
      return [await settled(stream.closed), await settled(reader.read()), await server.lastClosed()];
    });
    await note("the writable is aborted", async () => {
      const { stream, writer } = await opened(script, "echo");
      await settled(writer.abort());
      return [await settled(stream.closed), await server.lastClosed()];
    });
    for (const target of ["close?1000&", "close?1001&bye", "close?4000&why", "close?0&"]) {
      await note(`the server closes a stream: ${target}`, async () => {
        const { stream, reader, writer } = await opened(script, target);
        return [await settled(stream.closed), await settled(reader.read()), await settled(writer.write("x"))];
      });
    }
  },

  "failing": async ({ WebSocketStream, note, server, raw, nobody }) => {
    for (const [what, url] of Object.entries({
      "a stream to nobody": `ws://${nobody}/`,
      "a stream, and the status 404": `${raw.url}${encodeURIComponent("the status 404")}`,
    })) {
      await note(what, async () => {
        const stream = new WebSocketStream(url);
        return [await settled(stream.opened), await settled(stream.closed)];
      });
    }
    await note("a stream that is closed at once", async () => {
      const stream = new WebSocketStream(`${server.url}echo`);
      stream.close();
      return [await settled(stream.opened), await settled(stream.closed)];
    });
    await note("a stream whose signal is aborted", async () => {
      const stream = new WebSocketStream(`${server.url}echo`, { signal: AbortSignal.abort() });
      return [await settled(stream.opened), await settled(stream.closed)];
    });
    for (const name of ["the end of the stream", "a reserved kind of frame"]) {
      await note(`a stream: ${name}`, async () => {
        const stream = new WebSocketStream(`${raw.url}${encodeURIComponent(name)}`);
        const { readable } = await stream.opened;
        return [await settled(stream.closed), await settled(readable.getReader().read())];
      });
    }
  },
};

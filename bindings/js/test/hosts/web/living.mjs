// The script, second part: events, messages, `bufferedAmount`.

import { ended, eventsOf, messages, next, outcome, settled, written } from "./observing.mjs";

const bytes = (...values) => Uint8Array.from(values);

/** What is sent, each to come back. */
const DATA = {
  "''": () => "",
  "'é 世界 😀'": () => "é 世界 😀",
  "a byte order mark": () => "\ufeffa",
  "a lone surrogate": () => "a\ud800b",
  "5": () => 5,
  "true": () => true,
  "null": () => null,
  "undefined": () => undefined,
  "an object": () => ({ toString: () => "object" }),
  "an array": () => [1, 2],
  "a date": () => new Date(0).toISOString(),
  "an ArrayBuffer": () => bytes(1, 2).buffer,
  "an empty ArrayBuffer": () => new ArrayBuffer(0),
  "a Uint8Array": () => bytes(1, 2, 3),
  "a part of a buffer": () => bytes(1, 2, 3, 4).subarray(1, 3),
  "a DataView": () => new DataView(bytes(1, 2, 3, 4).buffer, 1, 2),
  "a Uint16Array": () => new Uint16Array(bytes(1, 1, 2, 2).buffer),
  "a Float64Array": () => new Float64Array([1]),
  "a BigInt64Array": () => new BigInt64Array([1n]),
  "a Blob": () => new Blob([bytes(1, 2)]),
  "an empty Blob": () => new Blob([]),
  "a File": () => new File([bytes(3)], "name"),
  "a symbol": () => Symbol("a"),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(2),
  "a view of a SharedArrayBuffer": () => new Uint8Array(new SharedArrayBuffer(2)),
  "a resizable ArrayBuffer": () => new ArrayBuffer(2, { maxByteLength: 4 }),
  "a view of a resizable ArrayBuffer": () => new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 })),
  "a detached ArrayBuffer": () => detached(new ArrayBuffer(2)),
  "a view of a detached ArrayBuffer": () => {
    const view = bytes(1, 2);
    detached(view.buffer);
    return view;
  },
};

function detached(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

async function opened({ WebSocket, server }, target = "echo", protocols = []) {
  const socket = new WebSocket(`${server.url}${target}`, protocols);
  socket.binaryType = "arraybuffer";
  const events = eventsOf(socket);
  await outcome(socket);
  return { socket, events };
}

/** Sends, and returns what comes back. What follows shows whether anything was sent. */
async function echoed(socket, data) {
  const first = messages(socket, 1);
  socket.send(data);
  const both = messages(socket, 2);
  socket.send("behind");
  const [answer] = await first;
  if (answer === "behind") {
    return "nothing";
  }
  await both;
  return written(answer);
}

export const living = {
  "what is agreed on": async (script) => {
    const { note } = script;
    const { socket } = await opened(script, "echo", ["a", "b"]);
    for (const name of ["readyState", "protocol", "extensions", "bufferedAmount"]) {
      await note(`${name} when it is open`, () => socket[name]);
    }
    await ended(socket);
    for (const name of ["readyState", "protocol", "extensions", "bufferedAmount", "url"]) {
      await note(`${name} after the end`, () => (name === "url" ? socket.url === `${script.server.url}echo` : socket[name]));
    }
  },

  "events": async (script) => {
    const { note } = script;
    const { WebSocket, server } = script;
    const socket = new WebSocket(`${server.url}echo`);
    const seen = {};
    for (const type of ["open", "message", "close"]) {
      socket.addEventListener(type, (event) => (seen[type] = event));
    }
    await outcome(socket);
    const message = next(socket, "message");
    socket.send("x");
    await message;
    await ended(socket);
    for (const [type, event] of Object.entries(seen)) {
      await note(`the class of ${type}`, () => event.constructor.name);
      for (const name of ["bubbles", "cancelable", "composed", "isTrusted"]) {
        await note(`${name} of ${type}`, () => event[name]);
      }
      await note(`target of ${type}`, () => [event.target === socket, event.currentTarget]);
    }
    await note("origin of message", () => seen.message.origin === new URL(server.url).origin.replace("http", "ws"));
    for (const name of ["lastEventId", "source", "ports"]) {
      await note(`${name} of message`, () => seen.message[name]);
    }
  },

  "handlers": async (script) => {
    const { note } = script;
    const { socket } = await opened(script);
    const calls = [];
    const send = async () => {
      calls.length = 0;
      await echoed(socket, "x");
      return calls.filter((_, index) => index < calls.length / 2);
    };
    for (const value of [5, "x", undefined, {}, { handleEvent: () => calls.push("object") }]) {
      await note(`onmessage = ${typeof value === "object" ? `{ ${Object.keys(value)} }` : value}`, async () => {
        socket.onmessage = value;
        const kept = socket.onmessage;
        return [kept === value ? "kept" : kept, await send()];
      });
    }
    await note("handlers and listeners in order", async () => {
      socket.onmessage = null;
      socket.addEventListener("message", () => calls.push("first"));
      socket.onmessage = () => calls.push("handler");
      socket.addEventListener("message", { handleEvent: () => calls.push("object") });
      socket.onmessage = () => calls.push("another");
      return send();
    });
    await note("this of a handler", async () => {
      let self;
      socket.onmessage = function () {
        self = this;
      };
      await send();
      return self === socket;
    });
    await note("a listener with a signal", async () => {
      const controller = new AbortController();
      socket.addEventListener("message", () => calls.push("signal"), { signal: controller.signal });
      controller.abort();
      return (await send()).includes("signal");
    });
    await ended(socket);
  },

  "messages": async (script) => {
    const { note } = script;
    for (const [text, make] of Object.entries(DATA)) {
      await note(`send(${text})`, async () => {
        const { socket } = await opened(script);
        try {
          return await echoed(socket, make());
        } finally {
          await ended(socket);
        }
      });
    }
  },

  "binary messages": async (script) => {
    const { note } = script;
    const { socket } = await opened(script);
    for (const type of ["blob", "arraybuffer"]) {
      await note(`a message as ${type}`, async () => {
        socket.binaryType = type;
        return echoed(socket, bytes(1, 2, 3));
      });
    }
    await note("the type of a Blob", async () => {
      socket.binaryType = "blob";
      const message = next(socket, "message");
      socket.send(bytes(1));
      return (await message).data.type;
    });
    await note("the order, with a Blob between", async () => {
      socket.binaryType = "arraybuffer";
      const received = messages(socket, 4);
      socket.send("1");
      socket.send(new Blob(["ab"]));
      socket.send("3");
      socket.send(bytes(1, 2, 3, 4));
      return (await received).map((data) => (typeof data === "string" ? data : data.byteLength));
    });
    await note("bytes that change after they were sent", async () => {
      const message = next(socket, "message");
      const own = bytes(1, 2);
      socket.send(own);
      own.fill(9);
      return written((await message).data);
    });
    await ended(socket);
  },

  "bufferedAmount": async (script) => {
    const { note } = script;
    const { socket } = await opened(script);
    const all = messages(socket, 5);
    await note("bufferedAmount in the turn that sends", () => {
      const amounts = [];
      for (const data of ["é", bytes(1, 2, 3), new DataView(bytes(1, 2).buffer, 1), new Blob(["ab"]), "x"]) {
        socket.send(data);
        amounts.push(socket.bufferedAmount);
      }
      return amounts;
    });
    await note("bufferedAmount when all is written", async () => {
      await all;
      await settled();
      return socket.bufferedAmount;
    });
    await note("bufferedAmount after close", async () => {
      socket.close();
      const amounts = [socket.bufferedAmount];
      for (const data of ["é", bytes(1, 2, 3), new Blob(["abc"])]) {
        socket.send(data);
        amounts.push(socket.bufferedAmount);
      }
      await ended(socket);
      amounts.push(socket.bufferedAmount);
      socket.send("x");
      amounts.push(socket.bufferedAmount);
      return amounts;
    });
  },

  "send": async (script) => {
    const { note } = script;
    const { socket } = await opened(script);
    await note("send()", () => socket.send());
    await note("send returns", () => socket.send("x"));
    await ended(socket);
    await note("send() after the end", () => socket.send());
    await note("send after the end", () => socket.send("x"));
  },
};

// The script, third part: closing, failing, and what a server does wrong.

import { ended, eventsOf, next, outcome, settled } from "./observing.mjs";

const CODES = [
  [], [1000], [3000], [4999], [undefined, "alone"], [1000, "é 世界"], [3000, ""], [3000, 5], [3000, null], ["3001", "text"],
  [3000.5], [3001.5], [4999.4], [1000, "x".repeat(123)], [undefined, undefined], [3000, "\ud800"],
];
const REFUSED = [
  [0], [999], [1001], [1005], [1006], [2999], [5000], [-1], [65_536 + 1000], [Number.NaN], [null], ["text"], [999.6], [4999.6],
  [1000, "é".repeat(62)], [undefined, "x".repeat(124)], [Symbol("a")], [1000n],
];

/** Arguments as they are written in a program, long strings by their length. */
const written = (given) => given.map(writtenValue).join(", ");

function writtenValue(value) {
  if (typeof value === "bigint") {
    return `${value}n`;
  }
  if (typeof value !== "string") {
    return String(value);
  }
  return value.length > 20 ? `${value.length} characters` : JSON.stringify(value);
}

async function opened({ WebSocket, server }, target = "echo", protocols = []) {
  const socket = new WebSocket(`${server.url}${target}`, protocols);
  const events = eventsOf(socket);
  await outcome(socket);
  return { socket, events };
}

/** The events of an attempt to connect. */
async function attempt(WebSocket, url, protocols = []) {
  const socket = new WebSocket(url, protocols);
  const events = eventsOf(socket);
  await next(socket, "close");
  await settled();
  return events;
}

export const closing = {
  "close": async (script) => {
    const { note, server } = script;
    for (const given of CODES) {
      await note(`close(${written(given)})`, async () => {
        const { socket, events } = await opened(script);
        socket.close(...given);
        const state = socket.readyState;
        await ended(socket);
        return [state, events, await server.lastClosed()];
      });
    }
    const { socket } = await opened(script);
    for (const given of REFUSED) {
      await note(`close(${written(given)})`, () => {
        socket.close(...given);
        return socket.readyState;
      });
    }
    await ended(socket);
    await note("close with a code that is not allowed, after the end", () => socket.close(1));
    await note("close after the end", () => socket.close());
  },

  "closing early": async ({ WebSocket, note, server }) => {
    await note("close at once", async () => {
      const socket = new WebSocket(`${server.url}echo`);
      const events = eventsOf(socket);
      const end = next(socket, "close");
      socket.close();
      const state = socket.readyState;
      const early = events.length;
      await end;
      return [state, early, events];
    });
    await note("close at once, with a code", async () => {
      const socket = new WebSocket(`${server.url}echo`);
      const events = eventsOf(socket);
      const end = next(socket, "close");
      socket.close(3000, "early");
      await end;
      return events;
    });
    await note("close with a code that is not allowed, at once", async () => {
      const socket = new WebSocket(`${server.url}echo`);
      try {
        socket.close(1);
      } finally {
        await outcome(socket);
        await ended(socket);
      }
    });
    await note("close in the event open", async () => {
      const socket = new WebSocket(`${server.url}echo`);
      const events = eventsOf(socket);
      socket.onopen = () => socket.close(3000, "open");
      await next(socket, "close");
      return events;
    });
  },

  "closing twice, and what is under way": async (script) => {
    const { WebSocket, note, server } = script;
    await note("close twice: the first counts", async () => {
      const { socket, events } = await opened(script);
      socket.close(3000, "first");
      socket.close(3001, "second");
      await ended(socket);
      return [events, await server.lastClosed()];
    });
    await note("close in the event close", async () => {
      const socket = new WebSocket(`${server.url}close?4000&bye`);
      const events = eventsOf(socket);
      socket.addEventListener("close", () => socket.close());
      await next(socket, "close");
      await settled();
      return events;
    });
    await note("messages that come after close", async () => {
      const { socket, events } = await opened(script, "late");
      socket.send("go");
      socket.close();
      await ended(socket);
      return events;
    });
    await note("what was sent before close", async () => {
      const { socket } = await opened(script, "record");
      socket.send("a");
      socket.send(new Blob(["b"]));
      socket.send("c");
      socket.close();
      await ended(socket);
      await server.lastClosed();
      return server.recorded;
    });
  },

  "the server closes": async (script) => {
    const { note } = script;
    for (const target of ["close?1000&", "close?1001&bye", "close?1011&é", "close?3000&why", "close?4999&", "close?0&"]) {
      await note(`the server closes: ${target}`, () => attempt(script.WebSocket, `${script.server.url}${target}`));
    }
    await note("the server sends, and closes at once", () => attempt(script.WebSocket, `${script.server.url}farewell`));
  },

  "failures": async ({ WebSocket, note, server, raw, nobody }) => {
    await note("nobody listens", () => attempt(WebSocket, `ws://${nobody}/`));
    await note("the server ends the connection", async () => {
      const socket = new WebSocket(`${server.url}terminate`);
      const events = eventsOf(socket);
      socket.onopen = () => socket.send("go");
      await next(socket, "close");
      return events;
    });
    await note("the event error", async () => {
      const socket = new WebSocket(`ws://${nobody}/`);
      const error = await next(socket, "error");
      await ended(socket);
      return [error.type, error.constructor.name, typeof error.message, typeof error.error];
    });
    for (const name of Object.keys(raw.answers)) {
      await note(name, () => attempt(WebSocket, `${raw.url}${encodeURIComponent(name)}`));
    }
    await note("a subprotocol of which there was none", () => attempt(WebSocket, `${raw.url}${encodeURIComponent("a subprotocol")}`));
    await note("a subprotocol that was not offered", () => attempt(WebSocket, `${raw.url}${encodeURIComponent("a subprotocol")}`, ["other"]));
  },

  "frames that are not allowed": async ({ WebSocket, note, raw }) => {
    for (const name of Object.keys(raw.frames)) {
      await note(name, async () => {
        const events = await attempt(WebSocket, `${raw.url}${encodeURIComponent(name)}`);
        return [events, await raw.lastCode()];
      });
    }
  },

  "pings": async ({ WebSocket, note, raw }) => {
    await note("a ping is answered, and no event", async () => {
      const events = await attempt(WebSocket, `${raw.url}ping`);
      return [events, await raw.lastPong()];
    });
  },
};

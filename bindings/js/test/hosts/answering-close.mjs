// When the peer's Close is answered, by servers' handlers that do not come back: in memory.

import { equal, ok } from "../assert.mjs";
import { MemoryServer, settled } from "./memory.mjs";

/** How the client's connection ended, and how long that took, in milliseconds. */
async function ended(handler, messages, options = {}) {
  const server = new MemoryServer(handler, options);
  const client = await server.connect();
  await Promise.all(messages.map((message) => client.send(message)));
  await settled();
  const start = performance.now();
  const { code, clean } = await client.close(3000, "bye");
  return { code, clean, time: performance.now() - start };
}

const forever = () => new Promise(() => {});

export const answeringClose = [
  {
    name: "a handler that receives nothing gets none, and Close is answered at once",
    run: async () => {
      const { code, clean, time } = await ended(forever, []);
      equal([code, clean], [3000, true]);
      ok(time < 5000, `it took ${time} ms`);
    },
  },
  {
    name: "a handler that has sent something since its last message does not keep the peer from closing",
    run: async () => {
      const feed = async (connection) => {
        await connection.receive();
        await connection.send("subscribed");
        await forever();
      };
      const { code, clean, time } = await ended(feed, ["subscribe"]);
      equal([code, clean], [3000, true]);
      ok(time < 5000, `it took ${time} ms`);
    },
  },
  {
    name: "messages that nobody takes put the answer off for half of closeTimeout, and it is clean",
    run: async () => {
      for (const handler of [forever, async (connection) => (await connection.receive(), forever())]) {
        const { code, clean, time } = await ended(handler, ["one", "two"], { closeTimeout: 60 });
        equal([code, clean], [3000, true]);
        ok(time >= 29, `it took ${time} ms`);
      }
    },
  },
];

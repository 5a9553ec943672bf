// One message for many connections, in memory.

import { broadcast } from "../../dist/hosts/broadcast.js";
import { equal, refused } from "../assert.mjs";
import { pair, settled } from "./memory.mjs";

export const broadcasting = [
  {
    name: "everybody gets the message, text or bytes, compressed or not",
    run: async () => {
      const pairs = [await pair(), await pair({ client: { deflate: false } })];
      const servers = pairs.map(({ server }) => server);
      const data = new Uint8Array(20_000).fill(7);
      for (const message of ["é€", "x".repeat(20_000), data, new Uint8Array()]) {
        equal(broadcast(servers, message), []);
        data.fill(7);
        for (const { client } of pairs) {
          equal(await client.receive(), message);
        }
      }
      broadcast(servers, data);
      data.fill(8);
      equal((await pairs[1].client.receive())[0], 7, "the bytes as they were");
      equal(broadcast(pairs.map(({ client }) => client), "to the servers"), []);
      equal(await servers[0].receive(), "to the servers");
    },
  },
  {
    name: "who does not read, or gets a message in parts, is left out and returned",
    run: async () => {
      const reads = await pair();
      const stuck = await pair({ client: { maxQueue: 0, deflate: false } });
      const busy = await pair();
      await stuck.server.send("fills the queue");
      await settled();
      void stuck.server.send(new Uint8Array(1_000_000));
      let go;
      void busy.server.send((async function* () {
        yield "a";
        await new Promise((resolve) => (go = resolve));
        yield "b";
      })());
      await settled();
      equal(broadcast([reads.server, stuck.server, busy.server], "news").map((each) => each === stuck.server), [true, false]);
      equal(await reads.client.receive(), "news");
      go();
      equal(await busy.client.receive(), "ab");
    },
  },
  {
    name: "who is gone or going is left out, and what is no message refused",
    run: async () => {
      const [gone, going] = [await pair(), await pair()];
      await gone.server.close();
      void going.server.close();
      equal(broadcast([gone.server, going.server], "too late"), []);
      for (const message of [1, null, undefined, ["a"]]) {
        refused("INVALID_ARGUMENT", () => broadcast([going.server], message));
      }
    },
  },
];

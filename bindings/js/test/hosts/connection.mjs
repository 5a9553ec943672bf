// Sending on a connection, pinging and closing it, as users do: in memory.

import { equal, ok } from "../assert.mjs";
import { all, MemoryServer, pair, rejection, settled } from "./memory.mjs";

const bytes = (...values) => Uint8Array.from(values);

const sending = [
  {
    name: "iterables and async iterables are sent as one message",
    run: async () => {
      const { client, server } = await pair();
      const later = async function* (...items) {
        for (const item of items) {
          await settled();
          yield item;
        }
      };
      const binary = new Set([bytes(1), bytes(2).buffer, new DataView(bytes(3).buffer)]);
      for (const [message, expected] of [
        [["a", "b", "c"], "abc"],
        [binary, bytes(1, 2, 3)],
        [later("x", "", "y"), "xy"],
        [later(bytes(4), bytes(5)), bytes(4, 5)],
        [["only"], "only"],
        [[""], ""],
      ]) {
        await client.send(message);
        equal(await server.receive(), expected);
      }
      await client.send([]);
      await client.send(later());
      await client.send("after nothing");
      equal(await server.receive(), "after nothing");
    },
  },
  {
    name: "messages sent meanwhile wait their turn, in order",
    run: async () => {
      const { client, server } = await pair();
      let go;
      const gate = new Promise((resolve) => (go = resolve));
      const slow = client.send((async function* () {
        yield "slow ";
        await gate;
        yield "message";
      })());
      const others = ["second", ["thi", "rd"], bytes(4), ["fif", "th"], "sixth"].map((message) => client.send(message));
      equal(typeof (await client.ping()), "number", "pings do not wait");
      go();
      await Promise.all([slow, ...others]);
      await client.send("seventh");
      void client.close();
      equal(await all(server), ["slow message", "second", "third", bytes(4), "fifth", "sixth", "seventh"]);
    },
  },
  {
    name: "what cannot be sent is refused, and the connection stays",
    run: async () => {
      const { client, server } = await pair();
      for (const message of [null, undefined, 1, true, {}, Symbol("x"), () => {}, [1], [null]]) {
        equal([String(message), (await rejection(client.send(message))).code], [String(message), "INVALID_ARGUMENT"]);
      }
      await client.send("still here");
      equal(await server.receive(), "still here");
    },
  },
  {
    name: "an iterable that fails before its first part sends nothing; after it, the connection is closed with 1011",
    run: async () => {
      const { client, server } = await pair();
      const failing = async function* (...items) {
        yield* items;
        throw new Error("out of data");
      };
      equal((await rejection(client.send(failing()))).message, "out of data");
      await client.send("still here");
      equal(await server.receive(), "still here");
      equal((await rejection(client.send(failing("begun")))).message, "out of data");
      equal((await rejection(server.receive())).code, 1011);
      equal((await client.closed).sentCode, 1011);
    },
  },
  {
    name: "the first part decides on the kind; bytes in a text must be UTF-8",
    run: async () => {
      const { client, server } = await pair();
      await client.send(["text ", new TextEncoder().encode("é")]);
      equal(await server.receive(), "text é");
      await client.send([bytes(1), "é"]);
      equal(await server.receive(), bytes(1, 0xc3, 0xa9));
      const refused = rejection(client.send(["text", bytes(0xff)]));
      equal((await rejection(server.receive())).code, 1011);
      equal((await refused).code, "INVALID_ARGUMENT");
    },
  },
  {
    name: "an iterable is told when the connection ends in the middle of it",
    run: async () => {
      const { client, server } = await pair();
      let returned = false;
      const endless = (async function* () {
        try {
          for (;;) {
            await settled();
            yield "x";
          }
        } finally {
          returned = true;
        }
      })();
      const sent = rejection(client.send(endless));
      await settled();
      void server.close(4002);
      equal((await sent).code, 4002);
      ok(returned, "the iterable was not closed");
    },
  },
  {
    name: "send waits for room, also between the parts of a message",
    run: async () => {
      const { client, server } = await pair({ client: { outputSoftLimit: 1000, deflate: false }, server: { maxQueue: 0, parts: true } });
      let produced = 0;
      const sent = client.send((function* () {
        for (; produced < 100; produced++) {
          yield "x".repeat(500);
        }
      })());
      await settled();
      ok(produced < 20, `${produced} parts were taken`);
      equal((await server.receive()).length, 50_000);
      await sent;
    },
  },
  {
    name: "who does not wait gets WOULD_BLOCK at the hard limit; what is larger than that is TOO_LARGE",
    run: async () => {
      for (const deflate of [false, true]) {
        const { client, server } = await pair({ server: { outputHardLimit: 50_000, deflate }, client: { maxQueue: 0 } });
        equal((await rejection(server.send(new Uint8Array(50_001)))).code, "TOO_LARGE");
        const sent = [];
        let error;
        for (let index = 0; index < 100 && error === undefined; index++) {
          const data = crypto.getRandomValues(new Uint8Array(20_000));
          sent.push(data);
          void server.send(data).catch((each) => (error = each));
          await null;
        }
        equal(error.code, "WOULD_BLOCK");
        for (const data of sent.slice(0, -1)) {
          equal(await client.receive(), data);
        }
        await server.send("again");
        equal(await client.receive(), "again");
      }
    },
  },
  {
    name: "a message can be sent without compression",
    run: async () => {
      const { client, server } = await pair();
      ok(client.opened.extensions.length === 1, "compression is agreed on by default");
      await client.send("x".repeat(10_000), { compress: false });
      await client.send("x".repeat(10_000));
      equal([(await server.receive()).length, (await server.receive()).length], [10_000, 10_000]);
    },
  },
];

const pings = [
  {
    name: "ping resolves to the round-trip time, and each ping to its own",
    run: async () => {
      const { client, server } = await pair();
      const times = await Promise.all([client.ping(), client.ping(), server.ping()]);
      ok(times.every((time) => time >= 0 && time < 10_000), times.join());
      ok(client.latency >= 0 && server.latency >= 0, "latency");
    },
  },
  {
    name: "a pong answers the pings before its own as well",
    run: async () => {
      const { client } = await pair({ server: { autoPong: false } });
      const pongs = [client.ping(), client.ping(), client.ping()];
      await settled();
      client.onEvent({ type: "pong", payload: new TextEncoder().encode("sansock 2"), roundTripTime: 5 });
      equal(await Promise.all(pongs.slice(0, 2)), [5, 5]);
      client.onEvent({ type: "pong", payload: new TextEncoder().encode("unknown"), roundTripTime: null });
      client.terminate();
      equal((await rejection(pongs[2])).code, 1006);
    },
  },
  {
    name: "a ping that is not answered rejects when the connection ends, and one after the end at once",
    run: async () => {
      const { client, server } = await pair({ server: { autoPong: false } });
      const ping = rejection(client.ping());
      await settled();
      void server.close(4003);
      equal((await ping).code, 4003);
      equal((await rejection(client.ping())).code, 4003);
    },
  },
];

const closing = [
  {
    name: "close resolves to how the connection ended, for each who closes",
    run: async () => {
      const { client, server } = await pair();
      const ends = await Promise.all([client.close(4000, "why"), client.close(), server.closed, client.close(1000)]);
      equal(ends.map(({ clean, code }) => [clean, code]), Array(4).fill([true, 4000]));
      equal(ends[2].reason, "why");
      equal(await client.close(), ends[0]);
    },
  },
  {
    name: "both close at once",
    run: async () => {
      const { client, server } = await pair();
      const [atClient, atServer] = await Promise.all([client.close(4001), server.close(4002)]);
      equal([atClient.clean, atClient.code, atServer.clean, atServer.code], [true, 4002, true, 4001]);
    },
  },
  {
    name: "codes and reasons that are not allowed are refused, and the connection stays",
    run: async () => {
      const { client, server } = await pair();
      for (const given of [[1005], [999], [5000], [1.5], [Number.NaN], [0, "reason"], [1000, "é".repeat(62)], ["1000"]]) {
        equal([given, (await rejection(client.close(...given))).code], [given, "INVALID_ARGUMENT"]);
      }
      await client.send("still here");
      equal(await server.receive(), "still here");
    },
  },
  {
    name: "sending after the end, and while it is being closed, rejects with how it ended",
    run: async () => {
      const { client, server } = await pair();
      const end = client.close(4004);
      const during = rejection(client.send("late"));
      const parts = rejection(client.send(["late"]));
      await end;
      for (const error of [await during, await parts, await rejection(client.send("later")), await rejection(client.send(["x"]))]) {
        equal([error.name, error.code], ["ConnectionClosedError", 4004]);
      }
      equal((await rejection(server.send("x"))).code, 4004);
    },
  },
  {
    name: "terminate ends at once, without a Close frame",
    run: async () => {
      const { client, server } = await pair();
      client.terminate();
      client.terminate();
      const [atClient, atServer] = [await client.closed, await server.closed];
      equal([atClient.code, atClient.clean, atServer.code, atServer.clean], [1006, false, 1006, false]);
      equal((await client.close()).code, 1006);
    },
  },
  {
    name: "who waits for room is set free by the end",
    run: async () => {
      const { client, server } = await pair({ client: { outputSoftLimit: 1000, deflate: false }, server: { maxQueue: 0 } });
      const sent = [];
      for (let index = 0; index < 10; index++) {
        sent.push(client.send("x".repeat(1000)));
      }
      await settled();
      server.terminate();
      await Promise.all(sent);
      equal((await client.closed).code, 1006);
    },
  },
];

const handlers = [
  {
    name: "a handler can answer the messages that came before the peer's Close",
    run: async () => {
      const memory = new MemoryServer(async (connection) => {
        for await (const message of connection) {
          await settled();
          await connection.send(`answer to ${message}`);
        }
      });
      const client = await memory.connect({ receiveWhileClosing: true });
      ["1", "2", "3"].forEach((message) => void client.send(message));
      const end = client.close();
      equal(await all(client), ["answer to 1", "answer to 2", "answer to 3"]);
      equal((await end).clean, true);
    },
  },
  {
    name: "a handler that is busy when Close arrives can still answer, and says with its return that it is done",
    run: async () => {
      const memory = new MemoryServer(async (connection) => {
        const message = await connection.receive();
        await settled();
        await connection.send(`${message}!`);
      });
      const client = await memory.connect({ receiveWhileClosing: true });
      void client.send("hello");
      void client.close(4000);
      equal(await client.receive(), "hello!");
      equal((await client.closed).clean, true);
    },
  },
  {
    name: "a handler that has received a message and then waits for the end does not keep the peer waiting",
    run: async () => {
      let ends = "";
      const memory = new MemoryServer(async (connection) => {
        ends += await connection.receive();
        ends += (await connection.closed).code;
      });
      const client = await memory.connect();
      void client.send("x");
      await settled();
      equal((await client.close(4000)).clean, true);
      await settled();
      equal(ends, "x4000");
    },
  },
  {
    name: "when the handler returns the connection is closed with 1000, when it fails with 1011",
    run: async () => {
      const normal = await new MemoryServer(() => {}).connect();
      equal((await normal.closed).code, 1000);
      const fail = () => {
        throw new Error("no good");
      };
      for (const handler of [fail, async () => fail()]) {
        const memory = new MemoryServer(handler);
        equal((await (await memory.connect()).closed).code, 1011);
        equal(memory.errors, ["no good"]);
      }
    },
  },
  {
    name: "a handler that fails because the connection has ended is no error",
    run: async () => {
      const memory = new MemoryServer(async (connection) => {
        for (;;) {
          await connection.receive();
        }
      });
      const client = await memory.connect();
      await client.close(4000);
      await settled();
      equal([memory.errors, memory.serving.connections.size], [[], 0]);
    },
  },
  {
    name: "the connections of a server are those that are open or closing",
    run: async () => {
      const { client, server, memory } = await pair();
      const { connections } = memory.serving;
      equal([connections.size, connections.has(server)], [1, true]);
      await client.close();
      await settled();
      equal(connections.size, 0);
    },
  },
];

export const connection = [...sending, ...pings, ...closing, ...handlers];

// Receiving on a connection, as users do: in memory.

import { equal, ok } from "../assert.mjs";
import { all, MemoryServer, pair, rejection, settled } from "./memory.mjs";

const bytes = (...values) => Uint8Array.from(values);

/** Whether a promise has settled. */
async function isDone(promise) {
  let done = false;
  const mark = () => {
    done = true;
  };
  promise.then(mark, mark);
  await settled();
  return done;
}

const messages = [
  {
    name: "async iteration: all messages, in order, until the peer closes",
    run: async () => {
      const received = [];
      const memory = new MemoryServer(async (connection) => {
        for await (const message of connection) {
          received.push(message);
          await connection.send(message);
        }
      });
      const client = await memory.connect();
      const sent = ["one", bytes(1, 2), "", "four é 世界", bytes()];
      sent.forEach((message) => void client.send(message));
      const answers = [];
      for await (const message of client) {
        answers.push(message);
        if (answers.length === sent.length) {
          break;
        }
      }
      equal((await client.close()).clean, true);
      equal([received, answers, memory.errors], [sent, sent, []]);
    },
  },
  {
    name: "async iteration throws how the connection ended, unless that was with 1000, 1001 or no code",
    run: async () => {
      for (const [code, isNormal] of [[1000, true], [1001, true], [0, true], [1011, false], [4000, false]]) {
        const { client, server } = await pair();
        void server.close(code);
        const end = await all(client).catch((error) => error);
        equal([code, end instanceof Error ? end.name : end], [code, isNormal ? [] : "ConnectionClosedError"]);
      }
      const { client, server } = await pair();
      server.terminate();
      const error = await rejection(all(client));
      equal([error.name, error.code, error.closed.clean], ["ConnectionClosedError", 1006, false]);
    },
  },
  {
    name: "a loop can be left, and receiving goes on later",
    run: async () => {
      const { client, server } = await pair();
      ["a", "b", "c", "d"].forEach((message) => void server.send(message));
      for await (const message of client) {
        equal(message, "a");
        break;
      }
      equal(await client.receive(), "b");
      for await (const message of client) {
        equal(message, "c");
        break;
      }
      equal(await client.receive(), "d");
    },
  },
  {
    name: "receive waits for a message, and then says how the connection ended, however often it is asked",
    run: async () => {
      const { client, server } = await pair();
      const first = client.receive();
      ok(!(await isDone(first)), "it did not wait");
      void server.send("x");
      equal(await first, "x");
      void server.close(4001, "enough");
      for (let attempt = 0; attempt < 3; attempt++) {
        const error = await rejection(client.receive());
        equal([error.name, error.code, error.reason], ["ConnectionClosedError", 4001, "enough"]);
        ok(error.message.includes("4001") && error.message.includes("enough"), error.message);
      }
    },
  },
  {
    name: "no message is lost when the connection ends before they are received",
    run: async () => {
      for (const how of ["close", "terminate"]) {
        const { client, server } = await pair();
        for (let index = 0; index < 100; index++) {
          void server.send(`${index}`);
        }
        await settled();
        void server[how]();
        await settled();
        for (let index = 0; index < 100; index++) {
          equal(await client.receive(), `${index}`);
        }
        equal((await rejection(client.receive())).code, how === "close" ? 1000 : 1006);
      }
    },
  },
  {
    name: "a client answers Close when it has taken the last message, also if it asks for no more",
    run: async () => {
      const { client, server } = await pair();
      void server.send("x");
      void server.close(4000);
      await settled();
      equal(await client.receive(), "x");
      equal((await server.closed).clean, true);
    },
  },
  {
    name: "messages that nobody receives put the answer to Close off, for closeTimeout at most",
    run: async () => {
      const { client, server } = await pair({ client: { closeTimeout: 20 }, server: { closeTimeout: 5000 } });
      void server.send("x");
      void server.close(4000);
      equal((await client.closed).code, 4000);
      equal(await client.receive(), "x");
    },
  },
  {
    name: "one may receive at a time",
    run: async () => {
      const { client, server } = await pair();
      const first = client.receive();
      const error = await rejection(client.receive());
      equal([error.name, error.code], ["SansockError", "INVALID_STATE"]);
      equal((await rejection(all(client))).code, "INVALID_STATE");
      void server.send("for the first");
      equal(await first, "for the first");
      void server.send("next");
      equal(await client.receive(), "next");
    },
  },
  {
    name: "who waits is told of the end",
    run: async () => {
      const { client, server } = await pair();
      const waiting = rejection(client.receive());
      server.terminate();
      equal((await waiting).code, 1006);
    },
  },
  {
    name: "the request: what onRequest has seen, or the same without it, and always one object",
    run: async () => {
      const headers = [["X-A", "1"], ["X-A", "\u00e9"], ["Cookie", "a=b"]];
      const url = "ws://example.com/chat?x=%20y";
      const options = { headers, subprotocols: ["a", "b"], origin: "http://example.com" };
      let seen;
      const [withIt, without] = [{ onRequest: (request) => void (seen = request) }, {}].map((server) => {
        let opened;
        const request = new Promise((resolve) => (opened = resolve));
        const memory = new MemoryServer(async (connection) => {
          opened([connection.request, connection.request, connection.headers]);
          await connection.closed;
        }, { subprotocols: "b", ...server });
        return memory.connect(options, url).then(() => request);
      });
      const [known, same] = await withIt;
      ok(known === seen && same === seen, "another object");
      const [packed, again, fields] = await without;
      ok(packed === again && fields === packed.headers, "an object each time");
      const key = (request) => request.headers.find(([name]) => name === "Sec-WebSocket-Key")[1];
      equal(packed, JSON.parse(JSON.stringify(known).replace(key(known), key(packed))));
      equal([packed.target, packed.subprotocols, packed.origin, packed.fault], ["/chat?x=%20y", ["a", "b"], "http://example.com", null]);
      equal(fields.filter(([name]) => name === "X-A").map(([, value]) => value), ["1", "\u00e9"]);
    },
  },
  {
    name: "what is known of a connection",
    run: async () => {
      const memory = new MemoryServer(async (connection) => {
        const { request, subprotocol, remoteAddress, headers } = connection;
        equal([request.target, subprotocol, remoteAddress], ["/chat", "b", { address: "192.0.2.1", port: 4 }]);
        ok(headers.some(([name, value]) => name.toLowerCase() === "x-mine" && value === "1"), "the request's headers");
        await connection.closed;
      }, { subprotocols: ["b", "c"], headers: { "X-Theirs": "2" } });
      const client = await memory.connect({ subprotocols: ["a", "b"], headers: { "X-Mine": "1" } });
      equal([client.request, client.subprotocol, client.remoteAddress], [null, "b", { address: "192.0.2.2", port: 80 }]);
      ok(client.headers.some(([name, value]) => name.toLowerCase() === "x-theirs" && value === "2"), "the response's headers");
      equal([client.latency, client.bufferedAmount, client.opened.type], [null, 0, "open"]);
      await client.close();
      equal(memory.errors, []);
    },
  },
];

const parts = [
  {
    name: "with the option parts a message is received as it arrives, or whole",
    run: async () => {
      const { client, server } = await pair({ client: { parts: true, deflate: false } });
      await server.send(["one ", "two ", "three"]);
      equal((await all(client.receiveParts())).join(""), "one two three");
      await server.send([bytes(1), bytes(2, 3)]);
      equal(await client.receive(), bytes(1, 2, 3));
      await server.send("");
      equal(await client.receive(), "");
      void server.send("é");
      void server.close();
      equal(await all(client), ["é"]);
    },
  },
  {
    name: "parts arrive before the message is complete",
    run: async () => {
      const { client, server } = await pair({ client: { parts: true, deflate: false } });
      let go;
      const gate = new Promise((resolve) => (go = resolve));
      const sent = server.send((async function* () {
        yield "first";
        await gate;
        yield "second";
      })());
      const received = client.receiveParts();
      equal((await received.next()).value, "first");
      go();
      await sent;
      equal((await all(received)).join(""), "second");
    },
  },
  {
    name: "without the option there are no parts",
    run: async () => {
      const { client } = await pair();
      equal((await rejection(client.receiveParts().next())).code, "INVALID_STATE");
    },
  },
  {
    name: "a message that the end has cut is not received as a whole one",
    run: async () => {
      const { client, server } = await pair({ client: { parts: true, deflate: false } });
      const sent = server.send((async function* () {
        yield "half";
        await new Promise(() => {});
      })());
      sent.catch(() => {});
      const received = rejection(client.receive());
      await settled();
      server.terminate();
      equal((await received).code, 1006);
    },
  },
];

const limits = [
  {
    name: "when too much waits to be received the peer has to wait, and nothing is lost",
    run: async () => {
      const { client, server } = await pair({ client: { maxQueue: 10_000 }, server: { outputSoftLimit: 10_000, deflate: false } });
      const sent = [];
      let promise;
      do {
        sent.push(`${sent.length} `.padEnd(1000, "x"));
        promise = server.send(sent.at(-1));
      } while (await isDone(promise));
      ok(sent.length > 10 && sent.length < 100, `${sent.length} messages were taken`);
      ok(server.bufferedAmount > 0, "nothing waits");
      for (const expected of sent) {
        equal(await client.receive(), expected);
      }
      await promise;
      equal(server.bufferedAmount, 0);
    },
  },
  {
    name: "empty messages count as well",
    run: async () => {
      const { client, server } = await pair({ client: { maxQueue: 1000 }, server: { outputSoftLimit: 100, deflate: false } });
      let count = 0;
      let promise;
      do {
        count += 1;
        promise = server.send("");
      } while (count < 10_000 && (await isDone(promise)));
      ok(count < 200, `${count} empty messages were taken`);
      for (let left = count; left > 0; left--) {
        equal(await client.receive(), "");
      }
    },
  },
  {
    name: "a queue of nothing holds one message at a time",
    run: async () => {
      const { client, server } = await pair({ client: { maxQueue: 0 } });
      for (const text of ["a", "b", "c"]) {
        void server.send(text);
        await settled();
      }
      void server.close();
      equal(await all(client), ["a", "b", "c"]);
    },
  },
  {
    name: "a connection whose messages nobody receives can be closed",
    run: async () => {
      const { client, server } = await pair({ client: { maxQueue: 100 }, server: { outputSoftLimit: 1000, deflate: false } });
      for (let index = 0; index < 20; index++) {
        void server.send("x".repeat(100));
      }
      await settled();
      equal((await client.close(4000)).clean, true);
      equal((await server.closed).code, 4000);
    },
  },
  {
    name: "a message over maxMessageSize ends the connection with 1009, after those before it",
    run: async () => {
      const { client, server } = await pair({ client: { maxMessageSize: 10 } });
      void server.send("small");
      void server.send("x".repeat(11));
      equal(await client.receive(), "small");
      const error = await rejection(client.receive());
      equal([error.code, error.closed.sentCode, error.closed.fault.name], [1006, 1009, "MESSAGE_TOO_BIG"]);
      equal((await server.closed).code, 1009);
    },
  },
];

export const receiving = [...messages, ...parts, ...limits];

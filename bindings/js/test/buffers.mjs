// Bytes and strings on their way in and out, and memory that grows under them.

import { currentEngine } from "../dist/module.js";
import { equal, ok, refused } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";

export function buffers(sansock) {
  const { Connection } = sansock;
  const sent = (send) => {
    const { client, server } = connected(sansock);
    send(client);
    return exchange(client, server).server.map(({ data }) => data);
  };
  return [
    {
      name: "strings by the rules of USVString",
      run: () => {
        equal(sent((client) => client.send("a\ud800b\udc00c")), ["a\ufffdb\ufffdc"]);
        equal(sent((client) => client.send("\ufeffBOM")), ["\ufeffBOM"]);
        equal(sent((client) => client.send("\0")), ["\0"]);
      },
    },
    {
      name: "strings of every width and length",
      run: () => {
        for (const unit of ["a", "é", "€", "😀", "a€😀"]) {
          for (const count of [1, 21_845, 21_846, 65_536, 65_537, 200_000]) {
            const text = unit.repeat(count);
            const [received] = sent((client) => client.send(text));
            ok(received === text, `${unit} times ${count}`);
          }
        }
      },
    },
    {
      name: "a string whose first characters are narrow and whose last are wide",
      run: () => {
        const text = "a".repeat(70_000) + "€".repeat(70_000);
        const [received] = sent((client) => client.send(text));
        ok(received === text, "the same text");
      },
    },
    {
      name: "every kind of view",
      run: () => {
        const { buffer } = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
        const views = [
          buffer,
          new Uint8Array(buffer, 2, 3),
          new DataView(buffer, 6),
          new Uint16Array(buffer, 4, 1),
          new Uint8ClampedArray(buffer, 7),
        ];
        const expected = [[0, 1, 2, 3, 4, 5, 6, 7], [2, 3, 4], [6, 7], [4, 5], [7]];
        const received = sent((client) => views.forEach((view) => client.send(view)));
        equal(received.map((data) => Array.from(data)), expected);
      },
    },
    {
      name: "buffers that are detached, shared, or none",
      run: () => {
        const { client } = connected(sansock);
        const view = Uint8Array.of(1, 2, 3);
        structuredClone(view.buffer, { transfer: [view.buffer] });
        const detached = refused("INVALID_ARGUMENT", () => client.send(view));
        ok(detached.message.includes("detached"), detached.message);
        refused("INVALID_ARGUMENT", () => client.receive(view));
        refused("INVALID_ARGUMENT", () => client.receive(view.buffer));
        const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;
        refused("INVALID_ARGUMENT", () => client.send(new Uint8Array(shared)));
        refused("INVALID_ARGUMENT", () => client.send([1, 2, 3]));
        refused("INVALID_ARGUMENT", () => client.sendBinary("text"));
        equal(client.pendingOutput, 0);
      },
    },
    {
      name: "the chunk that is received stays as it is",
      run: () => {
        const { client, server } = connected(sansock);
        client.send("masked");
        const chunk = client.takeOutput();
        const before = chunk.slice();
        equal(server.receive(chunk).map(({ data }) => data), ["masked"]);
        equal(chunk, before);
      },
    },
    {
      name: "binary messages of every length, between others and cut by reads",
      run: () => {
        const lengths = [0, 1, 63, 64, 65, 66, 1000, 4096, 16_383, 16_384, 16_385, 70_000];
        const messages = [...lengths, ...lengths.toReversed(), 100, 100, 100].map(filled);
        for (const role of ["client", "server"]) {
          for (const views of [false, true]) {
            const ends = connected(sansock, { [role]: { views } });
            const { [role]: receiver, [role === "client" ? "server" : "client"]: sender } = ends;
            messages.forEach((message, index) => {
              sender.send(message);
              if (index % 5 === 4) {
                sender.send("between");
              }
            });
            const output = sender.takeOutput();
            for (const size of [output.length, 65_536, 16_384, 1460]) {
              const events = [];
              for (let at = 0; at < output.length; at += size) {
                events.push(...receiver.receive(output.slice(at, at + size)));
              }
              equal(events.filter(({ type }) => type === "text").length, Math.floor(messages.length / 5));
              equal(events.filter(({ type }) => type === "binary").map(({ data }) => data), messages);
            }
          }
        }
      },
    },
    {
      name: "messages that share memory do not share bytes",
      run: () => {
        const { client, server } = connected(sansock);
        const messages = Array.from({ length: 50 }, (_, index) => filled(100, index));
        client.sendBatch(messages);
        const output = client.takeOutput();
        const [first, ...rest] = server.receive(output);
        first.data.fill(0xff);
        equal(rest.map(({ data }) => data), messages.slice(1));
        try {
          structuredClone(first.data.buffer, { transfer: [first.data.buffer] });
        } catch (error) {
          equal(error.name, "DataCloneError");
        }
        equal(rest.map(({ data }) => data), messages.slice(1));
      },
    },
    {
      name: "with views, messages are where they arrived, and nothing else is",
      run: () => {
        const message = filled(200, 1);
        for (const role of ["client", "server"]) {
          const { client, server } = connected(sansock, { [role]: { views: true } });
          const [sender, receiver] = role === "client" ? [server, client] : [client, server];
          sender.send(message);
          sender.ping("ping");
          sender.send(message);
          const around = new Uint8Array(1000).fill(9);
          const output = sender.takeOutput();
          around.set(output, 100);
          const chunk = around.subarray(100, 100 + output.length);
          const [first, ping, second] = receiver.receive(chunk);
          ok(first.data.buffer === around.buffer && second.data.buffer === around.buffer, "views of the chunk");
          ok(ping.payload.buffer !== around.buffer, "a copy");
          equal([first.data, second.data], [message, message]);
          ok(around.subarray(0, 100).every((byte) => byte === 9), "before the chunk");
          ok(around.subarray(100 + output.length).every((byte) => byte === 9), "after the chunk");
        }
        refused("INVALID_ARGUMENT", () => Connection.server({ views: 1 }));
      },
    },
    {
      name: "long texts with a byte order mark",
      run: () => {
        for (const text of ["\ufeff" + "é".repeat(5000), "a".repeat(5000) + "\ufeff", "\ufeff" + "a".repeat(5000)]) {
          const [received] = sent((client) => client.send(text));
          ok(received === text, "the same text");
        }
      },
    },
    {
      name: "events stay as they are when memory is used again, and when it grows",
      run: () => {
        const { client, server } = connected(sansock);
        client.send("kept");
        client.send(Uint8Array.of(1, 2, 3));
        const [text, binary] = server.receive(client.takeOutput());
        server.send("pending");
        const before = currentEngine().bytes.buffer;
        const others = [];
        while (currentEngine().bytes.buffer === before && others.length < 10_000) {
          const other = Connection.server({ startOpen: true });
          other.send(new Uint8Array(100_000));
          others.push(other);
        }
        ok(currentEngine().bytes.buffer !== before, "memory grew");
        equal([text.data, binary.data], ["kept", Uint8Array.of(1, 2, 3)]);
        equal(client.receive(server.takeOutput()).map(({ data }) => data), ["pending"]);
        others.forEach((other) => other.free());
      },
    },
    {
      name: "memory that grows while one chunk is received",
      run: () => {
        const size = 12_000_000;
        const { client, server } = connected(sansock, { server: { maxMessageSize: 2 * size } });
        client.send(new Uint8Array(size).fill(5));
        client.send("after");
        const [big, after] = server.receive(client.takeOutput());
        equal([big.data.length, after.data], [size, "after"]);
        ok(big.data.every((byte) => byte === 5), "the same bytes");
      },
    },
  ];
}

/** Bytes that differ from those of another number. */
function filled(length, number) {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + number) & 0xff);
}

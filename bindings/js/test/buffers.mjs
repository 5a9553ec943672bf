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

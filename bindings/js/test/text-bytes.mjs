// Texts as their bytes: the option `textAsBytes`, and what `output` leaves out.

import { equal, refused } from "./assert.mjs";
import { connected } from "./pair.mjs";

const utf8 = new TextEncoder();

export function textBytes(sansock) {
  const received = (options, send) => {
    const { client, server } = connected(sansock, { server: options });
    send(client);
    return server.receive(client.takeOutput());
  };
  return [
    {
      name: "texts are delivered as their bytes, and binary messages as ever",
      run: () => {
        const events = received({ textAsBytes: true }, (client) => {
          client.send("é€");
          client.send("");
          client.send("x".repeat(70_000));
          client.send(Uint8Array.of(1));
        });
        equal(
          events.map(({ type, data, first, last }) => [type, Array.from(data).slice(0, 5), data.length, first, last]),
          [
            ["text-bytes", Array.from(utf8.encode("é€")), 5, true, true],
            ["text-bytes", [], 0, true, true],
            ["text-bytes", [120, 120, 120, 120, 120], 70_000, true, true],
            ["binary", [1], 1, true, true],
          ],
        );
      },
    },
    {
      name: "texts as bytes are validated, and with views they lie in the chunk",
      run: () => {
        const { client, server } = connected(sansock, { server: { textAsBytes: true, views: true } });
        client.send("a".repeat(100));
        const chunk = client.takeOutput();
        const [{ data }] = server.receive(chunk);
        equal(data.buffer === chunk.buffer, true, "the same memory");
        equal(new TextDecoder().decode(data), "a".repeat(100));
        const [closed] = server.receive(Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0xff)).filter(({ type }) => type === "closed");
        equal(closed.fault.name, "BAD_TEXT");
      },
    },
    {
      name: "textAsBytes of the wrong type",
      run: () => refused("INVALID_ARGUMENT", () => sansock.Connection.server({ textAsBytes: 1 })),
    },
    {
      name: "output leaves out what is being written",
      run: () => {
        const { client } = connected(sansock);
        client.send("one");
        const first = client.output();
        client.send("two");
        const all = client.output();
        equal(client.output(Number.POSITIVE_INFINITY, first.length), all.subarray(first.length));
        equal(client.output(2, first.length), all.subarray(first.length, first.length + 2));
        equal(client.output(5, all.length).length, 0);
        equal(client.output(5, all.length + 9).length, 0);
        client.written(first.length);
        equal(client.output(), all.subarray(first.length));
        client.written(all.length - first.length);
        equal(client.pendingOutput, 0);
        for (const from of [-1, 0.5, "1", null]) {
          refused("INVALID_ARGUMENT", () => client.output(1, from));
        }
      },
    },
  ];
}

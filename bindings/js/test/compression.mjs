// permessage-deflate: what is too big once it is inflated is refused, and never held.

import { equal, ok, refused } from "./assert.mjs";

const LIMIT = 16 * 1024 * 1024;

export function compression({ Connection, PreparedMessage }) {
  const shapes = [
    { part: LIMIT + 1, read: LIMIT, name: "in one frame and one read" },
    { part: LIMIT + 1, read: 1000, name: "in one frame and many reads" },
    { part: 100_000, read: LIMIT, name: "in fragments and one read" },
    { part: 100_000, read: 1000, name: "in fragments and many reads" },
  ];
  return [
    ...shapes.map(({ part, read, name }) => ({
      name: `a bomb ${name} is refused with 1009 and bounded memory`,
      run: () => bombIsRefused(bomb(Connection, part), read, Connection),
    })),
    {
      name: "a prepared message is the same bytes for all connections, and smaller",
      run: () => {
        const message = new PreparedMessage("the quick brown fox jumps over the lazy dog, ".repeat(40));
        const sent = Array.from({ length: 3 }, () => {
          const server = Connection.server({ startOpen: true, deflate: true, now: 0 });
          server.sendPrepared(message);
          return server.takeOutput();
        });
        message.free();
        ok(sent[0].length < 200, "it is compressed");
        equal(sent, [sent[0], sent[0], sent[0]]);
      },
    },
    {
      name: "compression is declined or narrowed for one request, and not by an accept that was refused",
      run: () => {
        const narrowed = {
          serverMaxWindowBits: 10,
          clientMaxWindowBits: 11,
          serverNoContextTakeover: true,
          clientNoContextTakeover: true,
        };
        const parameters = "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11";
        const cases = [
          [{}, ["permessage-deflate"]],
          [{ deflate: false }, []],
          [narrowed, [`permessage-deflate; ${parameters}`]],
        ];
        for (const [limits, extensions] of cases) {
          equal(requested(Connection).accept(null, [], 0, limits)[0].extensions, extensions);
          const server = requested(Connection);
          refused("INVALID_ARGUMENT", () => server.accept("other", [], 0, { deflate: false }));
          equal(server.accept(null, [], 0, limits)[0].extensions, extensions);
        }
      },
    },
    {
      name: "a connection that could compress and does not costs what one costs that cannot",
      run: () => {
        const [plain, negotiated] = [false, true].map((deflate) => Connection.server({ startOpen: true, deflate }));
        equal(negotiated.memoryUsage(), plain.memoryUsage());
        plain.free();
        negotiated.free();
      },
    },
  ];
}

/** A server with a request to answer that offers compression. */
function requested(Connection) {
  const client = Connection.client("ws://example.com/", { deflate: true, now: 0 });
  const server = Connection.server({ deflate: true, now: 0 });
  server.receive(client.takeOutput(), 0);
  client.free();
  return server;
}

/** One byte more of zeros than a message may have, in frames of `part` bytes, as a client sends them. */
function bomb(Connection, part) {
  const client = Connection.client("ws://example.com/", { startOpen: true, deflate: true, now: 0 });
  for (let left = LIMIT + 1; left > 0; left -= part) {
    client.sendPart(new Uint8Array(Math.min(left, part)), left <= part);
  }
  const bytes = client.takeOutput().slice();
  client.free();
  return bytes;
}

function bombIsRefused(bytes, read, Connection) {
  ok(bytes.length < LIMIT / 700, "it is small on the wire");
  const server = Connection.server({ startOpen: true, deflate: true, now: 0 });
  const events = [];
  for (let at = 0; at < bytes.length; at += read) {
    events.push(...server.receive(bytes.slice(at, at + read), 0));
    ok(server.memoryUsage() <= LIMIT + 65536, `${server.memoryUsage()} bytes are held`);
  }
  while (server.more) {
    events.push(...server.receive(new Uint8Array(0), 0));
  }
  equal(events.map(({ type, sentCode, fault }) => [type, sentCode, fault?.name]), [["closed", 1009, "MESSAGE_TOO_BIG"]]);
  server.free();
}

// What the runtime cannot hold: the limit on messages is capped, and where memory ends the connection fails. Nothing throws.

import { copier } from "../dist/host.js";
import { LARGEST_MESSAGE } from "../dist/limits.js";
import { currentEngine } from "../dist/module.js";
import { equal, ok } from "./assert.mjs";
import { connected, drained } from "./pair.mjs";

const TEXT = 0x81;
const BINARY = 0x82;
const BEYOND = [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 40, LARGEST_MESSAGE + 1];

export function limits({ Connection }) {
  const create = (role, options) => {
    const all = { startOpen: true, now: 0, ...options };
    return role === "server" ? Connection.server(all) : Connection.client(null, all);
  };
  return [
    {
      name: "the cap is one that today's engines have",
      run: () => {
        ok(LARGEST_MESSAGE >= 2 ** 28 - 16 && LARGEST_MESSAGE <= 2 ** 30, String(LARGEST_MESSAGE));
      },
    },
    ...["server", "client"].flatMap((role) => [
      {
        name: `a ${role} takes a limit beyond what the runtime can hold for that`,
        run: () => {
          for (const maxMessageSize of BEYOND) {
            for (const opcode of [TEXT, BINARY]) {
              const options = { maxMessageSize, maxFrameSize: Number.POSITIVE_INFINITY };
              equal(announced(create(role, options), [[opcode, LARGEST_MESSAGE]], role), null);
              const [fault, code] = announced(create(role, options), [[opcode, LARGEST_MESSAGE + 1]], role);
              ok(fault.endsWith(`${LARGEST_MESSAGE + 1}, limit ${LARGEST_MESSAGE}`), fault);
              equal(code, 1009);
            }
          }
        },
      },
      {
        name: `a ${role} counts all fragments of a message against the cap`,
        run: () => {
          const frames = [[TEXT & 0x7f, 2], [0x80, LARGEST_MESSAGE - 1]];
          const [fault, code] = announced(create(role, { maxMessageSize: Number.POSITIVE_INFINITY }), frames, role);
          ok(fault.endsWith(`${LARGEST_MESSAGE + 1}, limit ${LARGEST_MESSAGE}`), fault);
          equal(code, 1009);
        },
      },
      {
        name: `a ${role} keeps a limit that is lower, and a default`,
        run: () => {
          const lower = { maxMessageSize: LARGEST_MESSAGE - 1 };
          ok(announced(create(role, lower), [[TEXT, LARGEST_MESSAGE]], role)[0].endsWith(`limit ${LARGEST_MESSAGE - 1}`));
          ok(announced(create(role, {}), [[TEXT, LARGEST_MESSAGE]], role)[0].endsWith("limit 16777216"), "16 MiB");
        },
      },
      {
        name: `a ${role} that delivers parts has no cap: a part is no longer than a read`,
        run: () => {
          const length = 2 ** 40;
          const connection = create(role, { parts: true, maxMessageSize: Number.POSITIVE_INFINITY });
          const events = connection.receive(Uint8Array.of(...header(TEXT, length, role), 0x61, 0x62), 0);
          equal(events, [{ type: "text", data: "ab", first: true, last: false }]);
          equal(connection.state, "open");
          connection.free();
          const limited = create(role, { parts: true, maxMessageSize: 2 ** 31 });
          ok(announced(limited, [[TEXT, 2 ** 31 + 1]], role)[0].endsWith("limit 2147483648"), "its own limit");
        },
      },
    ]),
    ...memory({ Connection }),
  ];
}

/** Where memory ends before the cap is reached, which the tests pretend. */
function memory(sansock) {
  const noLinearMemory = () => {
    throw new sansock.SansockError("NO_MEMORY", "no memory for a payload");
  };
  return [
    {
      name: "a text that the runtime cannot hold fails the connection, and what follows it is dropped",
      run: () => {
        const { client, server } = connected(sansock);
        client.sendBatch(["first", "second", "third", Uint8Array.of(1)]);
        const output = client.takeOutput();
        const { reader } = currentEngine();
        const events = replaced(reader, "text", failing(reader, 2), () => server.receive(output, 0));
        equal(events.map(({ data }) => data), ["first"]);
        failedFor(server);
        equal(lastCode(client, server), 1009);
      },
    },
    {
      name: "a text that the runtime cannot hold, and the peer's Close behind it",
      run: () => {
        const { client, server } = connected(sansock);
        client.send("first");
        client.close(4000, "", 0);
        const output = client.takeOutput();
        const { reader } = currentEngine();
        const events = replaced(reader, "text", failing(reader, 1), () => server.receive(output, 0));
        equal(events.map(({ type, code }) => [type, code]), [["closing", 4000]]);
        const [closed] = server.timeout(0);
        equal([closed.type, closed.code, closed.sentCode], ["closed", 4000, 1009]);
        server.free();
        client.free();
      },
    },
    {
      name: "a binary message that the runtime cannot hold fails the connection",
      run: () => {
        const { client, server } = connected(sansock);
        client.send(new Uint8Array(1000));
        const output = client.takeOutput();
        equal(replaced(copier, "copy", noMemory, () => server.receive(output, 0)), []);
        failedFor(server);
        client.free();
      },
    },
    {
      name: "a large message for a client, cut by reads, for which there is no memory",
      run: () => {
        const { client, server } = connected(sansock);
        server.send(new Uint8Array(100_000));
        const output = drained(server);
        const events = replaced(copier, "allocate", noMemory, () => {
          const all = [];
          for (let at = 0; at < output.length; at += 5000) {
            all.push(...client.receive(output.subarray(at, at + 5000), 0));
          }
          return all;
        });
        equal(events.map(({ type, sentCode, fault }) => [type, sentCode, fault.name]), [["closed", 1009, "FAILED_BY_HOST"]]);
        equal([client.state, client.unconsumed], ["closed", 0]);
        client.free();
        server.free();
      },
    },
    {
      name: "a chunk for which linear memory has no room",
      run: () => {
        const { client, server } = connected(sansock);
        client.send("first");
        const output = client.takeOutput();
        const { transfer } = currentEngine();
        equal(replaced(transfer, "write", noLinearMemory, () => server.receive(output, 0)), []);
        failedFor(server);
        client.free();
      },
    },
    {
      name: "bytes that were gathered, for which linear memory has no room at the end of the stream",
      run: () => {
        const { client, server } = connected(sansock);
        client.send(new Uint8Array(1000));
        const output = client.takeOutput();
        server.receive(output.subarray(0, 100), 0);
        server.receive(output.subarray(100, 900), 0);
        const { transfer } = currentEngine();
        const events = replaced(transfer, "write", noLinearMemory, () => server.receiveEof(0));
        equal(events.map(({ type, sentCode }) => [type, sentCode]), [["closed", 1009]]);
        server.free();
        client.free();
      },
    },
    {
      name: "the memory of a large message is given back at once",
      run: () => {
        const options = { startOpen: true, now: 0 };
        for (const message of ["é".repeat(500_000), new Uint8Array(1_000_000)]) {
          const [client, server] = [sansock.Connection.client(null, options), sansock.Connection.server(options)];
          const idle = server.memoryUsage();
          client.send(message);
          const bytes = client.takeOutput();
          const events = [];
          for (let at = 0; at < bytes.length; at += 50_000) {
            events.push(...server.receive(bytes.slice(at, at + 50_000), 0));
          }
          equal(events.map(({ data }) => data.length), [message.length]);
          ok(server.memoryUsage() <= idle + 100, `${server.memoryUsage()} bytes are held`);
          equal(server.nextDeadline, null);
        }
      },
    },
  ];
}

/** Passes the headers of frames, of which all but the last have their payloads. Returns the fault and the code of our Close. */
function announced(connection, frames, role) {
  const bytes = frames.flatMap(([opcode, length], index) => {
    const payload = index < frames.length - 1 ? Array.from({ length }, () => 0x61) : [];
    return [...header(opcode, length, role), ...payload];
  });
  const idle = connection.memoryUsage();
  const events = connection.receive(Uint8Array.from(bytes), 0);
  ok(connection.memoryUsage() - idle < 8192, "memory for what has arrived");
  connection.free();
  return events.length === 0 ? null : [events[0].fault.text, events[0].sentCode];
}

/** The header of a frame with a length of eight bytes, and a key of zeros for a server. */
function header(opcode, length, role) {
  const bytes = new Uint8Array(role === "server" ? 14 : 10);
  const view = new DataView(bytes.buffer);
  if (length < 126) {
    bytes.set([opcode, length | (role === "server" ? 0x80 : 0)]);
    return bytes.subarray(0, role === "server" ? 6 : 2);
  }
  bytes.set([opcode, 127 | (role === "server" ? 0x80 : 0)]);
  view.setBigUint64(2, BigInt(length));
  return bytes;
}

/** The connection fails with 1009, exactly once, and nothing of the message is kept. */
function failedFor(connection) {
  equal([connection.more, connection.unconsumed], [true, 0]);
  const events = [...connection.timeout(0), ...connection.timeout(0)];
  equal(events.map(({ type, sentCode, fault }) => [type, sentCode, fault.name]), [["closed", 1009, "FAILED_BY_HOST"]]);
  ok(connection.memoryUsage() < 4096, `${connection.memoryUsage()} bytes are held`);
}

/** The code of the Close frame that `server` sends. */
function lastCode(client, server) {
  const [closing] = client.receive(server.takeOutput(), 0);
  client.free();
  server.free();
  return closing.code;
}

function noMemory() {
  throw new RangeError("Array buffer allocation failed");
}

/** The method `text` of a reader, which fails when it is called for this time. */
function failing(reader, time) {
  const text = reader.text.bind(reader);
  let calls = 0;
  return (start, end) => {
    calls += 1;
    return calls === time ? noMemory() : text(start, end);
  };
}

/** Runs with another method in the place of one. */
function replaced(owner, name, method, run) {
  const own = Object.hasOwn(owner, name);
  const original = owner[name];
  owner[name] = method;
  try {
    return run();
  } finally {
    if (own) {
      owner[name] = original;
    } else {
      delete owner[name];
    }
  }
}

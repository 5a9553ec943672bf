// Messages as large as the runtime can hold. They take gigabytes and a minute, so they run only with SANSOCK_BIG=1 in the
// environment: `SANSOCK_BIG=1 npm test`, `npm run test:deno`, `npm run test:bun`.

import process from "node:process";

import { LARGEST_MESSAGE } from "../dist/limits.js";
import { equal } from "./assert.mjs";

const READ = 1 << 20;
const EURO = [0xe2, 0x82, 0xac];
const SKIPPED = "it takes gigabytes: set SANSOCK_BIG=1";

export function big({ Connection }) {
  const options = { startOpen: true, now: 0, maxMessageSize: Number.POSITIVE_INFINITY };
  const server = () => Connection.server(options);
  const client = () => Connection.client(null, options);
  const tests = [
    {
      name: "big: a text of ASCII as long as the cap is delivered",
      run: () => equal(lengthOf(receive(server(), true, 0x81, [])), LARGEST_MESSAGE),
    },
    {
      name: "big: a text as long as the cap that is not Latin-1 is delivered",
      run: () => equal(lengthOf(receive(server(), true, 0x81, EURO)), LARGEST_MESSAGE - 2),
    },
    {
      name: "big: a binary message as long as the cap is delivered to a server",
      run: () => equal(lengthOf(receive(server(), true, 0x82, EURO)), LARGEST_MESSAGE),
    },
    {
      name: "big: a binary message as long as the cap is delivered to a client",
      run: () => equal(lengthOf(receive(client(), false, 0x82, EURO)), LARGEST_MESSAGE),
    },
    {
      name: "big: a compressed text that is inflated beyond the cap fails the connection with 1009",
      run: () => bomb(Connection, options),
    },
  ];
  return tests.map((test) => (process.env.SANSOCK_BIG === undefined ? { name: test.name, skip: SKIPPED } : test));
}

/** Passes one message as long as the cap, which ends with these bytes. Returns the events. */
function receive(connection, masked, opcode, end) {
  const header = new Uint8Array(masked ? 14 : 10);
  header.set([opcode, masked ? 0xff : 0x7f]);
  new DataView(header.buffer).setBigUint64(2, BigInt(LARGEST_MESSAGE));
  const events = connection.receive(header, 0);
  const read = new Uint8Array(READ).fill(0x61);
  let left = LARGEST_MESSAGE - end.length;
  for (; left > 0; left -= READ) {
    events.push(...connection.receive(read.subarray(0, Math.min(left, READ)), 0));
  }
  if (end.length > 0) {
    events.push(...connection.receive(Uint8Array.from(end), 0));
  }
  equal([connection.state, connection.fault], ["open", null]);
  connection.free();
  return events;
}

function lengthOf(events) {
  equal(events.length, 1, "events");
  return events[0].data.length;
}

/** The connection fails, and the engine goes on. */
function bomb(Connection, options) {
  const output = { outputHardLimit: Number.POSITIVE_INFINITY, deflateLevel: 1 };
  const client = Connection.client(null, { ...options, ...output, deflate: true });
  const server = Connection.server({ ...options, deflate: true });
  const part = "a".repeat(1 << 24);
  const events = [];
  for (let sent = 0; sent <= LARGEST_MESSAGE; sent += part.length) {
    client.sendPart(part, false);
    events.push(...server.receive(client.takeOutput(), 0));
  }
  equal(events.map(({ type, sentCode, fault }) => [type, sentCode, fault.name]), [["closed", 1009, "MESSAGE_TOO_BIG"]]);
  client.free();
  server.free();
  const after = Connection.server({ startOpen: true });
  after.send("again");
  equal(after.takeOutput().length, 7);
}

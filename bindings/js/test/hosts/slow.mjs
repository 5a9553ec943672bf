// Peers that read slowly: who reads steadily is kept, and who stops is ended.

import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { Joined } from "./fakes.mjs";
import { runtime } from "./runtime.mjs";
import { pem, serving } from "./sockets.mjs";

/** In milliseconds. */
const WRITE_TIMEOUT = 1000;
const READS_FOR = 3 * WRITE_TIMEOUT;
/** In bytes for each millisecond: less than the system frees within the timeout before it calls for more. */
const RATE = 4000;
/** In bytes: more than is read in that time, and than the systems at both ends keep. */
const LARGE = 33_000_000;

const REQUEST = [
  "GET / HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

/** A client that opens a connection, and then reads at that rate, until it is told to stop. */
async function slowReader(port, ca) {
  const where = { port, host: "127.0.0.1" };
  const socket = ca === undefined ? connect(where) : connectTls({ ...where, ca });
  const reader = { bytes: 0, isReading: true, hasEnded: false };
  socket.on("error", () => {});
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      reader.hasEnded = true;
    });
  }
  atEnd(() => socket.destroy());
  await once(socket, ca === undefined ? "connect" : "secureConnect");
  socket.on("data", ({ length }) => {
    reader.bytes += length;
    socket.pause();
    setTimeout(() => reader.isReading && socket.resume(), length / RATE);
  });
  socket.write(REQUEST);
  return reader;
}

/** A session whose writes do not end by themselves, and whose transport tells how they come on. */
function slowSession(options = {}) {
  const joined = new Joined({ options: { writeTimeout: 1000, ...options }, isSlow: true }).open();
  joined.transport.progress = 0;
  return joined;
}

const faults = ({ user }) => user.ends.map(({ fault }) => fault?.name);

/** A server sends a large message to a peer that reads slowly, and then stops. */
async function sendSlowly(tls) {
  let closed;
  const ended = new Promise((resolve) => {
    closed = resolve;
  });
  const push = async (connection) => {
    void connection.send(new Uint8Array(LARGE)).catch(() => {});
    closed(await connection.closed);
  };
  const options = { deflate: false, pingInterval: null, writeTimeout: WRITE_TIMEOUT };
  const { port } = await serving(push, tls === undefined ? options : { ...options, tls });
  const reader = await slowReader(port, tls?.cert);
  const start = performance.now();
  let wasKept;
  setTimeout(() => {
    reader.isReading = false;
    wasKept = !reader.hasEnded;
  }, READS_FOR);
  const { fault } = await ended;
  equal([fault?.name, wasKept], ["WRITE_TIMEOUT", true]);
  ok(reader.bytes > 500_000 && reader.bytes < LARGE, `it has read ${reader.bytes} bytes`);
  ok(performance.now() - start < READS_FOR + 3 * WRITE_TIMEOUT, "a peer that stops is ended soon");
}

export const slow = [
  {
    name: "a large message to a peer that reads slowly takes as long as it takes; if the peer stops, the connection ends",
    run: () => sendSlowly(),
  },
  {
    name: "the same over TLS",
    ...(runtime === "deno" ? { skip: "its sockets of node:tls read on while they pause" } : { run: () => sendSlowly(pem()) }),
  },
  {
    name: "a write that comes on puts the deadline off",
    run: () => {
      const joined = slowSession();
      joined.session.send(new Uint8Array(100_000));
      for (let round = 0; round < 5; round++) {
        joined.clock.advance(700);
        joined.transport.progress += 1;
        joined.clock.advance(300);
      }
      equal(joined.user.ends.length, 0);
      joined.clock.advance(2000);
      equal(faults(joined), ["WRITE_TIMEOUT"]);
    },
  },
  {
    name: "the transport is asked to go on when a deadline comes",
    run: () => {
      const joined = slowSession();
      let tries = 0;
      joined.transport.retry = () => {
        tries += 1;
        if (tries === 3) {
          joined.transport.finish();
        } else {
          joined.transport.progress += 1;
        }
      };
      joined.session.send(new Uint8Array(100_000));
      joined.clock.advance(10_000);
      equal([tries, joined.user.ends.length, joined.transport.underWay], [3, 0, 0]);
    },
  },
  {
    name: "a ping that waits behind what a slow peer reads need not be answered",
    run: () => {
      const joined = slowSession({ pingInterval: 300, pongTimeout: 200 });
      joined.clock.advance(300);
      joined.transport.finish(10);
      joined.session.send(new Uint8Array(100_000));
      joined.clock.advance(900);
      equal(joined.user.take(), []);
      joined.clock.advance(2000);
      equal(joined.user.take(), ["closed"]);
    },
  },
  {
    name: "nor at once when the write has ended, as the system may still have it",
    run: () => {
      const joined = slowSession({ pingInterval: 300, pongTimeout: 200 });
      joined.clock.advance(300);
      joined.transport.finish(10);
      joined.session.send(new Uint8Array(100_000));
      joined.clock.advance(900);
      joined.transport.finish(10);
      joined.clock.advance(999);
      equal(joined.user.take(), []);
      // The engine judges after one more read, as it was told late.
      joined.clock.advance(100);
      equal(joined.user.events.map(({ type, fault }) => [type, fault?.name]), [["closed", "PONG_TIMEOUT"]]);
    },
  },
  {
    name: "a closing handshake has its time all the same",
    run: () => {
      const joined = slowSession({ closeTimeout: 400, writeTimeout: 5000 });
      joined.session.send(new Uint8Array(100_000));
      joined.session.act((connection, now) => connection.close(1000, "", now));
      for (let round = 0; round < 20; round++) {
        joined.clock.advance(300);
        joined.transport.progress += 1;
      }
      equal(joined.user.ends.length, 1);
    },
  },
];

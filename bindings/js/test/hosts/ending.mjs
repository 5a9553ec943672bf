// How a session ends: half-closes, lost transports, calls inside events, a failed engine.

import * as sansock from "sansock";

import { currentEngine } from "../../dist/module.js";
import { equal, ok, refused } from "../assert.mjs";
import { Joined, reports } from "./fakes.mjs";

const close = (session, code = 1000) => session.act((connection, now) => connection.close(code, "", now));
const accept = (session) => session.call((connection, now) => connection.accept(null, [], now));
const frame = (...bytes) => Uint8Array.from(bytes);

/** What may happen to a session in a moment, and what its end is then. */
const STATES = {
  "before the request": { make: () => new Joined({ on: {} }) },
  "before the answer": {
    make: () => {
      const joined = new Joined({ on: {} });
      joined.toSession();
      return joined;
    },
  },
  "before the response": { make: () => new Joined({ server: false }) },
  "when it is open": { make: () => new Joined().open() },
  "with output that waits": {
    make: () => {
      const joined = new Joined({ isSlow: true }).open();
      joined.session.send("x");
      joined.session.send(new Uint8Array(10_000));
      joined.session.send("y");
      joined.clock.turn();
      return joined;
    },
  },
  "in the middle of a message": {
    make: () => {
      const joined = new Joined({ server: false }).open();
      joined.session.receive(frame(0x01, 0x05, 0x61));
      return joined;
    },
  },
  "after our Close": {
    make: () => {
      const joined = new Joined().open();
      close(joined.session);
      joined.clock.turn();
      return joined;
    },
  },
  "after the peer's Close": {
    make: () => {
      const joined = new Joined({ options: { autoClose: false } }).open();
      joined.peer.close(4000, "", 0);
      joined.toSession();
      return joined;
    },
    code: 4000,
  },
  "while a client waits for the end of the stream": {
    make: () => {
      const joined = new Joined({ server: false }).open();
      close(joined.session);
      joined.settle();
      return joined;
    },
    code: 1000,
  },
};

const lost = Object.entries(STATES).flatMap(([when, { make, code = 1006 }]) =>
  ["receiveEof", "lost", "terminate"].map((how) => ({
    name: `${how} ${when}: one end, and nothing left`,
    run: () => {
      const joined = make();
      joined.session[how]();
      joined.transport.finish(9);
      joined.session.receive(frame(0x88, 0));
      joined.session.lost();
      joined.session.terminate();
      joined.clock.advance(100_000);
      equal(joined.user.ends.map((closed) => closed.code), [code]);
      ok(joined.user.events.filter(({ type }) => type === "closed").length === 1, "closed once");
      equal([joined.session.ended, joined.clock.timers], [true, 0]);
      equal(joined.transport.takeSteps().filter((step) => ["close", "abort"].includes(step)).length, 1);
      refused("BAD_HANDLE", () => joined.session.connection.send("x"));
    },
  })),
);

const order = [
  {
    name: "a server closes when its answer to Close is written",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      joined.peer.close(1000, "", 0);
      joined.toSession();
      equal([joined.transport.steps, joined.user.ends.length], [["write 4"], 0]);
      joined.transport.finish();
      equal([joined.transport.steps, joined.user.ends.length], [["write 4", "close"], 1]);
    },
  },
  {
    name: "a client that has closed waits for the server's end of the stream",
    run: () => {
      for (const began of ["client", "server"]) {
        const joined = new Joined({ server: false, options: { closeTimeout: 500 } }).open();
        if (began === "client") {
          close(joined.session);
        } else {
          joined.peer.close(1000, "", 0);
        }
        joined.settle();
        ok(!joined.transport.steps.includes("close"), `${began}: it has closed too early`);
        joined.session.receiveEof();
        joined.clock.turn();
        equal([joined.transport.steps.at(-1), joined.user.ends.map(({ clean }) => clean)], ["close", [true]]);
        equal(joined.clock.timers, 0);
      }
    },
  },
  {
    name: "a client does not wait for ever for the server's end of the stream",
    run: () => {
      const joined = new Joined({ server: false, options: { closeTimeout: 500 } }).open();
      close(joined.session);
      joined.settle();
      joined.clock.advance(499);
      equal(joined.user.ends.length, 0);
      joined.clock.advance(1);
      equal(joined.user.ends.map(({ clean }) => clean), [true]);
    },
  },
  {
    name: "after a fault the Close frame is written before the transport is closed",
    run: () => {
      const joined = new Joined({ isSlow: true, options: { closeTimeout: 500 } }).open();
      joined.session.receive(frame(0x83, 0x80, 0, 0, 0, 0));
      const { fault, sentCode } = joined.user.events.at(-1);
      equal([fault.name, sentCode], ["RESERVED_OPCODE", 1002]);
      ok(!joined.transport.steps.some((step) => !step.startsWith("write")), joined.transport.steps.join());
      joined.transport.finish();
      joined.session.receiveEof();
      joined.clock.turn();
      equal(joined.user.ends.map(({ code }) => code), [1006]);
    },
  },
  {
    name: "a refusal is written before the transport is closed",
    run: () => {
      const joined = new Joined({ on: { request: (session) => session.call((each, now) => each.respond(404, "", [], "no", now)) } });
      joined.transport.isSlow = true;
      joined.toSession();
      equal(joined.transport.steps.filter((step) => !step.startsWith("write")), []);
      joined.transport.finish();
      joined.session.receiveEof();
      joined.clock.turn();
      equal([joined.transport.steps.at(-1), joined.user.ends.length], ["close", 1]);
    },
  },
  {
    name: "the writing side is shut once, when all is written",
    run: () => {
      const joined = new Joined({ server: false, isSlow: true, options: { closeTimeout: 500 } }).open();
      joined.session.send("last");
      joined.session.act((connection, now) => connection.fail(1011, "", now));
      joined.clock.turn();
      joined.transport.finish(5);
      joined.clock.advance(400);
      joined.session.receive(frame(0x81, 1, 0x61));
      const ends = joined.transport.takeSteps();
      ok(ends.filter((step) => step === "shutdown-write").length <= 1, ends.join());
      joined.session.receiveEof();
      joined.clock.advance(500);
      equal(joined.user.ends.length, 1);
    },
  },
  {
    name: "messages that came in one chunk with Close are delivered before it",
    run: () => {
      const joined = new Joined().open();
      joined.peer.send("a");
      joined.peer.send("b");
      joined.peer.close(1000, "", 0);
      joined.toSession();
      equal(joined.user.take(), ["text", "text", "closing", "closed"]);
    },
  },
];

/** What a user may call inside any event. */
const CALLS = {
  send: (session) => session.send("from inside"),
  "send a large message": (session) => session.send(new Uint8Array(9000)),
  "send a part": (session) => session.act((connection) => connection.sendPart("x", true)),
  ping: (session) => session.act((connection, now) => connection.ping("x", now)),
  close: (session) => close(session, 4000),
  terminate: (session) => session.terminate(),
  "lose the transport": (session) => session.lost(),
  pause: (session) => session.pause(),
  resume: (session) => session.resume(),
  flush: (session) => session.flush(),
  accept,
  "receive more": (session) => session.receive(frame(0x81, 0x81, 0, 0, 0, 0, 0x61)),
  "receive the end": (session) => session.receiveEof(),
  "wait for writing": (session) => session.whenWritten(() => session.send("from the callback")),
};
const MOMENTS = ["request", "open", "text", "ping", "pong", "closing", "closed", "drain", "end"];

/** Lets everything happen once, with a call inside one event. */
function live(moment, call) {
  let calls = 0;
  const on = {
    request: accept,
    [moment]: (session) => {
      if (moment === "request" && call !== accept) {
        accept(session);
      }
      calls += 1;
      if (calls === 1) {
        call(session);
      }
    },
  };
  const joined = new Joined({ on });
  joined.settle();
  joined.transport.isSlow = true;
  try {
    joined.peer.send("hello");
    joined.peer.ping(frame(1), 0);
    joined.session.act((connection, now) => connection.ping(frame(2), now));
  } catch {
    // The connection has been closed.
  }
  joined.settle();
  joined.transport.finish(20);
  joined.settle();
  joined.transport.finish(20);
  joined.peer.close(1000, "", 0);
  joined.settle();
  joined.transport.isSlow = false;
  joined.transport.finish(20);
  joined.settle();
  joined.clock.advance(100_000);
  return { joined, calls };
}

const inside = MOMENTS.flatMap((moment) =>
  Object.entries(CALLS).map(([what, call]) => ({
    name: `${what}, inside ${moment}`,
    run: async () => {
      let outcome;
      const errors = await reports(() => {
        outcome = live(moment, call);
      });
      const { joined, calls } = outcome;
      ok(calls > 0, "the moment has not come");
      // What is not allowed at that time is refused, and is the user's error.
      ok(errors.length <= 1, errors.join());
      equal(joined.user.ends.length, 1, "ends");
      ok(joined.user.events.filter(({ type }) => type === "closed").length === 1, "closed once");
      equal(joined.clock.timers, 0);
      ok(joined.session.ended, "it has ended");
    },
  })),
);

const failed = [
  {
    name: "an engine that has failed ends each session when it is next used, with 1006 and without a word to the peer",
    run: async () => {
      const all = ["receive", "receiveEof", "terminate", "timer", "turn"].map((how) => [how, new Joined().open()]);
      all.at(-1)[1].session.send("waits for the turn");
      currentEngine().bytes.fill(0xff);
      const errors = await reports(() => {
        for (const [how, { session, clock }] of all) {
          if (how === "receive") {
            session.receive(frame(0x81, 0x80, 0, 0, 0, 0));
          } else if (how === "receiveEof" || how === "terminate") {
            session[how]();
          } else if (how === "timer") {
            clock.advance(100_000);
          } else {
            clock.turn();
          }
        }
      });
      await sansock.init();
      for (const [how, { user, transport, session }] of all) {
        if (how !== "timer") {
          equal([how, user.ends.map(({ code, clean }) => [code, clean])], [how, [[1006, false]]]);
          equal([session.ended, transport.steps.at(-1)], [true, "abort"]);
        }
      }
      ok(errors.length > 0, "nothing was reported");
      equal(new Joined().open().user.ends.length, 0);
    },
  },
  {
    name: "a deadline of an engine that has failed ends the session",
    run: async () => {
      const joined = new Joined({ options: { pingInterval: 1000 } }).open();
      currentEngine().bytes.fill(0xff);
      const errors = await reports(() => joined.clock.advance(2000));
      await sansock.init();
      equal(joined.user.ends.map(({ code }) => code), [1006]);
      ok(errors.length > 0, "nothing was reported");
    },
  },
];

export const ending = [...lost, ...order, ...inside, ...failed];

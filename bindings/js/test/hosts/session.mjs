// A session alone, over a fake transport, with simulated time: opening, reading, deadlines, closing.

import { equal, ok } from "../assert.mjs";
import { Joined, reports } from "./fakes.mjs";

const bytes = (text) => new TextEncoder().encode(text);
const text = (joined) => new TextDecoder().decode(joined.transport.take());
/** A session that leaves its request to be answered later. */
const pending = (options = {}) => {
  const joined = new Joined({ on: {}, ...options });
  joined.toSession();
  return joined;
};
const answer = ({ session }) => session.call((connection, now) => connection.accept(null, [], now));
const only = ({ user }) => {
  equal(user.ends.length, 1, "calls of onEnd");
  ok(user.events.filter(({ type }) => type === "closed").length <= 1, "several closed events");
  return user.ends[0];
};

const opening = [
  {
    name: "a server's session: the request, the answer, messages both ways, the end",
    run: () => {
      const joined = new Joined().open();
      joined.peer.send("to the server");
      joined.session.send("to the client");
      joined.settle();
      equal([joined.user.messages, joined.arrived], [["to the server"], ["to the client"]]);
      joined.peer.close(4000, "done", 0);
      joined.settle();
      const { code, reason, clean, byPeer } = only(joined);
      equal([code, reason, clean, byPeer], [4000, "done", true, true]);
      equal(joined.transport.takeSteps(), ["close"]);
      equal(joined.clock.timers, 0);
    },
  },
  {
    name: "a client's session writes its request when the transport is there",
    run: () => {
      const joined = new Joined({ server: false });
      equal(joined.transport.steps.length, 1);
      joined.open();
      joined.peer.send("x");
      joined.settle();
      equal(joined.user.messages, ["x"]);
    },
  },
  {
    name: "messages behind the request wait until it is answered, in one chunk and in several",
    run: () => {
      const joined = pending();
      equal(joined.user.take(), ["request"]);
      const { peer, session, transport, clock } = joined;
      // The client may send before it has read the answer, as far as the server can tell.
      const early = new Joined({ server: false }).open();
      ["one", "two", "three"].forEach((each) => early.session.send(each));
      clock.turn();
      early.settle();
      const frames = early.transport.writes.at(-1).bytes;
      session.receive(frames.slice(0, 5));
      session.receive(frames.slice(5, 9));
      session.receive(frames.slice(9));
      equal(joined.user.take(), []);
      answer(joined);
      equal(joined.user.take(), ["open", "text", "text", "text"]);
      joined.toPeer();
      peer.send("four");
      joined.toSession();
      equal(joined.user.messages, ["four"]);
    },
  },
  {
    name: "messages in one chunk with a request that is answered at once",
    run: () => {
      const client = new Joined({ server: false });
      const request = client.transport.take();
      const other = new Joined({ server: false }).open();
      other.session.send("early");
      other.settle();
      const frame = other.transport.writes.at(-1).bytes;
      const joined = new Joined();
      joined.session.receive(Uint8Array.from([...request, ...frame, ...frame]));
      equal(joined.user.take(), ["request", "open", "text", "text"]);
      equal(joined.transport.takeSteps(), []);
    },
  },
  {
    name: "what came behind a request that is refused is dropped",
    run: () => {
      const joined = pending();
      joined.session.receive(new Uint8Array(100));
      joined.session.call((connection, now) => connection.reject(404, [], "", now));
      joined.session.receive(new Uint8Array(100));
      equal(joined.user.take(), ["request", "closed"]);
      ok(text(joined).startsWith("HTTP/1.1 404 "), "the response");
    },
  },
  {
    name: "a client that goes before its request is answered",
    run: () => {
      for (const leave of ["receiveEof", "lost"]) {
        const joined = pending();
        joined.session[leave]();
        joined.clock.advance(60_000);
        equal(only(joined).code, 1006);
        joined.session.call(() => {
          throw new Error("called after the end");
        });
      }
    },
  },
  {
    name: "a handshake made of fields: the head goes to the user, and frames go out after it",
    run: () => {
      const joined = new Joined({ on: {} });
      const heads = [];
      joined.user.onHead = (head) => heads.push(head);
      const fields = Object.entries({
        ":method": "GET",
        ":path": "/",
        host: "example.com",
        upgrade: "websocket",
        connection: "upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      });
      joined.session.call((connection, now) => connection.receiveRequest("1.1", fields, now));
      answer(joined);
      joined.session.send("x");
      joined.clock.turn();
      equal(heads.map(({ status }) => status), [101]);
      equal([joined.user.take(), Array.from(joined.transport.take())], [["request", "open"], [0x81, 1, 0x78]]);
    },
  },
  {
    name: "a transport that comes when all is over is closed",
    run: () => {
      const joined = new Joined({ server: false });
      joined.session.terminate();
      const late = Object.assign(Object.create(Object.getPrototypeOf(joined.transport)), { steps: [], writes: [] });
      joined.session.start(late);
      equal(late.steps, ["abort"]);
    },
  },
];

const reading = [
  {
    name: "pause stops reading while the connection is open, and resume goes on",
    run: () => {
      const { session, transport } = new Joined().open();
      session.pause();
      session.pause();
      session.resume();
      session.resume();
      session.pause();
      equal(transport.takeSteps(), ["pause", "resume", "pause"]);
    },
  },
  {
    name: "while the connection closes it is read even if its user has paused it",
    run: () => {
      const joined = new Joined().open();
      joined.session.pause();
      joined.session.act((connection, now) => connection.close(1000, "", now));
      joined.clock.turn();
      equal(joined.transport.takeSteps(), ["pause", "resume"]);
      joined.settle();
      equal(only(joined).clean, true);
    },
  },
  {
    name: "while nobody reads the deadline for a pong stands still",
    run: () => {
      const joined = new Joined({ options: { pingInterval: 1000, pongTimeout: 500 } }).open();
      joined.clock.advance(1000);
      joined.session.pause();
      joined.clock.advance(10_000);
      equal(joined.user.ends.length, 0);
      joined.session.resume();
      joined.clock.advance(499);
      equal(joined.user.take(), []);
      joined.clock.advance(501);
      equal(joined.user.events.map(({ fault }) => fault?.name), ["PONG_TIMEOUT"]);
    },
  },
  {
    name: "what was read before the pause is delivered still",
    run: () => {
      const joined = new Joined().open();
      joined.peer.send("x");
      joined.session.pause();
      joined.toSession();
      equal(joined.user.messages, ["x"]);
    },
  },
  {
    name: "bytes, ends and written writes after the end are ignored",
    run: () => {
      const joined = new Joined().open();
      joined.session.terminate();
      const { session } = joined;
      session.receive(bytes("x"));
      session.receiveEof();
      session.written();
      session.lost();
      session.terminate();
      session.pause();
      session.resume();
      session.flush();
      joined.clock.advance(100_000);
      only(joined);
      equal([session.ended, session.pending, session.writable], [true, 0, false]);
      equal(joined.transport.takeSteps(), ["abort"]);
    },
  },
  {
    name: "users that throw cost nobody an event, and are reported",
    run: async () => {
      const fail = (name) => () => {
        throw new Error(name);
      };
      const on = Object.fromEntries(["open", "text", "ping", "closing", "closed", "drain", "end"].map((each) => [each, fail(each)]));
      const joined = new Joined({ on: { request: (session) => session.call((connection, now) => connection.accept(null, [], now)), ...on } });
      const errors = await reports(() => {
        joined.settle();
        joined.peer.send("x");
        joined.peer.ping(bytes("p"), 0);
        joined.transport.isSlow = true;
        joined.session.send("y");
        joined.session.whenWritten(fail("written"));
        joined.settle();
        joined.transport.finish(3);
        joined.transport.isSlow = false;
        joined.peer.close(1000, "", 0);
        joined.settle();
      });
      equal(joined.user.take(), ["request", "open", "text", "ping", "closing", "closed"]);
      equal(errors, ["open", "text", "ping", "written", "drain", "closing", "closed", "end"]);
      equal(joined.user.ends.length, 1);
    },
  },
];

const deadlines = [
  {
    name: "a client that says nothing gets 408, and the transport is closed",
    run: () => {
      const joined = new Joined();
      joined.clock.advance(9_999);
      equal(joined.user.ends.length, 0);
      joined.clock.advance(1);
      ok(text(joined).startsWith("HTTP/1.1 408 "), "the response");
      joined.clock.advance(10_000);
      equal(only(joined).fault.name, "HANDSHAKE_TIMEOUT");
    },
  },
  {
    name: "a request that is not answered gets 503",
    run: () => {
      const joined = pending();
      joined.clock.advance(10_000);
      ok(text(joined).startsWith("HTTP/1.1 503 "), "the response");
      joined.clock.advance(10_000);
      equal(only(joined).fault.name, "DECISION_TIMEOUT");
    },
  },
  {
    name: "pings go out in time, and a peer that answers keeps the connection",
    run: () => {
      const joined = new Joined({ options: { pingInterval: 1000, pongTimeout: 500 } }).open();
      for (let round = 0; round < 5; round++) {
        joined.clock.advance(1000);
        joined.settle();
      }
      equal(joined.received.map(({ type }) => type), Array(5).fill("ping"));
      equal([joined.user.ends.length, joined.clock.timers], [0, 1]);
    },
  },
  {
    name: "a peer that answers no ping is closed with 1011",
    run: () => {
      const joined = new Joined({ options: { pingInterval: 1000, pongTimeout: 500, closeTimeout: 300 } }).open();
      joined.clock.advance(1499);
      equal(joined.user.take(), []);
      joined.clock.advance(1);
      equal(joined.user.events.map(({ type, fault }) => [type, fault?.name]), [["closed", "PONG_TIMEOUT"]]);
      joined.clock.advance(300);
      equal(only(joined).sentCode, 1011);
    },
  },
  {
    name: "a peer that does not read is given up when nothing was written for so long",
    run: () => {
      const joined = new Joined({ options: { writeTimeout: 1000 }, isSlow: true }).open();
      joined.session.send("a");
      joined.clock.advance(900);
      joined.session.send("b");
      joined.clock.advance(1099);
      equal(joined.user.ends.length, 0);
      joined.clock.advance(1);
      equal([only(joined).fault.name, joined.transport.takeSteps()], ["WRITE_TIMEOUT", ["abort"]]);
    },
  },
  {
    name: "a large payload past the engine that is not written in time",
    run: () => {
      const joined = new Joined({ options: { writeTimeout: 1000 }, isSlow: true }).open();
      joined.session.send(new Uint8Array(100_000));
      joined.clock.advance(2000);
      equal(only(joined).fault.name, "WRITE_TIMEOUT");
    },
  },
  {
    name: "writes that end in time put the deadline off",
    run: () => {
      const joined = new Joined({ options: { writeTimeout: 1000 }, isSlow: true }).open();
      for (let round = 0; round < 5; round++) {
        joined.session.send("x");
        joined.clock.advance(800);
        joined.transport.finish();
      }
      joined.clock.advance(5000);
      equal(joined.user.ends.length, 0);
    },
  },
  {
    name: "a peer that does not answer Close is left when the time is up",
    run: () => {
      for (const server of [true, false]) {
        const joined = new Joined({ server, options: { closeTimeout: 700 } }).open();
        joined.session.act((connection, now) => connection.close(1000, "", now));
        joined.clock.advance(699);
        equal(joined.user.ends.length, 0);
        joined.clock.advance(1);
        const closed = only(joined);
        equal([closed.clean, closed.fault.name], [false, "CLOSE_TIMEOUT"]);
      }
    },
  },
  {
    name: "times beyond the longest timer",
    run: () => {
      const pingInterval = 2 ** 31 + 5000;
      const joined = new Joined({ options: { pingInterval } }).open();
      joined.clock.advance(2 ** 31 + 4999);
      joined.settle();
      equal(joined.received, []);
      joined.clock.advance(1);
      joined.settle();
      equal(joined.received.map(({ type }) => type), ["ping"]);
    },
  },
  {
    name: "an open connection without deadlines has no timer, one with pings has theirs",
    run: () => {
      for (const [pingInterval, timers] of [[undefined, 0], [1000, 1]]) {
        const joined = new Joined({ options: { pingInterval } });
        equal(joined.clock.timers, 1);
        joined.open();
        equal([pingInterval, joined.clock.timers], [pingInterval, timers]);
      }
    },
  },
  {
    name: "messages that come all the time set no timer anew",
    run: () => {
      const joined = new Joined({ options: { pingInterval: 1000 } }).open();
      let set = 0;
      const { setTimer } = joined.clock;
      joined.clock.setTimer = (...given) => {
        set += 1;
        return setTimer.apply(joined.clock, given);
      };
      for (let round = 0; round < 900; round++) {
        joined.clock.advance(1);
        joined.peer.send("x");
        joined.toSession();
      }
      equal([set, joined.clock.timers], [0, 1]);
    },
  },
];

export const session = [...opening, ...reading, ...deadlines];

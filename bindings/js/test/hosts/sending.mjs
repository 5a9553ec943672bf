// The writing half of a session, alone: simulated time, no transport but a list.

import { equal, ok, refused } from "../assert.mjs";
import { Joined } from "./fakes.mjs";

const LARGE = new Uint8Array(10_000).fill(7);

export const sending = [
  {
    name: "what is sent in one turn is one write, and flush does not wait for its end",
    run: () => {
      const joined = new Joined().open();
      ["a", "b", "c"].forEach((text) => joined.session.send(text));
      equal(joined.transport.steps, []);
      joined.settle();
      equal(joined.transport.steps, ["write 9"]);
      equal(joined.arrived, ["a", "b", "c"]);
      joined.session.send("d");
      joined.session.flush();
      equal(joined.transport.steps, ["write 9", "write 3"]);
    },
  },
  {
    name: "while a write is under way what is sent waits, and then goes in one write",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      const { session, transport } = joined;
      for (const text of ["a", "b", "c"]) {
        session.send(text);
        joined.settle();
      }
      equal(transport.steps, ["write 3"]);
      equal(session.pending, 9);
      transport.finish();
      equal(transport.steps, ["write 3", "write 6"]);
      equal(session.pending, 6);
      transport.finish();
      joined.settle();
      equal([session.pending, transport.underWay, joined.arrived], [0, 0, ["a", "b", "c"]]);
    },
  },
  {
    name: "no more than 256 KiB are written at once, and nothing twice",
    run: () => {
      const joined = new Joined({ server: false, isSlow: true }).open();
      const data = Uint8Array.from({ length: 600_000 }, (_, index) => index % 251);
      joined.session.send(data);
      joined.settle();
      for (let index = 0; index < 3; index++) {
        joined.transport.finish();
      }
      joined.settle();
      equal(joined.transport.steps, ["write 262144", "write 262144", "write 75726"]);
      equal(joined.arrived, [data]);
      equal(joined.session.pending, 0);
    },
  },
  {
    name: "a server writes a large payload where it lies, in order with what is small",
    run: () => {
      const joined = new Joined().open();
      joined.session.send("before");
      joined.session.send(LARGE, { owned: true });
      joined.session.send("between");
      joined.session.send("x".repeat(8192));
      joined.session.send("after");
      equal(joined.transport.steps, ["write 12 + 10000", "write 13 + 8192"]);
      ok(joined.transport.writes.some(({ payload }) => payload?.buffer === LARGE.buffer), "the payload was copied");
      joined.settle();
      equal(joined.arrived, ["before", LARGE, "between", "x".repeat(8192), "after"]);
    },
  },
  {
    name: "a large text is passed on as it is where the transport writes texts, and counted in bytes",
    run: () => {
      const text = "é".repeat(8192);
      for (const writesTexts of [false, true]) {
        const joined = new Joined({ isSlow: true, writesTexts }).open();
        const { session, transport } = joined;
        session.send(text);
        session.send("after");
        equal(transport.steps, ["write 4 + 16384"]);
        equal([typeof transport.writes.at(-1).payload, session.pending], [writesTexts ? "string" : "object", 16_384 + 4 + 7]);
        transport.finish();
        equal(session.pending, 7);
        joined.settle();
        transport.finish();
        equal([session.pending, joined.arrived], [0, [text, "after"]]);
      }
    },
  },
  {
    name: "large payloads go behind writes that are under way, and are counted until they are written",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      const { session, transport } = joined;
      session.send("before");
      joined.clock.turn();
      session.send(LARGE);
      session.send("between");
      session.send(LARGE);
      session.send("after");
      joined.clock.turn();
      equal(transport.steps, ["write 8", "write 4 + 10000", "write 13 + 10000"]);
      equal([session.pending, session.writable], [8 + 4 + 10_000 + 13 + 10_000 + 7, false]);
      transport.finish(2);
      equal([session.pending, session.writable], [13 + 10_000 + 7, false]);
      transport.finish();
      equal([session.pending, session.writable, transport.steps.at(-1)], [7, true, "write 7"]);
      transport.finish();
      joined.settle();
      equal(joined.arrived, ["before", LARGE, "between", LARGE, "after"]);
    },
  },
  {
    name: "a payload that is not given away may change after it was sent",
    run: () => {
      for (const size of [100, 10_000]) {
        const joined = new Joined({ isSlow: true }).open();
        const data = new Uint8Array(size).fill(1);
        joined.session.send(data);
        data.fill(2);
        joined.settle();
        joined.transport.finish();
        joined.settle();
        equal(joined.arrived, [new Uint8Array(size).fill(1)]);
      }
    },
  },
  {
    name: "every form of bytes, of both kinds, small and large",
    run: () => {
      const joined = new Joined().open();
      for (const size of [10, 9000]) {
        const buffer = new Uint8Array(size + 2).fill(0x61).buffer;
        const expected = new Uint8Array(size).fill(0x61);
        const view = new Uint8Array(buffer, 1, size);
        const forms = [view, new DataView(buffer, 1, size), new Uint16Array(buffer, 2, size / 2), view.slice().buffer];
        for (const form of forms) {
          joined.session.send(form);
          joined.session.send(form, { kind: "text" });
          joined.session.send(form, { kind: "text", valid: true });
        }
        joined.session.send("a".repeat(size), { kind: "binary" });
        joined.settle();
        const text = "a".repeat(size);
        equal(joined.arrived, [...forms.flatMap(() => [expected, text, text]), expected]);
        joined.received.length = 0;
      }
    },
  },
  {
    name: "a large text given as bytes is checked, unless it is known to be valid",
    run: () => {
      const joined = new Joined().open();
      const bad = new Uint8Array(10_000).fill(0xff);
      refused("INVALID_ARGUMENT", () => joined.session.send(bad, { kind: "text" }));
      refused("INVALID_ARGUMENT", () => joined.session.send(bad.subarray(0, 10), { kind: "text" }));
      joined.session.send("é".repeat(5000), { kind: "text" });
      joined.settle();
      equal(joined.arrived, ["é".repeat(5000)]);
    },
  },
  {
    name: "where compression is agreed on large payloads are compressed, but for those that are not to be",
    run: () => {
      const joined = new Joined({ options: { deflate: true }, peer: { deflate: true } }).open();
      joined.session.send(LARGE);
      joined.settle();
      joined.session.send(LARGE, { compress: false });
      joined.settle();
      joined.session.send("x".repeat(1000), { kind: "text" });
      joined.settle();
      const [compressed, plain, again] = joined.transport.writes.slice(-3).map(({ bytes }) => bytes);
      equal([compressed[0], plain[0], again[0]], [0xc2, 0x82, 0xc1]);
      ok(compressed.length < 100 && plain.length === 10_004, `${compressed.length} and ${plain.length} bytes`);
      equal(joined.arrived, [LARGE, LARGE, "x".repeat(1000)]);
    },
  },
  {
    name: "compression is on again after a message that could not be sent",
    run: () => {
      const joined = new Joined({ options: { deflate: true }, peer: { deflate: true } }).open();
      const bad = Uint8Array.of(0xff);
      refused("INVALID_ARGUMENT", () => joined.session.send(bad, { kind: "text", compress: false }));
      joined.session.send("x".repeat(1000));
      joined.settle();
      equal(joined.transport.writes.at(-1).bytes[0], 0xc1);
    },
  },
  {
    name: "the output is limited, through the engine and past it",
    run: () => {
      const joined = new Joined({ options: { outputHardLimit: 20_000 }, limit: 20_000, isSlow: true }).open();
      const { session } = joined;
      refused("TOO_LARGE", () => session.send(new Uint8Array(20_001)));
      refused("TOO_LARGE", () => session.send("x".repeat(20_001)));
      session.send(new Uint8Array(15_000));
      session.send(new Uint8Array(15_000));
      refused("WOULD_BLOCK", () => session.send(new Uint8Array(15_000)));
      equal(session.pending, 30_008);
      joined.transport.finish(2);
      session.send(new Uint8Array(15_000));
      joined.transport.finish(9);
      joined.settle();
      equal(joined.arrived.map(({ length }) => length), [15_000, 15_000, 15_000]);
    },
  },
  {
    name: "a client's output is limited as well",
    run: () => {
      const joined = new Joined({ server: false, options: { outputHardLimit: 20_000 }, limit: 20_000, isSlow: true }).open();
      refused("TOO_LARGE", () => joined.session.send(new Uint8Array(20_001)));
      joined.session.send(new Uint8Array(15_000));
      refused("WOULD_BLOCK", () => joined.session.send(new Uint8Array(15_000)));
      joined.transport.finish(9);
    },
  },
  {
    name: "a large message cannot go between the parts of another",
    run: () => {
      const joined = new Joined().open();
      joined.session.act((connection) => connection.sendPart("a", false));
      refused("INVALID_STATE", () => joined.session.send(LARGE));
      joined.session.act((connection) => connection.sendPart("b", true));
      joined.session.send(LARGE);
      joined.settle();
      equal(joined.arrived, ["ab", LARGE]);
    },
  },
  {
    name: "whenWritten calls back in order, each when all before it is written",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      const { session, transport } = joined;
      const seen = [];
      const watch = (name) => session.whenWritten((isWritten) => seen.push([name, isWritten]));
      session.send("a");
      watch("a");
      joined.clock.turn();
      session.send(LARGE);
      watch("large");
      session.send("b");
      watch("b");
      watch("b too");
      joined.clock.turn();
      equal(seen, []);
      transport.finish();
      equal(seen, [["a", true]]);
      transport.finish();
      equal(seen.length, 2);
      transport.finish();
      equal(seen.slice(1), [["large", true], ["b", true], ["b too", true]]);
      watch("nothing");
      joined.clock.turn();
      equal(seen.at(-1), ["nothing", true]);
    },
  },
  {
    name: "whenWritten calls back with false for what is lost, and after the end",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      const seen = [];
      joined.session.send("a");
      joined.session.whenWritten((isWritten) => seen.push(isWritten));
      joined.clock.turn();
      joined.session.lost();
      equal(seen, [false]);
      joined.session.whenWritten((isWritten) => seen.push(isWritten));
      equal(seen, [false]);
      joined.clock.turn();
      equal(seen, [false, false]);
    },
  },
  {
    name: "onDrain comes when all is written that had to wait, and only then",
    run: () => {
      const joined = new Joined().open();
      joined.session.send("at once");
      joined.settle();
      equal(joined.user.drains, 0);
      joined.transport.isSlow = true;
      joined.session.send(LARGE);
      joined.session.send("behind");
      joined.clock.turn();
      equal([joined.user.drains, joined.session.writable], [0, false]);
      joined.transport.finish();
      equal([joined.user.drains, joined.transport.steps.at(-1)], [0, "write 8"]);
      joined.transport.finish();
      equal([joined.user.drains, joined.session.writable], [1, true]);
      joined.clock.turn();
      equal(joined.user.drains, 1);
    },
  },
  {
    name: "above the soft limit sending should stop, and onDrain says when to go on",
    run: () => {
      const joined = new Joined({ server: false, options: { outputSoftLimit: 1000 }, isSlow: true }).open();
      ok(joined.session.writable, "before");
      joined.session.send("x".repeat(2000));
      ok(!joined.session.writable, "while it waits");
      joined.clock.turn();
      joined.transport.finish();
      ok(joined.session.writable, "after");
      equal(joined.user.drains, 1);
    },
  },
  {
    name: "onDrain comes also if all that was above the soft limit is written at once",
    run: () => {
      for (const server of [true, false]) {
        const joined = new Joined({ server, options: { outputSoftLimit: 1000 } }).open();
        joined.session.send("x".repeat(2000));
        ok(!joined.session.writable, "while it waits");
        joined.clock.turn();
        equal([joined.session.writable, joined.user.drains], [true, 1]);
      }
    },
  },
  {
    name: "onDrain comes if a large payload is written before the turn has ended",
    run: () => {
      const joined = new Joined({ isSlow: true }).open();
      joined.session.send(LARGE);
      ok(!joined.session.writable, "while it waits");
      joined.transport.finish();
      joined.clock.turn();
      equal([joined.session.writable, joined.user.drains], [true, 1]);
    },
  },
  {
    name: "an end of a write that nobody waits for does no harm",
    run: () => {
      const joined = new Joined().open();
      joined.session.written();
      joined.session.send("a");
      joined.session.written();
      joined.settle();
      equal([joined.arrived, joined.session.pending], [["a"], 0]);
    },
  },
];

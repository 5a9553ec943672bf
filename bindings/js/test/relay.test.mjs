// What a relay keeps while nobody looks: who looks later sees the same, and what does not fit is said.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Seen } from "../dist/command/seen.js";
import { Watch } from "../dist/command/watching.js";
import { Connection } from "../dist/index.js";
import { Inspector, loadModule } from "../dist/inspect/index.js";

const KEPT = 1 << 20;
const SIDES = ["client", "server"];

/** Two ends that speak through a watch, with a clock of their own. */
class Ends {
  shown = [];
  /** How long it takes to show something, and how long nothing happens between two reads, in milliseconds. */
  cost = 0;
  pause = 0.25;
  #time = 0;
  watch = new Watch({
    preview: 64,
    lines: false,
    kept: KEPT,
    now: () => this.#time,
    onEntries: (json) => {
      this.#time += this.cost;
      this.shown.push(json);
    },
    onError: (error) => assert.fail(error),
  });
  inspector = new Inspector(loadModule(), { preview: 64 });

  constructor(deflate = false) {
    this.client = Connection.client("ws://example.com/", { deflate, seed: new Uint8Array(32) });
    this.server = Connection.server({ deflate });
    this.number = this.watch.begin("client", "server");
    assert.equal(this.inspector.begin("client", "server", 0), this.number);
    this.carry();
    this.carry();
  }

  send(side, bytes) {
    const time = (this.#time += this.pause);
    this.watch.see(this.number, side, bytes);
    this.inspector.feed(this.number, SIDES[side], bytes, time);
  }

  carry() {
    for (const [side, one, other] of [[0, this.client, this.server], [1, this.server, this.client]]) {
      const bytes = one.takeOutput();
      if (bytes.length === 0) continue;
      this.send(side, bytes.slice());
      for (const event of other.receive(bytes)) if (event.type === "request") other.accept();
    }
  }

  talk(text, count = 1) {
    for (let round = 0; round < count; round++) {
      this.client.send(text);
      this.server.send(text);
      this.carry();
    }
  }

  /** What somebody sees who comes. */
  look() {
    this.watch.watch(true);
    this.watch.finish();
    this.watch.unwatch(true);
    return this.entries();
  }

  entries() {
    return this.shown.join("").split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }
}

/** Letters that cannot be compressed to less than half, always the same. */
function randomLetters(count) {
  let state = 1;
  return Array.from({ length: count }, () => "abcdefghijklmnop"[(state = (state * 48_271) % 2_147_483_647) & 15]).join("");
}

const isMessage = ({ type }) => type === "message";
const passedOver = (entries) => entries.filter(({ text }) => text?.startsWith("passed over"));

for (const deflate of [false, true]) {
  test(`who comes late sees what an inspector sees, ${deflate ? "compressed" : "plain"}`, () => {
    const ends = new Ends(deflate);
    ends.talk("hello", 20);
    ends.client.ping(new Uint8Array([1, 2]));
    ends.talk("x".repeat(200_000));
    assert.deepEqual(ends.shown, []);
    const wanted = ends.inspector.take();
    assert.deepEqual(ends.look(), wanted);
    ends.talk("more", 3);
    ends.client.close(1000, "bye");
    ends.carry();
    assert.deepEqual(ends.entries(), wanted);
    wanted.push(...ends.inspector.take());
    assert.deepEqual(ends.look(), wanted);
  });

  test(`what was dropped is said, and what follows can be read, ${deflate ? "compressed" : "plain"}`, () => {
    for (const [size, count] of [[10, 8000], [200_000, 10]]) {
      const ends = new Ends(deflate);
      const message = randomLetters(size);
      ends.talk(message, count);
      if (deflate && size > 10) ends.talk(message, 4 * count);
      assert.deepEqual(ends.entries().map(({ type }) => type), ["connection", "head", "head"]);
      assert.ok(ends.watch.size > KEPT / 2 && ends.watch.size < KEPT + (1 << 18));
      const entries = ends.look();
      const told = entries.filter(isMessage);
      const leftOut = passedOver(entries).reduce((sum, { text }) => sum + Number(text.split(" ")[5]), 0);
      const all = ends.inspector.take().filter(isMessage);
      assert.equal(leftOut + told.length, all.length);
      assert.ok(leftOut > 0 && told.length > 0, `${leftOut}`);
      const plain = ({ id, ...rest }) => rest;
      for (const side of SIDES) {
        const own = told.filter(({ from }) => from === side).map(plain);
        assert.deepEqual(own, all.filter(({ from }) => from === side).map(plain).slice(-own.length));
      }
      assert.equal(ends.watch.size, 0);
    }
  });
}

test("control frames are told of what is dropped, and a flood of them is taken in pieces", () => {
  const ends = new Ends();
  ends.client.ping(new Uint8Array([1]));
  ends.talk("hello");
  ends.talk("x".repeat(200_000), 10);
  assert.deepEqual(ends.entries().filter(({ type }) => type === "frame").map(({ kind }) => kind), ["ping", "pong"]);
  const pings = new Uint8Array(240_000).map((_, at) => (at % 2 === 0 ? 0x89 : 0));
  for (let round = 0; round < 10; round++) {
    ends.watch.see(ends.number, 1, pings);
    assert.ok(Math.max(...ends.shown.map(({ length }) => length)) < 2 << 20);
    ends.shown.splice(3);
  }
  assert.ok(ends.watch.size <= KEPT + (1 << 18));
});

for (const all of [false, true]) {
  test(`looking ${all ? "at all takes as long as it takes" : "takes a share of the time, and the rest is passed over"}`, () => {
    for (const deflate of [false, true]) {
      const ends = new Ends(deflate);
      ends.watch.watch(all);
      [ends.cost, ends.pause] = [2, 5];
      const letters = randomLetters(100_000);
      for (let round = 0; round < 300; round++) ends.talk(letters + round);
      const before = ends.shown.length;
      assert.ok(all ? before > 250 : before > 60 && before < 250, `${before}`);
      ends.watch.finish();
      const told = ends.entries().filter(isMessage);
      const wanted = ends.inspector.take().filter(isMessage);
      const leftOut = passedOver(ends.entries()).reduce((sum, { text }) => sum + Number(text.split(" ")[5]), 0);
      assert.equal(told.length + leftOut, wanted.length);
      assert.equal(leftOut > 300, !all);
      // Looking went on in between, from the beginning of a message.
      const places = told.map(({ time }) => wanted.findIndex((entry) => entry.time === time));
      assert.ok(places.every((place, at) => at === 0 || place > places[at - 1]));
      assert.ok(all || places.filter((place, at) => at > 0 && place > places[at - 1] + 1).length > 1);
      assert.equal(ends.watch.size, 0);
    }
  });
}

test("entries come while somebody looks", async () => {
  const ends = new Ends();
  ends.watch.watch(false);
  ends.talk("hello");
  ends.watch.finish();
  assert.deepEqual(ends.entries().filter(isMessage).map(({ size }) => size), [5, 5]);
});

test("things come out as they went in", () => {
  const seen = new Seen();
  const things = [];
  for (let at = 0; at < 3000; at++) {
    const size = [0, 1, 20, 4096, 4097, 70_000][at % 6];
    const what = at % 50 === 49 ? undefined : at % 50 === 48 ? { client: `${at}`, server: "s" } : new Uint8Array(size).fill(at);
    things.push([at % 7, at % 2, what, at / 8]);
  }
  const left = [...things];
  let most = 0;
  for (const thing of things) {
    seen.push(...thing);
    most = Math.max(most, seen.size);
    seen.shift(300_000, (connection, side, what, now) => assert.deepEqual([connection, side, what, now], left.shift()));
    assert.ok(seen.size <= 300_000);
  }
  seen.shift(0, (connection, side, what, now) => assert.deepEqual([connection, side, what, now], left.shift()));
  assert.deepEqual([left.length, seen.size, most > 300_000], [0, 0, true]);
});

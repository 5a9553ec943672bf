// Time, transports and peers that do what a test says.

import { Session } from "../../dist/hosts/session.js";
import { Connection } from "sansock";

const URL = "ws://example.com/";

/** A clock that stands until it is moved. */
export class FakeClock {
  time = 0;
  #timers = new Map();
  #soon = [];
  #last = 0;

  now() {
    return this.time;
  }

  setTimer(timed, delay) {
    this.#last += 1;
    this.#timers.set(this.#last, { callback: () => timed.onTimer(), due: this.time + delay });
    return this.#last;
  }

  clearTimer(timer) {
    this.#timers.delete(timer);
  }

  soon(callback) {
    this.#soon.push(callback);
  }

  /** How many timers run. */
  get timers() {
    return this.#timers.size;
  }

  /** Ends the turn: what was to be called soon is called. */
  turn() {
    for (let callback = this.#soon.shift(); callback !== undefined; callback = this.#soon.shift()) {
      callback();
    }
  }

  /** Lets time pass, and calls what becomes due, in order. */
  advance(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      this.turn();
      const [first] = [...this.#timers].sort(([, one], [, other]) => one.due - other.due);
      if (first === undefined || first[1].due > end) {
        break;
      }
      const [timer, { callback, due }] = first;
      this.#timers.delete(timer);
      this.time = Math.max(this.time, due);
      callback();
    }
    this.time = end;
    this.turn();
  }
}

const encode = (payload) => (typeof payload === "string" ? new TextEncoder().encode(payload) : payload);

/** A transport that keeps what is written. Writes end at once, or when `finish` is called. */
export class FakeTransport {
  /** What was asked of it, in order: "write n", "pause" and so on. */
  steps = [];
  /** The writes, as they were passed. */
  writes = [];
  #taken = 0;
  #underWay = 0;

  isSlow = false;

  /** @param writesTexts Whether it takes texts as they are. */
  constructor(session, writesTexts = false) {
    this.session = session;
    if (writesTexts) {
      this.textLength = (text) => encode(text).length;
    }
  }

  write(bytes, payload) {
    this.writes.push({ bytes, payload });
    this.steps.push(payload === undefined ? `write ${bytes.length}` : `write ${bytes.length} + ${encode(payload).length}`);
    if (this.isSlow) {
      this.#underWay += 1;
      return false;
    }
    return true;
  }

  /** The oldest write ends; or so many of them. */
  finish(count = 1) {
    for (let left = count; left > 0 && this.#underWay > 0; left--) {
      this.#underWay -= 1;
      this.session.written();
    }
  }

  /** How many writes have not ended. */
  get underWay() {
    return this.#underWay;
  }

  pause() {
    this.steps.push("pause");
  }

  resume() {
    this.steps.push("resume");
  }

  shutdownWrite() {
    this.steps.push("shutdown-write");
  }

  close() {
    this.steps.push("close");
  }

  abort() {
    this.steps.push("abort");
  }

  /** All bytes that were written since the last call. */
  take() {
    const parts = this.writes.slice(this.#taken).flatMap(({ bytes, payload = "" }) => [bytes, encode(payload)]);
    this.#taken = this.writes.length;
    return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
  }

  /** The steps since the last call, writes left out. */
  takeSteps() {
    return this.steps.splice(0).filter((step) => !step.startsWith("write"));
  }
}

/** A user of a session that keeps what it gets. `on` has what to do at each event, `drain` and `end` included. */
export class Recorder {
  events = [];
  drains = 0;
  ends = [];

  constructor(on) {
    this.on = on;
  }

  onEvent(event) {
    this.events.push(event);
    this.on[event.type]?.(this.session, event);
  }

  onDrain() {
    this.drains += 1;
    this.on.drain?.(this.session);
  }

  onEnd(closed) {
    this.ends.push(closed);
    this.on.end?.(this.session, closed);
  }

  /** The types of the events since the last call. */
  take() {
    return this.events.splice(0).map(({ type }) => type);
  }

  /** The messages. */
  get messages() {
    return this.events.filter(({ type }) => type === "text" || type === "binary").map(({ data }) => data);
  }
}

const accept = (session) => session.call((connection, now) => connection.accept(null, [], now));

/** A session, and a bare connection as its peer. */
export class Joined {
  clock = new FakeClock();
  /** The events of the peer. */
  received = [];

  /** @param server Whether the session is the server's. */
  constructor({ server = true, options = {}, peer = {}, on = { request: accept }, limit, isSlow, writesTexts } = {}) {
    const make = (isServer, given) =>
      isServer ? Connection.server({ now: 0, ...given }) : Connection.client(URL, { now: 0, ...given });
    this.user = new Recorder(on);
    this.session = new Session(make(server, options), this.user, { limit, writeTimeout: options.writeTimeout }, this.clock);
    this.user.session = this.session;
    this.transport = new FakeTransport(this.session, writesTexts);
    this.isSlow = isSlow;
    this.peer = make(!server, peer);
    this.session.start(this.transport);
  }

  /** What the peer sends, to the session. */
  toSession() {
    const bytes = this.peer.takeOutput();
    if (bytes.length > 0) {
      this.session.receive(bytes);
    }
    this.clock.turn();
    return bytes.length > 0;
  }

  /** What the session has written, to the peer. */
  toPeer() {
    const bytes = this.transport.take();
    let events = bytes.length > 0 ? this.peer.receive(bytes, this.clock.time) : [];
    for (; events.length > 0 || this.peer.more; events = this.peer.timeout(this.clock.time)) {
      this.received.push(...events);
      if (events.some(({ type }) => type === "request")) {
        this.received.push(...this.peer.accept(null, [], this.clock.time));
      }
    }
    return bytes.length > 0;
  }

  /** Both, until nothing moves. */
  settle() {
    this.clock.turn();
    while ([this.toPeer(), this.toSession()].includes(true)) {}
    return this;
  }

  /** Completes the opening handshake, and forgets it. From then on writes take time, if they are to. */
  open() {
    this.settle();
    this.transport.isSlow = this.isSlow;
    this.user.events.length = 0;
    this.received.length = 0;
    this.transport.steps.length = 0;
    return this;
  }

  /** The messages that the peer has received. */
  get arrived() {
    return this.received.filter(({ type }) => type === "text" || type === "binary").map(({ data }) => data);
  }
}

/** Runs something, and returns what it reports as uncaught meanwhile. */
export async function reports(run) {
  const { queueMicrotask: original } = globalThis;
  const errors = [];
  globalThis.queueMicrotask = (callback) => {
    try {
      callback();
    } catch (error) {
      errors.push(error.message);
    }
  };
  try {
    await run();
  } finally {
    globalThis.queueMicrotask = original;
  }
  return errors;
}

import type { Bytes } from "../bytes.js";
import type { Connection } from "../connection.js";
import type { ClosedEvent, ConnectionEvent, HeadEvent } from "../events.js";
import { concatenated } from "./messages.js";
import { Patience } from "./patience.js";
import { Sender, type SendOptions } from "./sender.js";
import { type Clock, systemClock, type Transport } from "./transport.js";

/** The longest time that a timer of all runtimes can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How a connection ends whose engine has failed. */
const FAILED: ClosedEvent = {
  type: "closed",
  code: 1006,
  reason: "",
  clean: false,
  byPeer: false,
  sentCode: null,
  fault: null,
};

/** Who uses a session. An error that it throws is reported as uncaught, and costs nobody else an event. */
export interface SessionUser {
  /** Whether it will answer the peer's Close or fault later, so that the end of the stream must wait until it has. */
  readonly answersLater?: boolean;
  /** An event, other than `head`. */
  onEvent(event: ConnectionEvent): void;
  /** The head of a handshake made of fields, to be sent before anything else. */
  onHead?(event: HeadEvent): void;
  /** More can be sent, after `writable` was false. */
  onDrain?(): void;
  /** The transport is closed. Nothing follows. `closed` says how the connection ended. */
  onEnd(closed: ClosedEvent): void;
}

/** What a session must know of the options. */
export interface SessionLimits {
  readonly limit?: number | undefined;
  readonly writeTimeout?: number | undefined;
}

/**
 * Drives one connection over one transport: it writes the output, delivers the events, waits for the deadline, and obeys the
 * transport instruction, after every call. It does no I/O: all of that is the transport's.
 */
export class Session {
  readonly connection: Connection;
  /** Who uses it: at first who opens the connection, then who has it. */
  user: SessionUser;
  /** Where it gets the time, and its user may wait. */
  readonly clock: Clock;
  readonly #sender: Sender;
  readonly #patience: Patience;
  #transport: Transport | undefined;
  /** Whether a call is under way that settles everything when it ends. */
  #busy = false;
  #settlesSoon = false;
  /** Whether more can be sent, and the user does not know yet. */
  #hasDrained = false;
  #userPaused = false;
  #paused = false;
  #shut = false;
  /** Bytes that the engine takes once the request is answered. */
  #backlog: Uint8Array | undefined;
  #timer: unknown;
  /** When the timer is due. */
  #due = Number.POSITIVE_INFINITY;
  /** Who waits until a number of bytes are written, least first. */
  #waiting: { readonly position: number; readonly callback: (isWritten: boolean) => void }[] | undefined;
  #closed: ClosedEvent | undefined;
  /** Whether the transport is gone, or is to be. */
  #isLost = false;
  /** Whether the peer has ended its side, and the engine is to be told later. */
  #isEofHeld = false;
  #ended = false;

  /**
   * @param limits `limit`: how many bytes of large messages may wait to be written; the engine's `outputHardLimit` is for all
   *   others. `writeTimeout`: the engine's option of that name.
   */
  constructor(connection: Connection, user: SessionUser, limits: SessionLimits = {}, clock: Clock = systemClock) {
    this.connection = connection;
    this.user = user;
    this.clock = clock;
    this.#sender = new Sender(connection, limits.limit ?? Number.POSITIVE_INFINITY);
    this.#patience = new Patience(limits.writeTimeout);
  }

  // --- For the host. ---

  /** The transport is connected. */
  start(transport: Transport): void {
    if (this.#ended) {
      // The attempt to connect was given up meanwhile.
      transport.abort();
      return;
    }
    this.#transport = transport;
    this.#sender.transport = transport;
    this.#settle();
  }

  /** Bytes have been read. They are the session's, if the connection has the option `views`. */
  receive(chunk: Uint8Array): void {
    if (this.#backlog !== undefined) {
      this.#backlog = concatenated([this.#backlog, chunk]);
    } else if (!this.#ended) {
      this.#run(() => this.#take(chunk));
    }
  }

  /** The peer has ended its side. It may still read what it is sent. */
  receiveEof(): void {
    this.#isEofHeld = true;
    if (!this.#ended) {
      this.#run(() => this.#takeEof());
    }
  }

  /** What the transport did not write at once is written: the oldest write that is under way. */
  written(): void {
    if (!this.#ended) {
      this.#patience.wrote(this.clock);
      this.#run(() => this.#sender.written());
    }
  }

  /** The transport is gone, by whatever cause. */
  lost(): void {
    this.#isLost = true;
    this.receiveEof();
    this.#end(true);
  }

  /** Makes a call on the connection that returns events, such as `receiveRequest`. Nothing is called after the end. */
  call(call: (connection: Connection, now: number) => ConnectionEvent[]): void {
    if (!this.#ended) {
      const events = call(this.connection, this.clock.now());
      this.#run(() => {
        this.#deliver(events);
        const backlog = this.#backlog;
        if (backlog !== undefined && !this.#ended && this.connection.state !== "connecting") {
          this.#backlog = undefined;
          this.#take(backlog);
        }
      });
    }
  }

  // --- For the user. ---

  /** Whether the transport is closed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many bytes wait to be written, those of frames included. */
  get pending(): number {
    return this.#ended ? 0 : this.#sender.pending;
  }

  /** Whether sending should go on: little waits to be written. */
  get writable(): boolean {
    return !this.#ended && this.#sender.writable;
  }

  /**
   * Sends a message. It is written with what else is sent in the same turn.
   *
   * @throws {SansockError} As `Connection.send`.
   */
  send(data: string | Bytes, options?: SendOptions): void {
    this.#sender.send(data, options);
    this.#settleSoon();
  }

  /** Calls back when all that was sent so far is written, with true; or with false when that can no longer be. */
  whenWritten(callback: (isWritten: boolean) => void): void {
    this.#waiting ??= [];
    this.#waiting.push({ position: this.#ended ? Number.POSITIVE_INFINITY : this.#sender.position, callback });
    this.#settleSoon();
    if (this.#ended) {
      this.clock.soon(() => this.#callWaiting());
    }
  }

  /** Makes a call on the connection that adds output, and no events: `sendPart`, `ping`, `pong`, `close`. */
  act(call: (connection: Connection, now: number) => void): void {
    call(this.connection, this.clock.now());
    this.#settleSoon();
  }

  /** Stops reading. What has been read is delivered still. */
  pause(): void {
    this.#userPaused = true;
    this.#regulate();
  }

  /** Goes on reading. */
  resume(): void {
    this.#userPaused = false;
    this.#regulate();
    // The deadline for a pong runs again.
    this.#settleSoon();
  }

  /** Writes what was sent in this turn now, rather than at its end. */
  flush(): void {
    if (!this.#ended) {
      this.#hasDrained = this.#sender.flush() || this.#hasDrained;
    }
  }

  /** Closes the transport at once, without a Close frame. */
  terminate(): void {
    this.lost();
  }

  // --- Private. ---

  #take(chunk: Uint8Array): void {
    this.#deliver(this.connection.receive(chunk, this.clock.now()));
    if (this.#ended) {
      return;
    }
    const { unconsumed } = this.connection;
    if (unconsumed > 0) {
      const rest = chunk.subarray(chunk.length - unconsumed);
      if (this.connection.state === "connecting") {
        this.#backlog = rest;
      } else {
        // The request was answered meanwhile.
        this.#take(rest);
      }
    }
  }

  /** Tells the engine of the end of the stream, unless that must wait. */
  #takeEof(): void {
    if (this.#isEofHeld && (this.#isLost || this.user.answersLater !== true)) {
      this.#isEofHeld = false;
      this.#deliver(this.connection.receiveEof(this.clock.now()));
    }
  }

  #deliver(events: readonly ConnectionEvent[]): void {
    for (const event of events) {
      if (this.#ended) {
        return;
      }
      try {
        if (event.type === "head") {
          this.user.onHead?.(event);
        } else {
          if (event.type === "open") {
            this.#sender.opened(event);
            // That for the handshake is far too early for what follows, or nothing follows.
            this.#clearTimer();
          } else if (event.type === "closed") {
            this.#closed = event;
          }
          this.user.onEvent(event);
        }
      } catch (error) {
        report(error);
      }
    }
  }

  /** Runs what may deliver events, and settles what follows from it. Calls of the user in between settle with it. */
  #run(step: () => void): void {
    if (this.#busy) {
      step();
      return;
    }
    this.#busy = true;
    try {
      step();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#busy = false;
    }
    this.#settle();
  }

  #settleSoon(): void {
    if (!this.#busy && !this.#settlesSoon && !this.#ended) {
      this.#settlesSoon = true;
      this.clock.soon(() => {
        this.#settlesSoon = false;
        this.#settle();
      });
    }
  }

  #settle(): void {
    if (this.#ended || this.#transport === undefined) {
      return;
    }
    this.#busy = true;
    try {
      this.#flushAll();
      if (!this.#ended) {
        this.#regulate();
        this.#schedule(this.#transport);
        this.#obey(this.#transport);
      }
      this.#callWaiting();
      if (this.#hasDrained && !this.#ended) {
        this.#hasDrained = false;
        guarded(() => this.user.onDrain?.());
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#busy = false;
    }
    // What was sent at the last moment.
    if (!this.#ended && this.#sender.hasOutput) {
      this.#settleSoon();
    }
  }

  /** Writes, and delivers what is ready, until there is nothing of both. */
  #flushAll(): void {
    this.#flushReady();
    if (this.#isEofHeld && !this.#ended) {
      this.#takeEof();
      this.#flushReady();
    }
  }

  #flushReady(): void {
    this.flush();
    while (!this.#ended && this.connection.more) {
      this.#deliver(this.connection.timeout(this.clock.now()));
      this.flush();
    }
  }

  /** The engine has failed: no connection of the module can be used any more. */
  #fail(error: unknown): void {
    report(error);
    this.#closed ??= FAILED;
    this.#end(true);
  }

  #callWaiting(): void {
    const { writtenTotal } = this.#sender;
    for (let first = this.#waiting?.[0]; first !== undefined; first = this.#waiting?.[0]) {
      const isWritten = first.position <= writtenTotal;
      if (!isWritten && !this.#ended) {
        return;
      }
      this.#waiting?.shift();
      const { callback } = first;
      guarded(() => callback(isWritten));
    }
  }

  #regulate(): void {
    const transport = this.#transport;
    if (this.#ended || transport === undefined) {
      return;
    }
    const isOpen = this.connection.state === "open";
    // While it closes, the peer's answer is awaited.
    const pause = this.#backlog !== undefined || (this.#userPaused && isOpen);
    if (pause !== this.#paused) {
      this.#paused = pause;
      if (pause) {
        transport.pause();
        this.connection.pause(this.clock.now());
      } else {
        this.connection.resume(this.clock.now());
        transport.resume();
      }
    }
  }

  /** A timer that is due too early stays: setting one for each message costs more. */
  #schedule(transport: Transport): void {
    const next = this.connection.nextDeadline ?? Number.POSITIVE_INFINITY;
    if (this.connection.state === "open") {
      this.#patience.watch(this.#sender.isWriting, next, transport, this.clock);
    } else {
      this.#patience.end();
    }
    const deadline = this.#patience.postponed(next);
    if (deadline < this.#due) {
      this.#clearTimer();
      this.#due = deadline;
      this.#timer = this.clock.setTimer(this, Math.min(Math.max(deadline - this.clock.now(), 0), LONGEST_TIMER));
    }
  }

  #clearTimer(): void {
    this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** The timer is due. For the clock. */
  onTimer(): void {
    this.#due = Number.POSITIVE_INFINITY;
    if (!this.#ended) {
      // What is due later is set again when this is settled.
      this.#run(() => {
        const now = this.clock.now();
        const isDue = (this.connection.nextDeadline ?? Number.POSITIVE_INFINITY) <= now;
        if (isDue && (this.#transport === undefined || !this.#patience.holds(this.#transport, now))) {
          this.#deliver(this.connection.timeout(now));
        }
      });
    }
  }

  #obey(transport: Transport): void {
    const instruction = this.connection.transport;
    if (instruction === "open" || this.connection.pendingOutput > 0) {
      return;
    }
    if (instruction === "close") {
      // What is under way still, the engine has given up: the peer does not read.
      this.#end(this.#isLost || this.#sender.isWriting);
    } else if (!this.#shut) {
      this.#shut = true;
      transport.shutdownWrite();
    }
  }

  #end(atOnce: boolean): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#clearTimer();
    this.connection.free();
    if (atOnce) {
      this.#transport?.abort();
    } else {
      this.#transport?.close();
    }
    this.#callWaiting();
    const closed = this.#closed;
    if (closed !== undefined) {
      guarded(() => this.user.onEnd(closed));
    }
  }
}

/** Calls a user's code. What it throws costs the caller nothing. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}

/** An error of the user's code is nobody's here: it is reported as uncaught. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

import { performance } from "node:perf_hooks";

import type { Side } from "../inspect/entries.js";
import { loadModule } from "../inspect/index.js";
import { Inspector } from "../inspect/inspector.js";
import { Budget } from "./budget.js";
import { Seen, type What } from "./seen.js";

/** How to watch. */
export interface WatchOptions {
  /** How many bytes of each payload an entry carries. Default: 256. */
  readonly preview?: number;
  /** Whether lines for people are wanted as well as lines of JSON. */
  readonly lines: boolean;
  /** Called with what has been seen: lines of JSON, and the same for people. */
  readonly onEntries: (json: string, text: string) => void;
  /** Called when nothing more can be inspected. */
  readonly onError: (error: unknown) => void;
  /** How much is kept for those who look later, in bytes. Default: 4 MiB. */
  readonly kept?: number;
  /** The time in milliseconds. Default: that of the process. */
  readonly now?: () => number;
}

/** How much is kept for those who look later, in bytes. */
const KEPT = 4 << 20;
/** How much more may be kept before what is oldest is passed over, in bytes. */
const SPARE = 128 << 10;
/** How long what has been seen may wait to be looked at with what comes next, in milliseconds. */
const DELAY = 5;
/** How many bytes are inspected before the entries are taken: those of tiny frames are hundreds of times as large. */
const SLICE = 64 << 10;
/** How long is inspected before the connections have their turn, in milliseconds. */
const TURN = 4;
/** How long is waited for time to look, in milliseconds. */
const WAIT = 50;
const SIDES: readonly [Side, Side] = ["client", "server"];

/**
 * Keeps what has been passed on for as long as nobody looks, and inspects it when somebody does. What is kept is bounded. What is
 * older is passed over: the inspector follows it, and tells no messages of it. So is what does not fit in the time that looking may
 * take, unless somebody wants to see all: then that is waited for.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #kept: number;
  readonly #now: () => number;
  readonly #seen = new Seen();
  #inspector: Inspector | undefined;
  #connections = 0;
  #lookers = 0;
  /** How many of them see all. */
  #complete = 0;
  readonly #budget: Budget;
  #isDue = false;
  #hasSkipped = false;
  /** How much has been fed since entries were taken. */
  #fed = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#kept = options.kept ?? KEPT;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = new Budget(this.#now());
    this.#inspector = new Inspector(loadModule(), options.preview === undefined ? {} : { preview: options.preview });
  }

  /** How much is kept, in bytes. */
  get size(): number {
    return this.#seen.size;
  }

  /** A connection begins. Returns its number. */
  begin(client: string, server: string): number {
    this.#connections += 1;
    this.see(this.#connections, 0, { client, server });
    return this.#connections;
  }

  /** Keeps what an end has sent, or that it has ended. Sides are 0, the client, and 1, the server. */
  see(connection: number, side: 0 | 1, what: What): void {
    if (this.#inspector === undefined) return;
    const now = this.#now();
    this.#seen.push(connection, side, what, now);
    let isLooking = this.#isLooking(now);
    while (isLooking && this.#seen.size > this.#kept) {
      // More comes than is inspected, so that has to wait.
      this.#look();
      isLooking = this.#isLooking(this.#now());
    }
    if (this.#seen.size > this.#kept + SPARE) this.#skip();
    else if (isLooking) this.#turnIn(DELAY);
  }

  /** Somebody looks, until `unwatch` is called as often: at all, or at what there is time for. */
  watch(all: boolean): void {
    this.#lookers += 1;
    if (all) this.#complete += 1;
    if (this.#lookers === 1 || all) this.#turn();
  }

  /** One of those looks no more. */
  unwatch(all: boolean): void {
    this.#lookers -= 1;
    if (all) this.#complete -= 1;
  }

  /** Inspects all that there is, if somebody looks. */
  finish(): void {
    while (this.#lookers > 0 && this.#seen.size > 0) this.#look();
  }

  #isLooking(now: number): boolean {
    return this.#lookers > 0 && (this.#complete > 0 || this.#budget.allows(now));
  }

  /** Has the next turn begin when `schedule` calls back, unless one is due already. */
  #turnLater(schedule: (turn: () => void) => void): void {
    if (this.#isDue) return;
    this.#isDue = true;
    schedule(() => {
      this.#isDue = false;
      this.#turn();
    });
  }

  #turnIn(time: number): void {
    this.#turnLater((turn) => void setTimeout(turn, time).unref());
  }

  /** Inspects some of what has been seen, and has the rest inspected soon. */
  #turn(): void {
    const start = performance.now();
    while (this.#isLooking(this.#now())) {
      this.#look();
      if (this.#seen.size === 0) return;
      if (performance.now() - start >= TURN) return this.#turnLater(setImmediate);
    }
    if (this.#lookers > 0) this.#turnIn(WAIT);
  }

  #look(): void {
    const start = this.#now();
    if (this.#hasSkipped) this.#inspector?.tellSkipped(start);
    this.#hasSkipped = false;
    const feed = (inspector: Inspector, connection: number, side: Side, bytes: Uint8Array, now: number): boolean => {
      inspector.feed(connection, side, bytes, now);
      this.#fed += bytes.length;
      return this.#fed >= SLICE;
    };
    this.#inspect(feed, Math.max(0, this.#seen.size - SLICE));
    if (this.#inspector !== undefined) this.#take(this.#inspector);
    if (this.#complete === 0) this.#budget.spend(this.#now() - start);
  }

  #skip(): void {
    this.#hasSkipped = true;
    this.#inspect((inspector, connection, side, bytes, now) => inspector.skip(connection, side, bytes, now), this.#kept);
  }

  /** Inspects what is oldest until so much is left. A reader returns whether entries are to be taken. */
  #inspect(read: (inspector: Inspector, connection: number, side: Side, bytes: Uint8Array, now: number) => boolean, limit: number): void {
    const inspector = this.#inspector;
    if (inspector === undefined) return;
    try {
      this.#seen.shift(limit, (connection, sideNumber, what, now) => {
        const side = SIDES[sideNumber];
        if (what instanceof Uint8Array) {
          for (let from = 0; from < what.length; from += SLICE) {
            const piece = what.length <= SLICE ? what : what.subarray(from, from + SLICE);
            if (read(inspector, connection, side, piece, now)) this.#take(inspector);
          }
          return;
        }
        if (what === undefined) inspector.end(connection, side, now);
        else inspector.begin(what.client, what.server, now);
        this.#take(inspector);
      });
    } catch (error) {
      // What is passed on is worth more than what is seen of it.
      this.#inspector = undefined;
      this.#seen.clear();
      this.#options.onError(error);
    }
  }

  /** Shows what has been found. */
  #take(inspector: Inspector): void {
    this.#fed = 0;
    if (this.#options.lines) {
      for (const { json, text } of inspector.takeBoth()) this.#options.onEntries(json, text);
    } else {
      for (const json of inspector.takeJson()) this.#options.onEntries(json, "");
    }
  }
}

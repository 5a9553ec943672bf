/** What a session asks of a transport: a socket that is connected, or a stream of HTTP/2. */
export interface Transport {
  /**
   * Writes bytes, which are the transport's until they are written. True if they are with the system now; else the session's
   * `written` must be called when they are. Several writes may be under way; they end in their order.
   *
   * @param payload Follows `bytes`, if it is given: one write, as far as possible without joining them. A text is written as UTF-8; it
   *   is given only to a transport that has `textLength`.
   * @param length How many bytes the payload has.
   */
  write(bytes: Uint8Array, payload?: Uint8Array | string, length?: number): boolean;
  /** How many bytes a text is written as. Absent where texts have to be encoded before they are written. */
  textLength?(text: string): number;
  /** A number that changes when the system has taken a part of the writes under way. Undefined where the runtime does not tell. */
  readonly progress?: number | undefined;
  /** Tries to go on with the writes under way, though the system has not said that it takes more. */
  retry?(): void;
  /** Stops reading. What has been read already may still be delivered. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
  /** Ends the writing side, once what was written is with the system, and goes on reading. */
  shutdownWrite(): void;
  /** Closes both sides, the writing one first. All that will be written is with the system. */
  close(): void;
  /** Closes both sides at once, whatever waits to be written. */
  abort(): void;
}

/** Where a session gets the time, and waits. Tests have one of their own. */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls `onTimer` once, after `delay` milliseconds. */
  setTimer(timed: Timed, delay: number): unknown;
  /** Calls it off. */
  clearTimer(timer: unknown): void;
  /** Calls back soon: once what is running has ended. */
  soon(callback: () => void): void;
}

/** What Node, Deno and Bun have. */
interface Process {
  nextTick?(callback: () => void): void;
}

const { process } = globalThis as { process?: Process };

/** What a timer is for. */
export interface Timed {
  onTimer(): void;
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.now()),
  // A closure for each connection is memory for each.
  setTimer: (timed, delay) => setTimeout(fire, delay, timed),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  // Behind what is due already: handlers that go on send more.
  soon: process?.nextTick === undefined ? queueMicrotask : (callback) => process.nextTick?.(callback),
};

function fire(timed: Timed): void {
  timed.onTimer();
}

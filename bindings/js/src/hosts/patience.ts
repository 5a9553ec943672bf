import { DEFAULTS } from "./defaults.js";
import type { Clock, Transport } from "./transport.js";

/**
 * How long deadlines wait while a write is under way.
 *
 * The engine closes a connection if nothing is reported as written for `writeTimeout`, but a write is reported when it has ended,
 * which takes a peer that reads slowly as long as it likes: the write may be megabytes. Nor can a peer answer a ping that waits
 * behind it. So deadlines wait until nothing has been written for `writeTimeout`; and one that has waited goes on doing so when the
 * write has ended, as what the system has taken is still before the peer.
 */
export class Patience {
  readonly #time: number;
  #isKept = false;
  #progress: number | undefined;
  #until = 0;

  constructor(writeTimeout: number = DEFAULTS.writeTimeout) {
    this.#time = writeTimeout;
  }

  /** Takes note of whether writes are under way on an open connection, so that its deadlines may wait. */
  watch(isWriting: boolean, deadline: number, transport: Transport, clock: Clock): void {
    if (isWriting && !this.#isKept) {
      this.#until = clock.now() + this.#time;
      this.#progress = transport.progress;
    }
    this.#isKept = isWriting || (this.#isKept && deadline <= clock.now());
  }

  /** No deadline waits any more. */
  end(): void {
    this.#isKept = false;
  }

  /** A write has ended. */
  wrote(clock: Clock): void {
    if (this.#isKept) {
      this.#until = clock.now() + this.#time;
    }
  }

  /** When to look at a deadline. */
  postponed(deadline: number): number {
    return this.#isKept ? Math.max(deadline, this.#until) : deadline;
  }

  /** Whether a deadline that has come must wait, as something was written not long ago. */
  holds(transport: Transport, now: number): boolean {
    if (!this.#isKept) {
      return false;
    }
    transport.retry?.();
    const { progress } = transport;
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#until = now + this.#time;
    }
    return now < this.#until;
  }
}

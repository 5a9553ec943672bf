/** How much of the time looking may take. */
const SHARE = 0.02;
/** How much of it is saved up at most, for what comes in a burst, in milliseconds. */
const MOST = 100;
/** How much there must be before looking goes on once all is spent, so that what is shown hangs together, in milliseconds. */
const ENOUGH = 20;

/** What looking may cost those who are looked at: a small share of the time. */
export class Budget {
  #left = MOST;
  #last: number;
  #isSpent = false;

  /** It begins at this time, in milliseconds. */
  constructor(now: number) {
    this.#last = now;
  }

  /** Whether somebody may look. */
  allows(now: number): boolean {
    this.#left = Math.min(MOST, this.#left + (now - this.#last) * SHARE);
    this.#last = now;
    this.#isSpent = this.#left < (this.#isSpent ? ENOUGH : 0);
    return !this.#isSpent;
  }

  /** Somebody has looked, for so many milliseconds. */
  spend(time: number): void {
    this.#left -= time;
  }
}

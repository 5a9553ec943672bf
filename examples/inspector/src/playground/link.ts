/** The wire between the two ends: it delays, cuts, corrupts and loses. */
import type { End } from "../entries.ts";
import type { Action, Wire } from "./state.ts";

/** Bytes on their way; `bytes` is absent for the end of the stream. */
export interface Delivery {
  /** When they arrive, in milliseconds. */
  readonly at: number;
  readonly bytes?: Uint8Array;
}

/** How much a direction may carry, in bytes, before it is cut off. */
const MOST = 32 << 20;

export class Link {
  readonly #waiting: Delivery[] = [];
  /** How many bytes were sent. */
  #sent = 0;
  #isEnded = false;
  readonly #edits: readonly (Action & { do: "corrupt" | "drop" })[];

  /** @param changed Is told what was done to the bytes. */
  constructor(
    readonly from: End,
    readonly wire: Wire,
    actions: readonly Action[],
    readonly changed: (text: string) => void,
  ) {
    this.#edits = actions.filter(
      (action) => action.who === from && (action.do === "corrupt" || action.do === "drop"),
    ) as (Action & { do: "corrupt" | "drop" })[];
  }

  get inFlight(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  }

  /** When the next bytes arrive; Infinity if none are on their way. */
  get next(): number {
    return this.#waiting[0]?.at ?? Infinity;
  }

  send(bytes: Uint8Array, now: number): void {
    if (this.#isEnded || bytes.length === 0) return;
    const edited = this.#edit(bytes);
    this.#sent += bytes.length;
    if (this.#sent > MOST) throw new Error(`more than ${MOST} bytes from the ${this.from}`);
    const step = this.wire.split === 0 ? edited.length : this.wire.split;
    for (let at = 0; at < edited.length; at += step) {
      this.#waiting.push({ at: now + this.wire.delay, bytes: edited.subarray(at, at + step) });
    }
  }

  /** Nothing follows. */
  end(now: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting.push({ at: now + this.wire.delay });
  }

  take(): Delivery | undefined {
    return this.#waiting.shift();
  }

  #edit(sent: Uint8Array): Uint8Array {
    const bytes = sent.slice();
    const lost = new Set<number>();
    for (const edit of this.#edits) {
      const at = edit.byte - this.#sent;
      if (edit.do === "corrupt" && at >= 0 && at < bytes.length) {
        bytes[at] = (bytes[at] ?? 0) ^ (1 << edit.bit);
        this.changed(`bit ${edit.bit} of byte ${edit.byte} was flipped`);
      }
      if (edit.do === "drop") {
        const first = Math.max(0, at);
        const end = Math.min(bytes.length, at + edit.count);
        for (let place = first; place < end; place += 1) lost.add(place);
        if (end > first) this.changed(`${end - first} bytes from byte ${this.#sent + first} on were lost`);
      }
    }
    return lost.size === 0 ? bytes : bytes.filter((_, place) => !lost.has(place));
  }
}

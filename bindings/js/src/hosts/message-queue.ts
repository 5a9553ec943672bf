import { SansockError } from "../errors.js";
import type { BinaryEvent, TextEvent } from "../events.js";
import type { Session } from "./session.js";

/** What a message counts for besides its payload, in bytes, so that many empty ones are bounded too. */
const MESSAGE_COST = 64;

type Entry = TextEvent | BinaryEvent;

/** The messages that have arrived and were not received yet. Reading stops while they are too many. */
export class MessageQueue {
  readonly #max: number;
  readonly #session: Session;
  #entries: Entry[] = [];
  /** Where the first entry lies. */
  #first = 0;
  #size = 0;
  #receiver: { resolve(entry: Entry): void; reject(error: Error): void } | undefined;
  #error: Error | undefined;
  readonly #onIdle: () => void;
  /** Whether a message was taken, and the taker has not come back for another. */
  isInHand = false;
  /** Whether anybody has ever asked for a message. */
  wasAsked = false;

  /** @param onIdle Called when the last message has been taken, and when somebody waits for one and there is none. */
  constructor(max: number, session: Session, onIdle: () => void) {
    this.#max = max;
    this.#session = session;
    this.#onIdle = onIdle;
  }

  /** Whether no message waits. */
  get isEmpty(): boolean {
    return this.#first === this.#entries.length;
  }

  /** A message has arrived. */
  put(entry: Entry): void {
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      this.#receiver = undefined;
      this.isInHand = true;
      receiver.resolve(entry);
      return;
    }
    this.#entries.push(entry);
    const before = this.#size;
    this.#size = before + MESSAGE_COST + entry.data.length;
    if (before <= this.#max && this.#size > this.#max) {
      this.#session.pause();
    }
  }

  /** The first message, if there is one. */
  take(): Entry | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) {
      return undefined;
    }
    this.isInHand = true;
    this.wasAsked = true;
    this.#first += 1;
    if (this.#first === this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    }
    const before = this.#size;
    this.#size = before - MESSAGE_COST - entry.data.length;
    if (before > this.#max && this.#size <= this.#max) {
      this.#session.resume();
    }
    if (this.isEmpty) {
      this.#onIdle();
    }
    return entry;
  }

  /** Resolves to the first message when there is one. Rejects when none will come. */
  next(): Promise<Entry> {
    const entry = this.take();
    return entry === undefined ? this.#wait((each) => each) : Promise.resolve(entry);
  }

  /** The same for an iteration. `onEnd` says what follows the last message, or throws. */
  nextResult(onEnd: (error: unknown) => IteratorReturnResult<void>): Promise<IteratorResult<Entry["data"], void>> {
    const entry = this.take();
    if (entry !== undefined) {
      return Promise.resolve({ value: entry.data, done: false });
    }
    return this.#wait<IteratorResult<Entry["data"], void>>(resultOf, onEnd);
  }

  #wait<Result>(resultOfEntry: (entry: Entry) => Result, onEnd?: (error: unknown) => Result): Promise<Result> {
    if (this.#error !== undefined) {
      return onEnd === undefined ? Promise.reject(this.#error) : attempt(onEnd, this.#error);
    }
    if (this.#receiver !== undefined) {
      return Promise.reject(new SansockError("INVALID_STATE", "somebody else is receiving from this connection"));
    }
    this.isInHand = false;
    this.wasAsked = true;
    return new Promise((resolve, reject) => {
      this.#receiver = {
        resolve: (entry) => resolve(resultOfEntry(entry)),
        reject: (error) => (onEnd === undefined ? reject(error) : resolve(attempt(onEnd, error))),
      };
      this.#onIdle();
    });
  }

  /** Nothing follows. */
  end(error: Error): void {
    this.#error = error;
    this.#receiver?.reject(error);
    this.#receiver = undefined;
  }
}

async function attempt<Result>(onEnd: (error: unknown) => Result, error: Error): Promise<Result> {
  return onEnd(error);
}

function resultOf({ data }: Entry): IteratorYieldResult<Entry["data"]> {
  return { value: data, done: false };
}

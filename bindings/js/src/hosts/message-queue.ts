import { SansockError } from "../errors.js";
import type { BinaryEvent, TextEvent } from "../events.js";
import type { Session } from "./session.js";

/** What a message counts for besides its payload, in bytes, so that many empty ones are bounded too. */
const MESSAGE_COST = 64;

type Entry = TextEvent | BinaryEvent;
type Result = IteratorResult<Entry["data"], void>;
type Resolve = (value: Entry | Result | Promise<Result>) => void;
/** What follows the last message. It may throw. */
type OnEnd = (error: Error) => IteratorReturnResult<void>;

/** Who is told when the last message has been taken, and when somebody waits for one and there is none. */
export interface QueueOwner {
  onIdle(): void;
}

/** No entries: most queues have none most of the time, and an array for each is memory for each. */
const NONE: Entry[] = [];

/** The messages that have arrived and were not received yet. Reading stops while they are too many. */
export class MessageQueue {
  readonly #max: number;
  readonly #session: Session;
  #entries = NONE;
  /** Where the first entry lies. */
  #first = 0;
  #size = 0;
  /** Who waits for a message. */
  #resolve: Resolve | undefined;
  #reject: ((error: Error) => void) | undefined;
  /** What an iteration gets that waits when nothing follows; undefined for who waits for the message alone. */
  #onEnd: OnEnd | undefined;
  #error: Error | undefined;
  readonly #owner: QueueOwner;
  /** Whether a message was taken, and the taker has not come back for another. */
  isInHand = false;
  /** Whether anybody has ever asked for a message. */
  wasAsked = false;

  constructor(max: number, session: Session, owner: QueueOwner) {
    this.#max = max;
    this.#session = session;
    this.#owner = owner;
  }

  /** Whether no message waits. */
  get isEmpty(): boolean {
    return this.#first === this.#entries.length;
  }

  /** A message has arrived. */
  put(entry: Entry): void {
    const resolve = this.#resolve;
    if (resolve !== undefined) {
      const isIteration = this.#onEnd !== undefined;
      this.#forgetReceiver();
      this.isInHand = true;
      resolve(isIteration ? { value: entry.data, done: false } : entry);
      return;
    }
    if (this.#entries === NONE) {
      this.#entries = [entry];
    } else {
      this.#entries.push(entry);
    }
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
      this.#entries = NONE;
      this.#first = 0;
    }
    const before = this.#size;
    this.#size = before - MESSAGE_COST - entry.data.length;
    if (before > this.#max && this.#size <= this.#max) {
      this.#session.resume();
    }
    if (this.isEmpty) {
      this.#owner.onIdle();
    }
    return entry;
  }

  /** Resolves to the first message when there is one. Rejects when none will come. */
  next(): Promise<Entry> {
    const entry = this.take();
    if (entry !== undefined) {
      return Promise.resolve(entry);
    }
    if (this.#error !== undefined) {
      return Promise.reject(this.#error);
    }
    return this.#isAwaited ? refused() : new Promise<Entry>((resolve, reject) => this.#wait(resolve as Resolve, reject));
  }

  /** The same for an iteration. `onEnd` says what follows the last message. */
  nextResult(onEnd: OnEnd): Promise<Result> {
    const entry = this.take();
    if (entry !== undefined) {
      return Promise.resolve({ value: entry.data, done: false });
    }
    if (this.#error !== undefined) {
      return attempt(onEnd, this.#error);
    }
    return this.#isAwaited ? refused() : new Promise<Result>((resolve, reject) => this.#wait(resolve as Resolve, reject, onEnd));
  }

  /** Nothing follows. */
  end(error: Error): void {
    this.#error = error;
    const resolve = this.#resolve;
    const reject = this.#reject;
    const onEnd = this.#onEnd;
    this.#forgetReceiver();
    if (onEnd === undefined) {
      reject?.(error);
    } else {
      resolve?.(attempt(onEnd, error));
    }
  }

  get #isAwaited(): boolean {
    return this.#resolve !== undefined;
  }

  #wait(resolve: Resolve, reject: (error: Error) => void, onEnd?: OnEnd): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onEnd = onEnd;
    this.isInHand = false;
    this.wasAsked = true;
    this.#owner.onIdle();
  }

  #forgetReceiver(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#onEnd = undefined;
  }
}

function refused(): Promise<never> {
  return Promise.reject(new SansockError("INVALID_STATE", "somebody else is receiving from this connection"));
}

async function attempt(onEnd: OnEnd, error: Error): Promise<Result> {
  return onEnd(error);
}

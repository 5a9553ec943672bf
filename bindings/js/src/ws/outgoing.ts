import { isUtf8 } from "node:buffer";

import { SansockError } from "../errors.js";
import type { Session } from "../hosts/session.js";
import type { WebSocket } from "./websocket.js";

/** What happens to a WebSocket whose data cannot be read. */
export const BREAK = Symbol("break");

/** From this size on, in bytes, a text that is passed as bytes is written where it lies, once it is known to be UTF-8. */
const LARGE_TEXT = 8 * 1024;
const MAX_CONTROL = 125;
const MAX_REASON = 123;
const EMPTY = Buffer.alloc(0);

/** What can be sent: numbers as their text, a `Blob` when it has been read. */
export type Sendable = string | number | Buffer | ArrayBuffer | ArrayBufferView | Blob;

type Payload = string | Buffer | ArrayBuffer | ArrayBufferView;

/** How a message is sent. */
export interface SendOptions {
  /** Whether it is binary. Default: it is unless it is a string. */
  binary?: boolean | undefined;
  /** Whether to compress it, if compression was agreed on. Default: true. */
  compress?: boolean | undefined;
  /** Whether this is the end of the message. Default: true. */
  fin?: boolean | undefined;
  /** The role decides (RFC 6455 section 5.1): without effect. */
  mask?: boolean | undefined;
}

/** Called when what was sent is written, or with the error if it cannot be. */
export type Callback = (error?: Error) => void;

/** The sending half of a WebSocket. */
export class Outgoing {
  readonly #websocket: WebSocket;
  /** The kind of the message of which a part was sent. */
  #partial: "text" | "binary" | undefined;
  /** What waits for a Blob to be read. */
  #queue: Promise<void> | undefined;
  /** How many bytes were passed after the end. */
  unsent = 0;

  /** Set once there is one. */
  session: Session | undefined;

  constructor(websocket: WebSocket) {
    this.#websocket = websocket;
  }

  send(data: Sendable, options: SendOptions, done?: Callback): void {
    if (data instanceof Blob) {
      this.#afterReading(data, (bytes) => this.#send(bytes, options, done), done);
    } else {
      const payload = payloadOf(data);
      this.after(() => this.#send(payload, options, done), done);
    }
  }

  control(kind: "ping" | "pong", given: readonly unknown[]): void {
    const done = given.find((each) => typeof each === "function") as Callback | undefined;
    const [first] = given;
    if (first instanceof Blob) {
      this.#afterReading(first, (bytes) => this.#control(kind, bytes, done), done);
      return;
    }
    const data = first === undefined || typeof first === "function" ? "" : payloadOf(first as Exclude<Sendable, Blob>);
    if (lengthOf(data) > MAX_CONTROL) {
      throw new RangeError(`The data size must not be greater than ${MAX_CONTROL} bytes`);
    }
    if (this.#websocket.readyState !== this.#websocket.OPEN) {
      this.#refuse(lengthOf(data), done);
      return;
    }
    this.after(() => this.#control(kind, data, done), done);
  }

  #control(kind: "ping" | "pong", data: Payload, done?: Callback): void {
    this.#try(data, done, (session) => session.act((connection, now) => connection[kind](data, now)));
  }

  /** Does it now, or behind what waits. */
  after(step: () => void, done?: Callback): void {
    if (this.#queue === undefined) {
      step();
    } else {
      this.#enqueue(async () => step, done);
    }
  }

  #afterReading(blob: Blob, step: (bytes: ArrayBuffer) => void, done?: Callback): void {
    const { readyState, OPEN } = this.#websocket;
    if (readyState !== OPEN) {
      this.#refuse(blob.size, done);
      return;
    }
    this.#enqueue(async () => {
      const bytes = await blob.arrayBuffer();
      return () => step(bytes);
    }, done);
  }

  #enqueue(prepare: () => Promise<() => void>, done?: Callback): void {
    const queue = this.#proceed(this.#queue, prepare(), done);
    this.#queue = queue;
    void queue.then(() => {
      if (this.#queue === queue) {
        this.#queue = undefined;
      }
    });
  }

  async #proceed(before: Promise<void> | undefined, prepared: Promise<() => void>, done?: Callback): Promise<void> {
    await before;
    try {
      (await prepared)();
    } catch (error) {
      // A Blob that cannot be read leaves a hole in what was to be sent.
      done?.(error as Error);
      this.#websocket[BREAK](error as Error);
    }
  }

  #send(data: Payload, { binary = typeof data !== "string", compress = true, fin = true }: SendOptions, done?: Callback): void {
    const kind = binary ? "binary" : "text";
    this.#try(data, done, (session) => {
      if (!fin || this.#partial !== undefined) {
        const kindOfMessage = this.#partial ?? kind;
        session.act((connection) => connection.sendPart(data, fin, kindOfMessage));
        this.#partial = fin ? undefined : kindOfMessage;
      } else {
        const isLargeText = kind === "text" && typeof data !== "string" && data.byteLength >= LARGE_TEXT;
        session.send(data, { kind, owned: true, compress, valid: isLargeText && isUtf8(data as Uint8Array) });
      }
    });
  }

  /** Sends. Where nothing can be sent any more, the data are counted, and the callback gets the error. */
  #try(data: Payload, done: Callback | undefined, send: (session: Session) => void): void {
    const session = this.session;
    // Before our own Close, the answer to the peer's included.
    if (session === undefined || session.ended || this.#websocket.readyState === this.#websocket.CLOSED) {
      this.#refuse(lengthOf(data), done);
      return;
    }
    try {
      send(session);
    } catch (error) {
      if (!(error instanceof SansockError) || error.code !== "INVALID_STATE") {
        throw error;
      }
      this.#refuse(lengthOf(data), done);
      return;
    }
    if (done !== undefined) {
      session.whenWritten((isWritten) => (isWritten ? done() : done(this.#notOpen())));
    }
  }

  #refuse(length: number, done?: Callback): void {
    this.unsent += length;
    if (done !== undefined) {
      process.nextTick(done, this.#notOpen());
    }
  }

  #notOpen(): Error {
    const { readyState, CLOSING } = this.#websocket;
    return new Error(`WebSocket is not open: readyState ${readyState} (${readyState === CLOSING ? "CLOSING" : "CLOSED"})`);
  }
}

/** The arguments of `close`, as the engine takes them. Throws as `ws` does. */
export function closeArguments(code: number | undefined, reason: string | Buffer): [code: number, reason: string | Buffer] {
  if (code === undefined) {
    return [0, ""];
  }
  const isAllowed = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!Number.isInteger(code) || !isAllowed) {
    throw new TypeError("First argument must be a valid error code number");
  }
  if (lengthOf(reason) > MAX_REASON) {
    throw new RangeError(`The message must not be greater than ${MAX_REASON} bytes`);
  }
  return [code, reason];
}

function payloadOf(data: Exclude<Sendable, Blob>): Payload {
  // Nothing is an empty binary message.
  return typeof data === "number" ? String(data) : (data ?? EMPTY);
}

function lengthOf(data: Payload): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
}

import { type AnyBytes, lengthOf, viewOf } from "./bytes.js";
import type { Options } from "./connection-options.js";
import type { Engine } from "./engine.js";
import type { ConnectionEvent } from "./events.js";
import { GatherBuffer } from "./gather.js";
import { copier } from "./host.js";
import { BLOCK, ROLE, STATES } from "./numbers.js";
import type { ConnectionState } from "./states.js";

/** Only payloads of at least this many bytes: for smaller ones, the additional call costs more than the copies saved. */
const PAYLOAD_MIN = 4096;
/** The longest header of a frame that is not masked, in bytes (RFC 6455 section 5.2). */
const HEADER_MAX = 10;

/**
 * Keeps the payloads of large binary messages out of linear memory, on a client.
 *
 * A server does not mask, so the engine has nothing to do with such a payload: it reads the header alone, and the payload
 * is cut out of the chunk, or gathered here as it arrives. That is one copy instead of three, or none with `views`.
 *
 * Where to ask the engine for a header is decided without looking at the bytes: see `mayBegin`. Among small messages, a
 * short chunk costs no additional call, and a long one costs at most one.
 */
export class Bypass {
  readonly #engine: Engine;
  readonly #handle: number;
  readonly #block: number;
  readonly #views: boolean;
  /**
   * Whether a payload must lie whole in the chunk. A keepalive must see that bytes arrive, and the engine does not see
   * those that are gathered here.
   */
  readonly #wholeOnly: boolean;
  readonly #receivesWhileClosing: boolean;
  /** Whether the header that was asked for last was that of a large message. */
  #lastWasLarge = false;
  /** The payload of which a part has arrived. */
  partial: GatherBuffer | undefined;
  /** How many bytes the messages had that the engine has not seen, headers included. */
  length = 0;

  private constructor(engine: Engine, handle: number, block: number, options: Options) {
    this.#engine = engine;
    this.#handle = handle;
    this.#block = block;
    this.#views = Boolean(options.views);
    this.#wholeOnly = options.pingInterval !== undefined;
    this.#receivesWhileClosing = Boolean(options.receiveWhileClosing);
  }

  /** Undefined for a connection to which no such message can come: a server, or one that delivers parts or frames. */
  static of(engine: Engine, handle: number, block: number, role: number, options: Options): Bypass | undefined {
    return role === ROLE.CLIENT && !options.parts && !options.frames ? new Bypass(engine, handle, block, options) : undefined;
  }

  /**
   * Whether to ask for a header, with `length` bytes left in the chunk: if a large payload may lie in them, or if they follow
   * a large message and may begin with the header of another.
   *
   * @param at How much of the chunk was large messages.
   * @param remaining How many bytes the block awaits of a frame that the engine is reading, and that ends here; 0 if it is
   *   between frames. The end of that frame takes a call of its own, which pays off only while large messages arrive.
   */
  mayBegin(length: number, at: number, remaining: number): boolean {
    const followsLarge = at > 0 || remaining >= PAYLOAD_MIN;
    if (followsLarge && !this.#wholeOnly) {
      return length >= HEADER_MAX;
    }
    return length >= PAYLOAD_MIN && (followsLarge || remaining === 0 || this.#lastWasLarge);
  }

  /**
   * Takes in the large message that begins at `bytes[at]`, or as much of it as there is. Returns how many bytes that
   * was; 0 if there is no such message: the engine is to read on.
   */
  begin(bytes: AnyBytes, at: number, now: number, events: ConnectionEvent[]): number {
    const { calls, transfer } = this.#engine;
    const chunkLength = lengthOf(bytes);
    const available = transfer.writeFew(bytes, at, Math.min(at + HEADER_MAX, chunkLength));
    const lengths = calls.conn_receive_header(this.#handle, available, PAYLOAD_MIN, now);
    const headerLength = lengths % 16;
    const length = (lengths - headerLength) / 16;
    const start = at + headerLength;
    const end = start + length;
    const isWhole = end <= chunkLength;
    this.#lastWasLarge = length > 0;
    // Asking does not move the engine past the header: it can still read the message itself.
    if (length === 0 || (this.#wholeOnly && !isWhole)) {
      return 0;
    }
    this.length += headerLength + length;
    if (isWhole) {
      this.#deliver(this.#cut(bytes, start, end), events);
      return end - at;
    }
    this.partial = new GatherBuffer(length);
    this.partial.add(viewOf(bytes, start, chunkLength));
    return chunkLength - at;
  }

  /** Takes in what a chunk has of a payload of which a part has arrived. Returns how many bytes that was. */
  proceed(bytes: AnyBytes, events: ConnectionEvent[]): number {
    if (this.partial === undefined) {
      return 0;
    }
    const length = Math.min(this.partial.missing, lengthOf(bytes));
    this.partial.add(viewOf(bytes, 0, length));
    if (this.partial.missing === 0) {
      const payload = this.partial.take();
      this.partial = undefined;
      this.#deliver(payload, events);
    }
    return length;
  }

  /** Drops the payload of which a part has arrived if the connection is closed: it will not be delivered. */
  cancelIfClosed(): void {
    if (this.partial !== undefined && this.#isIn("closed")) {
      this.cancel();
    }
  }

  /** Drops the payload of which a part has arrived. */
  cancel(): void {
    this.partial?.clear();
    this.partial = undefined;
  }

  #deliver(data: Uint8Array, events: ConnectionEvent[]): void {
    if (this.#isIn("open") || this.#receivesWhileClosing) {
      events.push({ type: "binary", data, first: true, last: true });
    }
  }

  #isIn(state: ConnectionState): boolean {
    return STATES[this.#engine.view.getUint8(this.#block + BLOCK.STATE)] === state;
  }

  #cut(bytes: AnyBytes, start: number, end: number): Uint8Array {
    const view = viewOf(bytes, start, end);
    return this.#views ? view : copier.copy(view, 0, end - start);
  }
}

import { Bypass } from "./bypass.js";
import { type AnyBytes, bufferOf, type Bytes, isUsual, lengthOf, offsetOf, usualLength, viewOf } from "./bytes.js";
import type { Options } from "./connection-options.js";
import type { Engine } from "./engine.js";
import type { ConnectionEvent } from "./events.js";
import { GatherBuffer } from "./gather.js";
import { failForMemory } from "./no-memory.js";
import { BLOCK, ROLE } from "./numbers.js";
import { type Chunk, readEvents, type Source } from "./records.js";

/** How much of a chunk goes through linear memory at once, in bytes, so that a huge chunk does not make it huge. */
const PIECE = 1 << 20;
/** How much is gathered before the engine sees it, in bytes. */
const GATHERED_MAX = 1 << 16;
const EMPTY = new Uint8Array(0);

/**
 * Passes received bytes to the engine, in as few calls as possible.
 *
 * Calls into the module cost more than small copies. So bytes that cannot produce an event yet are gathered: the block says
 * how many may be. What was gathered goes in with the bytes behind it, and ahead of any other input.
 */
export class Input implements Source {
  readonly #engine: Engine;
  readonly handle: number;
  readonly #block: number;
  /** Whether messages are views of the chunk. */
  readonly #views: boolean;
  readonly textAsBytes: boolean;
  /** Whether their payloads are masked in it. */
  readonly #masked: boolean;
  readonly #bypass: Bypass | undefined;
  /** The bytes for the engine that have been gathered. */
  #gathered: GatherBuffer | undefined;
  /** How many bytes may be gathered before one of them can produce an event, and where. */
  #gatherable = 0;
  #target: GatherBuffer | undefined;
  /** How many bytes at the end of the last chunk were not consumed. */
  unconsumed = 0;

  constructor(engine: Engine, handle: number, block: number, role: number, options: Options) {
    this.#engine = engine;
    this.handle = handle;
    this.#block = block;
    this.#views = Boolean(options.views);
    this.textAsBytes = Boolean(options.textAsBytes);
    this.#masked = role === ROLE.SERVER;
    this.#bypass = Bypass.of(engine, handle, block, role, options);
  }

  /** How many received bytes the engine has not seen. */
  get bypassed(): number {
    return this.#bypass?.length ?? 0;
  }

  /** The memory of what was gathered, in bytes. */
  get capacity(): number {
    return (this.#gathered?.capacity ?? 0) + (this.#bypass?.partial?.capacity ?? 0);
  }

  /** Gathers a chunk that cannot produce an event yet. False, and nothing is done, if it may. */
  gather(chunk: Bytes): boolean {
    const length = usualLength(chunk);
    if (length >= this.#gatherable || length === 0 || !isUsual(chunk)) {
      return false;
    }
    try {
      this.#target?.add(chunk, length);
      this.#gatherable -= length;
      this.unconsumed = 0;
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  /** Takes in a chunk, whose events go to the end of `events`. An empty one asks for what is ready. */
  receive(bytes: AnyBytes, now: number, events: ConnectionEvent[]): void {
    try {
      const length = lengthOf(bytes);
      let at = this.#bypass === undefined ? 0 : this.#receiveLarge(this.#bypass, bytes, now, events);
      if (at < length || at === 0) {
        at += this.#pass(at === 0 ? bytes : viewOf(bytes, at, length), now, events);
      }
      this.update();
      this.unconsumed = length - at;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Passes on what was gathered for the engine, ahead of other input. Returns the events. */
  flush(now: number): ConnectionEvent[] {
    const events: ConnectionEvent[] = [];
    if (this.#gathered !== undefined && this.#gathered.length > 0) {
      try {
        this.#passPiece(EMPTY, now, events);
      } catch (error) {
        this.#fail(error);
      }
    }
    return events;
  }

  /** Finds out how many bytes may be gathered, after a call that may have changed it. */
  update(): void {
    this.#bypass?.cancelIfClosed();
    const partial = this.#bypass?.partial;
    if (partial !== undefined) {
      this.#target = partial;
      this.#gatherable = partial.missing;
      return;
    }
    this.#gatherable = Math.min(this.#payloadRemaining(), GATHERED_MAX);
    if (this.#gatherable > 0) {
      this.#target = this.#gathered ??= new GatherBuffer();
    }
  }

  /** Gives back the memory of what was gathered. */
  clear(): void {
    this.#gathered?.clear();
    this.#bypass?.cancel();
  }

  /** There was no memory for what arrived: nothing of it is kept, and what follows is not read. */
  #fail(error: unknown): void {
    failForMemory(this.#engine, this.handle, error);
    this.clear();
    this.update();
    this.unconsumed = 0;
  }

  /** Takes in large messages past the engine, as long as they follow each other. Returns where it is to read on. */
  #receiveLarge(bypass: Bypass, bytes: AnyBytes, now: number, events: ConnectionEvent[]): number {
    let at = bypass.proceed(bytes, events);
    for (;;) {
      const remaining = this.#payloadRemaining();
      const before = remaining === 0 ? 0 : remaining - (this.#gathered?.length ?? 0);
      if (!bypass.mayBegin(lengthOf(bytes) - at - before, at, remaining)) {
        return at;
      }
      if (before > 0) {
        at += this.#pass(viewOf(bytes, at, at + before), now, events);
      }
      const length = bypass.begin(bytes, at, now, events);
      if (length === 0) {
        return at;
      }
      at += length;
    }
  }

  /** How many bytes the engine awaits of a frame before one of them can produce an event. */
  #payloadRemaining(): number {
    return this.#engine.view.getUint32(this.#block + BLOCK.PAYLOAD_REMAINING, true);
  }

  /** Passes bytes to the engine, behind those that were gathered. Returns how many were consumed. */
  #pass(bytes: AnyBytes, now: number, events: ConnectionEvent[]): number {
    const length = lengthOf(bytes);
    let consumed = 0;
    for (;;) {
      const piece = length <= PIECE ? bytes : viewOf(bytes, consumed, Math.min(consumed + PIECE, length));
      const count = this.#passPiece(piece, now, events);
      consumed += count;
      if (count < lengthOf(piece) || consumed === length) {
        return consumed;
      }
    }
  }

  /** Passes one piece, in as many calls as its events need. Returns how many bytes of it were consumed. */
  #passPiece(piece: AnyBytes, now: number, events: ConnectionEvent[]): number {
    const engine = this.#engine;
    const { calls, transfer } = engine;
    const before = this.#gathered?.length ?? 0;
    const length = before + transfer.write(piece, before);
    if (before > 0) {
      transfer.write((this.#gathered as GatherBuffer).bytes);
    }
    engine.check(calls.conn_receive(this.handle, 0, length, now));
    if (before > 0) {
      this.#gathered?.clear();
    }
    const chunk = this.#views ? chunkOf(piece, -before, this.#masked) : undefined;
    let consumed = 0;
    for (;;) {
      const count = engine.view.getUint32(this.#block + BLOCK.CONSUMED, true);
      const delivered = events.length;
      readEvents(engine, this, this.#block, events, chunk);
      consumed += count;
      if (consumed === length || (count === 0 && events.length === delivered)) {
        return consumed - before;
      }
      if (chunk !== undefined) {
        chunk.start = consumed - before;
      }
      engine.check(calls.conn_receive(this.handle, consumed, length - consumed, now));
    }
  }
}

function chunkOf(bytes: AnyBytes, start: number, masked: boolean): Chunk {
  return { bytes, buffer: bufferOf(bytes), offset: offsetOf(bytes), start, masked };
}

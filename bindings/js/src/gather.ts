/** The bytes of one message that several reads bring, gathered on the host's side. */

import { copier } from "./host.js";

/** The first room, in bytes. */
const ROOM = 1024;
/** And then so many times what has arrived: what is announced may never come. */
const TRUST = 4;
/** Buffers that wait for their next use, which costs less than to ask for memory: so many, and of so many bytes, at most. */
const SPARE = 4;
const SPARE_SIZE = 1 << 20;

const spare: Uint8Array[] = [];
const NONE = new Uint8Array(0);

/** A buffer that grows as bytes arrive. */
export class Gathered {
  length = 0;
  #bytes: Uint8Array = NONE;

  /** The memory that it holds. */
  get room(): number {
    return this.#bytes.length;
  }

  /** The bytes, where they lie. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Adds bytes. Those that are for `take` will be `total` in the end. */
  add(piece: Uint8Array, total: number): void {
    const end = this.length + piece.length;
    if (end > this.#bytes.length) {
      this.#grow(end, total);
    }
    this.#bytes.set(piece, this.length);
    this.length = end;
  }

  /** Hands on all the bytes that were to come. */
  take(): Uint8Array {
    const bytes = this.#bytes;
    this.#bytes = NONE;
    this.length = 0;
    return bytes;
  }

  /** Drops the bytes. */
  clear(): void {
    const bytes = this.take();
    if (bytes.length > 0 && bytes.length <= SPARE_SIZE) {
      if (spare.length === SPARE) {
        spare.shift();
      }
      spare.push(bytes);
    }
  }

  #grow(needed: number, total: number): void {
    const { bytes, length } = this;
    const size = Math.max(needed * TRUST, ROOM);
    const larger = total > 0 && size >= total ? copier.place(total) : roomFor(size, total);
    larger.set(bytes);
    this.clear();
    this.#bytes = larger;
    this.length = length;
  }
}

/** A buffer of about this size, but never of all that is to come: that is for the caller to keep. */
function roomFor(size: number, total: number): Uint8Array {
  const most = total === 0 ? 2 * size : Math.min(2 * size, total - 1);
  const found = spare.findIndex(({ length }) => length >= size && length <= most);
  return (found < 0 ? undefined : spare.splice(found, 1)[0]) ?? new Uint8Array(size);
}

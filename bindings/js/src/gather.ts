import { type AnyBytes, copyInto, lengthOf } from "./bytes.js";
import { copier } from "./host.js";

/** The smallest capacity, in bytes. */
const CAPACITY_MIN = 1024;
/** The capacity is this many times what has arrived, at most: the announced length may never arrive. */
const GROWTH = 4;
/** How many buffers wait to be used again, and the largest that does, in bytes: asking for memory costs more. */
const SPARE_COUNT = 4;
const SPARE_SIZE = 1 << 20;

const spare: Uint8Array[] = [];
const EMPTY = new Uint8Array(0);

/** Gathers the bytes that several reads bring, in a buffer that grows with what has arrived. */
export class GatherBuffer {
  /** How many bytes have been gathered. */
  length = 0;
  /** How many there will be when `take` hands them on. 0 for bytes that are not handed on. */
  readonly #total: number;
  #buffer: Uint8Array = EMPTY;

  constructor(total = 0) {
    this.#total = total;
  }

  /** How many bytes are still to come, of a known total. */
  get missing(): number {
    return this.#total - this.length;
  }

  /** The memory that it holds, in bytes. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** The gathered bytes, where they lie. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Adds a copy of these bytes. */
  add(bytes: AnyBytes, length = lengthOf(bytes)): void {
    const end = this.length + length;
    if (end > this.#buffer.length) {
      this.#grow(end);
    }
    copyInto(this.#buffer, bytes, this.length);
    this.length = end;
  }

  /** Hands on the bytes once none is missing: they are the caller's. */
  take(): Uint8Array {
    const buffer = this.#buffer;
    this.#buffer = EMPTY;
    this.length = 0;
    return buffer;
  }

  /** Drops the bytes. */
  clear(): void {
    const buffer = this.take();
    if (buffer.length > 0 && buffer.length <= SPARE_SIZE) {
      if (spare.length === SPARE_COUNT) {
        spare.shift();
      }
      spare.push(buffer);
    }
  }

  #grow(needed: number): void {
    const { bytes, length } = this;
    const larger = allocate(Math.max(needed * GROWTH, CAPACITY_MIN), this.#total);
    larger.set(bytes);
    this.clear();
    this.#buffer = larger;
    this.length = length;
  }
}

/** A buffer of exactly `total` bytes if `size` reaches that, since it is handed on then; else one of at least `size`. */
function allocate(size: number, total: number): Uint8Array {
  if (total > 0 && size >= total) {
    return copier.allocate(total);
  }
  const most = total === 0 ? 2 * size : Math.min(2 * size, total - 1);
  const found = spare.findIndex(({ length }) => length >= size && length <= most);
  return (found < 0 ? undefined : spare.splice(found, 1)[0]) ?? new Uint8Array(size);
}

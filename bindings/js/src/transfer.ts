import { type AnyBytes, copyInto, lengthOf } from "./bytes.js";
import type { Engine } from "./engine.js";
import { SansockError } from "./errors.js";

/** The smallest capacity that is asked for, in bytes: what most sockets read at once. */
const CAPACITY_MIN = 1 << 16;
/** A buffer that one large payload has made larger than this is given back, in bytes. */
const CAPACITY_KEPT = 1 << 22;

const NO_VIEW = new Uint8Array(0);
const encoder = new TextEncoder();

/** The transfer buffer: the place in linear memory through which all bytes go in, and the module's texts come out. */
export class TransferBuffer {
  readonly #engine: Engine;
  #start = 0;
  #capacity = 0;
  /** A view of all of it; empty if it must be made again. Making one takes as long as encoding a short text. */
  #view = NO_VIEW;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Copies bytes into the buffer, from `at` on, and returns how many. */
  write(bytes: AnyBytes, at = 0): number {
    const length = lengthOf(bytes);
    this.#reserve(at + length);
    copyInto(this.#engine.bytes, bytes, this.#start + at);
    return length;
  }

  /** Copies the few bytes from `start` to `end` to the beginning of the buffer, in a loop: that is faster than `set`. */
  writeFew(bytes: AnyBytes, start: number, end: number): number {
    this.#reserve(end - start);
    const memory = this.#engine.bytes;
    const shift = this.#start - start;
    for (let at = start; at < end; at++) {
      // No property of an object stands before the elements of an array of bytes.
      memory[at + shift] = (bytes as Uint8Array)[at] as number;
    }
    return end - start;
  }

  /** Encodes text into the buffer, from `at` on, and returns its length there. Lone surrogates become U+FFFD. */
  writeText(text: string, at = 0): number {
    // A code unit takes one to three bytes: try with one each if three would be much.
    this.#reserve(at + (text.length > CAPACITY_MIN ? text.length : text.length * 3));
    const { read, written } = encoder.encodeInto(text, this.#viewFrom(at));
    if (read === text.length) {
      return written;
    }
    this.#reserve(at + written + (text.length - read) * 3);
    return written + this.writeText(text.slice(read), at + written);
  }

  /** Copies bytes or encodes text into the buffer, from `at` on, and returns the length there. */
  writeData(data: AnyBytes | string, at = 0): number {
    return typeof data === "string" ? this.writeText(data, at) : this.write(data, at);
  }

  /** Decodes the first `len` bytes of the buffer, where a call has put a text. */
  readText(len: number): string {
    const start = this.#startOfText(len);
    return this.#engine.reader.text(start, start + len);
  }

  /** The same, with one character for each byte. */
  readByteString(len: number): string {
    const start = this.#startOfText(len);
    return this.#engine.reader.byteString(start, start + len);
  }

  /** A copy of the first `len` bytes of the buffer, where a call has put them. */
  readBytes(len: number): Uint8Array<ArrayBuffer> {
    const start = this.#startOfText(len);
    return this.#engine.bytes.slice(start, start + len);
  }

  /** Gives back the memory of a buffer that one large payload has made large. */
  trim(): void {
    if (this.#capacity > CAPACITY_KEPT) {
      this.#capacity = 0;
      this.#reserve(0);
    }
  }

  /** Where the buffer begins after a call that puts a text there: the call may have made it grow, and move. */
  #startOfText(len: number): number {
    this.#moveTo(Math.max(len, this.#capacity, CAPACITY_MIN));
    return this.#start;
  }

  #viewFrom(at: number): Uint8Array {
    const { bytes } = this.#engine;
    // Memory that grows empties its views.
    if (this.#view.length === 0) {
      this.#view = bytes.subarray(this.#start, this.#start + this.#capacity);
    }
    return at === 0 ? this.#view : this.#view.subarray(at);
  }

  #reserve(len: number): void {
    if (len > this.#capacity || this.#capacity === 0) {
      const capacity = Math.max(len, CAPACITY_MIN);
      if (capacity >= 2 ** 32 || !this.#moveTo(capacity)) {
        throw new SansockError("NO_MEMORY", `no memory for a payload of ${len} bytes`);
      }
    }
  }

  /** Asks the module for this capacity. False, and nothing has changed, if there is no memory for it. */
  #moveTo(capacity: number): boolean {
    const start = this.#engine.calls.transfer_reserve(capacity) >>> 0;
    if (start === 0) {
      return false;
    }
    this.#start = start;
    this.#capacity = capacity;
    this.#view = NO_VIEW;
    return true;
  }
}

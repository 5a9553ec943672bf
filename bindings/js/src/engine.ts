import { errorCode, SansockError } from "./errors.js";
import { type Reader, readerOf } from "./host.js";
import { ABI_VERSION, BLOCK_SIZE, RECORD_SIZE } from "./numbers.js";

/** The exports of the module. Handles, addresses and lengths are unsigned but arrive signed: use `>>> 0`. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  abi_version(): number;
  record_size(): number;
  block_size(): number;
  last_status(): number;
  last_count(): number;
  transfer_reserve(len: number): number;
  error_text(status: number): number;
  fault_name(fault: number): number;
  fault_text(fault: number): number;
  url_parse(len: number): number;
  config_new(role: number): number;
  config_free(config: number): void;
  config_set(config: number, option: number, value: number): number;
  config_set_text(config: number, text: number, len: number): number;
  config_add_header(config: number, nameLen: number, valueLen: number): number;
  conn_new(config: number, now: number): number;
  conn_free(connection: number): void;
  conn_block(connection: number): number;
  conn_receive(connection: number, offset: number, len: number, now: number): number;
  conn_receive_header(connection: number, len: number, minPayload: number, now: number): number;
  conn_receive_eof(connection: number, now: number): number;
  conn_timeout(connection: number, now: number): number;
  conn_add_response_header(connection: number, nameLen: number, valueLen: number): number;
  conn_accept(connection: number, len: number, now: number): number;
  conn_reject(connection: number, status: number, len: number, now: number): number;
  conn_send(connection: number, kind: number, len: number, now: number): number;
  conn_send_part(connection: number, kind: number, len: number, last: number): number;
  conn_send_batch(connection: number, count: number, dataLen: number): number;
  conn_send_header(connection: number, kind: number, len: number, last: number): number;
  conn_close(connection: number, code: number, len: number, now: number): number;
  conn_fail(connection: number, code: number, len: number, now: number): number;
  conn_set_compression(connection: number, on: number): number;
  conn_pause(connection: number, on: number, now: number): number;
  conn_written(connection: number, n: number): number;
  conn_memory_usage(connection: number): number;
  conn_fault_text(connection: number): number;
}

/** What is known about a call that was refused, beyond its status. */
export interface ErrorDetails {
  readonly about?: string;
  readonly sent?: number;
}

/** The calls among the exports. */
export type Calls = Omit<Exports, "memory">;

/** The window is kept when it is not larger than this. */
const WINDOW_KEPT = 1 << 22;
const WINDOW_MIN = 1 << 16;
/** The longest header of a frame that is not masked, in bytes. */
export const HEADER_MAX = 10;

const encoder = new TextEncoder();

/** One instance of the module: its calls, its memory, and the window through which bytes go in. */
export class Engine {
  /** The calls, each of which marks the engine as dead when it throws. */
  readonly calls: Calls;
  /** Frees connections that were neither freed nor disposed of. A net only: nobody knows when it runs, or if. */
  readonly forgotten = new FinalizationRegistry<number>((connection) => this.free(connection));
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #reader: Reader;
  #window = 0;
  #room = 0;
  #whole: Uint8Array | undefined;
  /** The connection whose output was taken last, and not reported yet. */
  #owing = 0;
  #failure: { readonly cause: unknown } | undefined;
  readonly #faultNames = new Map<number, string>();

  constructor(exports: Exports) {
    this.#memory = exports.memory;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    this.#reader = readerOf(this.#bytes);
    this.calls = this.#guard(exports);
    const { abi_version, record_size, block_size } = this.calls;
    if (abi_version() !== ABI_VERSION || record_size() !== RECORD_SIZE || block_size() !== BLOCK_SIZE) {
      throw new SansockError("INVALID_ARGUMENT", "the WebAssembly module is not of this version of the package");
    }
  }

  /** Whether a call has failed inside the module, so that its memory cannot be trusted any more. */
  get dead(): boolean {
    return this.#failure !== undefined;
  }

  /** Frees a connection. Of a dead engine nothing is left to be freed. */
  free(connection: number): void {
    if (!this.dead) {
      this.calls.conn_free(connection);
    }
  }

  /** Throws if the engine is dead. */
  assertAlive(): void {
    if (this.#failure !== undefined) {
      throw this.#poisoned(this.#failure.cause);
    }
  }

  /** Linear memory. Ask again after each call: it may have grown. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#look();
    return this.#bytes;
  }

  /** Linear memory, for numbers. Ask again after each call: it may have grown. */
  get view(): DataView {
    this.#look();
    return this.#view;
  }

  /** Linear memory, for texts. Ask again after each call: it may have grown. */
  get reader(): Reader {
    this.#look();
    return this.#reader;
  }

  /** Copies bytes into the window, from `at` on, and returns how many. */
  write(bytes: Uint8Array, at = 0): number {
    this.#reserve(at + bytes.length);
    this.bytes.set(bytes, this.#window + at);
    return bytes.length;
  }

  /** Copies a few bytes into the window, and returns how many: as many as there are from `start` on, 10 at most. */
  writeHeader(bytes: Uint8Array, start: number): number {
    this.#reserve(HEADER_MAX);
    const length = Math.min(bytes.length - start, HEADER_MAX);
    const window = this.bytes;
    for (let at = 0; at < length; at++) {
      window[this.#window + at] = bytes[start + at] as number;
    }
    return length;
  }

  /** Encodes text into the window, from `at` on, and returns its length there. Lone surrogates become U+FFFD. */
  writeText(text: string, at = 0): number {
    // A code unit becomes one byte at least and three at most: try with the least when the most would be much.
    this.#reserve(at + (text.length > WINDOW_MIN ? text.length : text.length * 3));
    const { read, written } = encoder.encodeInto(text, this.#free(at));
    if (read === text.length) {
      return written;
    }
    this.#reserve(at + written + (text.length - read) * 3);
    return written + this.writeText(text.slice(read), at + written);
  }

  /** Copies bytes or encodes text into the window. */
  writeData(data: Uint8Array | string, at = 0): number {
    return typeof data === "string" ? this.writeText(data, at) : this.write(data, at);
  }

  /** The first `len` bytes of the window, where they lie: what a call said that answers with bytes. */
  read(len: number): Uint8Array {
    // The call may have made the window grow, and move.
    this.#room = Math.max(len, this.#room, WINDOW_MIN);
    this.#window = this.calls.transfer_reserve(this.#room) >>> 0;
    this.#whole = undefined;
    return this.bytes.subarray(this.#window, this.#window + len);
  }

  readText(len: number): string {
    const { byteOffset } = this.read(len);
    return this.reader.text(byteOffset, byteOffset + len);
  }

  /** Gives back the memory of a window that one large payload has made large. */
  trim(): void {
    if (this.#room > WINDOW_KEPT) {
      this.#room = 0;
      this.#reserve(0);
    }
  }

  /** Output was taken that the next call reports: of one connection at a time, which holds the memory for it until then. */
  owes(connection: number): void {
    if (connection !== this.#owing) {
      if (this.#owing !== 0) {
        this.calls.conn_written(this.#owing, 0);
      }
      this.#owing = connection;
    }
  }

  /** Throws what a status says, unless it is success. */
  check(status: number, details?: ErrorDetails): void {
    if (status !== 0) {
      throw this.error(status, details);
    }
  }

  /** What a status says, and if known, about which argument. */
  error(status: number, { about, sent }: ErrorDetails = {}): SansockError {
    const text = this.readText(this.calls.error_text(status) >>> 0);
    const message = about === undefined ? text : `${about}: ${text}`;
    return new SansockError(errorCode(status), message, sent === undefined ? {} : { sent });
  }

  faultName(fault: number): string {
    let name = this.#faultNames.get(fault);
    if (name === undefined) {
      name = this.readText(this.calls.fault_name(fault) >>> 0);
      this.#faultNames.set(fault, name);
    }
    return name;
  }

  /**
   * Memory that grows detaches its buffer, and views of that have no length. Cheaper to ask than `memory.buffer`. A dead
   * engine has none, so that nobody who looks need ask for that as well.
   */
  #look(): void {
    if (this.#bytes.length === 0) {
      this.assertAlive();
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
      this.#reader = readerOf(this.#bytes);
      this.#whole = undefined;
    }
  }

  /** The window from `at` on. The view of all of it is kept: to make one costs as much as to encode a short text. */
  #free(at: number): Uint8Array {
    const bytes = this.bytes;
    this.#whole ??= bytes.subarray(this.#window, this.#window + this.#room);
    return at === 0 ? this.#whole : this.#whole.subarray(at);
  }

  #reserve(len: number): void {
    if (len > this.#room || this.#room === 0) {
      const room = Math.max(len, WINDOW_MIN);
      const start = room < 2 ** 32 ? this.calls.transfer_reserve(room) >>> 0 : 0;
      if (start === 0) {
        throw new SansockError("NO_MEMORY", `no memory for a payload of ${len} bytes`);
      }
      this.#window = start;
      this.#room = room;
      this.#whole = undefined;
    }
  }

  /** A call that throws leaves the module in the middle of something: it was the last. */
  #fail(cause: unknown): never {
    this.#failure = { cause };
    this.#bytes = new Uint8Array(0);
    throw this.#poisoned(cause);
  }

  #poisoned(cause: unknown): SansockError {
    const message = "the engine has failed: none of its connections can be used any more; init() starts another";
    return new SansockError("POISONED", message, { cause });
  }

  /** Wraps the calls, so that one that throws is the last. */
  #guard(exports: Exports): Calls {
    const guarded: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(exports)) {
      if (typeof call === "function") {
        // Four, as many as any of them takes: an array of arguments costs more than most calls.
        guarded[name] = (a: number, b: number, c: number, d: number): unknown => {
          this.assertAlive();
          try {
            return (call as (a: number, b: number, c: number, d: number) => unknown)(a, b, c, d);
          } catch (cause) {
            return this.#fail(cause);
          }
        };
      }
    }
    return { ...(guarded as unknown as Calls), ...this.#guardMessages(exports) };
  }

  /** The same of the calls that messages need, each in code of its own: engines compile that into the callers. */
  #guardMessages(exports: Exports): Partial<Calls> {
    const { conn_receive, conn_receive_header, conn_send, conn_send_header, conn_written } = exports;
    return {
      conn_receive: (connection, offset, len, now) => {
        this.assertAlive();
        try {
          return conn_receive(connection, offset, len, now);
        } catch (cause) {
          return this.#fail(cause);
        }
      },
      conn_receive_header: (connection, len, minPayload, now) => {
        this.assertAlive();
        try {
          return conn_receive_header(connection, len, minPayload, now);
        } catch (cause) {
          return this.#fail(cause);
        }
      },
      conn_send: (connection, kind, len, now) => {
        this.assertAlive();
        try {
          return conn_send(connection, kind, len, now);
        } catch (cause) {
          return this.#fail(cause);
        }
      },
      conn_send_header: (connection, kind, len, last) => {
        this.assertAlive();
        try {
          return conn_send_header(connection, kind, len, last);
        } catch (cause) {
          return this.#fail(cause);
        }
      },
      conn_written: (connection, n) => {
        this.assertAlive();
        try {
          return conn_written(connection, n);
        } catch (cause) {
          return this.#fail(cause);
        }
      },
    };
  }
}

import { errorCode, SansockError } from "./errors.js";
import type { Calls, Exports } from "./exports.js";
import { type Reader, readerOf } from "./host.js";
import { ABI_VERSION, BLOCK_SIZE, type FaultName, RECORD_SIZE } from "./numbers.js";
import { TransferBuffer } from "./transfer.js";
import { WrittenReports } from "./written.js";

/** What is known about a refused call beyond its status. */
export interface ErrorDetails {
  /** The argument that it is about, if the status is that of one that is not allowed. */
  readonly about?: string;
  /** How many messages of a batch were queued. */
  readonly sent?: number;
}

/** One instance of the module: its calls, its memory, and what its connections share. */
export class Engine {
  /** The calls. One that throws marks the engine as dead. */
  readonly calls: Calls;
  readonly transfer: TransferBuffer;
  readonly writtenReports: WrittenReports;
  /** Frees connections that became garbage without `free`. Only a safety net: it may run late or never. */
  readonly forgotten = new FinalizationRegistry<number>((connection) => this.free(connection));
  readonly #memory: Exports["memory"];
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #reader: Reader;
  #failure: { readonly cause: unknown } | undefined;
  readonly #faultNames = new Map<number, FaultName>();

  constructor(exports: Exports) {
    this.#memory = exports.memory;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    this.#reader = readerOf(this.#bytes);
    this.calls = this.#guard(exports);
    this.transfer = new TransferBuffer(this);
    this.writtenReports = new WrittenReports(this);
    const { abi_version, record_size, block_size } = this.calls;
    if (abi_version() !== ABI_VERSION || record_size() !== RECORD_SIZE || block_size() !== BLOCK_SIZE) {
      throw new SansockError("INVALID_ARGUMENT", "the WebAssembly module is not of this version of the package");
    }
  }

  /** Linear memory. Ask again after each call: it may have grown. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#refresh();
    return this.#bytes;
  }

  /** Linear memory, for numbers. Ask again after each call: it may have grown. */
  get view(): DataView {
    this.#refresh();
    return this.#view;
  }

  /** Linear memory, for texts. Ask again after each call: it may have grown. */
  get reader(): Reader {
    this.#refresh();
    return this.#reader;
  }

  /** Whether a call has failed inside the module, so that its memory cannot be trusted any more. */
  get dead(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws if the engine is dead. */
  assertAlive(): void {
    if (this.#failure !== undefined) {
      throw poisoned(this.#failure.cause);
    }
  }

  /** Frees a connection. A dead engine has nothing left to free. */
  free(connection: number): void {
    if (!this.dead) {
      this.calls.conn_free(connection);
    }
  }

  /** Throws the error of a status, unless it is success. */
  check(status: number, details?: ErrorDetails): void {
    if (status !== 0) {
      throw this.error(status, details);
    }
  }

  /** The error of a status. */
  error(status: number, { about, sent }: ErrorDetails = {}): SansockError {
    const text = this.transfer.readText(this.calls.error_text(status) >>> 0);
    const code = errorCode(status);
    const message = about === undefined || code !== "INVALID_ARGUMENT" ? text : `${about}: ${text}`;
    return new SansockError(code, message, sent === undefined ? {} : { sent });
  }

  /** The name of a fault, such as `BAD_TEXT`. */
  faultName(fault: number): FaultName {
    let name = this.#faultNames.get(fault);
    if (name === undefined) {
      name = this.transfer.readText(this.calls.fault_name(fault) >>> 0) as FaultName;
      this.#faultNames.set(fault, name);
    }
    return name;
  }

  /**
   * Makes the views again if memory has grown, which detaches its buffer: the length of a view is then 0. That is cheaper
   * to ask for than `memory.buffer`. The views of a dead engine are empty as well, so callers need no second check.
   */
  #refresh(): void {
    if (this.#bytes.length === 0) {
      this.assertAlive();
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
      this.#reader = readerOf(this.#bytes);
    }
  }

  /**
   * Wraps each call, so that one that throws is the last: the module was left in the middle of something. Wrappers written
   * out for the calls of each message measured no faster.
   */
  #guard(exports: Exports): Calls {
    const guarded: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(exports)) {
      if (typeof call === "function") {
        // Five arguments, as many as any call takes: an array of them costs more than most calls.
        guarded[name] = (a: number, b: number, c: number, d: number, e: number): unknown => {
          this.assertAlive();
          try {
            return (call as (a: number, b: number, c: number, d: number, e: number) => unknown)(a, b, c, d, e);
          } catch (cause) {
            this.#failure = { cause };
            this.#bytes = new Uint8Array(0);
            throw poisoned(cause);
          }
        };
      }
    }
    // Copied, since an object to which properties were added by name is slower.
    return { ...(guarded as unknown as Calls) };
  }
}

function poisoned(cause: unknown): SansockError {
  const message = "the engine has failed: none of its connections can be used any more; init() starts another";
  return new SansockError("POISONED", message, { cause });
}

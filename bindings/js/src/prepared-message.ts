/// <reference lib="esnext.disposable" preserve="true" />
import { kindNumber, kindOf, stringOrBytes } from "./arguments.js";
import { type Bytes, copyOf } from "./bytes.js";
import type { Engine } from "./engine.js";
import { invalid, SansockError } from "./errors.js";
import { currentEngine } from "./module.js";

/** `Symbol.dispose`, or where the runtime has none, a symbol that nobody uses. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol("Symbol.dispose");

const encoder = new TextEncoder();

/** The handle of a message in this engine, in which it is made at its first use. */
export let handleIn: (message: PreparedMessage, engine: Engine) => number;

/**
 * A message for many connections: each sends it with `sendPrepared`. It is compressed once for all that agreed to the same window
 * and have the same options of compression, and its payload goes into the module once.
 *
 * `free` it when it has been sent to all; what was sent is not affected.
 */
export class PreparedMessage implements Disposable {
  readonly kind: "text" | "binary";
  /** Undefined when freed. */
  #payload: Uint8Array | undefined;
  readonly #handles = new Map<Engine, number>();

  static {
    handleIn = (message, engine) => {
      if (typeof message !== "object" || message === null || !(#handles in message)) {
        throw invalid("message", "must be a PreparedMessage");
      }
      return message.#handles.get(engine) ?? message.#make(engine);
    };
  }

  /**
   * Copies the message: a string as text, bytes as binary.
   *
   * @param kind Needed for text that is bytes.
   * @throws {SansockError} `INVALID_ARGUMENT` if it is neither a string nor bytes, or text that is not UTF-8. `NO_MEMORY`.
   *   `INVALID_STATE` in a browser before `init()`.
   */
  constructor(data: string | Bytes, kind: "text" | "binary" = kindOf(data)) {
    const given = stringOrBytes("data", data);
    kindNumber(kind);
    this.kind = kind;
    this.#payload = typeof given === "string" ? encoder.encode(given) : copyOf(given);
    this.#make(currentEngine());
  }

  /** Frees its memory. To send it throws from here on; freeing again does nothing. */
  free(): void {
    this.#payload = undefined;
    for (const [engine, handle] of this.#handles) {
      engine.free(handle);
      engine.forgotten.unregister(this);
    }
    this.#handles.clear();
  }

  /** Calls `free`, at the end of the block of a `using` declaration. */
  [dispose](): void {
    this.free();
  }

  #make(engine: Engine): number {
    if (this.#payload === undefined) {
      throw new SansockError("BAD_HANDLE", "the message was freed");
    }
    const { calls, transfer } = engine;
    const handle = calls.prepared_new(kindNumber(this.kind), transfer.write(this.#payload)) >>> 0;
    transfer.trim();
    if (handle === 0) {
      throw engine.error(calls.last_status(), { about: "data" });
    }
    this.#handles.set(engine, handle);
    engine.forgotten.register(this, handle, this);
    return handle;
  }
}

import { type Bytes, lengthOf, toBytes, viewOf } from "../bytes.js";
import type { Connection } from "../connection.js";
import { SansockError } from "../errors.js";
import type { OpenEvent } from "../events.js";
import type { PreparedMessage } from "../prepared-message.js";
import type { Transport } from "./transport.js";

/** How much is written at once, in bytes. The rest stays in the engine, where it counts towards the limits. */
const WRITE_SIZE = 256 * 1024;
/** From this size on, in bytes, a payload that needs no mask is written where it lies. */
const LARGE = 8 * 1024;

const encoder = new TextEncoder();

/** How a message is sent. */
export interface SendOptions {
  /** The kind of the message; default: text for a string, else binary. Bytes of a text are checked to be UTF-8, unless... */
  readonly kind?: "text" | "binary" | undefined;
  /** ...they are known to be. Default: false. */
  readonly valid?: boolean | undefined;
  /** Whether the bytes stay as they are until they are written, so that they need not be copied. Default: false. */
  readonly owned?: boolean | undefined;
  /** Whether to compress the message, if compression was agreed on. Default: true. */
  readonly compress?: boolean | undefined;
  /** The same message for many connections, for one whose payload goes through the engine. */
  readonly prepared?: (() => PreparedMessage) | undefined;
}

/** A write that is under way. */
interface Write {
  readonly output: number;
  readonly payload: number;
}

/** No writes: most connections have none most of the time, and an array for each is memory for each. */
const NONE: Write[] = [];

/** The writing half of a session. */
export class Sender {
  readonly #connection: Connection;
  readonly #limit: number;
  transport: Transport | undefined;
  /** How many bytes of the engine's output each write that is under way has, oldest first, and their payloads. */
  #underWay = NONE;
  /** The sums of those. */
  #output = 0;
  #payload = 0;
  /** How many bytes have been written. */
  writtenTotal = 0;
  /** Whether large payloads can go past the engine: it does not compress, nor mask. */
  #isPlain = false;
  /** Whether something had to wait, or somebody has seen that no more should be sent. */
  #waits = false;

  /**
   * @param limit How many bytes of payloads may wait that do not go through the engine, whose own limit is `outputHardLimit`.
   */
  constructor(connection: Connection, limit: number) {
    this.#connection = connection;
    this.#limit = limit;
  }

  /** What was agreed on. A client's messages are masked. */
  opened({ extensions }: OpenEvent): void {
    this.#isPlain = this.#connection.role === "server" && extensions.length === 0;
  }

  /** How many bytes wait to be written. */
  get pending(): number {
    return this.#connection.pendingOutput + this.#payload;
  }

  /** Whether more should be sent. Who has seen that it should not is told by `flush` when it should. */
  get writable(): boolean {
    const isWritable = this.#payload === 0 && this.#connection.writable;
    this.#waits ||= !isWritable;
    return isWritable;
  }

  send(data: string | Bytes, options: SendOptions = {}): void {
    if (this.#isPlain && this.transport !== undefined && this.#sendPlain(data, options, this.transport)) {
      return;
    }
    const { kind, compress = true, prepared } = options;
    const connection = this.#connection;
    if (prepared !== undefined) {
      connection.sendPrepared(prepared());
      return;
    }
    if (!compress) {
      connection.setCompression(false);
    }
    try {
      if (kind === "text") {
        connection.sendText(data);
      } else if (kind === "binary") {
        connection.sendBinary(typeof data === "string" ? encoder.encode(data) : data);
      } else {
        connection.send(data);
      }
    } finally {
      if (!compress) {
        connection.setCompression(true);
      }
    }
  }

  /** How many bytes will have been written when all that was sent so far is. */
  get position(): number {
    return this.writtenTotal + this.pending;
  }

  /** The oldest write has ended. */
  written(): void {
    const write = this.#underWay.shift();
    if (write !== undefined) {
      this.#underWay = this.#underWay.length === 0 ? NONE : this.#underWay;
      this.#output -= write.output;
      this.#payload -= write.payload;
      this.#connection.written(write.output);
      this.writtenTotal += write.output + write.payload;
    }
  }

  /** Whether a write has not ended. */
  get isWriting(): boolean {
    return this.#underWay.length > 0;
  }

  /** Whether there is output that can be written. */
  get hasOutput(): boolean {
    return this.#underWay.length === 0 && this.#connection.pendingOutput > 0;
  }

  /** Writes output. True if all is written now of what had to wait. */
  flush(): boolean {
    const { transport } = this;
    if (this.hasOutput) {
      // It notes if more should not be sent.
      void this.writable;
    }
    while (transport !== undefined && this.hasOutput) {
      this.#write(transport, this.#connection.output(WRITE_SIZE));
    }
    const isDrained = this.#waits && this.pending === 0;
    this.#waits &&= !isDrained;
    return isDrained;
  }

  /** Sends a large message whose payload is written as it is. False, and nothing is done, if the engine is to do it. */
  #sendPlain(data: string | Bytes, { kind, owned = false, valid = false }: SendOptions, transport: Transport): boolean {
    if (typeof data === "string") {
      if (data.length < LARGE) {
        return false;
      }
      const length = transport.textLength?.(data);
      return this.#sendLarge(kind ?? "text", length === undefined ? encoder.encode(data) : data, transport, length);
    }
    const bytes = toBytes("data", data, "a string or bytes");
    const length = lengthOf(bytes);
    if (length < LARGE || (kind === "text" && !valid)) {
      return false;
    }
    const payload = viewOf(bytes, 0, length);
    return this.#sendLarge(kind ?? "binary", owned ? payload : payload.slice(), transport);
  }

  /**
   * Writes the header, and behind it the payload where it lies: it goes neither into the module nor out of it. What the engine
   * has to write goes before it.
   */
  #sendLarge(kind: "text" | "binary", payload: Uint8Array | string, transport: Transport, length = payload.length): true {
    if (length > this.#limit) {
      throw new SansockError("TOO_LARGE", "the message is larger than the option outputHardLimit");
    }
    if (this.#payload > this.#limit) {
      throw new SansockError("WOULD_BLOCK", "the output is full: wait until it is written");
    }
    this.#connection.sendHeader(kind, length);
    this.#write(transport, this.#connection.output(Number.POSITIVE_INFINITY, this.#output), payload, length);
    return true;
  }

  #write(transport: Transport, output: Uint8Array, payload?: Uint8Array | string, length = 0): void {
    if (transport.write(output, payload, length)) {
      this.#connection.written(output.length);
      this.writtenTotal += output.length + length;
    } else {
      const write = { output: output.length, payload: length };
      if (this.#underWay === NONE) {
        this.#underWay = [write];
      } else {
        this.#underWay.push(write);
      }
      this.#waits = true;
      this.#output += write.output;
      this.#payload += write.payload;
    }
  }
}

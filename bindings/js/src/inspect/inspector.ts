import { SansockError } from "../errors.js";
import type { Exports, InspectExports } from "../exports.js";
import type { CompiledModule } from "../module.js";
import type { Entry, Machine, Side } from "./entries.js";

/** How much entries carry. */
export interface InspectorOptions {
  /** How many bytes of each payload an entry carries. Default: 256. */
  readonly preview?: number;
  /** The numbers of the entries that carry their whole payload, up to 64 MiB: read the capture once more for them. */
  readonly whole?: readonly number[];
  /**
   * What had been agreed on where a capture has no opening handshake: the value of Sec-WebSocket-Extensions in the response,
   * `""` without compression. By default messages are read as if permessage-deflate had been agreed on, and one that cannot be
   * inflated is no fault.
   */
  readonly extensions?: string;
}

/** How much of a capture is handed over at once, in bytes, and how much text is taken. */
const PIECE = 1 << 20;
const FORMS = { text: 0, json: 1, both: 2 } as const;
const SIDES = { client: 0, server: 1 } as const;

/**
 * Reads a capture, or connections that are under way. What is found is taken as entries, in the order in which it was sent.
 *
 * ```js
 * const inspector = new Inspector(module);
 * inspector.push(bytes);
 * inspector.finish();
 * for (const entry of inspector.take()) console.log(entry.type);
 * ```
 */
export class Inspector {
  readonly #calls: Exports & InspectExports;
  readonly #handle: number;
  #memory = new Uint8Array();

  /** @param module The compiled module `sansock/inspect.wasm`; in Node, Deno and Bun `loadModule()` gives it. */
  constructor(module: CompiledModule, options: InspectorOptions = {}) {
    const instance = new WebAssembly.Instance(module as WebAssembly.Module);
    this.#calls = instance.exports as unknown as Exports & InspectExports;
    const whole = this.#putText((options.whole ?? []).join(" "));
    this.#handle = this.#calls.inspector_new(options.preview ?? 256, whole);
    this.#check(this.#handle === 0 ? this.#calls.last_status() : 0);
    if (options.extensions !== undefined) {
      this.#check(this.#calls.inspector_assume(this.#handle, this.#putText(options.extensions)));
    }
  }

  /**
   * Reads the next bytes of a capture file, in pieces of any size: pcap, pcapng, HAR; dumps as of `xxd`, `tcpdump -X` and
   * Wireshark (C arrays); hexadecimal, base64, or the bytes themselves. In hexadecimal, lines may begin with `>` if the client
   * sent them and with `<` if the server did.
   */
  push(bytes: Uint8Array): void {
    this.#pieces(bytes, (len) => this.#calls.inspector_push(this.#handle, len));
  }

  /** Reads the next bytes of a file with what one end has sent, in any of the same forms but those of packets. */
  pushFrom(from: Side, bytes: Uint8Array): void {
    this.#pieces(bytes, (len) => this.#calls.inspector_push_from(this.#handle, SIDES[from], len));
  }

  /**
   * The capture is over.
   *
   * @throws `Error` if the file is broken, with what is wrong. Entries from before can still be taken.
   */
  finish(): void {
    const len = this.#calls.inspector_finish(this.#handle);
    this.#check(this.#calls.last_status());
    if (len > 0) throw new Error(this.#text(len));
  }

  /**
   * A connection begins, between these addresses, with the opening handshake. Returns its number: 1, 2, 3 and so on. `now` is
   * in milliseconds, since any moment.
   */
  begin(client: string, server: string, now: number): number {
    const clientLen = new TextEncoder().encode(client).length;
    const both = this.#putText(client + server);
    return this.#calls.inspector_begin(this.#handle, clientLen, both - clientLen, now);
  }

  /**
   * Reads what one end of a connection sends. The first bytes of the next number begin a connection that may have lost its
   * opening handshake.
   */
  feed(connection: number, from: Side, bytes: Uint8Array, now: number): void {
    this.#pieces(bytes, (len) => this.#calls.inspector_feed(this.#handle, connection, SIDES[from], len, now));
  }

  /**
   * Passes over what one end of a connection sends, so that one can begin to look at any time, with {@link feed}. Frames and messages
   * of data become no entries. All else is told as ever: heads, control frames, and broken rules as far as headers show them. What has been
   * passed over is a note before the next entry of the same sender. Returns whether there are entries to take.
   */
  skip(connection: number, from: Side, bytes: Uint8Array, now: number): boolean {
    let hasEntries = 0;
    this.#pieces(bytes, (len) => {
      hasEntries = this.#calls.inspector_skip(this.#handle, connection, SIDES[from], len, now);
      return hasEntries === 0 ? this.#calls.last_status() : 0;
    });
    return hasEntries !== 0;
  }

  /** Says of all connections under way what has been passed over, as notes. */
  tellSkipped(now: number): void {
    this.#check(this.#calls.inspector_tell_skipped(this.#handle, now));
  }

  /** One end of a connection that is under way sends nothing more. */
  end(connection: number, from: Side, now: number): void {
    this.#check(this.#calls.inspector_end(this.#handle, connection, SIDES[from], now));
  }

  /** The machines of a connection, whose steps entries tell. */
  get machines(): Machine[] {
    return JSON.parse(this.#text(this.#calls.inspector_machines())) as Machine[];
  }

  /** How many entries so far were faults, or said that the capture ends inside something. */
  get faults(): number {
    return this.#calls.inspector_faults(this.#handle) >>> 0;
  }

  /** The entries since the last call. */
  take(): Entry[] {
    return [...this.takeJson()].flatMap((lines) => lines.trimEnd().split("\n").map((line) => JSON.parse(line) as Entry));
  }

  /** The same as text, a line of JSON for each, some at a time. */
  takeJson(): Generator<string> {
    return this.#take(FORMS.json);
  }

  /** The same in both forms, as JSON and as lines for people, some at a time. */
  *takeBoth(): Generator<{ readonly json: string; readonly text: string }> {
    for (const both of this.#take(FORMS.both)) {
      const end = both.indexOf("\0");
      yield { json: both.slice(0, end), text: both.slice(end + 1) };
    }
  }

  /** The same as lines for people. Control characters are escaped. */
  takeLines(): Generator<string> {
    return this.#take(FORMS.text);
  }

  *#take(form: number): Generator<string> {
    for (;;) {
      const len = this.#calls.inspector_take(this.#handle, form, PIECE) >>> 0;
      this.#check(this.#calls.last_status());
      if (len === 0) return;
      yield this.#text(len);
    }
  }

  #pieces(bytes: Uint8Array, call: (len: number) => number): void {
    for (let from = 0; from < bytes.length; from += PIECE) {
      this.#check(call(this.#put(bytes.subarray(from, from + PIECE))));
    }
  }

  #putText(text: string): number {
    return this.#put(new TextEncoder().encode(text));
  }

  /** Puts bytes into the transfer buffer, and returns their length. */
  #put(bytes: Uint8Array): number {
    const address = this.#calls.transfer_reserve(bytes.length) >>> 0;
    this.#check(address === 0 ? this.#calls.last_status() : 0);
    // The memory grows, and has another buffer then.
    if (this.#memory.buffer !== this.#calls.memory.buffer) this.#memory = new Uint8Array(this.#calls.memory.buffer);
    this.#memory.set(bytes, address);
    return bytes.length;
  }

  /** The text in the transfer buffer. */
  #text(len: number): string {
    const address = this.#calls.transfer_reserve(len) >>> 0;
    return new TextDecoder().decode(new Uint8Array(this.#calls.memory.buffer, address, len));
  }

  #check(status: number): void {
    if (status !== 0) throw new SansockError("NO_MEMORY", `the inspector cannot go on: status ${status}`);
  }
}

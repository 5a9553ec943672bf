/// <reference lib="esnext.disposable" preserve="true" />
import { readEvents, readFault, readU64, type Source } from "./batch.js";
import { type Bytes, toBytes } from "./bytes.js";
import { createConnection, writeHeader } from "./configure.js";
import type { Engine } from "./engine.js";
import { SansockError } from "./errors.js";
import type { ConnectionEvent, Fault, Header } from "./events.js";
import { copier } from "./host.js";
import { currentEngine } from "./module.js";
import {
  BLOCK,
  BLOCK_MORE,
  BLOCK_WRITABLE,
  KIND,
  RECORD,
  RECORD_SIZE,
  ROLE_CLIENT,
  ROLE_SERVER,
  STATES,
  TRANSPORTS,
} from "./numbers.js";
import type { ClientOptions, Options } from "./options.js";

/** Where a connection is in its life. */
export type ConnectionState = (typeof STATES)[number];

/** What to do with the transport, once all output is written. */
export type TransportInstruction = (typeof TRANSPORTS)[number];

/** How much of a chunk goes through linear memory at once, so that a huge chunk does not make it huge. */
const PIECE = 1 << 20;
/** By role: what comes from clients is masked. */
const VIEWS = [{ masked: false }, { masked: true }] as const;
/** The high half of a deadline that never comes. */
const NEVER_HIGH = 0xffff_ffff;

/** In some runtimes each look at the global costs as much as the time itself. */
const timer = performance;

/** `Symbol.dispose`, and where it is missing, a symbol of our own that nothing will ever use. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol("Symbol.dispose");

/**
 * One WebSocket connection, without its transport.
 *
 * Pass in what the transport brings (`receive`, `receiveEof`), the passing of time (`timeout`), and your own decisions.
 * After any call: write the output (`takeOutput`), handle the events that were returned, set a timer to `nextDeadline`,
 * and obey `transport` once the output is written. When it says `close`, close the transport and `free` the connection.
 *
 * `now` is milliseconds of a clock that never goes back; by default `performance.now()`.
 */
export class Connection implements Disposable {
  readonly #engine: Engine;
  readonly #block: number;
  /** Whether payloads in the chunk are masked, if messages are to be views of it. */
  readonly #views: { readonly masked: boolean } | undefined;
  /** 0 when freed. */
  #handle: number;
  #unconsumed = 0;

  private constructor(role: number, url: string | null, options: ClientOptions) {
    const engine = currentEngine();
    this.#engine = engine;
    this.#views = viewsOf(role, options);
    this.#handle = createConnection(engine, role, url, options, options.now ?? clock());
    this.#block = engine.calls.conn_block(this.#handle) >>> 0;
    engine.forgotten.register(this, this.#handle, this);
  }

  /** The server's end of a connection. It waits for the client's request. */
  static server(options: Options = {}): Connection {
    return new Connection(ROLE_SERVER, null, options);
  }

  /** The client's end of a connection to a `ws:` or `wss:` URL. Its request is in the output at once. */
  static client(url: string | URL | null, options: ClientOptions = {}): Connection {
    return new Connection(ROLE_CLIENT, url === null ? null : String(url), options);
  }

  // --- Input: what happened. Each call returns the events that came of it. ---

  /**
   * Takes in bytes from the transport, in chunks of any size. The chunk is copied and stays as it is, but for the option
   * `views`.
   *
   * All of it is taken, unless a server has yet to answer a request and 64 KiB wait behind it: then `unconsumed` says
   * how many bytes at the end must be passed again after `accept` or `reject`.
   */
  receive(chunk: Bytes, now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const bytes = toBytes(chunk);
    const events: ConnectionEvent[] = [];
    let taken = 0;
    for (;;) {
      const piece = bytes.length <= PIECE ? bytes : bytes.subarray(taken, taken + PIECE);
      const consumed = this.#take(handle, piece, now, events);
      taken += consumed;
      if (consumed < piece.length || taken === bytes.length) {
        break;
      }
    }
    this.#unconsumed = bytes.length - taken;
    return events;
  }

  /** Takes in the end of the transport's stream. */
  receiveEof(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    return this.#events(this.#engine.calls.conn_receive_eof(handle, now));
  }

  /** Does what is due. Call it when `nextDeadline` has come, at once if that is past; too early it does no harm. */
  timeout(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    return this.#events(this.#engine.calls.conn_timeout(handle, now));
  }

  /**
   * Accepts the request. The events are `open` and what came of bytes that were kept behind the request.
   *
   * @param subprotocol One of those offered. By default the first of our own list that was offered, or none.
   * @param headers Headers for the response.
   */
  accept(subprotocol: string | null = null, headers: readonly Header[] = [], now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    headers.forEach((header) => this.addResponseHeader(...header));
    const length = subprotocol === null ? 0 : this.#engine.writeText(subprotocol);
    return this.#events(this.#engine.calls.conn_accept(handle, length, now));
  }

  /** Adds a header to the response that `accept` or `reject` will send, ahead of those passed there. */
  addResponseHeader(name: string, value: string): void {
    const handle = this.#live();
    const [nameLen, valueLen] = writeHeader(this.#engine, [name, value]);
    this.#engine.check(this.#engine.calls.conn_add_response_header(handle, nameLen, valueLen), { about: name });
  }

  /** Rejects the request with an HTTP status: 403 for a foreign origin, 404 for an unknown target. */
  reject(
    status: number,
    headers: readonly Header[] = [],
    body: string | Bytes = "",
    now: number = clock(),
  ): ConnectionEvent[] {
    const handle = this.#live();
    headers.forEach((header) => this.addResponseHeader(...header));
    return this.#events(this.#engine.calls.conn_reject(handle, unsigned(status), this.#write(body), now));
  }

  // --- Sending. Nothing of this disturbs the events of the latest input call. ---

  /** Sends a text message. Lone surrogates become U+FFFD; bytes must be UTF-8. */
  sendText(text: string | Bytes): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_send_text(handle, this.#write(text)));
  }

  /** Sends a binary message. */
  sendBinary(data: Bytes): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_send_binary(handle, this.#engine.write(toBytes(data))));
  }

  /** Sends a string as a text message, bytes as a binary message. */
  send(data: string | Bytes): void {
    if (typeof data === "string") {
      this.sendText(data);
    } else {
      this.sendBinary(data);
    }
  }

  /**
   * Sends a part of a message, as a frame of its own. `last` ends the message.
   *
   * @param kind Needed to send text as bytes. A part of text may end inside a code point.
   */
  sendPart(data: string | Bytes, last: boolean, kind: "text" | "binary" = kindOf(data)): void {
    const handle = this.#live();
    const length = this.#write(data);
    this.#sent(this.#engine.calls.conn_send_part(handle, kindNumber(kind), length, Number(last)));
  }

  /**
   * Sends many messages at the price of one call: strings as text, bytes as binary. Returns how many.
   *
   * Stops at the first that is refused: the error's `sent` says how many were queued before it.
   */
  sendBatch(messages: Iterable<string | Bytes>): number {
    const handle = this.#live();
    const list = Array.from(messages, (data) => ({ kind: kindNumber(kindOf(data)), data: toData(data) }));
    const records = new DataView(new ArrayBuffer(list.length * RECORD_SIZE));
    let end = records.byteLength;
    list.forEach(({ kind, data }, index) => {
      const record = index * RECORD_SIZE;
      const length = this.#engine.writeData(data, end);
      records.setUint8(record, kind);
      records.setUint32(record + RECORD.OFFSET, end - records.byteLength, true);
      records.setUint32(record + RECORD.LEN, length, true);
      end += length;
    });
    this.#engine.write(new Uint8Array(records.buffer));
    const status = this.#engine.calls.conn_send_batch(handle, list.length, end - records.byteLength);
    const sent = this.#engine.calls.last_count() >>> 0;
    this.#engine.trim();
    this.#engine.check(status, { sent });
    return sent;
  }

  /**
   * Sends the header of a frame whose payload you write to the transport yourself, right after the output. So a server
   * need not copy a large payload through the engine. Servers only: a client's payload must be masked.
   */
  sendHeader(kind: "text" | "binary", length: number, last = true): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_send_header(handle, kindNumber(kind), length, Number(last)));
  }

  /** Sends a ping, with up to 125 bytes that the pong will repeat. */
  ping(payload: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_ping(handle, this.#write(payload), now));
  }

  /** Sends a pong. Pings are answered by themselves, unless `autoPong` is off. */
  pong(payload: string | Bytes = ""): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_pong(handle, this.#write(payload)));
  }

  /** Begins the closing handshake, or answers the peer's. Code 0 sends none. Does nothing when it has begun already. */
  close(code = 1000, reason: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_close(handle, unsigned(code), this.#write(reason), now));
  }

  /** Ends the connection without waiting for the peer's Close. The event `closed` comes from `timeout`, due at once. */
  fail(code = 1011, reason: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_fail(handle, unsigned(code), this.#write(reason), now));
  }

  /**
   * Says whether messages from here on are compressed, where that was agreed and they are long enough. They are at first.
   * Secrets beside text that somebody else chooses should not be (RFC 7692 section 8).
   */
  setCompression(on: boolean): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_set_compression(handle, Number(on)));
  }

  // --- Output and time. ---

  /** Says that you have stopped reading from the transport: the peer's silence does not count against it meanwhile. */
  pause(now: number = clock()): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_pause(handle, now));
  }

  /** Says that you read again. */
  resume(now: number = clock()): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_resume(handle, now));
  }

  /** A copy of the bytes to write to the transport, or of the first `limit`. Report those written with `consumed`. */
  output(limit = Number.POSITIVE_INFINITY): Uint8Array {
    const length = Math.min(this.pendingOutput, limit);
    const { view, bytes } = this.#engine;
    const start = view.getUint32(this.#block + BLOCK.OUTPUT, true);
    return copier.copy(bytes, start, start + length);
  }

  /** Says that the first `count` bytes of the output are written. */
  consumed(count: number): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_consumed(handle, unsigned(count)));
  }

  /** The bytes to write to the transport, which are yours from here on. Go on until there are none. */
  takeOutput(): Uint8Array {
    const output = this.output();
    if (output.length > 0) {
      this.#engine.check(this.#engine.calls.conn_consumed(this.#handle, output.length));
    }
    return output;
  }

  /** When to call `timeout`, in milliseconds of your clock; null for never. */
  get nextDeadline(): number | null {
    this.#live();
    const { view } = this.#engine;
    const at = this.#block + BLOCK.NEXT_DEADLINE;
    return view.getUint32(at + 4, true) === NEVER_HIGH ? null : readU64(view, at);
  }

  /** What to do with the transport, once all output is written. */
  get transport(): TransportInstruction {
    this.#live();
    return TRANSPORTS[this.#engine.view.getUint8(this.#block + BLOCK.TRANSPORT)] ?? "close";
  }

  get state(): ConnectionState {
    this.#live();
    return STATES[this.#engine.view.getUint8(this.#block + BLOCK.STATE)] ?? "closed";
  }

  /** How many bytes wait to be written. */
  get pendingOutput(): number {
    this.#live();
    return this.#engine.view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
  }

  /** Whether the pending output is below `outputSoftLimit`. While it is not, stop reading, and send no more. */
  get writable(): boolean {
    this.#live();
    return (this.#flags() & BLOCK_WRITABLE) !== 0;
  }

  /** Whether more is to come without input: events, or the answer to the peer's Close. `timeout` is due at once. */
  get more(): boolean {
    this.#live();
    return (this.#flags() & BLOCK_MORE) !== 0;
  }

  /** How many bytes at the end of the chunk the last `receive` did not take. */
  get unconsumed(): number {
    this.#live();
    return this.#unconsumed;
  }

  /** The fault that ended the connection, if one did. */
  get fault(): Fault | null {
    const handle = this.#live();
    return readFault(this.#engine, handle, this.#engine.view.getUint32(this.#block + BLOCK.FAULT, true));
  }

  /** The memory that the connection holds inside the engine, in bytes. */
  memoryUsage(): number {
    return this.#engine.calls.conn_memory_usage(this.#live()) >>> 0;
  }

  // --- Lifetime. ---

  /** Gives back the connection's memory. All other calls fail from here on; freeing again does nothing. */
  free(): void {
    if (this.#handle !== 0) {
      const handle = this.#handle;
      this.#handle = 0;
      this.#engine.forgotten.unregister(this);
      this.#engine.free(handle);
    }
  }

  /** The same as `free`, at the end of a block that says `using`. */
  [dispose](): void {
    this.free();
  }

  // --- Inside. ---

  #live(): number {
    if (this.#handle === 0) {
      throw new SansockError("BAD_HANDLE", "the connection was freed");
    }
    this.#engine.assertAlive();
    return this.#handle;
  }

  /** Takes in one piece of input, in as many batches of events as it makes. Returns how many bytes were taken. */
  #take(handle: number, piece: Uint8Array, now: number, into: ConnectionEvent[]): number {
    const { calls } = this.#engine;
    const length = this.#engine.write(piece);
    this.#engine.check(calls.conn_receive(handle, length, now));
    const source: Source | undefined = this.#views && { ...this.#views, chunk: piece, start: 0 };
    let taken = 0;
    for (;;) {
      const consumed = this.#engine.view.getUint32(this.#block + BLOCK.CONSUMED, true);
      const before = into.length;
      readEvents(this.#engine, handle, this.#block, into, source);
      taken += consumed;
      if (taken === length || (consumed === 0 && into.length === before)) {
        return taken;
      }
      if (source !== undefined) {
        source.start = taken;
      }
      this.#engine.check(calls.conn_receive_at(handle, taken, length - taken, now));
    }
  }

  /** The events of a call that had no input. */
  #events(status: number): ConnectionEvent[] {
    this.#engine.trim();
    this.#engine.check(status);
    const events: ConnectionEvent[] = [];
    readEvents(this.#engine, this.#handle, this.#block, events);
    return events;
  }

  #write(data: string | Bytes): number {
    return this.#engine.writeData(toData(data));
  }

  #sent(status: number): void {
    this.#engine.trim();
    this.#engine.check(status);
  }

  #flags(): number {
    return this.#engine.view.getUint16(this.#block + BLOCK.FLAGS, true);
  }
}

/** Where a `ws:` or `wss:` URL points to: what to connect the transport to. */
export interface ParsedUrl {
  /** Whether the transport must be TLS. */
  readonly secure: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Takes a `ws:` or `wss:` URL apart, by the same rules as `Connection.client`. */
export function parseUrl(url: string | URL): ParsedUrl {
  const engine = currentEngine();
  const length = engine.writeText(String(url));
  engine.check(engine.calls.url_parse(length));
  // The host is part of the URL; what may follow the answer in the window is not looked at.
  const { byteOffset, byteLength } = engine.read(length + "\0\0".length + "65535".length + "1".length);
  const answer = engine.reader.byteString(byteOffset, byteOffset + byteLength);
  const [host = "", port = "", secure = ""] = answer.split("\0");
  return { secure: secure.startsWith("1"), host, port: Number(port) };
}

function viewsOf(role: number, { views = false }: Options): { readonly masked: boolean } | undefined {
  if (typeof views !== "boolean") {
    throw new SansockError("INVALID_ARGUMENT", "views: it is true or false");
  }
  return views ? VIEWS[role] : undefined;
}

function clock(): number {
  return Math.floor(timer.now());
}

/** Numbers outside the range of the border would wrap around there. */
function unsigned(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new SansockError("INVALID_ARGUMENT", `${value} is not allowed here`);
  }
  return value;
}

function kindOf(data: string | Bytes): "text" | "binary" {
  return typeof data === "string" ? "text" : "binary";
}

function kindNumber(kind: "text" | "binary"): number {
  return kind === "text" ? KIND.TEXT : KIND.BINARY;
}

function toData(data: string | Bytes): string | Uint8Array {
  return typeof data === "string" ? data : toBytes(data);
}

/// <reference lib="esnext.disposable" preserve="true" />
import { readEvents, readFault, readU64, type Source } from "./batch.js";
import { type Bytes, toBytes } from "./bytes.js";
import { createConnection, writeHeader } from "./configure.js";
import { type Engine, HEADER_MAX } from "./engine.js";
import { SansockError } from "./errors.js";
import type { ConnectionEvent, Fault, Header } from "./events.js";
import { Gathered } from "./gather.js";
import { copier } from "./host.js";
import { currentEngine } from "./module.js";
import {
  BLOCK,
  BLOCK_DEFER_WRITTEN,
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
/** So much is gathered at most before the engine sees it, in bytes. */
const GATHERED_MAX = 1 << 16;
/** From this length on the payload of an unmasked message does not go through linear memory, in bytes. */
const KEPT_MIN = 4096;
/** What is longer may be more than there is memory for: that is the engine's business. */
const KEPT_MAX = 2 ** 30;
/** Output of so many bytes at most is reported as taken only with the next call: until then its memory is held. */
const OWED_MAX = 1 << 16;
/** The first byte of a frame that is a binary message. */
const FINAL_BINARY = 0x82;
const EMPTY = new Uint8Array(0);
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
  /** Whether large payloads are kept here, and only their headers go to the engine; and whether only those that are all there. */
  readonly #keeps: boolean;
  readonly #keepsWhole: boolean;
  readonly #receivesWhileClosing: boolean;
  /** What was gathered: of a payload that the engine reads, or of one that is kept here. */
  #gathered: Gathered | undefined;
  /** How many bytes may be gathered before anything can come of them. */
  #due = 0;
  /** The length of the payload that is kept here; 0 if none is. */
  #kept = 0;

  private constructor(role: number, url: string | null, options: ClientOptions) {
    const engine = currentEngine();
    this.#engine = engine;
    this.#views = viewsOf(role, options);
    this.#keeps = role === ROLE_CLIENT && !options.parts;
    this.#keepsWhole = options.pingInterval !== undefined;
    this.#receivesWhileClosing = Boolean(options.receiveWhileClosing);
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
   * Bytes of which nothing can come yet, as in the middle of a payload, are gathered for a later call. An empty chunk asks
   * for them to be read now.
   *
   * All of it is taken, unless a server has yet to answer a request and 64 KiB wait behind it: then `unconsumed` says
   * how many bytes at the end must be passed again after `accept` or `reject`.
   */
  receive(chunk: Bytes, now?: number): ConnectionEvent[] {
    const handle = this.#live();
    // Before all else, for bytes of which nothing can come yet: reads may be small.
    if (chunk instanceof Uint8Array && chunk.length < this.#due && chunk.length > 0) {
      this.#gather(chunk);
      return [];
    }
    const bytes = toBytes(chunk);
    const events: ConnectionEvent[] = [];
    const taken = this.#receive(handle, bytes, now ?? clock(), events);
    this.#expect();
    this.#unconsumed = bytes.length - taken;
    return events;
  }

  /** Takes in the end of the transport's stream. */
  receiveEof(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const events = this.#flush(handle, now);
    return this.#events(this.#engine.calls.conn_receive_eof(handle, now), events);
  }

  /** Does what is due. Call it when `nextDeadline` has come, at once if that is past; too early it does no harm. */
  timeout(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const events = this.#flush(handle, now);
    return this.#events(this.#engine.calls.conn_timeout(handle, now), events);
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
    const length = typeof text === "string" ? this.#engine.writeText(text) : this.#engine.write(toBytes(text));
    this.#sent(this.#engine.calls.conn_send(handle, KIND.TEXT, length, 0));
  }

  /** Sends a binary message. */
  sendBinary(data: Bytes): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_send(handle, KIND.BINARY, this.#engine.write(toBytes(data)), 0));
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
    this.#sent(this.#engine.calls.conn_send(handle, KIND.PING, this.#write(payload), now));
  }

  /** Sends a pong. Pings are answered by themselves, unless `autoPong` is off. */
  pong(payload: string | Bytes = ""): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_send(handle, KIND.PONG, this.#write(payload), 0));
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
    this.#due = 0;
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
    this.#engine.check(this.#engine.calls.conn_pause(handle, 1, now));
  }

  /** Says that you read again. */
  resume(now: number = clock()): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_pause(handle, 0, now));
  }

  /** A copy of the bytes to write to the transport, or of the first `limit`. Report those written with `written`. */
  output(limit = Number.POSITIVE_INFINITY): Uint8Array {
    const view = this.#view();
    const start = view.getUint32(this.#block + BLOCK.OUTPUT, true);
    const length = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
    return copier.copy(this.#engine.bytes, start, start + Math.min(length, limit));
  }

  /** Says that the first `count` bytes of the output are written. */
  written(count: number): void {
    const handle = this.#live();
    this.#engine.check(this.#engine.calls.conn_written(handle, unsigned(count)));
  }

  /** The bytes to write to the transport, which are yours from here on. Go on until there are none. */
  takeOutput(): Uint8Array {
    const view = this.#view();
    const engine = this.#engine;
    const block = this.#block;
    const start = view.getUint32(block + BLOCK.OUTPUT, true);
    const length = view.getUint32(block + BLOCK.OUTPUT_LEN, true);
    const output = copier.copy(engine.bytes, start, start + length);
    if (length === 0) {
      return output;
    }
    if ((view.getUint16(block + BLOCK.FLAGS, true) & BLOCK_DEFER_WRITTEN) === 0 || length > OWED_MAX) {
      engine.check(engine.calls.conn_written(this.#handle, length));
    } else {
      // Nothing comes of it but that the output is empty: the next call reports it.
      view.setUint32(block + BLOCK.OUTPUT_LEN, 0, true);
      view.setUint32(block + BLOCK.WRITTEN, length, true);
      engine.owes(this.#handle);
    }
    return output;
  }

  /** When to call `timeout`, in milliseconds of your clock; null for never. */
  get nextDeadline(): number | null {
    const view = this.#view();
    const at = this.#block + BLOCK.NEXT_DEADLINE;
    return view.getUint32(at + 4, true) === NEVER_HIGH ? null : readU64(view, at);
  }

  /** What to do with the transport, once all output is written. */
  get transport(): TransportInstruction {
    return TRANSPORTS[this.#view().getUint8(this.#block + BLOCK.TRANSPORT)] ?? "close";
  }

  get state(): ConnectionState {
    return STATES[this.#view().getUint8(this.#block + BLOCK.STATE)] ?? "closed";
  }

  /** How many bytes wait to be written. */
  get pendingOutput(): number {
    return this.#view().getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
  }

  /** Whether the pending output is below `outputSoftLimit`. While it is not, stop reading, and send no more. */
  get writable(): boolean {
    return (this.#flags() & BLOCK_WRITABLE) !== 0;
  }

  /** Whether more is to come without input: events, or the answer to the peer's Close. `timeout` is due at once. */
  get more(): boolean {
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

  /** The memory that the connection holds inside the engine, and for what it has gathered, in bytes. */
  memoryUsage(): number {
    return (this.#engine.calls.conn_memory_usage(this.#live()) >>> 0) + (this.#gathered?.room ?? 0);
  }

  // --- Lifetime. ---

  /** Gives back the connection's memory. All other calls fail from here on; freeing again does nothing. */
  free(): void {
    if (this.#handle !== 0) {
      const handle = this.#handle;
      this.#handle = 0;
      this.#engine.forgotten.unregister(this);
      this.#gathered?.clear();
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
      throw freed();
    }
    this.#engine.assertAlive();
    return this.#handle;
  }

  /** Gathers bytes of which nothing can come yet. */
  #gather(bytes: Uint8Array): void {
    this.#gathered ??= new Gathered();
    this.#gathered.add(bytes, this.#kept);
    this.#due -= bytes.length;
    this.#unconsumed = 0;
  }

  /** Takes in bytes of which something may come. Returns how many were taken. */
  #receive(handle: number, bytes: Uint8Array, now: number, into: ConnectionEvent[]): number {
    let at = this.#kept > 0 ? this.#keep(bytes, 0, into) : 0;
    while (this.#keeps) {
      const start = at + this.#restOfFrame();
      const announced = announcedAt(bytes, start);
      const isAll = start + (announced < 2 ** 16 ? 4 : HEADER_MAX) + announced <= bytes.length;
      if (announced < KEPT_MIN || announced > KEPT_MAX || (this.#keepsWhole && !isAll)) {
        break;
      }
      if (start > at) {
        at += this.#pass(handle, bytes.subarray(at, start), now, into);
      }
      const header = this.#receiveHeader(handle, bytes, at, now);
      if (header === 0) {
        break;
      }
      at += header;
      at += this.#keep(bytes, at, into);
    }
    if (at < bytes.length || at === 0) {
      at += this.#pass(handle, at === 0 ? bytes : bytes.subarray(at), now, into);
    }
    return at;
  }

  /** How many bytes are to come of the frame that the engine reads, behind those that were gathered. */
  #restOfFrame(): number {
    const due = this.#engine.view.getUint32(this.#block + BLOCK.PAYLOAD_REMAINING, true);
    return due === 0 ? 0 : due - (this.#gathered?.length ?? 0);
  }

  /** Passes only the header of a message to the engine. Returns its length; 0 if the engine wants all of the message. */
  #receiveHeader(handle: number, bytes: Uint8Array, at: number, now: number): number {
    const lengths = this.#engine.calls.conn_receive_header(handle, this.#engine.writeHeader(bytes, at), KEPT_MIN, now);
    const header = lengths % 16;
    this.#kept = (lengths - header) / 16;
    return header;
  }

  /** Takes what there is of a payload that is kept here. Returns how many bytes that were. */
  #keep(bytes: Uint8Array, at: number, into: ConnectionEvent[]): number {
    if (this.#isIn("closed")) {
      this.#dropKept();
      return 0;
    }
    const gathered = this.#gathered?.length ?? 0;
    const left = this.#kept - gathered;
    const end = Math.min(at + left, bytes.length);
    if (end > at && end - at < this.#kept) {
      this.#gathered ??= new Gathered();
      this.#gathered.add(bytes.subarray(at, end), this.#kept);
    }
    if (end - at === left) {
      const data = this.#gathered !== undefined && gathered > 0 ? this.#gathered.take() : this.#cut(bytes, at, end);
      this.#kept = 0;
      if (this.#isIn("open") || this.#receivesWhileClosing) {
        into.push({ type: "binary", data, first: true, last: true });
      }
    }
    return end - at;
  }

  #cut(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return this.#views === undefined
      ? copier.copy(bytes, start, end)
      : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  }

  #dropKept(): void {
    this.#kept = 0;
    this.#gathered?.clear();
  }

  /** After an input call: finds out how many bytes may be gathered. */
  #expect(): void {
    if (this.#kept > 0 && this.#isIn("closed")) {
      this.#dropKept();
    }
    this.#due =
      this.#kept > 0
        ? this.#kept - (this.#gathered?.length ?? 0)
        : Math.min(this.#engine.view.getUint32(this.#block + BLOCK.PAYLOAD_REMAINING, true), GATHERED_MAX);
  }

  /** Passes on what was gathered for the engine, and returns the events that came of it. */
  #flush(handle: number, now: number): ConnectionEvent[] {
    const events: ConnectionEvent[] = [];
    if (this.#kept === 0 && this.#gathered !== undefined && this.#gathered.length > 0) {
      this.#take(handle, EMPTY, now, events);
    }
    return events;
  }

  /** Passes bytes on to the engine, behind those that were gathered. Returns how many were taken. */
  #pass(handle: number, bytes: Uint8Array, now: number, into: ConnectionEvent[]): number {
    let taken = 0;
    for (;;) {
      const piece = bytes.length <= PIECE ? bytes : bytes.subarray(taken, taken + PIECE);
      const consumed = this.#take(handle, piece, now, into);
      taken += consumed;
      if (consumed < piece.length || taken === bytes.length) {
        return taken;
      }
    }
  }

  /** Takes in one piece of input, in as many batches of events as it makes. Returns how many bytes of it were taken. */
  #take(handle: number, piece: Uint8Array, now: number, into: ConnectionEvent[]): number {
    const engine = this.#engine;
    const { calls } = engine;
    const before = this.#gathered?.length ?? 0;
    const length = before + engine.write(piece, before);
    if (before > 0) {
      engine.write((this.#gathered as Gathered).bytes);
    }
    engine.check(calls.conn_receive(handle, 0, length, now));
    if (before > 0) {
      this.#gathered?.clear();
    }
    const source = this.#views === undefined ? undefined : sourceOf(piece, -before, this.#views.masked);
    let taken = 0;
    for (;;) {
      const consumed = engine.view.getUint32(this.#block + BLOCK.CONSUMED, true);
      const count = into.length;
      readEvents(engine, handle, this.#block, into, source);
      taken += consumed;
      if (taken === length || (consumed === 0 && into.length === count)) {
        return taken - before;
      }
      if (source !== undefined) {
        source.start = taken - before;
      }
      engine.check(calls.conn_receive(handle, taken, length - taken, now));
    }
  }

  /** The events of a call that had no input, behind those of what was gathered. */
  #events(status: number, events: ConnectionEvent[] = []): ConnectionEvent[] {
    this.#engine.trim();
    this.#engine.check(status);
    readEvents(this.#engine, this.#handle, this.#block, events);
    this.#expect();
    return events;
  }

  #write(data: string | Bytes): number {
    return this.#engine.writeData(toData(data));
  }

  #sent(status: number): void {
    this.#engine.trim();
    this.#engine.check(status);
  }

  #isIn(state: ConnectionState): boolean {
    return this.state === state;
  }

  /** The block, for what changes nothing. */
  #view(): DataView {
    if (this.#handle === 0) {
      throw freed();
    }
    return this.#engine.view;
  }

  #flags(): number {
    return this.#view().getUint16(this.#block + BLOCK.FLAGS, true);
  }
}

/** The length of a binary message whose header seems to be there, if it is not short. A guess: the engine decides. */
function announcedAt(bytes: Uint8Array, at: number): number {
  if (at + HEADER_MAX > bytes.length || bytes[at] !== FINAL_BINARY) {
    return 0;
  }
  switch (bytes[at + 1]) {
    case 126:
      return numberAt(bytes, at + 2);
    case 127:
      return numberAt(bytes, at + 4) * 2 ** 32 + numberAt(bytes, at + 6) * 2 ** 16 + numberAt(bytes, at + 8);
    default:
      return 0;
  }
}

function numberAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
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

function sourceOf(chunk: Uint8Array, start: number, masked: boolean): Source {
  return { chunk, buffer: chunk.buffer, offset: chunk.byteOffset, start, masked };
}

function freed(): SansockError {
  return new SansockError("BAD_HANDLE", "the connection was freed");
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

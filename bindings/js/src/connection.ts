/// <reference lib="esnext.disposable" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
import type { UrlObject } from "./url-object.js";
import { accept, addHeaders, respond } from "./answer.js";
import {
  bit,
  checkTime,
  clock,
  integer,
  integerOrInfinity,
  isPlainObject,
  kindNumber,
  kindOf,
  stringOrBytes,
} from "./arguments.js";
import { type Bytes, toBytes } from "./bytes.js";
import type { ClientOptions, Options } from "./connection-options.js";
import { createConnection } from "./create.js";
import type { DeflateLimits } from "./deflate-limits.js";
import type { Engine } from "./engine.js";
import { invalid, SansockError } from "./errors.js";
import type { ConnectionEvent, Fault } from "./events.js";
import { type HttpVersion, versionNumber, writeFields, fieldCalls } from "./fields.js";
import { encodeHeader, encodeHeaders, type HeadersInput } from "./headers.js";
import { copier } from "./host.js";
import { Input } from "./input.js";
import { currentEngine } from "./module.js";
import { BLOCK, BLOCK_FLAG, KIND, ROLE, STATES, TRANSPORTS } from "./numbers.js";
import { handleIn, type PreparedMessage } from "./prepared-message.js";
import { readEvents, readFault, readOptional } from "./records.js";
import { writeBatch } from "./send-batch.js";
import type { ConnectionState, TransportInstruction } from "./states.js";
import { urlText } from "./url.js";

/** `Symbol.dispose`, or where the runtime has none, a symbol that nobody uses. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol("Symbol.dispose");

/** The handle of a connection, for what shows it. No part of the package's interface. */
export let handleOf: (connection: Connection) => number;

/**
 * One WebSocket connection (RFC 6455), without its transport.
 *
 * Pass in what the transport receives (`receive`, `receiveEof`), the passing of time (`timeout`), and your own decisions.
 * After any call: handle the events that it returned, write the output (`takeOutput`), set a timer to `nextDeadline`, and
 * obey `transport` once all output is written. When it says `close`, close the transport and `free` the connection.
 *
 * Times are in milliseconds of a clock that never goes back: pass `now` to every call that takes it, or to none. The default
 * is `performance.now()`.
 *
 * What the peer does wrong never throws: it is the `fault` of the event `closed`, or with `autoFail` off, of the event `fault`. A call that is refused throws a
 * `SansockError` and changes nothing. Arguments are never coerced: one of the wrong type is refused with `INVALID_ARGUMENT`.
 * Every call but `free` throws `BAD_HANDLE` on a connection that has been freed, and
 * `POISONED` if the engine has failed.
 */
export class Connection implements Disposable {
  static {
    handleOf = (connection) => connection.#handle;
  }

  /** Which end of the connection this is. */
  readonly role: "client" | "server";
  readonly #engine: Engine;
  /** The address of the connection's block in linear memory. */
  readonly #block: number;
  readonly #input: Input;
  /** 0 when freed. */
  #handle: number;

  private constructor(role: number, url: string | null, given: ClientOptions) {
    const engine = currentEngine();
    if (!isPlainObject(given)) {
      throw invalid("options", "must be a plain object");
    }
    // Read once: a property may be a getter.
    const options = { ...given };
    const { now = clock() } = options;
    this.role = role === ROLE.CLIENT ? "client" : "server";
    this.#engine = engine;
    this.#handle = createConnection(engine, role, url, options, checkTime(now));
    this.#block = engine.calls.conn_block(this.#handle) >>> 0;
    this.#input = new Input(engine, this.#handle, this.#block, role, options);
    engine.forgotten.register(this, this.#handle, this);
  }

  /**
   * Creates the server's end of a connection. Its first event is the client's `request`.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if an option is unknown or its value is not allowed.
   *   `INVALID_STATE` in a browser before `init()`.
   */
  static server(options: Options = {}): Connection {
    return new Connection(ROLE.SERVER, null, options);
  }

  /**
   * Creates the client's end of a connection. Its request is in the output at once.
   *
   * @param url A `ws:` or `wss:` URL; connect the transport to what `parseUrl` says of it. `user:password@` in it is sent as a
   *   Basic Authorization header (RFC 7617); no other can be added then. Null is allowed only with `startOpen`.
   * @throws {SansockError} As `server`; `INVALID_ARGUMENT` if the URL is not allowed.
   */
  static client(url: string | UrlObject | null, options: ClientOptions = {}): Connection {
    return new Connection(ROLE.CLIENT, url === null ? null : urlText(url), options);
  }

  // --- Input. Each call returns the events that it caused. ---

  /**
   * Takes in bytes from the transport, in chunks of any size. The chunk is copied and not changed, unless the option `views`
   * is set.
   *
   * Bytes that cannot produce an event yet, such as those in the middle of a payload, are gathered for a later call. An empty
   * chunk has them read now.
   *
   * The whole chunk is consumed, unless more than 64 KiB follow a request that a server has not answered yet, or a client that
   * called `requestFields` has not got the response: `unconsumed` then says how many bytes at the end to pass again after
   * `accept` or `receiveResponse`.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if the chunk is not bytes, its buffer is detached or shared, or it is out of bounds of
   *   its buffer.
   */
  receive(chunk: Bytes, now?: number): ConnectionEvent[] {
    this.#live();
    const events: ConnectionEvent[] = [];
    if (now !== undefined) {
      checkTime(now);
    }
    // First of all, because reads may be small.
    if (!this.#input.gather(chunk)) {
      this.#input.receive(toBytes("chunk", chunk), now ?? clock(), events);
    }
    return events;
  }

  /** Takes in the end of the transport's stream. Allowed in every state, and more than once. */
  receiveEof(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const events = this.#input.flush(checkTime(now));
    return this.#events(this.#engine.calls.conn_receive_eof(handle, now), events);
  }

  /**
   * Acts on the deadlines that have passed, and on what is ready while `more` is true. Call it when `nextDeadline` has come;
   * too early it does no harm.
   */
  timeout(now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const events = this.#input.flush(checkTime(now));
    return this.#events(this.#engine.calls.conn_timeout(handle, now), events);
  }

  /**
   * Accepts the request: the response is in the output. Returns the event `open`, and the events of bytes that followed the
   * request. If the request was made of fields, the event `head` with the response comes first.
   *
   * All or nothing: if the call is refused, no header stays added, not even by `addResponseHeader`, and the request can still be
   * answered.
   *
   * @param subprotocol One that the client offers. Null, the default, agrees on the request event's `subprotocol`.
   * @param headers Headers for the response.
   * @param limits What to decline or narrow of compression for this request. Default: nothing.
   * @throws {SansockError} `INVALID_STATE` unless a request awaits the answer that can be accepted; `INVALID_ARGUMENT` if the
   *   subprotocol was not offered, a header is not allowed (see the option `headers`), or a limit is unknown or not allowed.
   */
  accept(
    subprotocol: string | null = null,
    headers: HeadersInput = [],
    now: number = clock(),
    limits: DeflateLimits = {},
  ): ConnectionEvent[] {
    accept(this.#engine, this.#live(), subprotocol, headers, now, limits);
    return this.#events();
  }

  /**
   * Adds a header to the response that `accept`, `reject` or `respond` will send, before those that are passed there.
   *
   * @throws {SansockError} `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the header is not
   *   allowed: see the option `headers`. `Allow` is allowed here.
   */
  addResponseHeader(name: string, value: string): void {
    addHeaders(this.#engine, this.#live(), [encodeHeader(name, value)]);
  }

  /**
   * Rejects the request: `respond` with the usual reason phrase.
   *
   * All or nothing, as `accept`.
   *
   * @param status An HTTP status from 200 to 599, such as 403 for a foreign origin, or 404 for an unknown target.
   * @param headers Headers for the response.
   * @param body The body of the response; statuses 204 and 304 have none.
   * @throws {SansockError} `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the status, a header or
   *   the body is not allowed.
   */
  reject(
    status: number,
    headers: HeadersInput = [],
    body: string | Bytes = "",
    now: number = clock(),
  ): ConnectionEvent[] {
    respond(this.#engine, this.#live(), status, "", headers, body, now);
    return this.#events();
  }

  /**
   * Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. The response is in
   * the output. Returns the event `closed`, with the fault `REFUSED`. If the request was made of fields, the event `head` with
   * the response comes first.
   *
   * `Content-Length` and `Connection: close` are added, and the answer to a HEAD request gets no body. With the option
   * `deliverHttp`, requests are delivered that are no opening requests; their bodies are not read. If one asks for another
   * version of WebSocket, `Sec-WebSocket-Version` is added, whatever the status (RFC 6455 §4.4).
   *
   * All or nothing, as `accept`.
   *
   * @param status An HTTP status from 200 to 599.
   * @param reason The reason phrase, one character for each byte. An empty one stands for the usual phrase of the status; HTTP/2
   *   and HTTP/3 have none.
   * @param headers Headers for the response, such as `Content-Type`.
   * @param body The body of the response; statuses 204 and 304 have none.
   * @throws {SansockError} `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the status, the reason, a
   *   header or the body is not allowed.
   */
  respond(
    status: number,
    reason = "",
    headers: HeadersInput = [],
    body: string | Bytes = "",
    now: number = clock(),
  ): ConnectionEvent[] {
    respond(this.#engine, this.#live(), status, reason, headers, body, now);
    return this.#events();
  }

  // --- Handshakes made of fields, for an HTTP implementation of yours. All other calls are the same. ---

  /**
   * Takes in a request as fields, on a server, before any other input. Returns the event `request`; or `head` with a refusal,
   * and `closed`.
   *
   * `accept`, `reject` and `respond` then return the response as the event `head`, for you to send, and the output has only
   * frames. Pass bytes that you have read behind the head to `receive`.
   *
   * On a stream of HTTP/2 or HTTP/3 the output goes into DATA frames (RFC 8441 section 5). When `transport` says
   * `shutdown-write`, end your side of the stream; when it says `close`, too, and reset the stream with CANCEL unless the peer
   * has ended its side. The end of the peer's side, and a reset, are `receiveEof`.
   *
   * @param fields The fields in their order. Pseudo-header fields come first: `:method` and `:path`, the target, and over HTTP/2
   *   and HTTP/3 `:authority`, `:scheme` and `:protocol`. The headers of a stream of `node:http2` can be passed as they are. For
   *   `node:http` put `[":method", request.method]` and `[":path", request.url]` before the pairs of `request.rawHeaders`.
   * @throws {SansockError} `INVALID_STATE` on a client, or when something has been received; `INVALID_ARGUMENT` if these are no
   *   fields, or there is no such version.
   */
  receiveRequest(httpVersion: HttpVersion, fields: HeadersInput, now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const version = versionNumber(httpVersion);
    const encoded = encodeHeaders("fields", fields);
    checkTime(now);
    const count = writeFields(this.#engine, encoded);
    return this.#events(fieldCalls(this.#engine).conn_receive_request(handle, version, count, now));
  }

  /**
   * Returns a client's request as fields in the event `head`, in place of the text in the output. Call it before anything else,
   * send the fields, and pass the answer to `receiveResponse`.
   *
   * @throws {SansockError} `INVALID_STATE` on a server, or when output has been written or something received;
   *   `INVALID_ARGUMENT` if there is no such version.
   */
  requestFields(httpVersion: HttpVersion, now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    const version = versionNumber(httpVersion);
    return this.#events(fieldCalls(this.#engine).conn_request_fields(handle, version, checkTime(now)));
  }

  /**
   * Takes in the response to a request that was sent as fields. Returns the event `open`; or nothing until the body of a refusal
   * has come through `receive` and has ended, by its Content-Length or with `receiveEof`: then `rejected` and `closed`.
   *
   * @param status The HTTP status. Interim responses may be passed as well, or left out.
   * @param fields The fields of the response, in their order, without `:status`.
   * @throws {SansockError} `INVALID_STATE` unless such a response is awaited; `INVALID_ARGUMENT` if these are no fields, or the
   *   status has more than 16 bits.
   */
  receiveResponse(status: number, fields: HeadersInput = [], now: number = clock()): ConnectionEvent[] {
    const handle = this.#live();
    integer("status", status, 0, 65_535);
    const encoded = encodeHeaders("fields", fields);
    checkTime(now);
    const count = writeFields(this.#engine, encoded);
    return this.#events(fieldCalls(this.#engine).conn_receive_response(handle, status, count, now));
  }

  // --- Sending. All calls add to the output; none of them affects events. ---

  /**
   * Sends a text message.
   *
   * @param text Lone surrogates of a string are sent as U+FFFD. Bytes must be UTF-8.
   * @throws {SansockError} `INVALID_STATE` before the connection is open, after our own Close, or while another message is
   *   sent in parts; `WOULD_BLOCK` while the output is full; `TOO_LARGE` if the message alone is larger than the output may
   *   be; `NO_MEMORY`; `INVALID_ARGUMENT` if bytes are not UTF-8.
   */
  sendText(text: string | Bytes): void {
    const handle = this.#live();
    const { calls, transfer } = this.#engine;
    const length = typeof text === "string" ? transfer.writeText(text) : this.#write("text", text);
    this.#sent(calls.conn_send(handle, KIND.TEXT, length, 0), "text");
  }

  /**
   * Sends a binary message.
   *
   * @throws {SansockError} As `sendText`; `INVALID_ARGUMENT` if these are not bytes, their buffer is detached or shared, or they
   *   are out of bounds of their buffer, as a view is whose buffer has been made smaller.
   */
  sendBinary(data: Bytes): void {
    this.#sendBytes(data, "bytes");
  }

  /**
   * Sends a string as a text message, bytes as a binary message.
   *
   * @throws {SansockError} As `sendText` and `sendBinary`.
   */
  send(data: string | Bytes): void {
    if (typeof data === "string") {
      this.sendText(data);
    } else {
      this.#sendBytes(data, "a string or bytes");
    }
  }

  /**
   * Sends a part of a message, as one frame (RFC 6455 section 5.4). Parts of other messages must not come in between.
   *
   * @param last Whether this part ends the message.
   * @param kind The same for all parts of the message. Needed to send text as bytes, which may end inside a code point.
   * @throws {SansockError} As `sendText`; `INVALID_STATE` if the message under way is of the other kind.
   */
  sendPart(data: string | Bytes, last: boolean, kind: "text" | "binary" = kindOf(data)): void {
    const handle = this.#live();
    const [number, isLast] = [kindNumber(kind), bit("last", last)];
    this.#sent(this.#engine.calls.conn_send_part(handle, number, this.#write("data", data), isLast), "data");
  }

  /**
   * Sends many messages with one call into the module: strings as text, bytes as binary. Returns how many. The iterable is run to
   * its end before any of them is read.
   *
   * @throws {SansockError} As `sendText`, for the first message that is refused; the error's `sent` says how many were queued
   *   before it.
   */
  sendBatch(messages: Iterable<string | Bytes>): number {
    this.#live();
    const { count, dataLen } = writeBatch(this.#engine, messages);
    // Not the handle from before: the iterable may have freed the connection.
    const status = this.#engine.calls.conn_send_batch(this.#live(), count, dataLen);
    const sent = this.#engine.calls.last_count() >>> 0;
    this.#engine.transfer.trim();
    this.#engine.check(status, { about: "messages", sent });
    return sent;
  }

  /**
   * Sends a message that was made for many connections. It is compressed where `sendText` would compress it, but once for all
   * connections that agreed to the same window and have the same options of compression.
   *
   * @throws {SansockError} As `sendText`; `BAD_HANDLE` also if the message was freed.
   */
  sendPrepared(message: PreparedMessage): void {
    const handle = this.#live();
    this.#sent(this.#engine.calls.conn_send_prepared(handle, handleIn(message, this.#engine)), "message");
  }

  /**
   * Sends the header of a message, or of a part of one, whose payload you write to the transport yourself: so a server need
   * not copy a large payload. Write all output, then the payload, before you make another call that adds output.
   *
   * @param length The length of the payload in bytes.
   * @param last Whether this part ends the message. Default true.
   * @throws {SansockError} As `sendPart`; `INVALID_STATE` on a client, whose payloads must be masked; `INVALID_ARGUMENT` if
   *   the length is not allowed.
   */
  sendHeader(kind: "text" | "binary", length: number, last = true): void {
    const handle = this.#live();
    integer("length", length, 0, Number.MAX_SAFE_INTEGER);
    this.#sent(this.#engine.calls.conn_send_header(handle, kindNumber(kind), length, bit("last", last)), "length");
  }

  /**
   * Reports that a piece of such a payload has been written, so that `writeTimeout` starts anew. For transports that take a payload
   * in several writes: report the last byte of its header (`written`) only when all of it is written, so that the deadlines wait.
   */
  payloadWritten(): void {
    this.#engine.check(this.#engine.calls.conn_payload_written(this.#live()));
  }

  /**
   * Sends a ping. The `pong` that answers it carries the round-trip time.
   *
   * @param payload Up to 125 bytes, which the pong repeats.
   * @throws {SansockError} As `sendText`, but allowed between the parts of a message; `INVALID_ARGUMENT` if the payload is
   *   longer.
   */
  ping(payload: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    const length = this.#write("payload", payload);
    this.#sent(this.#engine.calls.conn_send(handle, KIND.PING, length, checkTime(now)), "payload");
  }

  /**
   * Sends a pong: an answer if `autoPong` is off, else an unsolicited one (RFC 6455 section 5.5.3).
   *
   * @param payload Up to 125 bytes; those of the ping if this answers one.
   * @throws {SansockError} As `ping`.
   */
  pong(payload: string | Bytes = ""): void {
    this.#sent(this.#engine.calls.conn_send(this.#live(), KIND.PONG, this.#write("payload", payload), 0), "payload");
  }

  /**
   * Starts the closing handshake (RFC 6455 section 7.1.2), or answers the peer's Close. The event `closed` follows the peer's
   * Close, the end of its stream, or `closeTimeout`, whichever is first. During the opening handshake the connection ends at
   * once; after our own Close the call does nothing.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; 0 for none.
   * @param reason Up to 123 bytes of UTF-8; none if there is no code.
   * @throws {SansockError} `INVALID_ARGUMENT` if code or reason is not allowed.
   */
  close(code = 1000, reason: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    const length = this.#write("reason", reason);
    this.#sent(this.#engine.calls.conn_close(handle, integer("code", code), length, checkTime(now)), "code, reason");
  }

  /**
   * Fails the connection (RFC 6455 section 7.1.7): sends Close unless one was sent, and does not wait for the peer's. The event
   * `closed` comes from `timeout`, which is due at once.
   *
   * @throws {SansockError} As `close`; `INVALID_STATE` if the connection is closed.
   */
  fail(code = 1011, reason: string | Bytes = "", now: number = clock()): void {
    const handle = this.#live();
    const length = this.#write("reason", reason);
    this.#sent(this.#engine.calls.conn_fail(handle, integer("code", code), length, checkTime(now)), "code, reason");
    this.#input.update();
  }

  /**
   * Turns compression on or off for the messages that follow. It is on at first, and applies where permessage-deflate was
   * agreed on and a message has at least `deflateThreshold` bytes. Turn it off for a secret next to text that somebody else
   * chooses (RFC 7692 section 8).
   */
  setCompression(on: boolean): void {
    this.#engine.check(this.#engine.calls.conn_set_compression(this.#live(), bit("on", on)));
  }

  // --- Output, time and transport. ---

  /**
   * Reports that you have stopped reading from the transport. The deadline for a pong stands still until `resume`. Either may be
   * called again.
   */
  pause(now: number = clock()): void {
    this.#engine.check(this.#engine.calls.conn_pause(this.#live(), 1, checkTime(now)));
  }

  /** Reports that you are reading again. */
  resume(now: number = clock()): void {
    this.#engine.check(this.#engine.calls.conn_pause(this.#live(), 0, checkTime(now)));
  }

  /**
   * A copy of the bytes to write to the transport. Report what you wrote with `written`.
   *
   * @param limit How many bytes at most. Default: all.
   * @param from How many bytes to leave out at the beginning, such as those that are being written. Default: none.
   */
  output(limit = Number.POSITIVE_INFINITY, from = 0): Uint8Array {
    const view = this.#view();
    const most = integerOrInfinity("limit", limit);
    const start = view.getUint32(this.#block + BLOCK.OUTPUT, true);
    const length = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
    const begin = Math.min(integer("from", from), length);
    return copier.copy(this.#engine.bytes, start + begin, start + Math.min(length, begin + most));
  }

  /**
   * Reports the first `count` bytes of the output as written.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if there are fewer.
   */
  written(count: number): void {
    const handle = this.#live();
    const view = this.#view();
    const pending = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
    if (count === pending && pending > 0) {
      this.#engine.writtenReports.report(view, handle, this.#block, count);
    } else {
      this.#engine.check(this.#engine.calls.conn_written(handle, integer("count", count)), { about: "count" });
    }
  }

  /** The bytes to write to the transport, which are yours now and count as written. Repeat until there are none. */
  takeOutput(): Uint8Array {
    const view = this.#view();
    const start = view.getUint32(this.#block + BLOCK.OUTPUT, true);
    const length = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
    const output = copier.copy(this.#engine.bytes, start, start + length);
    if (length > 0) {
      this.#engine.writtenReports.report(view, this.#handle, this.#block, length);
    }
    return output;
  }

  /** When to call `timeout`, in milliseconds of the clock of `now`; 0, in the past, while `more` is true; null for never. */
  get nextDeadline(): number | null {
    const view = this.#view();
    const waiting = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true) + view.getUint32(this.#block + BLOCK.WRITTEN, true);
    if (waiting > 0) {
      // What has been sent and written since the last input changes it, and the block may not say so yet.
      this.#engine.check(this.#engine.calls.conn_written(this.#live(), 0));
    }
    return readOptional(this.#view(), this.#block + BLOCK.NEXT_DEADLINE);
  }

  /** What to do with the transport once all output is written. */
  get transport(): TransportInstruction {
    return TRANSPORTS[this.#view().getUint8(this.#block + BLOCK.TRANSPORT)] ?? "close";
  }

  /** The state of the connection. */
  get state(): ConnectionState {
    return STATES[this.#view().getUint8(this.#block + BLOCK.STATE)] ?? "closed";
  }

  /** How many bytes of output wait to be written. */
  get pendingOutput(): number {
    return this.#view().getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
  }

  /** Whether the pending output is below `outputSoftLimit`. While it is not, stop reading and sending. */
  get writable(): boolean {
    return (this.#flags() & BLOCK_FLAG.WRITABLE) !== 0;
  }

  /**
   * Whether something is ready that needs no input: events, the answer to the peer's Close, or the event `closed`. Handle the
   * events that you have, then call `timeout`, which is due at once; any other input call does the same.
   */
  get more(): boolean {
    return (this.#flags() & BLOCK_FLAG.MORE) !== 0;
  }

  /** How many bytes at the end of the last chunk `receive` did not consume. */
  get unconsumed(): number {
    this.#live();
    return this.#input.unconsumed;
  }

  /** Why the connection ended other than by a closing handshake, or the fault that is left to you; null if there is none. */
  get fault(): Fault | null {
    const number = this.#view().getUint32(this.#block + BLOCK.FAULT, true);
    return readFault(this.#engine, this.#input, this.#block, number);
  }

  /** The memory that the connection holds, in the module and for gathered bytes, in bytes. */
  memoryUsage(): number {
    return (this.#engine.calls.conn_memory_usage(this.#live()) >>> 0) + this.#input.capacity;
  }

  // --- Lifetime. ---

  /** Frees the connection's memory. All other calls throw from here on; freeing again does nothing. */
  free(): void {
    if (this.#handle !== 0) {
      const handle = this.#handle;
      this.#handle = 0;
      this.#engine.forgotten.unregister(this);
      this.#input.clear();
      this.#engine.free(handle);
    }
  }

  /** Calls `free`, at the end of the block of a `using` declaration. */
  [dispose](): void {
    this.free();
  }

  // --- Private. ---

  /** The handle, for a call into the module. */
  #live(): number {
    if (this.#handle === 0) {
      throw freed();
    }
    this.#engine.assertAlive();
    return this.#handle;
  }

  /** Linear memory, to read the block. */
  #view(): DataView {
    if (this.#handle === 0) {
      throw freed();
    }
    return this.#engine.view;
  }

  #flags(): number {
    return this.#view().getUint16(this.#block + BLOCK.FLAGS, true);
  }

  /** The events of an input call without bytes, behind those of the bytes that were gathered. */
  #events(status = 0, events: ConnectionEvent[] = []): ConnectionEvent[] {
    this.#engine.transfer.trim();
    this.#engine.check(status);
    readEvents(this.#engine, this.#input, this.#block, events);
    this.#input.update();
    return events;
  }

  #sendBytes(data: Bytes, needed: string): void {
    const handle = this.#live();
    const length = this.#engine.transfer.write(toBytes("data", data, needed));
    this.#sent(this.#engine.calls.conn_send(handle, KIND.BINARY, length, 0), "data");
  }

  #write(name: string, data: string | Bytes): number {
    return this.#engine.transfer.writeData(stringOrBytes(name, data));
  }

  /** After a call that adds output. `about` is the argument that may be refused. */
  #sent(status: number, about: string): void {
    this.#engine.transfer.trim();
    if (status !== 0) {
      throw this.#engine.error(status, { about });
    }
  }
}

function freed(): SansockError {
  return new SansockError("BAD_HANDLE", "the connection was freed");
}

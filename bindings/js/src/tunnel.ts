/// <reference lib="esnext.disposable" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
import type { UrlObject } from "./url-object.js";
import { checkTime, clock, integer, integerOrInfinity, isPlainObject, string } from "./arguments.js";
import { type Bytes, lengthOf, toBytes, viewOf } from "./bytes.js";
import type { Engine } from "./engine.js";
import { invalid, SansockError } from "./errors.js";
import type { ClosedEvent, ConnectionEvent, Fault, OpenEvent, RejectedEvent } from "./events.js";
import type { TunnelExports } from "./exports.js";
import { encodeHeaders, type HeadersInput, writeHeader } from "./headers.js";
import { copier } from "./host.js";
import { currentEngine } from "./module.js";
import { BLOCK, STATES, TRANSPORTS } from "./numbers.js";
import { OPTIONS } from "./options.js";
import { readEvents, readFault, readOptional, type Source } from "./records.js";
import type { ConnectionState, TransportInstruction } from "./states.js";
import { urlText } from "./url.js";

/** `Symbol.dispose`, or where the runtime has none, a symbol that nobody uses. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol("Symbol.dispose");

/** How much of a chunk goes through linear memory at once, in bytes. An answer is seldom longer. */
const PIECE = 1 << 12;

/** An event of a tunnel. `type` says which. The status of `rejected` is that of HTTP, or the reply code of SOCKS. */
export type TunnelEvent = OpenEvent | RejectedEvent | ClosedEvent;

/** The options of a tunnel: a plain object. What is left out, or undefined, has its default. */
export interface TunnelOptions {
  /**
   * Headers to add to the request to an HTTP proxy. Those that the request has anyway are refused: `Host`, `Content-Length`,
   * `Transfer-Encoding`, `Connection`, and `Proxy-Authorization` if the URL has a name and password. Default: none.
   */
  readonly headers?: HeadersInput | undefined;
  /** Time for the proxy to answer. In milliseconds; default: 10,000 ms. */
  readonly timeout?: number | undefined;
  /** The largest HTTP head to receive, interim responses included. In bytes; default: 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /** The longest line of an HTTP head, without its end. In bytes; default: 8 KiB. */
  readonly maxLineSize?: number | undefined;
  /** The largest number of headers in an HTTP head. Default: 128. */
  readonly maxHeaders?: number | undefined;
  /** The time at which the tunnel is created, in milliseconds of the clock of `now`. Default: `performance.now()`. */
  readonly now?: number | undefined;
}

/** What to connect the transport to for the URL of a proxy. */
export interface ParsedProxy {
  /** Whether the transport to the proxy must be TLS: the scheme is `https:`. */
  readonly secure: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** The port: 80 for `http:`, 443 for `https:`, 1080 for SOCKS if the URL names none. */
  readonly port: number;
  /** Whether the proxy takes names. If not (`socks5:`), look the name up, and pass the address to `Tunnel`. */
  readonly resolvesNames: boolean;
}

/**
 * Parses the URL of a proxy: `http:`, `https:`, `socks4a:`, `socks5:` or `socks5h:`, perhaps with `user:password@`.
 *
 * @throws {SansockError} `INVALID_ARGUMENT` if it is not such a URL. `INVALID_STATE` in a browser before `init()`.
 */
export function parseProxy(url: string | UrlObject): ParsedProxy {
  const engine = currentEngine();
  const length = engine.transfer.writeText(urlText(url));
  engine.check(callsOf(engine).proxy_parse(length), { about: "url" });
  // The answer takes the place of the URL. Its length is not returned, but the host is not longer than the URL.
  const answer = engine.transfer.readByteString(length + "\0\0".length + "65535".length + "11".length);
  const [host = "", port = "", flags = ""] = answer.split("\0");
  return { secure: flags.startsWith("1"), host, port: Number(port), resolvesNames: flags.startsWith("1", 1) };
}

/**
 * One tunnel through a proxy, without its transport: HTTP CONNECT, SOCKS5 or SOCKS4a. Connect the transport to what
 * `parseProxy` says of the proxy's URL.
 *
 * It is driven as a `Connection` is: pass in what the transport receives (`receive`, `receiveEof`) and the passing of time
 * (`timeout`). After any call: handle the events that it returned, write the output (`takeOutput`), set a timer to
 * `nextDeadline`, and obey `transport`. `free` the tunnel when it is open or closed.
 *
 * The outcome is one of these, once:
 *
 * - `open`: the tunnel is through. The `unconsumed` bytes at the end of the last chunk, and all that arrive from now on, are
 *   for the next layer: TLS, or a `Connection`.
 * - `rejected`, then `closed`: the proxy refused.
 * - `closed`: anything else went wrong, which its `fault` names.
 */
export class Tunnel implements Disposable {
  readonly #engine: Engine;
  /** The address of the tunnel's block in linear memory. */
  readonly #block: number;
  /** 0 when freed. */
  #handle: number;
  #unconsumed = 0;

  /**
   * Creates a tunnel. Its first message to the proxy is in the output at once.
   *
   * @param proxy The URL of the proxy. The name and password in it are sent to the proxy.
   * @param host The host that the tunnel leads to: a name, which the proxy resolves, or an address.
   * @param port The port there.
   * @throws {SansockError} `INVALID_ARGUMENT` if an argument or an option is not allowed; a name is not with `socks5:`, an
   *   IPv6 address with `socks4a:`. `INVALID_STATE` in a browser before `init()`.
   */
  constructor(proxy: string | UrlObject, host: string, port: number, options: TunnelOptions = {}) {
    const engine = currentEngine();
    if (!isPlainObject(options)) {
      throw invalid("options", "must be a plain object");
    }
    // Read once: a property may be a getter.
    const { now = clock(), ...choices } = { ...options };
    checkTime(now);
    this.#engine = engine;
    const config = newConfig(engine, proxy, host, port);
    try {
      configure(engine, config, choices);
      this.#handle = created(engine, callsOf(engine).tunnel_new(config, now));
    } finally {
      if (!engine.dead) {
        callsOf(engine).tunnel_config_free(config);
      }
    }
    this.#block = callsOf(engine).tunnel_block(this.#handle) >>> 0;
    engine.forgotten.register(this, this.#handle, this);
  }

  /**
   * Takes in bytes from the transport, up to the last one of the proxy's answer: see `unconsumed`. The chunk is copied and not
   * changed.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if the chunk is not bytes, its buffer is detached or shared, or it is out of bounds of
   *   its buffer.
   */
  receive(chunk: Bytes, now: number = clock()): TunnelEvent[] {
    const handle = this.#live();
    const bytes = toBytes("chunk", chunk);
    const length = lengthOf(bytes);
    const events: ConnectionEvent[] = [];
    let at = 0;
    for (;;) {
      const piece = viewOf(bytes, at, Math.min(at + PIECE, length));
      const status = callsOf(this.#engine).tunnel_receive(handle, this.#engine.transfer.write(piece), checkTime(now));
      this.#engine.check(status);
      const consumed = this.#engine.view.getUint32(this.#block + BLOCK.CONSUMED, true);
      readEvents(this.#engine, this.#source(handle), this.#block, events);
      at += consumed;
      if (consumed < piece.length || at === length) {
        this.#unconsumed = length - at;
        return events as TunnelEvent[];
      }
    }
  }

  /** Takes in the end of the transport's stream. Allowed in every state, and more than once. */
  receiveEof(now: number = clock()): TunnelEvent[] {
    return this.#events(callsOf(this.#engine).tunnel_receive_eof(this.#live(), checkTime(now)));
  }

  /** Acts on the deadline, if it has passed. Call it when `nextDeadline` has come; too early it does no harm. */
  timeout(now: number = clock()): TunnelEvent[] {
    return this.#events(callsOf(this.#engine).tunnel_timeout(this.#live(), checkTime(now)));
  }

  /** A copy of the bytes to write to the transport, or of the first `limit`. Report what you wrote with `written`. */
  output(limit = Number.POSITIVE_INFINITY): Uint8Array {
    const view = this.#view();
    const most = integerOrInfinity("limit", limit);
    const start = view.getUint32(this.#block + BLOCK.OUTPUT, true);
    const length = view.getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
    return copier.copy(this.#engine.bytes, start, start + Math.min(length, most));
  }

  /**
   * Reports the first `count` bytes of the output as written.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if there are fewer.
   */
  written(count: number): void {
    const status = callsOf(this.#engine).tunnel_written(this.#live(), integer("count", count));
    this.#engine.check(status, { about: "count" });
  }

  /** The bytes to write to the transport, which are yours now and count as written. */
  takeOutput(): Uint8Array {
    const output = this.output();
    this.written(output.length);
    return output;
  }

  /** When to call `timeout`, in milliseconds of the clock of `now`; null for never. */
  get nextDeadline(): number | null {
    return readOptional(this.#view(), this.#block + BLOCK.NEXT_DEADLINE);
  }

  /** What to do with the transport once all output is written: `close` if there is no tunnel, otherwise `open`. */
  get transport(): TransportInstruction {
    return TRANSPORTS[this.#view().getUint8(this.#block + BLOCK.TRANSPORT)] ?? "close";
  }

  /** `connecting` until there is an outcome, then `open` or `closed`. */
  get state(): ConnectionState {
    return STATES[this.#view().getUint8(this.#block + BLOCK.STATE)] ?? "closed";
  }

  /** How many bytes of output wait to be written. */
  get pendingOutput(): number {
    return this.#view().getUint32(this.#block + BLOCK.OUTPUT_LEN, true);
  }

  /** How many bytes at the end of the last chunk `receive` did not consume: they are for the next layer. */
  get unconsumed(): number {
    this.#live();
    return this.#unconsumed;
  }

  /** Why there is no tunnel; null if nothing went wrong. */
  get fault(): Fault | null {
    const handle = this.#live();
    const number = this.#engine.view.getUint32(this.#block + BLOCK.FAULT, true);
    return readFault(this.#engine, this.#source(handle), this.#block, number);
  }

  /** Frees the tunnel's memory. All other calls throw from here on; freeing again does nothing. */
  free(): void {
    if (this.#handle !== 0) {
      const handle = this.#handle;
      this.#handle = 0;
      this.#engine.forgotten.unregister(this);
      this.#engine.free(handle);
    }
  }

  /** Calls `free`, at the end of the block of a `using` declaration. */
  [dispose](): void {
    this.free();
  }

  /** The handle, for a call into the module. */
  #live(): number {
    if (this.#handle === 0) {
      throw freed();
    }
    this.#engine.assertAlive();
    return this.#handle;
  }

  /** Where events and faults are read. */
  #source(handle: number): Source {
    return { handle, bypassed: 0, textAsBytes: false };
  }

  /** Linear memory, to read the block. */
  #view(): DataView {
    if (this.#handle === 0) {
      throw freed();
    }
    return this.#engine.view;
  }

  /** The events of an input call without bytes. */
  #events(status: number): TunnelEvent[] {
    this.#engine.check(status);
    const events: ConnectionEvent[] = [];
    readEvents(this.#engine, this.#source(this.#handle), this.#block, events);
    return events as TunnelEvent[];
  }
}

/** The calls of the default module. */
function callsOf(engine: Engine): TunnelExports {
  return engine.calls as unknown as TunnelExports;
}

/** A handle that a call has returned, unless it is 0. */
function created(engine: Engine, handle: number, about?: string): number {
  if (handle === 0) {
    throw engine.error(engine.calls.last_status(), about === undefined ? {} : { about });
  }
  return handle >>> 0;
}

function newConfig(engine: Engine, proxy: string | UrlObject, host: string, port: number): number {
  const { transfer } = engine;
  const proxyLen = transfer.writeText(urlText(proxy, "proxy"));
  const hostLen = transfer.writeText(string("host", host), proxyLen);
  const number = integer("port", port, 1, 0xffff);
  return created(engine, callsOf(engine).tunnel_config_new(proxyLen, hostLen, number), "proxy, host");
}

function configure(engine: Engine, config: number, options: Omit<TunnelOptions, "now">): void {
  const calls = callsOf(engine);
  const { headers = [], timeout, maxHeadSize, maxLineSize, maxHeaders, ...unknown } = options;
  for (const name of Object.keys(unknown)) {
    throw invalid(name, "there is no such option");
  }
  for (const header of encodeHeaders("headers", headers)) {
    const [nameLen, valueLen] = writeHeader(engine, header);
    engine.check(calls.tunnel_config_add_header(config, nameLen, valueLen), { about: header.label });
  }
  const numbers = { handshakeTimeout: timeout, maxHeadSize, maxLineSize, maxHeaders };
  for (const [name, value] of Object.entries(numbers) as [keyof typeof numbers, number | undefined][]) {
    if (value !== undefined) {
      const about = name === "handshakeTimeout" ? "timeout" : name;
      const status = calls.tunnel_config_set(config, OPTIONS[name].number, integerOrInfinity(about, value));
      engine.check(status, { about });
    }
  }
}

function freed(): SansockError {
  return new SansockError("BAD_HANDLE", "the tunnel was freed");
}

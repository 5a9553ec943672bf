import { EventEmitter } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import type { ClosedEvent, ConnectionEvent, OpenEvent } from "../events.js";
import type { Session, SessionUser } from "../hosts/session.js";
import { type ClientOptions, Opening } from "./client.js";
import { frameError } from "./errors.js";
import {
  type CloseEvent,
  type ErrorEvent,
  type Event,
  type EventListenerOptions,
  EventListeners,
  type MessageEvent,
  type RawData,
  type WebSocketEventMap,
} from "./events.js";
import type { WebSocketServer } from "./server.js";
import type { createWebSocketStream } from "./stream.js";
import type * as types from "./types.js";
import { BREAK, type Callback, closeArguments, Outgoing, type Sendable, type SendOptions } from "./outgoing.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const BINARY_TYPES = ["nodebuffer", "arraybuffer", "fragments", "blob"] as const;
const EMPTY = Buffer.alloc(0);

/** What binary messages are delivered as: a `Buffer`, an `ArrayBuffer`, an array of `Buffer`s, a `Blob`. */
export type BinaryType = (typeof BINARY_TYPES)[number];

/** What the listeners of each event get. */
export interface WebSocketEvents {
  open: [];
  /** A message: `isBinary` is false for text, whose payload is UTF-8. */
  message: [data: RawData, isBinary: boolean];
  close: [code: number, reason: Buffer];
  error: [error: Error];
  ping: [data: Buffer];
  pong: [data: Buffer];
  /** Sending may go on, after `send` returned false. `ws` has no such event. */
  drain: [];
  /** A client follows a redirect. */
  redirect: [url: string, request: ClientRequest];
  /** The response to a client's request opens no connection. Without a listener, the request is ended with an error. */
  "unexpected-response": [request: ClientRequest, response: IncomingMessage];
  /** The response to a client's request has arrived. */
  upgrade: [response: IncomingMessage];
}

/** What a server, or the opening of a client, does with a WebSocket of theirs. */
export const ATTACH = Symbol("attach");
export const FAIL = Symbol("fail");
export const GONE = Symbol("gone");

/** A WebSocket with the interface of the package `ws`. */
export class WebSocket extends EventEmitter<WebSocketEvents> implements SessionUser {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  declare static readonly WebSocket: typeof WebSocket;
  /** Set beside this class, which those refer to. */
  declare static WebSocketServer: typeof WebSocketServer;
  declare static Server: typeof WebSocketServer;
  declare static createWebSocketStream: typeof createWebSocketStream;

  /** Made when it is needed: most sockets have listeners of the `EventEmitter` only. */
  #eventListeners: EventListeners | undefined;
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #session: Session | undefined;
  #socket: Duplex | undefined;
  #opening: Opening | undefined;
  #binaryType: BinaryType = "nodebuffer";
  #extensions = "";
  #protocol = "";
  #url = "";
  #isPaused = false;
  #closed: ClosedEvent | undefined;
  readonly #outgoing = new Outgoing(this);

  /**
   * Connects a client.
   *
   * @param address A `ws:`, `wss:`, `http:`, `https:` or `ws+unix:` URL. A server's sockets are made with null.
   * @throws {SyntaxError} The URL or a subprotocol is not allowed.
   */
  constructor(address: string | URL | null, protocols?: string | string[] | ClientOptions, options?: ClientOptions) {
    super();
    if (address !== null) {
      const isOptions = typeof protocols === "object" && protocols !== null && !Array.isArray(protocols);
      const subprotocols = isOptions || protocols === undefined ? [] : [protocols].flat();
      this.#opening = new Opening(this, address, subprotocols, (isOptions ? protocols : options) ?? {});
    }
  }

  // --- What it is. ---

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (BINARY_TYPES.includes(type)) {
      this.#binaryType = type;
    }
  }

  /** How many bytes wait to be written, those of frames included. */
  get bufferedAmount(): number {
    this.#session?.flush();
    return (this.#session?.pending ?? 0) + this.#outgoing.unsent;
  }

  /** Whether little waits to be written. While it is false, wait for `drain` before you send more. `ws` has no such property. */
  get writable(): boolean {
    return this.#readyState === OPEN && this.#session?.writable === true;
  }

  /** The names of the extensions agreed on, separated by commas. */
  get extensions(): string {
    return this.#extensions;
  }

  /** The subprotocol agreed on; empty if none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The URL of a client. */
  get url(): string {
    return this.#opening?.url ?? this.#url;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether a Close frame was sent and one received. */
  get wasClean(): boolean {
    return this.#closed?.clean ?? false;
  }

  /** The stream beneath. Many programs look here for the peer's address; leave the rest to this class. */
  get _socket(): Duplex | undefined {
    return this.#socket;
  }

  // --- What it does. ---

  /**
   * Sends a message. Returns whether little waits to be written: if not, wait for `drain`. In `ws` it returns nothing.
   *
   * @param data Bytes must stay as they are until the callback.
   * @param callback Called when the message is written, or with the error if it cannot be.
   * @throws {Error} The opening handshake is not complete.
   */
  send(data: Sendable, options?: SendOptions | Callback, callback?: Callback): boolean {
    this.#checkNotConnecting();
    if (typeof options === "function") {
      this.#outgoing.send(data, {}, options);
    } else {
      this.#outgoing.send(data, options ?? {}, callback);
    }
    return this.writable;
  }

  /** Sends a ping with up to 125 bytes. */
  ping(data?: Sendable | Callback, mask?: boolean | Callback, callback?: Callback): void {
    this.#checkNotConnecting();
    this.#outgoing.control("ping", [data, mask, callback]);
  }

  /** Sends a pong with up to 125 bytes. Pings are answered without it, unless `autoPong` is off. */
  pong(data?: Sendable | Callback, mask?: boolean | Callback, callback?: Callback): void {
    this.#checkNotConnecting();
    this.#outgoing.control("pong", [data, mask, callback]);
  }

  /**
   * Starts the closing handshake, or ends the opening one.
   *
   * @throws {TypeError} The code is not allowed. @throws {RangeError} The reason has more than 123 bytes.
   */
  close(code?: number, reason: string | Buffer = ""): void {
    if (this.#readyState === CONNECTING) {
      this.#readyState = CLOSING;
      this.#opening?.abort("WebSocket was closed before the connection was established");
    } else if (this.#readyState === OPEN) {
      const given = closeArguments(code, reason);
      // Behind what waits for a Blob to be read.
      this.#outgoing.after(() => this.#session?.act((connection, now) => connection.close(...given, now)));
      this.#readyState = CLOSING;
    }
  }

  /** Closes the socket at once. */
  terminate(): void {
    if (this.#readyState === CONNECTING) {
      this.#readyState = CLOSING;
      this.#opening?.abort("WebSocket was closed before the connection was established");
    } else if (this.#readyState !== CLOSED) {
      this.#readyState = CLOSING;
      this.#session?.terminate();
    }
  }

  /** Stops reading from the socket. */
  pause(): void {
    if (this.#readyState === OPEN || this.#readyState === CLOSING) {
      this.#isPaused = true;
      this.#session?.pause();
    }
  }

  /** Goes on reading. */
  resume(): void {
    if (this.#readyState === OPEN || this.#readyState === CLOSING) {
      this.#isPaused = false;
      this.#session?.resume();
    }
  }

  // --- As in browsers. ---

  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: ((event: WebSocketEventMap[Type]) => void) | { handleEvent(event: WebSocketEventMap[Type]): void },
    options: EventListenerOptions = {},
  ): void {
    this.#listeners.add(type, listener, options.once);
  }

  removeEventListener(type: keyof WebSocketEventMap, listener: unknown): void {
    this.#listeners.remove(type, listener);
  }

  get onopen(): ((event: Event) => void) | null {
    return this.#listeners.property("open");
  }

  set onopen(listener: ((event: Event) => void) | null) {
    this.#listeners.setProperty("open", listener);
  }

  get onmessage(): ((event: MessageEvent) => void) | null {
    return this.#listeners.property("message");
  }

  set onmessage(listener: ((event: MessageEvent) => void) | null) {
    this.#listeners.setProperty("message", listener);
  }

  get onclose(): ((event: CloseEvent) => void) | null {
    return this.#listeners.property("close");
  }

  set onclose(listener: ((event: CloseEvent) => void) | null) {
    this.#listeners.setProperty("close", listener);
  }

  get onerror(): ((event: ErrorEvent) => void) | null {
    return this.#listeners.property("error");
  }

  set onerror(listener: ((event: ErrorEvent) => void) | null) {
    this.#listeners.setProperty("error", listener);
  }

  // --- For the session. ---

  /** @internal */
  [ATTACH](session: Session, socket: Duplex): void {
    this.#session = session;
    this.#outgoing.session = session;
    this.#socket = socket;
  }

  /** @internal Called at the end, before anybody else: a listener of the server's for each would be memory for each. */
  [GONE]: ((websocket: this) => void) | undefined;

  /** @internal The opening handshake has failed. */
  [FAIL](error: Error): void {
    this.#readyState = CLOSING;
    this.emit("error", error);
    this.#end(1006, EMPTY);
  }

  /** @internal */
  [BREAK](error: Error): void {
    if (this.#readyState === OPEN || this.#readyState === CLOSING) {
      this.#readyState = CLOSING;
      this.emit("error", error);
      this.#session?.terminate();
    }
  }

  /** @internal */
  onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case "text-bytes":
        this.emit("message", this.#asData(event.data, "nodebuffer"), false);
        break;
      case "binary":
        this.emit("message", this.#asData(event.data, this.#binaryType), true);
        break;
      case "ping":
      case "pong":
        this.emit(event.type, bufferOf(event.payload));
        break;
      case "open":
        this.#onOpen(event);
        break;
      case "closing":
        this.#readyState = CLOSING;
        break;
      case "closed":
        this.#onClosed(event);
        break;
    }
  }

  /** @internal */
  onDrain(): void {
    this.emit("drain");
  }

  /** @internal */
  onEnd({ code, reason }: ClosedEvent): void {
    this.#end(code, reason === "" ? EMPTY : Buffer.from(reason));
  }

  // --- Private. ---

  get #listeners(): EventListeners {
    this.#eventListeners ??= new EventListeners(this);
    return this.#eventListeners;
  }

  #checkNotConnecting(): void {
    if (this.#readyState === CONNECTING) {
      throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
    }
  }

  #onOpen({ subprotocol, extensions }: OpenEvent): void {
    this.#protocol = subprotocol ?? "";
    this.#extensions = extensions.map((extension) => extension.split(";", 1)[0]).join();
    this.#readyState = OPEN;
    this.#url = this.url;
    this.#opening = undefined;
    this.emit("open");
  }

  #onClosed(closed: ClosedEvent): void {
    this.#readyState = CLOSING;
    this.#closed = closed;
    const error = frameError(closed);
    if (error !== undefined) {
      this.emit("error", error);
    }
  }

  #end(code: number, reason: Buffer): void {
    this.#readyState = CLOSED;
    this[GONE]?.(this);
    this.emit("close", code, reason);
  }

  #asData(bytes: Uint8Array, type: BinaryType): RawData {
    switch (type) {
      case "nodebuffer":
        return bufferOf(bytes);
      case "fragments":
        return [bufferOf(bytes)];
      case "arraybuffer":
        return bytes.slice().buffer;
      case "blob":
        return new Blob([bytes as Uint8Array<ArrayBuffer>]);
    }
  }
}

/** Types, for a program that has only the class. */
export declare namespace WebSocket {
  type AddressInfo = types.AddressInfo;
  type BinaryType = types.BinaryType;
  type Callback = types.Callback;
  type ClientInformation = types.ClientInformation;
  type ClientOptions = types.ClientOptions;
  type CloseEvent = types.CloseEvent;
  type CommonOptions = types.CommonOptions;
  type Data = types.Data;
  type Decision = types.Decision;
  type ErrorEvent = types.ErrorEvent;
  type Event = types.Event;
  type EventListenerOptions = types.EventListenerOptions;
  type FinishRequestCallback = types.FinishRequestCallback;
  type MessageEvent = types.MessageEvent;
  type PerMessageDeflateOptions = types.PerMessageDeflateOptions;
  type RawData = types.RawData;
  type Sendable = types.Sendable;
  type SendOptions = types.SendOptions;
  type ServerEvents = types.ServerEvents;
  type ServerOptions = types.ServerOptions;
  type VerifyClientCallbackAsync = types.VerifyClientCallbackAsync;
  type VerifyClientCallbackSync = types.VerifyClientCallbackSync;
  type WebSocketError = types.WebSocketError;
  type WebSocketEventMap = types.WebSocketEventMap;
  type WebSocketEvents = types.WebSocketEvents;
  type Server = types.WebSocketServer;
  type WebSocket = types.WebSocket;
  type WebSocketServer = types.WebSocketServer;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

// Enumerable and constant, on the class and on its instances, as in browsers.
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocket, name, constant);
  Object.defineProperty(WebSocket.prototype, name, constant);
});
const ATTRIBUTES = ["binaryType", "bufferedAmount", "extensions", "isPaused", "protocol", "readyState", "url"];
for (const name of [...ATTRIBUTES, "onclose", "onerror", "onmessage", "onopen"]) {
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true });
}

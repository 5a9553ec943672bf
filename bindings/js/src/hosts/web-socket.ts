import { lengthOf, toBytes, viewOf } from "../bytes.js";
import { SansockError } from "../errors.js";
import type { ClosedEvent, ConnectionEvent, OpenEvent } from "../events.js";
import { type Dial, establish } from "./connecting.js";
import { Deferred } from "./deferred.js";
import { ConnectionClosedError } from "./errors.js";
import type { Session, SessionUser } from "./session.js";
import type { ClientOptions } from "./settings.js";
import { closeEvent, errorEvent, type EventHandler, type WebSocketEventMap } from "./web-events.js";
import { checkClose, checkData, checkProtocols, checkUrl, text } from "./web-checks.js";
import { checkCount } from "./web-class.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** Like those of a browser, a WebSocket takes whatever is sent. This is a bound all the same, in bytes. */
const OUTPUT_LIMIT = 2 ** 30;
const AT_ONCE = { autoClose: true };
const OWN_OPTIONS = ["protocols"];
const encoder = new TextEncoder();

/** What can be sent. */
export type WebSocketData = string | ArrayBuffer | ArrayBufferView | Blob;

/** How a listener is added. */
export interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

/** What a constructor takes in place of subprotocols. */
export interface WebSocketInit extends Omit<ClientOptions, "subprotocols" | "signal"> {
  /** The subprotocols to offer, in order. */
  readonly protocols?: string | readonly string[] | undefined;
}

/** What listeners get, by the type of the event. */
export interface HostWebSocket {
  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: ((this: this, event: WebSocketEventMap[Type]) => unknown) | { handleEvent(event: WebSocketEventMap[Type]): void } | null,
    options?: ListenerOptions | boolean,
  ): void;
}

/**
 * The class of the WHATWG WebSockets Standard, over what a runtime dials with.
 *
 * Where it goes further, the standard says nothing: options, `drain` and `writable`, and why it failed in the event `error`.
 */
export abstract class HostWebSocket extends EventTarget implements SessionUser {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #handlers = new Map<string, { handler: unknown; readonly listener: (event: Event) => void }>();
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #binaryType: "blob" | "arraybuffer" = "blob";
  #session: Session | undefined;
  #opened: OpenEvent | undefined;
  /** How many bytes of payload were passed to the session and are not written, as far as is known. */
  #unwritten = 0;
  /** How many wait for a Blob to be read. */
  #queued = 0;
  /** How many were passed after the end, and will never be written. */
  #unsent = 0;
  /** Whether the session will say when bytes of `#unwritten` are written. */
  #isWatching = false;
  /** Sending waits for a Blob to be read. */
  #queue: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @throws {DOMException} `SyntaxError`: the URL or a subprotocol is not allowed. */
  constructor(
    url: string | URL,
    protocols: string | readonly string[] | WebSocketInit,
    hosts: readonly string[],
    dial: (options: WebSocketInit) => Dial,
  ) {
    super();
    const init: WebSocketInit =
      typeof protocols === "object" && protocols !== null && !(Symbol.iterator in protocols) ? protocols : { protocols: protocols as string };
    this.#url = checkUrl(text(url));
    const subprotocols = checkProtocols(init.protocols === undefined ? [] : init.protocols);
    const options = {
      outputHardLimit: OUTPUT_LIMIT,
      maxRedirects: 0,
      ...init,
      subprotocols,
      signal: this.#abort.signal,
    };
    void this.#connect(options, [...OWN_OPTIONS, ...hosts], dial(init));
  }

  // --- What it is. ---

  /** The URL, serialised. */
  get url(): string {
    return this.#url;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** How many bytes of payload wait to be written. What is sent in this turn is counted, also if it is written at once. */
  get bufferedAmount(): number {
    return this.#unwritten + this.#queued + this.#unsent;
  }

  /** Whether little waits to be written. While it is false, wait for `drain` before you send more. In no standard. */
  get writable(): boolean {
    return this.#readyState === OPEN && this.#session?.writable === true;
  }

  /** The extensions agreed on, as the server wrote them. */
  get extensions(): string {
    return this.#opened?.extensions.join(", ") ?? "";
  }

  /** The subprotocol agreed on; empty if none. */
  get protocol(): string {
    return this.#opened?.subprotocol ?? "";
  }

  /** What binary messages are delivered as. */
  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(type: "blob" | "arraybuffer") {
    if (type === "blob" || type === "arraybuffer") {
      this.#binaryType = type;
    }
  }

  // --- What it does. ---

  /**
   * Sends a message.
   *
   * @throws {TypeError} Bytes lie in a buffer that is shared or resizable. @throws {DOMException} `InvalidStateError`: the
   *   connection is not open yet.
   */
  send(data: WebSocketData): void {
    checkCount("send", 1, arguments.length);
    const payload = checkData(data);
    if (this.#readyState === CONNECTING) {
      throw new DOMException("the WebSocket is not open yet", "InvalidStateError");
    }
    if (payload instanceof Blob) {
      this.#sendLater(payload.size, () => payload.arrayBuffer());
      return;
    }
    const length = typeof payload === "string" ? encodedLength(payload) : lengthOf(toBytes("data", payload));
    if (this.#readyState !== OPEN) {
      this.#unsent += length;
    } else if (this.#queue === undefined) {
      this.#sendNow(length, payload);
    } else {
      // A copy, because the caller may change them.
      const copy = typeof payload === "string" ? payload : copied(payload);
      this.#sendLater(length, async () => copy);
    }
  }

  /**
   * Starts the closing handshake, or ends the opening one.
   *
   * @throws {DOMException} `InvalidAccessError`: the code is neither 1000 nor 3000 to 4999. `SyntaxError`: the reason has more than
   *   123 bytes.
   */
  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    const given = checkClose(code, reason);
    if (this.#readyState === CONNECTING) {
      this.#readyState = CLOSING;
      this.#abort.abort(new Error("the WebSocket was closed before it was open"));
    } else if (this.#readyState === OPEN) {
      this.#readyState = CLOSING;
      const close = (): void => this.#session?.act((connection, now) => connection.close(...given, now));
      if (this.#queue === undefined) {
        close();
      } else {
        void this.#queue.then(close);
      }
    }
  }

  // --- Event handlers. ---

  get onopen(): EventHandler<this, "open"> {
    return this.#handler("open");
  }

  set onopen(handler: EventHandler<this, "open">) {
    this.#setHandler("open", handler);
  }

  get onmessage(): EventHandler<this, "message"> {
    return this.#handler("message");
  }

  set onmessage(handler: EventHandler<this, "message">) {
    this.#setHandler("message", handler);
  }

  get onerror(): EventHandler<this, "error"> {
    return this.#handler("error");
  }

  set onerror(handler: EventHandler<this, "error">) {
    this.#setHandler("error", handler);
  }

  get onclose(): EventHandler<this, "close"> {
    return this.#handler("close");
  }

  set onclose(handler: EventHandler<this, "close">) {
    this.#setHandler("close", handler);
  }

  get ondrain(): EventHandler<this, "drain"> {
    return this.#handler("drain");
  }

  set ondrain(handler: EventHandler<this, "drain">) {
    this.#setHandler("drain", handler);
  }

  // --- For the session. ---

  /** @internal */
  onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case "text":
        this.#dispatchMessage(event.data);
        break;
      case "binary":
        this.#dispatchMessage(
          this.#binaryType === "blob" ? new Blob([event.data as Uint8Array<ArrayBuffer>]) : copied(event.data),
        );
        break;
      case "closing":
        this.#readyState = CLOSING;
        break;
      case "closed":
        this.#readyState = CLOSING;
        if (event.fault !== null) {
          this.#failure = new ConnectionClosedError(event);
        }
        break;
    }
  }

  /** @internal */
  onDrain(): void {
    this.dispatchEvent(new Event("drain"));
  }

  /** @internal */
  onEnd({ code, reason, clean }: ClosedEvent): void {
    this.#end(code, reason, clean);
  }

  // --- Private. ---

  async #connect(options: ClientOptions, hosts: readonly string[], dial: Dial): Promise<void> {
    try {
      await establish(this.#url, options, hosts, dial, (session, event) => this.#onOpen(session, event), AT_ONCE);
    } catch (error) {
      this.#failure = error as Error;
      this.#end(1006, "", false);
    }
  }

  #onOpen(session: Session, event: OpenEvent): this {
    this.#session = session;
    this.#opened = event;
    this.#readyState = OPEN;
    this.dispatchEvent(new Event("open"));
    return this;
  }

  #dispatchMessage(data: string | Blob | ArrayBuffer): void {
    if (this.#readyState === OPEN) {
      this.dispatchEvent(new MessageEvent("message", { data, origin: new URL(this.#url).origin }));
    }
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    this.#readyState = CLOSED;
    if (this.#failure !== undefined) {
      this.dispatchEvent(errorEvent(this.#failure));
    }
    this.dispatchEvent(closeEvent({ code, reason, wasClean }));
  }

  #sendNow(length: number, data: string | ArrayBuffer | ArrayBufferView): void {
    const session = this.#session;
    try {
      session?.send(data);
      this.#unwritten += length;
      this.#watch();
      // From now on `drain` tells when it is.
      void session?.writable;
    } catch (error) {
      this.#unsent += length;
      if (error instanceof SansockError && error.code === "INVALID_STATE") {
        // The peer's Close has been answered in the meantime.
        return;
      }
      // What cannot be kept ends the connection, as the standard says.
      this.#failure = error as Error;
      session?.act((connection, now) => connection.fail(1011, "", now));
    }
  }

  /** Asks when what was sent so far is written: once for many messages. What never is stays in `bufferedAmount`. */
  #watch(): void {
    const amount = this.#unwritten;
    if (amount > 0 && !this.#isWatching) {
      this.#isWatching = true;
      this.#session?.whenWritten((isWritten) => {
        if (isWritten) {
          this.#isWatching = false;
          this.#unwritten -= amount;
          this.#watch();
        }
      });
    }
  }

  #sendLater(length: number, read: () => Promise<string | ArrayBuffer>): void {
    if (this.#readyState !== OPEN) {
      this.#unsent += length;
      return;
    }
    this.#queued += length;
    const sent = new Deferred<void>();
    const before = this.#queue;
    const data = read();
    this.#queue = sent.promise;
    void (async () => {
      await before;
      try {
        const payload = await data;
        this.#queued -= length;
        this.#sendNow(length, payload);
      } catch (error) {
        this.#failure = error as Error;
        this.#session?.terminate();
      }
      if (this.#queue === sent.promise) {
        this.#queue = undefined;
      }
      sent.resolve();
    })();
  }

  #handler<Type extends keyof WebSocketEventMap>(type: Type): EventHandler<this, Type> {
    return (this.#handlers.get(type)?.handler as EventHandler<this, Type>) ?? null;
  }

  /** A handler that replaces another takes its place among the listeners; one that is set again after null is the last. */
  #setHandler(type: keyof WebSocketEventMap, handler: unknown): void {
    const known = this.#handlers.get(type);
    const value = typeof handler === "function" || (typeof handler === "object" && handler !== null) ? handler : null;
    if (value === null) {
      super.removeEventListener(type, known?.listener ?? null);
      this.#handlers.delete(type);
    } else if (known !== undefined) {
      known.handler = value;
    } else {
      const slot = {
        handler: value as unknown,
        listener: (event: Event): void => {
          if (typeof slot.handler === "function") {
            slot.handler.call(this, event);
          }
        },
      };
      this.#handlers.set(type, slot);
      super.addEventListener(type, slot.listener);
    }
  }
}

function copied(data: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const bytes = toBytes("data", data);
  return viewOf(bytes, 0, lengthOf(bytes)).slice().buffer;
}

/** How long a text is in UTF-8. */
function encodedLength(text: string): number {
  return encoder.encode(text).length;
}

// Enumerable, as attributes of the standard are.
const ATTRIBUTES = ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "send", "close"];
for (const name of [...ATTRIBUTES, "onopen", "onmessage", "onerror", "onclose"]) {
  Object.defineProperty(HostWebSocket.prototype, name, { enumerable: true });
}
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  const constant = { value, enumerable: true, writable: false, configurable: false };
  Object.defineProperty(HostWebSocket, name, constant);
  Object.defineProperty(HostWebSocket.prototype, name, constant);
});

import type { ClosedEvent } from "../events.js";
import { connectionOf, type Dial, establish } from "./connecting.js";
import { Deferred } from "./deferred.js";
import { ConnectionClosedError } from "./errors.js";
import { type ClientOptions, LATER } from "./settings.js";
import { checkChunk, checkClose, checkProtocols, checkUrl, text } from "./web-checks.js";
import type { Message } from "./messages.js";
import type { WebSocketConnection } from "./websocket-connection.js";

/** How to connect. */
export interface WebSocketStreamOptions extends Omit<ClientOptions, "subprotocols"> {
  /** The subprotocols to offer, in order. */
  readonly protocols?: string | readonly string[] | undefined;
}

/** An open connection as two streams. */
export interface WebSocketStreamOpened {
  /** The messages: strings if they are text, bytes if they are binary. While it is not read, the peer is not read. */
  readonly readable: ReadableStream<Message>;
  /** Takes messages. A write ends when there is room for more. Closing it closes the connection with 1000. */
  readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView>;
  /** The extensions agreed on. */
  readonly extensions: string;
  /** The subprotocol agreed on; empty if none. */
  readonly protocol: string;
}

/** How a connection ends. */
export interface WebSocketCloseInfo {
  /** The code; on `closed`, that of the peer. */
  readonly closeCode?: number | undefined;
  readonly reason?: string | undefined;
}

/** A connection that failed; and with which code and reason to close one, for `cancel` and `abort`. */
export class WebSocketError extends DOMException {
  /** The close code: 1006 for a connection that ended without a Close frame, null if there was no connection. */
  readonly closeCode: number | null;
  readonly reason: string;

  /** @throws {DOMException} `InvalidAccessError` or `SyntaxError`: the code or the reason is not allowed. */
  constructor(message = "", { closeCode = null, reason = "" }: { closeCode?: number | null; reason?: string } = {}) {
    const [code, text] = checkClose(closeCode ?? undefined, reason);
    super(message, "WebSocketError");
    this.closeCode = code === 0 ? null : code;
    this.reason = text;
  }
}

/** How a connection ended, whatever the code. */
class EndError extends WebSocketError {
  override readonly closeCode: number | null;
  override readonly reason: string;
  /** What says more: a `ConnectionClosedError`, or why the connection could not be opened. */
  override readonly cause: unknown;

  constructor({ code, reason }: Pick<ClosedEvent, "code" | "reason">, cause: unknown) {
    super(cause instanceof Error ? cause.message : "");
    this.closeCode = code;
    this.reason = reason;
    this.cause = cause;
  }
}

/** What who uses a stream after its end gets. */
function endError(closed: ClosedEvent): DOMException {
  return closed.clean
    ? new DOMException("the WebSocketStream is closed", "InvalidStateError")
    : new EndError(closed, new ConnectionClosedError(closed));
}

/** The code that stands for the lack of a Close frame (RFC 6455 section 7.1.5). */
const LOST = { code: 1006, reason: "" };
/** No code and no reason, as `close` takes them. */
const NO_INFO: [code: number, reason: string] = [0, ""];

/** A WebSocket as streams with backpressure, as the proposal `WebSocketStream` has it. */
export abstract class HostWebSocketStream {
  readonly #url: string;
  readonly #opened: Promise<WebSocketStreamOpened>;
  readonly #closed = new Deferred<WebSocketCloseInfo>();
  readonly #abort = new AbortController();
  #connection: WebSocketConnection | undefined;

  /** @throws {DOMException} `SyntaxError`: the URL or a subprotocol is not allowed. */
  constructor(
    url: string | URL,
    { protocols = [], signal, ...options }: WebSocketStreamOptions,
    hosts: readonly string[],
    dial: Dial,
  ) {
    this.#url = checkUrl(text(url));
    const subprotocols = checkProtocols(protocols);
    const signals = signal === undefined ? this.#abort.signal : AbortSignal.any([this.#abort.signal, signal]);
    this.#closed.promise.catch(() => {});
    this.#opened = this.#open({ ...options, subprotocols, signal: signals }, hosts, dial);
    this.#opened.catch(() => {});
  }

  /** The URL, serialised. */
  get url(): string {
    return this.#url;
  }

  /**
   * Resolves when the connection is open. Rejects with a `WebSocketError` if it cannot be opened, whose `cause` tells why; or with the
   * reason of the signal.
   */
  get opened(): Promise<WebSocketStreamOpened> {
    return this.#opened;
  }

  /** Resolves when the connection was closed by a closing handshake. Rejects with a `WebSocketError` otherwise, or as `opened` does. */
  get closed(): Promise<WebSocketCloseInfo> {
    return this.#closed.promise;
  }

  /**
   * Closes the connection, or ends the attempt to open it.
   *
   * @throws {DOMException} `InvalidAccessError` or `SyntaxError`: the code or the reason is not allowed.
   */
  close(info: WebSocketCloseInfo | null = {}): void {
    const given = checkClose(info?.closeCode, info?.reason);
    if (this.#connection === undefined) {
      this.#abort.abort(new WebSocketError("the connection was closed before it was open"));
    } else {
      void this.#connection.close(...given);
    }
  }

  async #open(options: ClientOptions, hosts: readonly string[], dial: Dial): Promise<WebSocketStreamOpened> {
    try {
      const connection = await establish(this.#url, { maxRedirects: 0, ...options }, hosts, dial, connectionOf, LATER);
      this.#connection = connection;
      void connection.closed.then((closed) => this.#onClosed(closed));
      return {
        readable: readableOf(connection),
        writable: writableOf(connection),
        extensions: connection.opened.extensions.join(", "),
        protocol: connection.subprotocol ?? "",
      };
    } catch (error) {
      if (options.signal?.aborted === true && !this.#abort.signal.aborted) {
        this.#closed.reject(error);
        throw error;
      }
      this.#closed.reject(new EndError(LOST, error));
      throw Object.assign(new WebSocketError("the connection could not be opened"), { cause: error });
    }
  }

  #onClosed(closed: ClosedEvent): void {
    if (closed.clean) {
      this.#closed.resolve({ closeCode: closed.code, reason: closed.reason });
    } else {
      this.#closed.reject(endError(closed));
    }
  }
}

function readableOf(connection: WebSocketConnection): ReadableStream<Message> {
  return new ReadableStream<Message>(
    {
      async pull(controller) {
        try {
          controller.enqueue(await connection.receive());
        } catch (error) {
          if (error instanceof ConnectionClosedError && error.closed.clean) {
            controller.close();
          } else {
            controller.error(error instanceof ConnectionClosedError ? endError(error.closed) : error);
          }
        }
      },
      cancel(reason: unknown) {
        void connection.close(...closeOf(reason));
      },
    },
    { highWaterMark: 0 },
  );
}

function writableOf(connection: WebSocketConnection): WritableStream<string | ArrayBuffer | ArrayBufferView> {
  return new WritableStream({
    start(controller) {
      void connection.closed.then((closed) => controller.error(endError(closed)));
    },
    async write(chunk) {
      try {
        await connection.send(checkChunk(chunk));
      } catch (error) {
        throw error instanceof ConnectionClosedError ? endError(error.closed) : error;
      }
    },
    async close() {
      await connection.close(...NO_INFO);
    },
    abort(reason: unknown) {
      void connection.close(...closeOf(reason));
    },
  });
}

/** The code and the reason that a `WebSocketError` asks for; none if they may not be sent, as those of a connection that was lost. */
function closeOf(error: unknown): [code: number, reason: string] {
  try {
    return error instanceof WebSocketError ? checkClose(error.closeCode ?? undefined, error.reason) : NO_INFO;
  } catch {
    return NO_INFO;
  }
}

// Enumerable, as attributes of the standard are.
for (const name of ["url", "opened", "closed", "close"]) {
  Object.defineProperty(HostWebSocketStream.prototype, name, { enumerable: true });
}

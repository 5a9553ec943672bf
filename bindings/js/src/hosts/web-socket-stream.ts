import type { ClosedEvent } from "../events.js";
import { connectionOf, type Dial, establish } from "./connecting.js";
import { Deferred } from "./deferred.js";
import { ConnectionClosedError, isNormal } from "./errors.js";
import { type ClientOptions, LATER } from "./settings.js";
import { checkClose, checkProtocols, checkUrl } from "./web-checks.js";
import type { Message, WebSocketConnection } from "./websocket-connection.js";

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

/** A connection that failed, or was closed with another code than 1000. */
export class WebSocketError extends DOMException {
  /** The code of the peer's Close frame; null if there was none. */
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

  constructor(closed: ClosedEvent) {
    super(new ConnectionClosedError(closed).message);
    this.closeCode = closed.code === NO_CLOSE ? null : closed.code;
    this.reason = closed.reason;
  }
}

/** The code that stands for the lack of a Close frame (RFC 6455 section 7.1.5). */
const NO_CLOSE = 1006;
/** The code that stands for a Close frame without one. */
const NO_CODE = 1005;

/** A WebSocket as streams with backpressure, as the proposal `WebSocketStream` has it. */
export abstract class HostWebSocketStream {
  /** The URL, serialised. */
  readonly url: string;
  /** Resolves when the connection is open; rejects if it cannot be opened. */
  readonly opened: Promise<WebSocketStreamOpened>;
  /** Resolves when the connection was closed by a closing handshake; rejects with a `WebSocketError` otherwise, or as `opened` does. */
  readonly closed: Promise<WebSocketCloseInfo>;
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
    this.url = checkUrl(String(url));
    const subprotocols = checkProtocols(protocols);
    const signals = signal === undefined ? this.#abort.signal : AbortSignal.any([this.#abort.signal, signal]);
    this.closed = this.#closed.promise;
    this.closed.catch(() => {});
    this.opened = this.#open({ ...options, subprotocols, signal: signals }, hosts, dial);
    this.opened.catch(() => {});
  }

  /**
   * Closes the connection, or ends the attempt to open it.
   *
   * @throws {DOMException} `InvalidAccessError` or `SyntaxError`: the code or the reason is not allowed.
   */
  close({ closeCode, reason = "" }: WebSocketCloseInfo = {}): void {
    const given = checkClose(closeCode, reason);
    if (this.#connection === undefined) {
      this.#abort.abort(new WebSocketError("the connection was closed before it was open"));
    } else {
      void this.#connection.close(...given);
    }
  }

  async #open(options: ClientOptions, hosts: readonly string[], dial: Dial): Promise<WebSocketStreamOpened> {
    try {
      const connection = await establish(this.url, { maxRedirects: 0, ...options }, hosts, dial, connectionOf, LATER);
      this.#connection = connection;
      void connection.closed.then((closed) => this.#onClosed(closed));
      return {
        readable: readableOf(connection),
        writable: writableOf(connection),
        extensions: connection.opened.extensions.join(", "),
        protocol: connection.subprotocol ?? "",
      };
    } catch (error) {
      this.#closed.reject(error);
      throw error;
    }
  }

  #onClosed(closed: ClosedEvent): void {
    if (closed.clean) {
      this.#closed.resolve({ closeCode: closed.code, reason: closed.reason });
    } else {
      this.#closed.reject(new EndError(closed));
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
          if (error instanceof ConnectionClosedError && isNormal(error.closed)) {
            controller.close();
          } else {
            controller.error(error instanceof ConnectionClosedError ? new EndError(error.closed) : error);
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
      void connection.closed.then((closed) => controller.error(new EndError(closed)));
    },
    write: (message) => connection.send(message),
    async close() {
      await connection.close(1000);
    },
    abort(reason: unknown) {
      void connection.close(...closeOf(reason));
    },
  });
}

/** The code and the reason that a `WebSocketError` asks for. */
function closeOf(error: unknown): [code: number, reason: string] {
  const isCode = error instanceof WebSocketError && error.closeCode !== null && error.closeCode !== NO_CODE;
  return isCode ? [error.closeCode ?? 0, error.reason] : [0, ""];
}

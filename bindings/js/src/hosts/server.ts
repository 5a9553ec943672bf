import type { Serving } from "./serving.js";
import type { WebSocketConnection } from "./websocket-connection.js";

/** Where and how a server listens, whatever the runtime. */
export interface ListenOptions {
  /** The port to listen on; 0 takes a free one. Default: 0. */
  readonly port?: number | undefined;
  /** The address to listen on. Default: all of them. */
  readonly hostname?: string | undefined;
  /** The path of a Unix socket to listen on instead. */
  readonly path?: string | undefined;
  /** Whether other processes may listen on the same port, and share its connections; on Node from version 23. Default: false. */
  readonly reusePort?: boolean | undefined;
  /** Ends the server. */
  readonly signal?: AbortSignal | undefined;
}

/** What listens, whatever the runtime. */
export interface Listener {
  /** Where it listens; null for a Unix socket. */
  readonly address: { readonly hostname: string; readonly port: number } | null;
  /** Accepts no more. Resolves when that is so. */
  close(): Promise<void> | void;
  /** Keeps the process from waiting for it. */
  unref(): void;
}

/** A server that accepts connections. */
export class Server implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #serving: Serving;
  readonly #isSecure: boolean;
  /** Resolves when nothing more is accepted. */
  #isClosed: Promise<void> | undefined;

  /** @internal */
  constructor(listener: Listener, serving: Serving, isSecure: boolean, signal: AbortSignal | undefined) {
    this.#listener = listener;
    this.#serving = serving;
    this.#isSecure = isSecure;
    signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  /** The port that it listens on; null for a Unix socket. */
  get port(): number | null {
    return this.#listener.address?.port ?? null;
  }

  /** The URL of the server, by the address that it listens on; null for a Unix socket. */
  get url(): string | null {
    const { address } = this.#listener;
    if (address === null) {
      return null;
    }
    const host = ["::", "0.0.0.0"].includes(address.hostname) ? "localhost" : address.hostname;
    return `${this.#isSecure ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${address.port}/`;
  }

  /** The connections that are open, or closing. */
  get connections(): ReadonlySet<WebSocketConnection> {
    return this.#serving.connections;
  }

  /** Keeps the process from waiting for this server. */
  unref(): void {
    this.#listener.unref();
  }

  /**
   * Accepts no more, closes all connections with this code, and resolves when the last has ended. Requests that are not answered yet
   * get 503.
   */
  async close(code = 1001, reason = ""): Promise<void> {
    this.#isClosed ??= Promise.resolve(this.#listener.close());
    await this.#serving.close(code, reason);
    await this.#isClosed;
  }

  /** Calls `close`, at the end of the block of an `await using` declaration. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

import type { HeadersInput } from "./headers.js";
import type { EngineOptions } from "./options.js";

/**
 * The options of a connection: a plain object. What is left out, or undefined, has its default. What has the wrong type is
 * refused.
 */
export interface Options extends EngineOptions {
  /**
   * The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default:
   * 16 MiB.
   *
   * Unless `parts` or `frames` is set, larger values, Infinity included, count as the largest message that the runtime is sure to hold: 512
   * MiB - 24 bytes on Node (from 20.16) and Deno, 1 GiB on Bun, 256 MiB - 16 bytes elsewhere.
   */
  readonly maxMessageSize?: number | undefined;
  /**
   * Deliver binary messages that lie whole in the chunk passed to `receive` as views of it, not copies; so too the data of
   * frames, with `frames`. A server unmasks them there. The chunk then belongs to the connection: pass fresh memory each time.
   * Default false.
   */
  readonly views?: boolean | undefined;
  /**
   * Deliver text messages as their UTF-8, which has been validated, in events of type `text-bytes`; with `views`, as views too. For
   * hosts that pass them on, or whose users decode them. With `frames` it changes nothing. Default false.
   */
  readonly textAsBytes?: boolean | undefined;
  /**
   * A client offers these subprotocols, in order; a server agrees on the first of them that was offered. A string is one
   * subprotocol, as in the browser's `WebSocket`. Default: none.
   */
  readonly subprotocols?: string | Iterable<string> | undefined;
  /**
   * Headers to add to a client's request, or to a server's response. Those that the handshake writes itself are refused:
   * `Host`, `Connection`, `Upgrade`, `Origin`, `Sec-WebSocket-*` and a few more. Default: none.
   */
  readonly headers?: HeadersInput | undefined;
  /** 32 random bytes that are used for this connection only; for tests that must repeat. Default: random. */
  readonly seed?: Uint8Array | undefined;
  /** The time at which the connection is created, in milliseconds of the clock of `now`. Default: `performance.now()`. */
  readonly now?: number | undefined;
}

/** The options of a client's connection. */
export interface ClientOptions extends Options {
  /** The Origin header of the request. Default: none. */
  readonly origin?: string | undefined;
  /**
   * The Sec-WebSocket-Key of the request: 16 bytes in base64. Default: random, as RFC 6455 requires. A proxy passes on that of
   * its client.
   */
  readonly key?: string | undefined;
}

/** A `URL`, or any object that has its text. */
export interface UrlObject {
  readonly href: string;
}

/**
 * Bytes that are passed in: an `ArrayBuffer`, or a view of one. They are copied. Refused are buffers that are detached or shared,
 * and views that are out of bounds of a resizable buffer that has been made smaller.
 */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * Headers as they are passed in: pairs of name and value in an array, a `Map`, a `Headers` or any other iterable, or a plain
 * object such as `{ "X-Name": "value" }`, where an array of values repeats the name. Names and values are strings, with one
 * character for each byte.
 */
export type HeadersInput = Iterable<Header> | Readonly<Record<string, string | readonly string[]>>;

/** What a frame is: the name of its opcode. */
export type FrameKind = "continuation" | "text" | "binary" | "close" | "ping" | "pong";

/** The header of a frame. What is left out, or undefined, has its default. */
export interface FrameOptions {
  /** Whether it is the last frame of its message. Default: true. */
  readonly fin?: boolean | undefined;
  /** Whether the payload is compressed already, by permessage-deflate. Default: false. */
  readonly compressed?: boolean | undefined;
  /** The four bytes that mask the payload, as a client must do. Default: it is not masked. */
  readonly key?: Bytes | undefined;
}

/** A version of HTTP: `"1.1"` has the upgrade of RFC 6455, `"2"` that of RFC 8441, and `"3"` that of RFC 9220. */
export type HttpVersion = "1.1" | "2" | "3";

/**
 * The state of a connection.
 *
 * - `connecting`: the opening handshake is under way.
 * - `open`: messages flow.
 * - `closing`: a Close frame was sent or received.
 * - `closed`: the event `closed` has been delivered, or comes with the next input call.
 */
export type ConnectionState = "connecting" | "open" | "closing" | "closed";

/**
 * What to do with the transport once all output is written.
 *
 * - `open`: read and write on.
 * - `shutdown-write`: shut down the writing side, and read on until the stream ends or the next deadline.
 * - `close`: close it, and `free` the connection.
 */
export type TransportInstruction = "open" | "shutdown-write" | "close";

/**
 * The options of a connection: a plain object. What is left out, or undefined, has its default, but `now` is required. An
 * unknown name and a value of the wrong type are refused.
 */
export interface Options extends EngineOptions {
  /**
   * The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default:
   * 16 MiB. Unless `parts` or `frames` is set, larger values than 256 MiB - 16 bytes, Infinity included, count as that much: every
   * runtime can hold such a string.
   */
  readonly maxMessageSize?: number | undefined;
  /** Deliver text messages as their UTF-8, which has been validated, in events of type `text-bytes`. Default: false. */
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
  /** 32 random bytes that are used for this connection only; for tests that must repeat. Default: `crypto.getRandomValues`. */
  readonly seed?: Bytes | undefined;
  /** The time at which the connection is created, in milliseconds of the clock of every other `now`. */
  readonly now: number;
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

/**
 * What a server declines or narrows of compression for one request: a plain object. The options of the same names are the
 * most that is agreed on; a limit that is wider changes nothing.
 */
export interface DeflateLimits {
  /** Agree on no compression. */
  readonly deflate?: false | undefined;
  /** Compress each message alone. */
  readonly serverNoContextTakeover?: true | undefined;
  /** Ask the client to compress each message alone. */
  readonly clientNoContextTakeover?: true | undefined;
  /** The largest window to compress with: the base-2 logarithm of its size in bytes, 8 to 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The largest window for the client to compress with: the base-2 logarithm of its size in bytes, 8 to 15. */
  readonly clientMaxWindowBits?: number | undefined;
}

/** What to connect the transport to for a `ws:` or `wss:` URL. */
export interface ParsedUrl {
  /** Whether the transport must be TLS: the scheme is `wss:`. */
  readonly secure: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** The port: 80 for `ws:` or 443 for `wss:` if the URL names none. */
  readonly port: number;
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

/** The options of a tunnel: a plain object. What is left out, or undefined, has its default, but `now` is required. */
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
  /** The time at which the tunnel is created, in milliseconds of the clock of every other `now`. */
  readonly now: number;
}

/** An event of a tunnel. `type` says which. The status of `rejected` is that of HTTP, or the reply code of SOCKS. */
export type TunnelEvent = OpenEvent | RejectedEvent | ClosedEvent;

/**
 * A call that was refused, as it is thrown: an `Error` with the name `SansockError`. Unless the code is `POISONED`, everything is as
 * it was before the call.
 *
 * - `INVALID_ARGUMENT`: an argument or an option is not allowed here, or has the wrong type. The message begins with its name.
 * - `INVALID_STATE`: the connection is not in a state that allows the call, such as sending after Close.
 * - `WOULD_BLOCK`: the output is at `outputHardLimit`: write it, then call again.
 * - `TOO_LARGE`: the payload alone is larger than that limit: send it in parts.
 * - `NO_MEMORY`: memory could not be allocated.
 * - `POISONED`: the engine failed in an earlier call. Load the module anew.
 * - `ENTROPY`: there is no `crypto.getRandomValues`, or it failed: pass the option `seed`.
 */
export interface SansockError extends Error {
  readonly name: "SansockError";
  /** Why the call was refused. */
  readonly code:
    | "INVALID_ARGUMENT"
    | "INVALID_STATE"
    | "WOULD_BLOCK"
    | "TOO_LARGE"
    | "NO_MEMORY"
    | "POISONED"
    | "ENTROPY";
  /** The number of the code: negative, the same in every language. */
  readonly number: number;
  /** After `sendBatch`: how many messages were queued before the one that was refused. */
  readonly sent?: number;
}

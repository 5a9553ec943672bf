import type { Header } from "./events.js";

/** Choices for a connection; what is left out, or undefined, is at its default. Times are in milliseconds, sizes in bytes. */
export interface Options {
  /** The stream is upgraded already: there is no opening handshake. */
  readonly startOpen?: boolean | undefined;
  /** The largest message to receive. Default 16 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** The largest payload of one frame to receive. Default: as large as a message. */
  readonly maxFrameSize?: number | undefined;
  /** The largest HTTP head to receive. Default 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /** The longest line in it. Default 8 KiB. */
  readonly maxLineSize?: number | undefined;
  /** The largest number of headers in it. Default 128. */
  readonly maxHeaders?: number | undefined;
  /** How much of the body of a refusal a client keeps. Default 64 KiB. */
  readonly maxBodySize?: number | undefined;
  /** Pending output from which on `writable` is false. Default 64 KiB. */
  readonly outputSoftLimit?: number | undefined;
  /** Pending output above which sending is refused with `WOULD_BLOCK`. Default: twice `maxMessageSize`. */
  readonly outputHardLimit?: number | undefined;
  /** Time for the opening handshake. Default 10,000. */
  readonly handshakeTimeout?: number | undefined;
  /** Time for the closing handshake, and for the peer's end of the stream after it. Default 10,000. */
  readonly closeTimeout?: number | undefined;
  /** Time between keepalive pings. Default: no keepalive. */
  readonly pingInterval?: number | undefined;
  /** Time in which a keepalive ping must be answered. Default 20,000. */
  readonly pongTimeout?: number | undefined;
  /** Deliver parts of messages as they arrive, rather than whole messages. */
  readonly parts?: boolean | undefined;
  /** Answer pings. Default true. */
  readonly autoPong?: boolean | undefined;
  /** Answer the peer's Close. Default true; otherwise call `close`. */
  readonly autoClose?: boolean | undefined;
  /** Only a pong shows that the peer is alive, not any byte. */
  readonly requirePong?: boolean | undefined;
  /** Deliver messages that arrive after our own Close. */
  readonly receiveWhileClosing?: boolean | undefined;
  /** Accept frame lengths that are not in their shortest form, against RFC 6455 §5.2. */
  readonly allowNonMinimalLength?: boolean | undefined;
  /** A client offers these, in order; a server agrees on the first of these that was offered. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Headers for the client's request, or for the response with which a server accepts. */
  readonly headers?: readonly Header[] | undefined;
  /** 32 random bytes, for tests that must repeat. Default: from `crypto.getRandomValues`. */
  readonly seed?: Uint8Array | undefined;
  /** The time at which the connection is created. Default: `performance.now()`. */
  readonly now?: number | undefined;
}

/** Choices for a client. */
export interface ClientOptions extends Options {
  /** The Origin header. */
  readonly origin?: string | undefined;
}

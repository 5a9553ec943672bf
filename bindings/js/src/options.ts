import type { Header } from "./events.js";

/** Choices for a connection. What is left out, or undefined, is at its default. Times in milliseconds, sizes in bytes. */
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
  /**
   * Binary messages that lie whole in the chunk passed to `receive` are views of it, not copies, and a server unmasks them
   * there: the chunk is the connection's from then on. For hosts that read into fresh memory each time.
   */
  readonly views?: boolean | undefined;
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
  /** Offer or accept permessage-deflate (RFC 7692). A module that is built without it refuses the option. */
  readonly deflate?: boolean | undefined;
  /** The server compresses each message alone: asked for by a client, decided by a server. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The client compresses each message alone: announced by a client, asked for by a server. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** The base-2 logarithm of the largest window that the server compresses in, 8 to 15. Default 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The base-2 logarithm of the largest window that the client compresses in, 8 to 15. Default 15. */
  readonly clientMaxWindowBits?: number | undefined;
  /** How hard to compress, from 1, fast, to 9, small. Default 6. */
  readonly deflateLevel?: number | undefined;
  /** How much memory to compress with, from 1 to 9. Default 8. */
  readonly deflateMemLevel?: number | undefined;
  /** The smallest message that is compressed. Default 64. */
  readonly deflateThreshold?: number | undefined;
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

// Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.

/** The engine's options. What is left out, or undefined, has its default. Sizes are in bytes, times in milliseconds. */
export interface EngineOptions {
  /** The stream has been upgraded already: there is no opening handshake. Default: false. */
  readonly startOpen?: boolean | undefined;
  /** The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default: 16 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection with 1009. In bytes; default: as large as a message. */
  readonly maxFrameSize?: number | undefined;
  /** The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /** The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the request line. In bytes; default: 8 KiB. */
  readonly maxLineSize?: number | undefined;
  /** The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128. */
  readonly maxHeaders?: number | undefined;
  /** How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB. */
  readonly maxBodySize?: number | undefined;
  /** Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes; default: 64 KiB. */
  readonly outputSoftLimit?: number | undefined;
  /** Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out. In bytes; default: 32 MiB. */
  readonly outputHardLimit?: number | undefined;
  /** Time for the opening handshake. In milliseconds; default: 10,000 ms. */
  readonly handshakeTimeout?: number | undefined;
  /** Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms. */
  readonly closeTimeout?: number | undefined;
  /** Time between keepalive pings. In milliseconds; default: no keepalive. */
  readonly pingInterval?: number | undefined;
  /** Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default: 20,000 ms. */
  readonly pongTimeout?: number | undefined;
  /** Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point. Default: false. */
  readonly parts?: boolean | undefined;
  /** Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with `frames` it is off unless it is set. Default: true. */
  readonly autoPong?: boolean | undefined;
  /** Answer the peer's Close automatically. Off for hosts that answer it themselves, with `close`; with `frames` it is off unless it is set. Default: true. */
  readonly autoClose?: boolean | undefined;
  /** Only a pong shows that the peer is alive. When off, any byte does. Default: false. */
  readonly requirePong?: boolean | undefined;
  /** Deliver messages that arrive after our own Close. When off, they are dropped. Default: false. */
  readonly receiveWhileClosing?: boolean | undefined;
  /** Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: false. */
  readonly allowNonMinimalLength?: boolean | undefined;
  /** Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the parameters that the next four options give. A build without compression refuses it. Default: false. */
  readonly deflate?: boolean | undefined;
  /** The server compresses each message alone: a client asks for it, a server decides it. Default: false. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The client compresses each message alone: a client announces it, a server asks for it. Default: false. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15. */
  readonly clientMaxWindowBits?: number | undefined;
  /** How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6. */
  readonly deflateLevel?: number | undefined;
  /** How much memory to compress with, from 1 to 9. 1 to 9; default: 8. */
  readonly deflateMemLevel?: number | undefined;
  /** The smallest message that is compressed. In bytes; default: 64 bytes. */
  readonly deflateThreshold?: number | undefined;
  /** The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with 1008. 1 to 18446744073709551615; default: 131,072. */
  readonly maxFragments?: number | undefined;
  /** Time without progress while output waits to be written; progress is what the host reports as written. Then the connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms. */
  readonly writeTimeout?: number | undefined;
  /** A server delivers every well-formed request, also one that is no valid opening request, so that the host can serve other pages and health checks on the same port. When off, such requests are refused. Default: false. */
  readonly deliverHttp?: boolean | undefined;
  /** Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the host, unless `autoPong`, `autoClose` and `autoFail` are turned on. Default: false. */
  readonly frames?: boolean | undefined;
  /** Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with `frames` it is off unless it is set. Default: true. */
  readonly autoFail?: boolean | undefined;
  /** The Close frame for a fault says in words which it is. When off, its reason is empty. Default: true. */
  readonly closeReason?: boolean | undefined;
  /** A server's connections are over TLS, so that a page is of its own origin only if its scheme is `https`; when off, only if it is `http`. If it is not set, the scheme is not compared, but for that of a request made of fields. Default: false. */
  readonly secure?: boolean | undefined;
}

/** The number of each option in the engine, and its type. */
export const OPTIONS = {
  startOpen: { number: 1, type: "boolean" },
  maxMessageSize: { number: 2, type: "number" },
  maxFrameSize: { number: 3, type: "number" },
  maxHeadSize: { number: 4, type: "number" },
  maxLineSize: { number: 5, type: "number" },
  maxHeaders: { number: 6, type: "number" },
  maxBodySize: { number: 7, type: "number" },
  outputSoftLimit: { number: 8, type: "number" },
  outputHardLimit: { number: 9, type: "number" },
  handshakeTimeout: { number: 10, type: "number" },
  closeTimeout: { number: 11, type: "number" },
  pingInterval: { number: 12, type: "number" },
  pongTimeout: { number: 13, type: "number" },
  parts: { number: 14, type: "boolean" },
  autoPong: { number: 15, type: "boolean" },
  autoClose: { number: 16, type: "boolean" },
  requirePong: { number: 17, type: "boolean" },
  receiveWhileClosing: { number: 18, type: "boolean" },
  allowNonMinimalLength: { number: 19, type: "boolean" },
  deflate: { number: 20, type: "boolean" },
  serverNoContextTakeover: { number: 21, type: "boolean" },
  clientNoContextTakeover: { number: 22, type: "boolean" },
  serverMaxWindowBits: { number: 23, type: "number" },
  clientMaxWindowBits: { number: 24, type: "number" },
  deflateLevel: { number: 25, type: "number" },
  deflateMemLevel: { number: 26, type: "number" },
  deflateThreshold: { number: 27, type: "number" },
  maxFragments: { number: 28, type: "number" },
  writeTimeout: { number: 29, type: "number" },
  deliverHttp: { number: 30, type: "boolean" },
  frames: { number: 31, type: "boolean" },
  autoFail: { number: 32, type: "boolean" },
  closeReason: { number: 33, type: "boolean" },
  secure: { number: 34, type: "boolean" },
} as const;

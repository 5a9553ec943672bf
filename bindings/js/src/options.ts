/** The engine's options. What is left out, or undefined, has its default. Sizes are in bytes, times in milliseconds. */
export interface EngineOptions {
  /** The stream is upgraded already: there is no opening handshake. Default false. */
  readonly startOpen?: boolean | undefined;
  /** The largest message to receive, in bytes after inflation. A larger one fails the connection with 1009. Default 16 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** The largest payload of one frame to receive, in bytes on the wire, before inflation. Default: `maxMessageSize`. */
  readonly maxFrameSize?: number | undefined;
  /** The largest HTTP head to receive, in bytes. Default 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /** The longest line of an HTTP head, in bytes without its line end. Default 8 KiB. */
  readonly maxLineSize?: number | undefined;
  /** The largest number of headers in an HTTP head. Default 128. */
  readonly maxHeaders?: number | undefined;
  /** How much of the body of a refusal a client keeps, in bytes. Default 64 KiB. */
  readonly maxBodySize?: number | undefined;
  /** The amount of pending output, in bytes, at which `writable` becomes false. Default 64 KiB. */
  readonly outputSoftLimit?: number | undefined;
  /** The amount of pending output, in bytes, above which sending throws `WOULD_BLOCK`. Default: twice `maxMessageSize`. */
  readonly outputHardLimit?: number | undefined;
  /** The time allowed for the opening handshake, in milliseconds. Default 10,000. */
  readonly handshakeTimeout?: number | undefined;
  /** The time allowed for the closing handshake and the end of the peer's stream, in milliseconds. Default 10,000. */
  readonly closeTimeout?: number | undefined;
  /** The time between keepalive pings, in milliseconds. Default: no keepalive. */
  readonly pingInterval?: number | undefined;
  /** The time in which a keepalive ping must be answered, in milliseconds. Default 20,000. */
  readonly pongTimeout?: number | undefined;
  /** Deliver parts of messages as they arrive, rather than whole messages. Default false. */
  readonly parts?: boolean | undefined;
  /** Answer pings automatically. Default true; otherwise call `pong`. */
  readonly autoPong?: boolean | undefined;
  /** Answer the peer's Close automatically. Default true; otherwise call `close`. */
  readonly autoClose?: boolean | undefined;
  /** Only a pong answers a keepalive ping, not any byte from the peer. Default false. */
  readonly requirePong?: boolean | undefined;
  /** Deliver messages that arrive after our own Close. Default false: they are dropped. */
  readonly receiveWhileClosing?: boolean | undefined;
  /** Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default false. */
  readonly allowNonMinimalLength?: boolean | undefined;
  /** Offer or accept permessage-deflate (RFC 7692). A module that was built without it refuses the option. Default false. */
  readonly deflate?: boolean | undefined;
  /** The server compresses each message alone: requested by a client, decided by a server. Default false. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The client compresses each message alone: decided by a client, requested by a server. Default false. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** The base-2 logarithm of the largest window in which the server compresses, 8 to 15. Default 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The base-2 logarithm of the largest window in which the client compresses, 8 to 15. Default 15. */
  readonly clientMaxWindowBits?: number | undefined;
  /** How hard to compress, from 1 (fast) to 9 (small). Default 6. */
  readonly deflateLevel?: number | undefined;
  /** How much memory to use for compression, from 1 (little) to 9 (fast). Default 8. */
  readonly deflateMemLevel?: number | undefined;
  /** The smallest message that is compressed, in bytes. Default 64. */
  readonly deflateThreshold?: number | undefined;
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
} as const;

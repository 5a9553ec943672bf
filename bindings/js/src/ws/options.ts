import type { Options } from "../connection-options.js";

/** How `perMessageDeflate` is negotiated and done. What is not named here is left out by `ws`, too, or has no meaning without its zlib streams. */
export interface PerMessageDeflateOptions {
  /** The server compresses each message alone. */
  serverNoContextTakeover?: boolean | undefined;
  /** The client compresses each message alone. */
  clientNoContextTakeover?: boolean | undefined;
  /** The largest window that the server compresses with, 8 to 15. */
  serverMaxWindowBits?: number | undefined;
  /** The largest window that the client compresses with, 8 to 15. */
  clientMaxWindowBits?: number | boolean | undefined;
  /** `level` (0 to 9; the engine's 1 stands for 0) and `memLevel` are used. */
  zlibDeflateOptions?: { level?: number | undefined; memLevel?: number | undefined } | undefined;
  zlibInflateOptions?: object | undefined;
  /** The smallest message that is compressed, in bytes. Default: 1024. */
  threshold?: number | undefined;
  /** Compression does not wait for threads here: without effect. */
  concurrencyLimit?: number | undefined;
}

/** What both ends have. */
export interface CommonOptions {
  /** Messages that came in one read are delivered in one turn; false has no effect. */
  allowSynchronousEvents?: boolean | undefined;
  /** Whether pings are answered. Default: true. */
  autoPong?: boolean | undefined;
  /** Time for the closing handshake in milliseconds. Default: 30,000. */
  closeTimeout?: number | undefined;
  /** The largest message to receive in bytes, after inflation; 0 is the largest that the runtime can hold. Default: 100 MiB. */
  maxPayload?: number | undefined;
  /** The largest number of frames of a message; 0 is no limit. Default: 131,072. */
  maxFragments?: number | undefined;
  /** Compression: see each end for its default. */
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
  /** Text is always validated (RFC 6455 section 8.1): without effect. */
  skipUTF8Validation?: boolean | undefined;
  /** Time between keepalive pings in milliseconds. `ws` has no such option. Default: no keepalive. */
  pingInterval?: number | undefined;
  /** Time in which a keepalive ping must be answered in milliseconds. `ws` has no such option. Default: 20,000. */
  pongTimeout?: number | undefined;
  /** Options of the engine, which go before all others. `ws` has no such option. */
  engine?: Options | undefined;
}

const MAX_PAYLOAD = 100 * 1024 * 1024;
const CLOSE_TIMEOUT = 30_000;
const THRESHOLD = 1024;
/** `send` never waits in `ws`. This is a bound all the same, in bytes. */
export const OUTPUT_LIMIT = 2 ** 30;

/** The engine's options. */
export function engineOptions(options: CommonOptions, deflate: boolean | PerMessageDeflateOptions): Options {
  const { autoPong = true, closeTimeout = CLOSE_TIMEOUT, maxPayload = MAX_PAYLOAD, maxFragments } = options;
  return {
    autoPong,
    closeTimeout,
    maxMessageSize: unlimited(maxPayload),
    ...(maxFragments === undefined ? {} : { maxFragments: unlimited(maxFragments) }),
    pingInterval: options.pingInterval,
    pongTimeout: options.pongTimeout,
    outputHardLimit: OUTPUT_LIMIT,
    receiveWhileClosing: true,
    closeReason: false,
    textAsBytes: true,
    views: true,
    ...deflateOptions(deflate),
    ...options.engine,
  };
}

function unlimited(value: number): number {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

function deflateOptions(deflate: boolean | PerMessageDeflateOptions): Options {
  if (deflate === false) {
    return {};
  }
  const given = deflate === true ? {} : deflate;
  const { level, memLevel } = given.zlibDeflateOptions ?? {};
  const { clientMaxWindowBits } = given;
  return {
    deflate: true,
    serverNoContextTakeover: given.serverNoContextTakeover,
    clientNoContextTakeover: given.clientNoContextTakeover,
    serverMaxWindowBits: given.serverMaxWindowBits,
    clientMaxWindowBits: typeof clientMaxWindowBits === "number" ? clientMaxWindowBits : undefined,
    // The engine has no message of 0 bytes to compress.
    deflateThreshold: Math.max(given.threshold ?? THRESHOLD, 1),
    deflateLevel: level === undefined || level < 0 ? undefined : Math.max(level, 1),
    deflateMemLevel: memLevel,
  };
}

import { invalid, SansockError } from "../errors.js";
import type { ClientOptions as EngineClientOptions, Options as EngineOptions } from "../connection-options.js";
import { DEFAULTS } from "./defaults.js";

/** Time between keepalive pings by default, in milliseconds. */
const PING_INTERVAL = 20_000;
/** How many bytes of messages may wait to be received by default. */
const MAX_QUEUE = 256 * 1024;

/** Options of the engine that a host sets itself. */
type Own = "startOpen" | "deliverHttp" | "frames" | "views" | "textAsBytes" | "autoClose" | "autoFail" | "secure" | "seed" | "now" | "key";

/** The options of both ends: those of the engine, of which compression and keepalive are on. */
export interface HostOptions extends Omit<EngineOptions, Own | "pingInterval"> {
  /** Time between keepalive pings. In milliseconds; null for none; default: 20,000 ms. */
  readonly pingInterval?: number | null | undefined;
  /** How many bytes of messages may wait to be received before reading stops. Default: 256 KiB. */
  readonly maxQueue?: number | undefined;
}

/** What a host sets that answers the peer's end when the messages before it have been handled. */
export const LATER: EngineOptions = { autoClose: false, autoFail: false };

/** The options of a client. */
export interface ClientOptions extends HostOptions, Pick<EngineClientOptions, "origin"> {
  /** How many redirects to follow. One from TLS to no TLS is not followed, and another host sees no credentials. Default: 10. */
  readonly maxRedirects?: number | undefined;
  /**
   * The URL of a proxy: `http:`, `https:`, `socks4a:`, `socks5:` or `socks5h:`. True stands for what `WSS_PROXY`, `HTTPS_PROXY`,
   * `ALL_PROXY` and so on in the environment name, less `NO_PROXY`. Default: no proxy.
   */
  readonly proxy?: string | boolean | undefined;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal | undefined;
}

/** What is kept of options that are checked. */
export interface Settings {
  readonly engine: EngineOptions;
  readonly maxQueue: number;
  readonly limit: number;
  readonly writeTimeout: number | undefined;
}

/** Separates the engine's options from those of a host. `hosts` names the latter. */
export function settingsOf(options: HostOptions, hosts: readonly string[], further: EngineOptions): Settings {
  const { pingInterval = PING_INTERVAL, maxQueue = MAX_QUEUE, ...others } = options;
  if (!Number.isSafeInteger(maxQueue) || maxQueue < 0) {
    throw invalid("maxQueue", "must be a whole number of bytes");
  }
  const given = Object.entries(others).filter(([name]) => !hosts.includes(name));
  const own = given.find(([name]) => Object.hasOwn(OWN, name));
  if (own !== undefined) {
    throw new SansockError("INVALID_ARGUMENT", `${own[0]}: there is no such option of a host`);
  }
  const { outputHardLimit = DEFAULTS.outputHardLimit } = options;
  const engine = {
    deflate: true,
    ...Object.fromEntries(given),
    ...(pingInterval === null ? {} : { pingInterval }),
    ...further,
  };
  return { engine, maxQueue, limit: outputHardLimit, writeTimeout: options.writeTimeout };
}

const OWN: Record<Own, true> = {
  startOpen: true,
  deliverHttp: true,
  frames: true,
  views: true,
  textAsBytes: true,
  autoClose: true,
  autoFail: true,
  secure: true,
  seed: true,
  now: true,
  key: true,
};

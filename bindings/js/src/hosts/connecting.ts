import type { Options as EngineOptions } from "../connection-options.js";
import type { ClosedEvent, ConnectionEvent, Header, OpenEvent, RejectedEvent } from "../events.js";
import { encodeHeaders } from "../headers.js";
import { Connection, parseUrl } from "../index.js";
import type { UrlObject } from "../url-object.js";
import { urlText } from "../url.js";
import { DEFAULTS } from "./defaults.js";
import { Deferred } from "./deferred.js";
import { handshakeError, HandshakeError, UnexpectedStatusError } from "./errors.js";
import { Session, type SessionUser } from "./session.js";
import { type ClientOptions, type Settings, settingsOf } from "./settings.js";
import type { PeerAddress } from "./messages.js";
import { WebSocketConnection } from "./websocket-connection.js";

/** Options of a client that are not the engine's. */
const CLIENT_OPTIONS = ["maxRedirects", "proxy", "signal"];
const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** Opens a transport to a URL and joins the session to it. Rejects if it cannot be reached. */
export type Dial = (url: string, session: Session, signal: AbortSignal) => Promise<PeerAddress | null>;

/** Who uses the session of a client once it is open. */
export type UserOf<Opened> = (session: Session, event: OpenEvent, peer: PeerAddress | null, settings: Settings) => Opened & SessionUser;

/**
 * Connects, and follows redirects.
 *
 * @param hosts Options of the host that are not the engine's.
 * @param engine What the user of the connection sets of the engine's options.
 */
export async function establish<Opened>(
  url: string | UrlObject,
  options: ClientOptions,
  hosts: readonly string[],
  dial: Dial,
  user: UserOf<Opened>,
  engine: EngineOptions,
): Promise<Opened> {
  const { maxRedirects = MAX_REDIRECTS, handshakeTimeout = DEFAULTS.handshakeTimeout, signal } = options;
  const settings = settingsOf(options, [...CLIENT_OPTIONS, ...hosts], engine);
  const timeout = AbortSignal.timeout(Math.min(handshakeTimeout, 2 ** 31 - 1));
  const signals = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  let text = urlText(url);
  let { headers } = settings.engine;
  for (let left = maxRedirects; ; left -= 1) {
    const opening = new Opening(text, { ...settings, engine: { ...settings.engine, headers } }, user);
    try {
      return await opening.run(dial, signals);
    } catch (error) {
      const target = left > 0 ? redirect(text, error) : undefined;
      if (target === undefined) {
        throw error;
      }
      if (!isSameOrigin(text, target) && headers !== undefined) {
        headers = pairsOf(headers).filter(([name]) => !CREDENTIALS.includes(name.toLowerCase()));
      }
      text = target;
    }
  }
}

/** The user of a connection that users call. */
export const connectionOf: UserOf<WebSocketConnection> = (session, event, peer, settings) =>
  new WebSocketConnection(session, event, null, peer, settings);

/** One attempt to open a connection. */
class Opening<Opened> implements SessionUser {
  readonly #url: string;
  readonly #settings: Settings;
  readonly #makeUser: UserOf<Opened>;
  readonly #session: Session;
  readonly #outcome = new Deferred<Opened>();
  #peer: PeerAddress | null = null;
  #rejected: RejectedEvent | undefined;

  constructor(url: string, settings: Settings, makeUser: UserOf<Opened>) {
    this.#url = url;
    this.#settings = settings;
    this.#makeUser = makeUser;
    this.#session = new Session(Connection.client(url, { ...settings.engine, views: true }), this, settings);
  }

  async run(dial: Dial, signal: AbortSignal): Promise<Opened> {
    const abort = (): void => {
      this.#outcome.reject(abortError(signal));
      this.#session.terminate();
    };
    signal.addEventListener("abort", abort, { once: true });
    // The caller sees the outcome, or that of dialling.
    this.#outcome.promise.catch(() => {});
    try {
      signal.throwIfAborted();
      this.#peer = await dial(this.#url, this.#session, signal);
      return await this.#outcome.promise;
    } catch (error) {
      this.#session.terminate();
      throw signal.aborted ? abortError(signal) : error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type === "open") {
      const user = this.#makeUser(this.#session, event, this.#peer, this.#settings);
      this.#session.user = user;
      this.#outcome.resolve(user);
    } else if (event.type === "rejected") {
      this.#rejected = event;
    }
  }

  onEnd(closed: ClosedEvent): void {
    this.#outcome.reject(handshakeError(closed, this.#rejected));
  }
}

/** The error for an attempt that was given up, or took too long. */
function abortError(signal: AbortSignal): unknown {
  const { reason } = signal;
  const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
  return isTimeout ? new HandshakeError("the opening handshake took too long", null, reason) : reason;
}

/** Where a response leads to, if it is a redirect that is followed. From TLS it leads to TLS only. */
function redirect(from: string, error: unknown): string | undefined {
  if (!(error instanceof UnexpectedStatusError) || !REDIRECTS.includes(error.status)) {
    return undefined;
  }
  const location = error.headers.find(([name]) => name.toLowerCase() === "location")?.[1];
  const target = location === undefined ? null : parsed(location, from.replace(/^ws/, "http"));
  if (target === null) {
    return undefined;
  }
  target.hash = "";
  const text = target.href.replace(/^http/, "ws");
  const isAllowed = text.startsWith("wss:") || (text.startsWith("ws:") && !parseUrl(from).secure);
  return isAllowed ? text : undefined;
}

function parsed(location: string, base: string): URL | null {
  try {
    return new URL(location, base);
  } catch {
    return null;
  }
}

function isSameOrigin(one: string, other: string): boolean {
  const [first, second] = [parseUrl(one), parseUrl(other)];
  return first.host === second.host && first.port === second.port && first.secure === second.secure;
}

/** Headers as pairs. */
function pairsOf(headers: NonNullable<ClientOptions["headers"]>): Header[] {
  const decoder = new TextDecoder("latin1");
  return encodeHeaders("headers", headers).map(({ name, value }) => [decoder.decode(name), decoder.decode(value)]);
}

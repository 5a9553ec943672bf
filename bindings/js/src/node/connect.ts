import type { ClientHttp2Session } from "node:http2";

import { connectionOf, establish } from "../hosts/connecting.js";
import { type ClientOptions as HostClientOptions, LATER } from "../hosts/settings.js";
import type { WebSocketConnection } from "../hosts/websocket-connection.js";
import type { UrlObject } from "../url-object.js";
import { type DialOptions, dialler } from "./dial.js";
import { dialStream } from "./http2.js";

/** The options of `connect`. */
export interface ClientOptions extends HostClientOptions, DialOptions {
  /** A session to the server, to connect over a stream of it (RFC 8441). `tls`, `proxy` and `maxRedirects` have no effect then. */
  readonly http2?: ClientHttp2Session | undefined;
}

/** Options that are not the engine's. */
export const NODE_OPTIONS: readonly string[] = ["tls", "createConnection", "http2"];

/**
 * Connects to a server, and resolves when the connection is open.
 *
 * @param url A `ws:` or `wss:` URL. `user:password@` in it is sent as a Basic Authorization header.
 * @throws {SansockError} `INVALID_ARGUMENT` if the URL or an option is not allowed.
 * @throws {UnexpectedStatusError} The server answered with another response than 101.
 * @throws {HandshakeError} The handshake failed otherwise, or took longer than `handshakeTimeout`.
 * @throws {Error} The server cannot be reached: what Node says.
 */
export function connect(url: string | UrlObject, options: ClientOptions = {}): Promise<WebSocketConnection> {
  const { http2 } = options;
  return http2 === undefined
    ? establish(url, options, NODE_OPTIONS, dialler(options), connectionOf, LATER)
    : establish(url, { ...options, maxRedirects: 0 }, NODE_OPTIONS, (_, session) => dialStream(http2, session), connectionOf, LATER);
}

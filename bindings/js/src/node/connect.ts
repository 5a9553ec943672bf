import { connectionOf, establish } from "../hosts/connecting.js";
import type { ClientOptions as HostClientOptions } from "../hosts/settings.js";
import type { WebSocketConnection } from "../hosts/websocket-connection.js";
import type { UrlObject } from "../url-object.js";
import { type DialOptions, dialler } from "./dial.js";

/** The options of `connect`. */
export interface ClientOptions extends HostClientOptions, DialOptions {}

/** Options that are not the engine's. */
export const NODE_OPTIONS: readonly string[] = ["tls", "createConnection"];

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
  return establish(url, options, NODE_OPTIONS, dialler(options), connectionOf);
}

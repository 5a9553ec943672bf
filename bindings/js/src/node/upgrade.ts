import type { IncomingMessage } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";

import { type Handler, type ServerOptions, Serving } from "../hosts/serving.js";
import type { WebSocketConnection } from "../hosts/websocket-connection.js";
import { headText, requestFields } from "./http.js";
import { Http2Transport, respond } from "./http2.js";
import { addressOf, join } from "./stream.js";

/** The connections of an HTTP server that are WebSockets. */
export interface Upgraded {
  /** The connections that are open, or closing. */
  readonly connections: ReadonlySet<WebSocketConnection>;
  /** Closes all connections with this code, and resolves when the last has ended. Later requests get 503. */
  close(code?: number, reason?: string): Promise<void>;
}

/** A listener for the event `upgrade` of `http.Server` and `https.Server`. */
export interface UpgradeHandler extends Upgraded {
  (request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

/** A listener for the event `stream` of an HTTP/2 server. */
export interface StreamHandler extends Upgraded {
  /** Returns whether the stream asks for a WebSocket. If not, answer it. */
  (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
}

/**
 * Makes a listener for the event `upgrade` of an HTTP server, so that pages and WebSocket connections share a port:
 * `server.on("upgrade", upgradeHandler(options, handler))`.
 *
 * @param handler As for `serve`.
 * @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed.
 */
export function upgradeHandler(options: ServerOptions, handler: Handler): UpgradeHandler {
  const serving = new Serving(handler, options, undefined, []);
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Uint8Array): void => {
    const session = serving.serve(addressOf(request.socket), true, (event) => void socket.write(headText(event)));
    join(socket, session);
    session.call((connection, now) => connection.receiveRequest("1.1", requestFields(request), now));
    if (head.length > 0) {
      session.receive(head);
    }
  };
  return Object.assign(onUpgrade, upgraded(serving));
}

/**
 * Makes a listener for the event `stream` of an HTTP/2 server (RFC 8441). The server must have the setting
 * `enableConnectProtocol: true`.
 *
 * @param handler As for `serve`.
 * @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed.
 */
export function streamHandler(options: ServerOptions, handler: Handler): StreamHandler {
  const serving = new Serving(handler, options, undefined, []);
  const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean => {
    if (headers[":protocol"] === undefined) {
      return false;
    }
    const { socket } = stream.session ?? {};
    const address = socket === undefined ? null : addressOf(socket);
    const session = serving.serve(address, true, (event) => respond(stream, event));
    join(stream, session, new Http2Transport(stream, session));
    session.call((connection, now) => connection.receiveRequest("2", headers as Record<string, string | string[]>, now));
    return true;
  };
  return Object.assign(onStream, upgraded(serving));
}

function upgraded(serving: Serving): Upgraded {
  return { connections: serving.connections, close: (code, reason) => serving.close(code, reason) };
}

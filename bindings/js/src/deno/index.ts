/**
 * Servers on Deno's listeners, and clients.
 *
 * @module
 */
import { type Listener, type ListenOptions, Server } from "../hosts/server.js";
import { type Handler, type ServerOptions as HostServerOptions, Serving } from "../hosts/serving.js";
import { ConnTransport } from "./conn.js";
import { type Conn, deno, type DenoListener } from "./runtime.js";

export { type StreamHandler, streamHandler, type Upgraded, type UpgradeHandler, upgradeHandler } from "../node/upgrade.js";
export { type ClientOptions, connect } from "../node/connect.js";
export { WebSocket, type WebSocketInit, WebSocketStream, type WebSocketStreamOptions } from "../node/web.js";
export * from "../hosts/public.js";

/** The options of `serve`. */
export interface ServerOptions extends HostServerOptions, ListenOptions {
  /** Certificate and key in PEM. With them, the server is one for `wss:`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

const DENO_OPTIONS = ["port", "hostname", "path", "reusePort", "tls", "signal"];

/**
 * Serves WebSocket connections, and resolves when it listens.
 *
 * @param handler Called with each connection. When it returns, or what it returns resolves, the connection is closed with 1000; with
 *   1011 if it fails.
 * @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed. @throws {Error} The address cannot be listened on.
 */
export async function serve(options: ServerOptions, handler: Handler): Promise<Server> {
  const { tls, signal } = options;
  const serving = new Serving(handler, options, tls !== undefined, DENO_OPTIONS);
  const listener = listen(options);
  void acceptAll(listener, serving);
  return new Server(listenerOf(listener), serving, tls !== undefined, signal);
}

function listen({ port = 0, hostname = "0.0.0.0", path, reusePort = false, tls }: ServerOptions): DenoListener {
  if (path !== undefined) {
    return deno.listen({ path, transport: "unix" });
  }
  return tls === undefined
    ? deno.listen({ port, hostname, reusePort })
    : deno.listenTls({ port, hostname, ...tls, alpnProtocols: ["http/1.1"] });
}

function listenerOf(listener: DenoListener): Listener {
  const { hostname, port } = listener.addr;
  return {
    address: hostname === undefined || port === undefined ? null : { hostname, port },
    close: () => listener.close(),
    unref: () => listener.unref(),
  };
}

/** Accepts until the listener is closed. */
async function acceptAll(listener: DenoListener, serving: Serving): Promise<void> {
  const { ConnectionAborted, ConnectionReset, NotConnected, InvalidData, UnexpectedEof } = deno.errors;
  // A peer that is gone before it was accepted, or speaks no TLS, makes `accept` fail, and is no reason to stop.
  const harmless = [ConnectionAborted, ConnectionReset, NotConnected, InvalidData, UnexpectedEof];
  for (;;) {
    try {
      serveConn(await listener.accept(), serving);
    } catch (error) {
      if (!harmless.some((kind) => error instanceof kind)) {
        return;
      }
    }
  }
}

function serveConn(conn: Conn, serving: Serving): void {
  const { hostname, port } = conn.remoteAddr;
  const address = hostname === undefined || port === undefined ? null : { address: hostname, port };
  const session = serving.serve(address, false);
  void new ConnTransport(conn, session).run();
}

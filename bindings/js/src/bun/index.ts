/**
 * Servers on Bun's listeners, and clients.
 *
 * @module
 */
import { type Listener, type ListenOptions, Server } from "../hosts/server.js";
import { type Handler, type ServerOptions as HostServerOptions, Serving } from "../hosts/serving.js";
import type { Session } from "../hosts/session.js";
import { bun, type BunListener, type BunSocket, type BunTls } from "./runtime.js";
import { SocketTransport } from "./socket.js";

export { type ClientOptions, connect } from "../node/connect.js";
export { type StreamHandler, streamHandler, type Upgraded, type UpgradeHandler, upgradeHandler } from "../node/upgrade.js";
export { WebSocket, type WebSocketInit, WebSocketStream, type WebSocketStreamOptions } from "../node/web.js";
export * from "../hosts/public.js";

/** The options of `serve`. */
export interface ServerOptions extends HostServerOptions, ListenOptions {
  /** Certificate and key, as `Bun.listen` takes them. With them, the server is one for `wss:`. */
  readonly tls?: BunTls | undefined;
}

const BUN_OPTIONS = ["port", "hostname", "path", "reusePort", "tls", "signal"];

/**
 * Serves WebSocket connections, and resolves when it listens.
 *
 * @param handler Called with each connection. When it returns, or what it returns resolves, the connection is closed with 1000; with
 *   1011 if it fails.
 * @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed. @throws {Error} The address cannot be listened on.
 */
export async function serve(options: ServerOptions, handler: Handler): Promise<Server> {
  const { port = 0, hostname = "0.0.0.0", path, reusePort = false, tls, signal } = options;
  const serving = new Serving(handler, options, tls !== undefined, BUN_OPTIONS);
  const where = path === undefined ? { port, hostname, reusePort } : { unix: path };
  const listener = bun.listen<Joined>({
    ...where,
    ...(tls === undefined ? {} : { tls }),
    // The engine says when to end our side.
    allowHalfOpen: true,
    socket: {
      binaryType: "uint8array",
      open: (socket) => start(socket, serving),
      data: ({ data }, chunk) => data.session.receive(chunk),
      drain: ({ data }) => data.transport.drain(),
      end: ({ data }) => data.session.receiveEof(),
      close: ({ data }) => data.session.lost(),
      error: ({ data }) => data.session.lost(),
    },
  });
  return new Server(listenerOf(listener, path), serving, tls !== undefined, signal);
}

/** What a socket carries. */
interface Joined {
  readonly session: Session;
  readonly transport: SocketTransport;
}

function start(socket: BunSocket<Joined>, serving: Serving): void {
  const { remoteAddress, remotePort = 0 } = socket;
  const address = remoteAddress === undefined ? null : { address: remoteAddress, port: remotePort };
  const session = serving.serve(address, false);
  const transport = new SocketTransport(socket, session);
  socket.data = { session, transport };
  socket.setNoDelay();
  session.start(transport);
}

function listenerOf(listener: BunListener, path: string | undefined): Listener {
  const { hostname, port } = listener;
  return {
    address: path === undefined ? { hostname, port } : null,
    close: () => listener.stop(),
    unref: () => listener.unref(),
  };
}

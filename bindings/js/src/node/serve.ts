import { createServer, type ListenOptions as NetListenOptions, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

import { DEFAULTS } from "../hosts/defaults.js";
import { type Handler, type ServerOptions as HostServerOptions, Serving } from "../hosts/serving.js";
import { type Listener, type ListenOptions, Server } from "../hosts/server.js";
import { addressOf, join } from "./stream.js";

/** The options of `serve`. */
export interface ServerOptions extends HostServerOptions, ListenOptions {
  /** How many connections may wait to be accepted. Default: 511. */
  readonly backlog?: number | undefined;
  /** Certificate and key, and more: the options of `tls.createServer`. With them, the server is one for `wss:`. */
  readonly tls?: TlsOptions | undefined;
}

const NODE_OPTIONS = ["port", "hostname", "path", "backlog", "reusePort", "tls", "signal"];

/**
 * Serves WebSocket connections, and resolves when it listens.
 *
 * @param handler Called with each connection. When it returns, or what it returns resolves, the connection is closed with 1000; with
 *   1011 if it fails.
 * @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed. @throws {Error} The address cannot be listened on.
 */
export async function serve(options: ServerOptions, handler: Handler): Promise<Server> {
  const { port = 0, hostname, path, backlog, reusePort, tls, signal, handshakeTimeout = DEFAULTS.handshakeTimeout } = options;
  const serving = new Serving(handler, options, tls !== undefined, NODE_OPTIONS);
  const accept = (socket: Socket): void => join(socket, serving.serve(addressOf(socket), true));
  // The engine says when to end our side.
  // TLS has as much time for its own handshake.
  const listener = tls
    ? createTlsServer({ handshakeTimeout, ...tls, ALPNProtocols: ["http/1.1"], allowHalfOpen: true } as TlsOptions, accept)
    : createServer({ allowHalfOpen: true, noDelay: true }, accept);
  if (tls !== undefined) {
    // A client that fails to speak TLS.
    listener.on("tlsClientError", () => {});
  }
  const where: NetListenOptions = path === undefined ? { port, host: hostname } : { path };
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ ...where, backlog, reusePort } as NetListenOptions, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  return new Server(listenerOf(listener), serving, tls !== undefined, signal);
}

function listenerOf(server: NetServer): Listener {
  const address = server.address();
  return {
    address: typeof address === "object" && address !== null ? { hostname: address.address, port: address.port } : null,
    close: () => {
      // It waits for nobody: its callback would come when the last client has gone, also one that never completes its TLS handshake.
      server.close();
    },
    unref: () => server.unref(),
  };
}

import { once } from "node:events";
import { connect as connectTcp, createServer, isIPv6, type Server, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import type { Watch } from "./watching.js";

/** How to relay. */
export interface RelayOptions {
  /** The address to listen on. Default: 127.0.0.1. */
  readonly hostname?: string;
  /** The port to listen on. Default: 0, a free one. */
  readonly port?: number;
  /** Where connections are passed on to; with TLS if `tls` has options for it. */
  readonly target: { readonly host: string; readonly port: number; readonly tls?: ConnectionOptions | undefined };
  /** It keeps what has been passed on. */
  readonly watch: Watch;
}

/** Passes the bytes of connections on unchanged, in both directions. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: RelayOptions) {
    this.#options = options;
    // An end that has said all may still listen.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Listens for clients. */
  static async listen(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.#server.listen(options.port ?? 0, options.hostname ?? "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  /** Where it listens, as a URL. */
  get address(): string {
    return `ws://${authority(this.#server.address())}`;
  }

  /** Listens no longer, cuts all connections, and shows what has been seen of them. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#options.watch.finish();
  }

  #accept(client: Socket): void {
    const { host, port, tls } = this.#options.target;
    const server = tls === undefined ? connectTcp({ host, port, allowHalfOpen: true }) : connectTls(withName({ ...tls, host, port }));
    const from = authority({ address: client.remoteAddress ?? "", port: client.remotePort ?? 0 });
    const number = this.#options.watch.begin(from, authority({ address: host, port }));
    server.setNoDelay(true);
    this.#pass(number, 0, client, server);
    this.#pass(number, 1, server, client);
  }

  /** Passes on what one end sends. */
  #pass(connection: number, side: 0 | 1, from: Socket, to: Socket): void {
    const { watch } = this.#options;
    this.#sockets.add(from);
    from.pipe(to);
    from.on("data", (bytes: Buffer) => watch.see(connection, side, bytes));
    from.on("end", () => watch.see(connection, side, undefined));
    // An end that fails takes the other with it, with what is on the way to it.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }
}

/** The name that a certificate is checked for; addresses have none. */
function withName(options: ConnectionOptions & { readonly host: string }): ConnectionOptions {
  const isAddress = isIPv6(options.host) || /^[\d.]+$/.test(options.host);
  return isAddress ? options : { servername: options.host, ...options };
}

function authority(address: string | { address: string; port: number } | null): string {
  if (address === null || typeof address === "string") return String(address);
  return address.address.includes(":") ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

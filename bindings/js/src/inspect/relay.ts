import { once } from "node:events";
import { connect as connectTcp, createServer, isIPv6, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import type { Entry, Side } from "./entries.js";
import { loadModule } from "./index.js";
import { Inspector } from "./inspector.js";

/** An entry with its line for people. */
export type LinedEntry = Entry & { readonly line: string };

/** How to relay. */
export interface RelayOptions {
  /** The address to listen on. Default: 127.0.0.1. */
  readonly hostname?: string;
  /** The port to listen on. Default: 0, a free one. */
  readonly port?: number;
  /** Where connections are passed on to; with TLS if `tls` has options for it. */
  readonly target: { readonly host: string; readonly port: number; readonly tls?: ConnectionOptions | undefined };
  /** How many bytes of each payload an entry carries. Default: 256. */
  readonly preview?: number;
  /** Called with what has been seen, soon after it has been passed on. */
  readonly onEntries: (entries: LinedEntry[]) => void;
}

/** Passes the bytes of connections on unchanged, in both directions, and inspects them. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #inspector: Inspector;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDue = false;

  private constructor(options: RelayOptions) {
    this.#options = options;
    const { preview } = options;
    this.#inspector = new Inspector(loadModule(), preview === undefined ? {} : { preview });
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

  /** Listens no longer, and cuts all connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#show();
  }

  #accept(client: Socket): void {
    const { host, port, tls } = this.#options.target;
    const server = tls === undefined ? connectTcp({ host, port, allowHalfOpen: true }) : connectTls(withName({ ...tls, host, port }));
    const from = authority({ address: client.remoteAddress ?? "", port: client.remotePort ?? 0 });
    const number = this.#inspector.begin(from, authority({ address: host, port }), performance.now());
    server.setNoDelay(true);
    this.#pass(number, "client", client, server);
    this.#pass(number, "server", server, client);
    this.#due();
  }

  /** Passes on what one end sends. */
  #pass(number: number, side: Side, from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on("data", (bytes) => {
      this.#inspector.feed(number, side, bytes as Buffer, performance.now());
      this.#due();
    });
    from.on("end", () => {
      this.#inspector.end(number, side, performance.now());
      this.#due();
    });
    // An end that fails takes the other with it, with what is on the way to it.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }

  /** What has been seen is shown when what has been read is on its way. */
  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#show());
  }

  #show(): void {
    this.#isDue = false;
    const entries = this.#inspector.takeWithLines();
    if (entries.length > 0) this.#options.onEntries(entries);
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

import { once } from "node:events";
import { connect as connectTcp, createServer, isIPv6, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { Worker } from "node:worker_threads";

import type { Side } from "../inspect/entries.js";
import type { Happened, Shown } from "./watching.js";

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
  /** Called with what has been seen, soon after it has been passed on: lines of JSON, and lines for people. */
  readonly onEntries: (entries: { readonly json: string; readonly text: string }) => void;
}

/** How many bytes may have been passed on and not been looked at. Then nothing is read until they have. */
const MOST_BEHIND = 64 << 20;

/** Passes the bytes of connections on unchanged, in both directions. A thread beside it inspects them, so that they do not wait. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #watching: Worker;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  /** What has happened, and has not been told to the thread. */
  #happened: Happened[] = [];
  /** How many bytes the thread has not looked at. */
  #behind = 0;
  /** Those that are not read meanwhile, and where their bytes go. */
  readonly #held = new Map<Socket, Socket>();

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#watching = new Worker(new URL("./watching.js", import.meta.url), { workerData: options.preview });
    this.#watching.unref();
    this.#watching.on("message", (shown: Shown) => this.#show(shown));
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
    // Until then it keeps no program alive.
    this.#watching.ref();
    this.#tell({ kind: "last" });
    await once(this.#watching, "exit");
  }

  #accept(client: Socket): void {
    const { host, port, tls } = this.#options.target;
    const server = tls === undefined ? connectTcp({ host, port, allowHalfOpen: true }) : connectTls(withName({ ...tls, host, port }));
    const from = authority({ address: client.remoteAddress ?? "", port: client.remotePort ?? 0 });
    const number = ++this.#connections;
    this.#tell({ kind: "begin", client: from, server: authority({ address: host, port }), now: performance.now() });
    server.setNoDelay(true);
    this.#pass(number, "client", client, server);
    this.#pass(number, "server", server, client);
  }

  /** Passes on what one end sends. */
  #pass(connection: number, side: Side, from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on("data", (bytes: Buffer) => {
      this.#tell({ kind: "bytes", connection, side, bytes, now: performance.now() });
      this.#behind += bytes.length;
      if (this.#behind > MOST_BEHIND) {
        this.#held.set(from, to);
        from.unpipe(to).pause();
      }
    });
    from.on("end", () => this.#tell({ kind: "end", connection, side, now: performance.now() }));
    // An end that fails takes the other with it, with what is on the way to it.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      this.#held.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }

  /** Tells the thread what has happened, with all else of this turn. */
  #tell(happened: Happened): void {
    if (this.#happened.push(happened) > 1) return;
    setImmediate(() => {
      this.#watching.postMessage(this.#happened);
      this.#happened = [];
    });
  }

  #show({ json, text, read }: Shown): void {
    this.#behind -= read;
    if (this.#behind <= MOST_BEHIND / 2) {
      for (const [from, to] of this.#held) from.pipe(to);
      this.#held.clear();
    }
    if (json !== "") this.#options.onEntries({ json, text });
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

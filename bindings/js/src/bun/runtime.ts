/** What is used of Bun: its own types are there only where it runs. */
export interface BunSocket<Data> {
  data: Data;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  shutdown(): void;
  end(): void;
  terminate(): void;
  setNoDelay(): void;
}

/** Certificate and key in PEM, and more. */
export interface BunTls {
  readonly cert: unknown;
  readonly key: unknown;
  readonly [option: string]: unknown;
}

export interface BunListener {
  readonly hostname: string;
  readonly port: number;
  stop(closeActiveConnections?: boolean): void;
  unref(): void;
}

interface SocketHandler<Data> {
  readonly binaryType: "uint8array";
  open(socket: BunSocket<Data>): void;
  data(socket: BunSocket<Data>, chunk: Uint8Array): void;
  drain(socket: BunSocket<Data>): void;
  end(socket: BunSocket<Data>): void;
  close(socket: BunSocket<Data>): void;
  error(socket: BunSocket<Data>): void;
}

interface Bun {
  listen<Data>(options: {
    port?: number;
    hostname?: string;
    unix?: string;
    reusePort?: boolean;
    tls?: BunTls;
    allowHalfOpen: boolean;
    socket: SocketHandler<Data>;
  }): BunListener;
}

/** Bun itself. */
export const { Bun: bun } = globalThis as unknown as { readonly Bun: Bun };

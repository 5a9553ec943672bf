/** What is used of Deno: its own types are there only where it runs. */
export interface Conn {
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number };
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(): void;
}

export interface DenoListener {
  readonly addr: { readonly hostname?: string; readonly port?: number };
  accept(): Promise<Conn>;
  close(): void;
  unref(): void;
}

type ErrorClass = new () => Error;

interface Deno {
  listen(options: { port?: number; hostname?: string; path?: string; transport?: "tcp" | "unix"; reusePort?: boolean }): DenoListener;
  listenTls(options: { port: number; hostname?: string; cert: string; key: string; alpnProtocols: string[] }): DenoListener;
  readonly errors: { readonly ConnectionAborted: ErrorClass; readonly ConnectionReset: ErrorClass; readonly NotConnected: ErrorClass; readonly InvalidData: ErrorClass; readonly UnexpectedEof: ErrorClass };
}

/** Deno itself. */
export const { Deno: deno } = globalThis as unknown as { readonly Deno: Deno };

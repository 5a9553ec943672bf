import type { Session } from "../hosts/session.js";
import type { Transport } from "../hosts/transport.js";
import type { Conn } from "./runtime.js";

/** How much an idle connection can read at once, and a busy one, in bytes. The buffer is there as long as the connection. */
const READ_IDLE = 4 * 1024;
const READ_BUSY = 64 * 1024;

/** A TCP or TLS connection of Deno's under a session. */
export class ConnTransport implements Transport {
  readonly #conn: Conn;
  readonly #session: Session;
  /** How many bytes the system has taken. */
  progress = 0;
  /** Ends when the writes before have ended. */
  #writes = Promise.resolve();
  /** Resolves when reading goes on; undefined while it does. */
  #gate: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  constructor(conn: Conn, session: Session) {
    this.#conn = conn;
    this.#session = session;
  }

  /** Reads until the stream ends or the connection is closed. */
  async run(): Promise<void> {
    let buffer = new Uint8Array(READ_IDLE);
    try {
      this.#conn.setNoDelay?.();
      this.#session.start(this);
      for (;;) {
        await this.#gate?.promise;
        const count = await this.#conn.read(buffer);
        if (count === null) {
          break;
        }
        this.#session.receive(buffer.subarray(0, count));
        const size = count === buffer.length ? READ_BUSY : count < READ_IDLE ? READ_IDLE : buffer.length;
        if (size !== buffer.length) {
          buffer = new Uint8Array(size);
        }
      }
      this.#session.receiveEof();
    } catch {
      // Reset by the peer, or closed by this class.
      this.#session.lost();
    }
  }

  write(bytes: Uint8Array, payload?: Uint8Array): boolean {
    this.#writes = this.#writes.then(() => this.#write(bytes, payload));
    return false;
  }

  pause(): void {
    let open = (): void => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { promise, open };
  }

  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  shutdownWrite(): void {
    this.#writes = this.#writes.then(() => this.#conn.closeWrite()).catch(() => this.#session.lost());
  }

  close(): void {
    void this.#writes.then(() => this.#conn.closeWrite()).catch(() => {}).then(() => this.abort());
  }

  abort(): void {
    this.resume();
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }

  async #write(bytes: Uint8Array, payload: Uint8Array | undefined): Promise<void> {
    try {
      await this.#writeAll(bytes);
      if (payload !== undefined) {
        await this.#writeAll(payload);
      }
    } catch {
      this.#session.lost();
      return;
    }
    this.#session.written();
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
      at += count;
      this.progress += count;
    }
  }
}

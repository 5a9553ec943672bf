import type { Session } from "../hosts/session.js";
import type { Transport } from "../hosts/transport.js";
import type { BunSocket } from "./runtime.js";

/** A socket of Bun's under a session. */
export class SocketTransport implements Transport {
  readonly #socket: BunSocket<unknown>;
  readonly #session: Session;
  /** What the system has not taken yet, and whether it ends a write. */
  readonly #rest: { readonly bytes: Uint8Array; readonly isLast: boolean }[] = [];
  /** How many bytes the system has taken. */
  progress = 0;
  /** What to do when all is written. */
  #then: (() => void) | undefined;

  constructor(socket: BunSocket<unknown>, session: Session) {
    this.#socket = socket;
    this.#session = session;
  }

  write(bytes: Uint8Array, payload?: Uint8Array): boolean {
    this.#add(bytes, payload === undefined);
    if (payload !== undefined) {
      this.#add(payload, true);
    }
    return this.#rest.length === 0;
  }

  /** There is room for more. */
  drain(): void {
    for (let first = this.#rest[0]; first !== undefined; first = this.#rest[0]) {
      const count = this.#put(first.bytes);
      if (count < first.bytes.length) {
        this.#rest[0] = { ...first, bytes: first.bytes.subarray(count) };
        return;
      }
      this.#rest.shift();
      if (first.isLast) {
        this.#session.written();
      }
    }
    this.#then?.();
    this.#then = undefined;
  }

  /** Linux says that there is room when a third of its buffer is free, and takes more before. */
  retry(): void {
    this.drain();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  shutdownWrite(): void {
    this.#whenWritten(() => this.#socket.shutdown());
  }

  close(): void {
    this.#whenWritten(() => this.#socket.end());
  }

  abort(): void {
    this.#socket.terminate();
  }

  #add(bytes: Uint8Array, isLast: boolean): void {
    const count = this.#rest.length === 0 ? this.#put(bytes) : 0;
    if (count < bytes.length || this.#rest.length > 0) {
      this.#rest.push({ bytes: bytes.subarray(count), isLast });
    }
  }

  /** Writes as much as the system takes now. */
  #put(bytes: Uint8Array): number {
    const count = Math.max(this.#socket.write(bytes), 0);
    this.progress += count;
    return count;
  }

  #whenWritten(step: () => void): void {
    if (this.#rest.length === 0) {
      step();
    } else {
      this.#then = step;
    }
  }
}

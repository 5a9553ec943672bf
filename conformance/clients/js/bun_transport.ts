// A socket of Bun as the driver wants it. All sockets of Bun share their handlers; each carries its own data.

import type { Socket } from "bun";
import type { Client } from "./line_client.mjs";
import { Driver } from "../../../examples/js/driver.mjs";

export class BunTransport {
  driver: Driver | undefined;
  readonly #socket: Socket<BunTransport>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(socket: Socket<BunTransport>) {
    this.#socket = socket;
    socket.setNoDelay();
  }

  write(bytes: Uint8Array): boolean {
    const count = Math.max(this.#socket.write(bytes), 0);
    this.#rest = bytes.subarray(count);
    return this.#rest.length === 0;
  }

  /** There is room for more. */
  drain(): void {
    if (this.#rest.length > 0 && this.write(this.#rest)) {
      this.driver?.written();
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  shutdownWrite(): void {
    this.#socket.shutdown();
  }

  close(): void {
    this.#socket.end();
  }
}

/** Gives a new socket a connection. For the handler `open`. */
export function start(socket: Socket<BunTransport>, connection: unknown, handle: (event: unknown) => unknown): void {
  socket.data = new BunTransport(socket);
  socket.data.driver = new Driver(connection, socket.data, handle);
  socket.data.driver.start();
}

/** For `Bun.listen` and `Bun.connect`. `open` is up to them. */
export const handlers = {
  binaryType: "uint8array" as const,
  data: ({ data }: Socket<BunTransport>, chunk: Uint8Array) => data.driver?.receive(chunk),
  drain: ({ data }: Socket<BunTransport>) => data.drain(),
  end: ({ data }: Socket<BunTransport>) => data.driver?.receiveEof(),
  close: ({ data }: Socket<BunTransport>) => data.driver?.lost(),
  error: ({ data }: Socket<BunTransport>) => data.driver?.lost(),
};

/** Connects a client, and drives its connection. */
export async function connectClient({ host, port, connection, handle }: Client): Promise<Driver> {
  const socket = await Bun.connect<BunTransport>({
    hostname: host,
    port,
    // The engine says when to end our side.
    allowHalfOpen: true,
    socket: { ...handlers, open: (socket) => start(socket, connection, handle) },
  });
  return socket.data.driver as Driver;
}

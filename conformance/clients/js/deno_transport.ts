// A TCP connection of Deno as the driver wants it.

import type { Client } from "./line_client.mjs";
import { Driver } from "../../../examples/js/driver.mjs";

/** How much is read at once. */
const READ_SIZE = 64 * 1024;

/** Connects a client, and drives its connection. */
export async function connectClient({ host, port, connection, handle }: Client): Promise<Driver> {
  const transport = new TcpTransport(await Deno.connect({ hostname: host, port }));
  const driver = new Driver(connection, transport, handle);
  transport.run(driver);
  return driver;
}

export class TcpTransport {
  readonly #tcp: Deno.TcpConn;
  #driver: Driver | undefined;
  #gate = Promise.withResolvers<void>();

  constructor(tcp: Deno.TcpConn) {
    this.#tcp = tcp;
    this.#gate.resolve();
  }

  /** Reads until the stream ends or the connection is closed. */
  async run(driver: Driver): Promise<void> {
    this.#driver = driver;
    const buffer = new Uint8Array(READ_SIZE);
    try {
      this.#tcp.setNoDelay();
      driver.start();
      for (;;) {
        await this.#gate.promise;
        const count = await this.#tcp.read(buffer);
        if (count === null) {
          break;
        }
        driver.receive(buffer.subarray(0, count));
      }
      driver.receiveEof();
    } catch {
      // Reset by the peer, or closed by `close` below.
      driver.lost();
    }
  }

  write(bytes: Uint8Array): boolean {
    this.#writeAll(bytes).then(
      () => this.#driver?.written(),
      () => this.#driver?.lost(),
    );
    return false;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      at += await this.#tcp.write(bytes.subarray(at));
    }
  }

  pause(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  resume(): void {
    this.#gate.resolve();
  }

  shutdownWrite(): void {
    // The peer may be gone already.
    this.#tcp.closeWrite().catch(() => this.#driver?.lost());
  }

  close(): void {
    this.#gate.resolve();
    this.#tcp.close();
  }
}

// An echo server on Deno.listen. Usage: deno run --allow-net --allow-read --allow-env echo_server.ts PORT

import { Driver } from "../js/driver.mjs";
import { echo } from "../js/echo.mjs";
import { TcpTransport } from "./transport.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 0) });
console.log(`listening on ws://127.0.0.1:${listener.addr.port}`);
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));

for await (const tcp of accepted(listener)) {
  const transport = new TcpTransport(tcp);
  const { connection, handle } = echo();
  transport.run(new Driver(connection, transport, handle));
}

/** A peer that is gone before it was accepted makes `accept` fail, and is no reason to stop. */
async function* accepted(listener: Deno.TcpListener): AsyncGenerator<Deno.TcpConn> {
  const { ConnectionAborted, ConnectionReset, NotConnected } = Deno.errors;
  for (;;) {
    try {
      yield await listener.accept();
    } catch (error) {
      if (![ConnectionAborted, ConnectionReset, NotConnected].some((kind) => error instanceof kind)) {
        throw error;
      }
    }
  }
}

// An echo server on Bun.listen. Usage: bun run echo_server.ts PORT

import { Driver } from "../js/driver.mjs";
import { echo } from "../js/echo.mjs";
import { BunTransport, handlers } from "./transport.ts";

const listener = Bun.listen<BunTransport>({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  // The engine says when to end our side.
  allowHalfOpen: true,
  socket: {
    ...handlers,
    open(socket) {
      const { connection, handle } = echo();
      socket.data = new BunTransport(socket);
      socket.data.driver = new Driver(connection, socket.data, handle);
      socket.data.driver.start();
    },
  },
});
console.log(`listening on ws://127.0.0.1:${listener.port}`);
process.on("SIGTERM", () => process.exit(0));

// An echo server on Bun.listen. Usage: bun run echo_server.ts PORT

import { echo } from "../js/echo.mjs";
import { type BunTransport, handlers, start } from "./transport.ts";

const listener = Bun.listen<BunTransport>({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  // The engine says when to end our side.
  allowHalfOpen: true,
  socket: {
    ...handlers,
    open(socket) {
      const { connection, handle } = echo();
      start(socket, connection, handle);
    },
  },
});
console.log(`listening on ws://127.0.0.1:${listener.port}`);
process.on("SIGTERM", () => process.exit(0));

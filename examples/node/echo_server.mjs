// An echo server on node:net. Usage: node echo_server.mjs PORT

import { createServer } from "node:net";
import process from "node:process";

import { Driver } from "../js/driver.mjs";
import { echo } from "../js/echo.mjs";
import { transport } from "./transport.mjs";

// Half-open: the engine says when to end our side.
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  const { connection, handle } = echo();
  const driver = new Driver(connection, transport(socket, () => driver), handle);
  driver.start();
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

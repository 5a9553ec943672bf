// An echo server on node:http, which serves other pages on the same port. Usage: node upgrade_server.mjs PORT

import { createServer } from "node:http";
import process from "node:process";

import { echo, options } from "../js/echo.mjs";
import { upgradeHandler } from "./sansock.mjs";

const server = createServer((_, response) => {
  response.setHeader("Content-Type", "text/plain").end("a page\n");
});
const { hostname, ...others } = options;
server.on("upgrade", upgradeHandler(others, echo));
server.listen(Number(process.argv[2] ?? 0), hostname, () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

// An echo server over HTTP/2 (RFC 8441) on node:http2, which serves other pages on the same port.
// Usage: node http2_server.mjs PORT [--cert FILE --key FILE]
// With a certificate and its key, in PEM, it speaks TLS, as browsers need it.

import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";
import process from "node:process";
import { parseArgs } from "node:util";

import { Driver } from "../js/driver.mjs";
import { echo } from "../js/echo.mjs";
import { http2Transport } from "./http2_transport.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cert: { type: "string" }, key: { type: "string" } },
});
const isSecure = values.cert !== undefined;
// This tells clients that a stream can carry a WebSocket.
const settings = { enableConnectProtocol: true };
const server = isSecure
  ? createSecureServer({ settings, cert: readFileSync(values.cert), key: readFileSync(values.key) })
  : createServer({ settings });

server.on("stream", (stream, headers) => {
  if (headers[":protocol"] === undefined) {
    stream.on("error", () => {}); // the client is gone
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    stream.end("a page\n");
    return;
  }
  const { connection, handle } = echo();
  const driver = new Driver(connection, http2Transport(stream, () => driver), handle);
  driver.receiveHead(() => connection.receiveRequest("2", headers));
});

server.listen(Number(positionals[0] ?? 0), "127.0.0.1", () => {
  console.log(`listening on ${isSecure ? "wss" : "ws"}://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

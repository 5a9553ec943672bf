// An echo server over HTTP/2 (RFC 8441) on node:http2, which serves other pages on the same port.
// Usage: node http2_server.mjs PORT [--cert FILE --key FILE]
// With a certificate and its key, in PEM, it speaks TLS, as browsers need it.

import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";
import process from "node:process";
import { parseArgs } from "node:util";

import { echo, options } from "../js/echo.mjs";
import { streamHandler } from "./sansock.mjs";

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

const { hostname, ...others } = options;
const handleStream = streamHandler(others, echo);
server.on("stream", (stream, headers) => {
  if (!handleStream(stream, headers)) {
    stream.on("error", () => {}); // the client is gone
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    stream.end("a page\n");
  }
});

server.listen(Number(positionals[0] ?? 0), hostname, () => {
  console.log(`listening on ${isSecure ? "wss" : "ws"}://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

// An echo server of the npm package ws, with compression, on a free port, which it prints.
//
//   ws_server.mjs [CERTIFICATE KEY]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const { WebSocketServer } = createRequire(new URL("../../conformance/package.json", import.meta.url))("ws");
const [cert, key] = process.argv.slice(2);
const server = cert ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }) : http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: true });
sockets.on("connection", (ws) => ws.on("message", (data, binary) => ws.send(data, { binary })));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

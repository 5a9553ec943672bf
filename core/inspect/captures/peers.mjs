// An echo server and a client with the package `ws`, for make.py: peers.mjs serve DEFLATE | peers.mjs connect DEFLATE URL. The server
// prints its port. The client reads its messages as an array of JSON from standard input.

import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(new URL("../../../conformance/package.json", import.meta.url));
const { WebSocket, WebSocketServer } = require("ws");

const [role, deflate, url] = process.argv.slice(2);
const perMessageDeflate = deflate === "1" ? { threshold: 0 } : false;

async function connect() {
  const pieces = [];
  for await (const piece of process.stdin) pieces.push(piece);
  const messages = JSON.parse(Buffer.concat(pieces).toString());
  const socket = new WebSocket(url, { perMessageDeflate });
  let left = messages.length;
  socket.on("open", () => messages.forEach((message) => socket.send(message)));
  socket.on("message", () => {
    left -= 1;
    if (left === 0) socket.close(1000, "done");
  });
}

if (role === "serve") {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  server.on("listening", () => console.log(server.address().port));
  server.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
} else {
  await connect();
}

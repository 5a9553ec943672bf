// Echo server written with `ws`: node ws_server.mjs [PORT]. With DEFLATE=1 in the environment it compresses.
import { WebSocketServer } from "ws";

const subprotocols = ["chat", "echo"];

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: process.env.DEFLATE === "1",
  handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
});

server.on("listening", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("error", () => {}); // A hostile peer ends its own connection, not the server.
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});

process.on("SIGTERM", () => process.exit(0));

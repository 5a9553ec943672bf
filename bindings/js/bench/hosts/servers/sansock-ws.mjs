import { WebSocketServer } from "../../../dist/ws/index.js";

const server = new WebSocketServer({ port: 0, perMessageDeflate: process.env.DEFLATE === "1" && { threshold: 0 } });
server.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
server.on("listening", () => console.log(server.address().port));

// The server behind a relay, written with `ws`: see ../run.py. It prints how each connection was closed.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: true,
  handleProtocols: (offered) => (offered.has("echo") ? "echo" : false),
  verifyClient: ({ req }, answer) => answer(req.url !== "/refused", 403, "not for you\n"),
});

server.on("listening", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
server.on("connection", (socket, { url, headers }) => {
  socket.on("error", () => {});
  socket.on("pong", (data) => socket.send(`pong ${data}`));
  socket.on("close", (code, reason) => console.log(["closed", code, reason].join(" ").trimEnd()));
  socket.on("message", (data, isBinary) => {
    const [, command, rest] = isBinary ? [] : /^(\w*) ?(.*)/s.exec(data.toString());
    if (command === "tell") {
      socket.send([url, headers.origin, headers["sec-websocket-key"], socket.protocol].join(" "));
    } else if (command === "ping") {
      socket.ping(rest);
    } else if (command === "close") {
      socket.close(Number(rest.slice(0, 4)), rest.slice(5));
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
});

process.on("SIGTERM", () => process.exit(0));

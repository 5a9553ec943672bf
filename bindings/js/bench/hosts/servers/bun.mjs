const server = Bun.serve({
  port: 0,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("a page")),
  websocket: {
    perMessageDeflate: process.env.DEFLATE === "1",
    message: (socket, message) => void socket.send(message, process.env.DEFLATE === "1"),
  },
});
console.log(server.port);

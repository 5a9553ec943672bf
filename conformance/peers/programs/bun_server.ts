// Echo server written with `Bun.serve`: bun run bun_server.ts

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
    const headers = offered.includes("chat") ? { "Sec-WebSocket-Protocol": "chat" } : undefined;
    return server.upgrade(request, { headers }) ? undefined : new Response(null, { status: 400 });
  },
  websocket: {
    perMessageDeflate: true,
    message(socket, data) {
      socket.send(data, true); // compressed, if that was agreed on
    },
  },
});
console.log(`listening on ws://127.0.0.1:${server.port}`);

// Echo server written with `Deno.upgradeWebSocket`: deno run deno_server.ts

function upgrade(request: Request): Response {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const { socket, response } = Deno.upgradeWebSocket(request, offered.includes("chat") ? { protocol: "chat" } : {});
  socket.binaryType = "arraybuffer";
  socket.onerror = () => {}; // A hostile peer ends its own connection, not the server.
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  handler(request) {
    try {
      return upgrade(request);
    } catch {
      return new Response(null, { status: 400 });
    }
  },
  onListen: ({ port }) => console.log(`listening on ws://127.0.0.1:${port}`),
});

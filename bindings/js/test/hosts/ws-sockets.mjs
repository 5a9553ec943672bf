// Servers and clients with the interface of ws, which end with the test.

import { once } from "node:events";

import { WebSocket, WebSocketServer } from "sansock/ws";

import { atEnd } from "./cleanup.mjs";

/** A server of `sansock/ws` on a free port, and its URL. */
export async function wsServing(options = {}, onConnection = (socket) => socket.on("message", (data, binary) => socket.send(data, { binary }))) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  server.on("connection", onConnection);
  await once(server, "listening");
  atEnd(() => {
    server.clients?.forEach((each) => each.terminate());
    server.close();
  });
  return Object.assign(server, { url: `ws://127.0.0.1:${server.address().port}/` });
}

/** A client of `sansock/ws`. */
export function wsClient(...given) {
  const socket = new WebSocket(...given);
  atEnd(() => {
    socket.on("error", () => {});
    socket.terminate();
  });
  return socket;
}

/** A client that is open. */
export async function wsOpen(...given) {
  const socket = wsClient(...given);
  await once(socket, "open");
  return socket;
}

/** A server and a client of it, and the server's end. */
export async function wsPair({ server: options = {}, client = {} } = {}) {
  let accept;
  const accepted = new Promise((resolve) => (accept = resolve));
  const server = await wsServing(options, (socket, request) => accept([socket, request]));
  const socket = await wsOpen(server.url, client);
  const [other, request] = await accepted;
  atEnd(() => other.terminate());
  return { server, client: socket, other, request };
}

/** How a client's attempt fails: the message of its error, and the code of its close. */
export async function wsFailure(...given) {
  const socket = wsClient(...given);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const [error] = await once(socket, "error");
  return [error.message, await closed];
}

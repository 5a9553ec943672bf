/**
 * The interface of the package `ws` over the engine: `import { WebSocketServer } from "sansock/ws"` in place of `from "ws"`.
 *
 * @module
 */
import { WebSocketServer } from "./server.js";
import { createWebSocketStream } from "./stream.js";
import { WebSocket } from "./websocket.js";

export type * from "./types.js";
export { createWebSocketStream, WebSocket, WebSocketServer, WebSocketServer as Server };
export default WebSocket;

Object.assign(WebSocket, { WebSocket, WebSocketServer, Server: WebSocketServer, createWebSocketStream });

/**
 * The interface of the package `ws` over the engine: `import { WebSocketServer } from "sansock/ws"` in place of `from "ws"`.
 *
 * @module
 */
import { WebSocketServer } from "./server.js";
import { createWebSocketStream } from "./stream.js";
import { WebSocket } from "./websocket.js";

export { CloseEvent, ErrorEvent, Event, MessageEvent } from "./events.js";
export type { Data } from "./events.js";
export type { ClientOptions } from "./client.js";
export type { WebSocketError } from "./errors.js";
export type { CommonOptions, PerMessageDeflateOptions } from "./options.js";
export type { Callback, Sendable, SendOptions } from "./outgoing.js";
export type { ClientInformation, ServerEvents, ServerOptions } from "./server.js";
export type { Decision } from "./upgrade.js";
export type { BinaryType, WebSocketEvents } from "./websocket.js";
export { createWebSocketStream, WebSocket, WebSocketServer, WebSocketServer as Server };
export default WebSocket;

Object.assign(WebSocket, { WebSocket, WebSocketServer, Server: WebSocketServer, createWebSocketStream });

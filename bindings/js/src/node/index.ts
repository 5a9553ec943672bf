/**
 * Servers and clients on Node.
 *
 * @module
 */
export { type ClientOptions, connect } from "./connect.js";
export { type ServerOptions, serve, type UpgradeHandler, upgradeHandler } from "./serve.js";
export * from "../hosts/public.js";
export { WebSocket, type WebSocketInit, WebSocketStream, type WebSocketStreamOptions } from "./web.js";

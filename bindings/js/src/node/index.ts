/**
 * Servers and clients on Node.
 *
 * @module
 */
export { type ClientOptions, connect } from "./connect.js";
export { type ServerOptions, serve } from "./serve.js";
export { type StreamHandler, streamHandler, type Upgraded, type UpgradeHandler, upgradeHandler } from "./upgrade.js";
export * from "../hosts/public.js";
export { WebSocket, type WebSocketInit, WebSocketStream, type WebSocketStreamOptions } from "./web.js";

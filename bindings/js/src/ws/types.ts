/** The types that the interface of `ws` names: exports of the module, and members of the class, as in the types of `ws`. */
export type { AddressInfo } from "node:net";
export type { ClientOptions, FinishRequestCallback } from "./client.js";
export type { WebSocketError } from "./errors.js";
export type {
  CloseEvent,
  Data,
  ErrorEvent,
  Event,
  EventListenerOptions,
  MessageEvent,
  RawData,
  WebSocketEventMap,
} from "./events.js";
export type { CommonOptions, PerMessageDeflateOptions } from "./options.js";
export type { Callback, Sendable, SendOptions } from "./outgoing.js";
export type {
  ClientInformation,
  ServerEvents,
  ServerOptions,
  VerifyClientCallbackAsync,
  VerifyClientCallbackSync,
  WebSocketServer,
} from "./server.js";
export type { Decision } from "./upgrade.js";
export type { BinaryType, WebSocket, WebSocketEvents } from "./websocket.js";

import { HostWebSocket, type WebSocketInit as HostInit } from "../hosts/web-socket.js";
import { HostWebSocketStream, type WebSocketStreamOptions as HostStreamOptions } from "../hosts/web-socket-stream.js";
import { checkCount, complete } from "../hosts/web-class.js";
import { NODE_OPTIONS } from "./connect.js";
import { type DialOptions, dialler } from "./dial.js";

/** What the constructor of a `WebSocket` takes in place of subprotocols. */
export interface WebSocketInit extends HostInit, DialOptions {}

/** How a `WebSocketStream` connects. */
export interface WebSocketStreamOptions extends HostStreamOptions, DialOptions {}

/** The class of the WHATWG WebSockets Standard. */
export class WebSocket extends HostWebSocket {
  /**
   * @param url A `ws:`, `wss:`, `http:` or `https:` URL.
   * @param protocols The subprotocols to offer, or options.
   * @throws {DOMException} `SyntaxError`: the URL or a subprotocol is not allowed.
   */
  constructor(url: string | URL, protocols: string | readonly string[] | WebSocketInit = []) {
    checkCount("WebSocket", 1, arguments.length);
    super(url, protocols, NODE_OPTIONS, (init) => dialler(init));
  }
}

complete("WebSocket", WebSocket, HostWebSocket);

/** A WebSocket as streams with backpressure. */
export class WebSocketStream extends HostWebSocketStream {
  /** @throws {DOMException} `SyntaxError`: the URL or a subprotocol is not allowed. */
  constructor(url: string | URL, options: WebSocketStreamOptions = {}) {
    checkCount("WebSocketStream", 1, arguments.length);
    super(url, options, NODE_OPTIONS, dialler(options));
  }
}

complete("WebSocketStream", WebSocketStream, HostWebSocketStream);

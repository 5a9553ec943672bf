import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse, STATUS_CODES } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { Connection } from "../connection.js";
import { type CommonOptions, engineOptions } from "./options.js";
import { type Decision, type Policy, Upgrade } from "./upgrade.js";
import { GONE, WebSocket } from "./websocket.js";

/** What `verifyClient` sees. */
export interface ClientInformation {
  /** The Origin header. */
  origin: string | undefined;
  /** Whether the request came over TLS. */
  secure: boolean;
  req: IncomingMessage;
}

/** Decides at once whether to accept a request. */
export type VerifyClientCallbackSync = (information: ClientInformation) => boolean;

/** Decides whether to accept a request by calling `decide`, now or later. */
export type VerifyClientCallbackAsync = (information: ClientInformation, decide: Decision) => void;

/** The options of a server. Exactly one of `port`, `server` and `noServer` must be given. */
export interface ServerOptions extends CommonOptions {
  host?: string | undefined;
  port?: number | undefined;
  /** How many connections may wait to be accepted. */
  backlog?: number | undefined;
  /** A server whose requests for an upgrade are handled. */
  server?: HttpServer | HttpsServer | null | undefined;
  /** Requests are passed to `handleUpgrade`. */
  noServer?: boolean | undefined;
  /** The only path that is served. */
  path?: string | undefined;
  /** Whether `clients` holds all open sockets. Default: true. */
  clientTracking?: boolean | undefined;
  /** Chooses one of the subprotocols that are offered, or none. Default: the first. */
  handleProtocols?: ((protocols: Set<string>, request: IncomingMessage) => string | false) | undefined;
  /** Decides whether to accept a request. */
  verifyClient?: VerifyClientCallbackSync | VerifyClientCallbackAsync | undefined;
  /** The class of the sockets. */
  WebSocket?: typeof WebSocket | undefined;
}

/** What the listeners of each event get. */
export interface ServerEvents {
  connection: [websocket: WebSocket, request: IncomingMessage];
  listening: [];
  close: [];
  error: [error: Error];
  /** The lines of the head of a response, which may be changed. */
  headers: [headers: string[], request: IncomingMessage];
  /** A request that is refused. With a listener, nothing is sent: that is up to the listener. */
  wsClientError: [error: Error, socket: Duplex, request: IncomingMessage];
}

/** Listeners have what types of arguments they like. */
type Listener = (...args: any[]) => void;

/** Sockets of which a request has been handled, by whatever server. */
const upgraded = new WeakSet<Duplex>();

const RUNNING = 0;
const CLOSING = 1;
const CLOSED = 2;

/** A server with the interface of the package `ws`. */
export class WebSocketServer extends EventEmitter<ServerEvents> {
  readonly options: ServerOptions;
  readonly path: string | undefined;
  /** All open sockets; undefined if `clientTracking` is false. */
  readonly clients: Set<WebSocket> | undefined;
  #server: HttpServer | HttpsServer | undefined;
  readonly #ownsServer: boolean;
  readonly #policy: Policy;
  #state: typeof RUNNING | typeof CLOSING | typeof CLOSED = RUNNING;
  readonly #listeners: [string, Listener][];

  /**
   * @param callback Listens for `listening`.
   * @throws {TypeError} Not exactly one of `port`, `server` and `noServer` is given.
   * @throws {SansockError} `INVALID_ARGUMENT` if the engine does not allow an option: here, not when the first client comes.
   */
  constructor(options: ServerOptions = {}, callback?: () => void) {
    super();
    const { port, server, noServer, host, backlog, path, clientTracking = true } = options;
    const ways = [port !== undefined && port !== null, server !== undefined && server !== null, noServer === true];
    if (ways.filter(Boolean).length !== 1) {
      throw new TypeError('One and only one of the "port", "server", or "noServer" options must be specified');
    }
    this.options = { ...options, WebSocket: options.WebSocket ?? WebSocket };
    this.path = path ?? undefined;
    this.#policy = this.#newPolicy();
    Connection.server(this.#policy.engine).free();
    this.clients = clientTracking ? new Set() : undefined;
    this.#ownsServer = port !== undefined && port !== null;
    this.#server = this.#ownsServer ? createServer(refuse) : (server ?? undefined);
    this.#listeners = [
      ["listening", () => this.emit("listening")],
      ["error", (error: Error) => this.emit("error", error)],
      ["upgrade", this.#onUpgrade as Listener],
    ];
    this.#listeners.forEach(([type, listener]) => this.#server?.on(type, listener));
    if (this.#ownsServer) {
      this.#server?.listen({ port, host, backlog }, callback);
    } else if (callback !== undefined) {
      this.once("listening", callback);
    }
  }

  /** The HTTP server. Many programs look here; leave it to this class. */
  get _server(): HttpServer | HttpsServer | undefined {
    return this.#server;
  }

  /** Where it listens. */
  address(): AddressInfo | string | null {
    if (this.options.noServer === true) {
      throw new Error('The server is operating in "noServer" mode');
    }
    return this.#server?.address() ?? null;
  }

  /**
   * Stops accepting connections. Those that are open stay open: close them yourself.
   *
   * @param callback Called when the last is closed, or with an error if the server is not running.
   */
  close(callback?: (error?: Error) => void): void {
    if (this.#state === CLOSED) {
      if (callback !== undefined) {
        process.nextTick(callback, new Error("The server is not running"));
      }
      return;
    }
    if (callback !== undefined) {
      this.once("close", callback);
    }
    if (this.#state === CLOSING) {
      return;
    }
    this.#state = CLOSING;
    const server = this.#server;
    this.#listeners.forEach(([type, listener]) => server?.off(type, listener));
    this.#server = undefined;
    if (this.#ownsServer) {
      server?.close(() => this.#emitClose());
    } else if ((this.clients?.size ?? 0) === 0) {
      process.nextTick(() => this.#emitClose());
    }
  }

  /** Whether a request is for this server: by default, whether its path is the option `path`. */
  shouldHandle({ url = "" }: IncomingMessage): boolean {
    const [path] = url.split("?", 1);
    return !this.path || this.path === path;
  }

  /** Answers a request for an upgrade. The callback gets the socket once the connection is open. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (websocket: WebSocket, request: IncomingMessage) => void,
  ): void {
    if (upgraded.has(socket)) {
      throw new Error(
        "server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration",
      );
    }
    upgraded.add(socket);
    const websocket = new (this.options.WebSocket ?? WebSocket)(null, undefined);
    new Upgrade(request, socket, websocket, this.#policy, callback).start(head);
  }

  readonly #onGone = (websocket: WebSocket): void => this.#forget(websocket);

  readonly #onConnection = (websocket: WebSocket, request: IncomingMessage): void => {
    this.emit("connection", websocket, request);
  };

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.handleUpgrade(request, socket, head, this.#onConnection);
  };

  #newPolicy(): Policy {
    const isClosing = (): boolean => this.#state > RUNNING;
    return {
      engine: engineOptions(this.options, this.options.perMessageDeflate ?? false),
      get isClosing() {
        return isClosing();
      },
      isHandled: (request) => this.shouldHandle(request),
      verify: (request, decide) => this.#verify(request, decide),
      choose: (subprotocols, request) => this.#choose(subprotocols, request),
      addHeaders: (lines, request) => this.emit("headers", lines, request),
      refused: (error, socket, request) => this.emit("wsClientError", error, socket, request),
      opened: (websocket) => {
        if (this.clients !== undefined) {
          this.clients.add(websocket);
          websocket[GONE] = this.#onGone;
        }
      },
    };
  }

  #verify(request: IncomingMessage, decide: Decision): void {
    const { verifyClient } = this.options;
    if (verifyClient === undefined || verifyClient === null) {
      decide(true);
      return;
    }
    const { encrypted, authorized } = request.socket as Partial<TLSSocket>;
    const secure = Boolean(encrypted) || Boolean(authorized);
    const information = { origin: request.headers.origin, secure, req: request };
    if (verifyClient.length === 2) {
      (verifyClient as VerifyClientCallbackAsync)(information, decide);
    } else {
      decide((verifyClient as VerifyClientCallbackSync)(information));
    }
  }

  #choose(subprotocols: readonly string[], request: IncomingMessage): string | null {
    const { handleProtocols } = this.options;
    if (subprotocols.length === 0) {
      return null;
    }
    const chosen = handleProtocols ? handleProtocols(new Set(subprotocols), request) : subprotocols[0];
    return chosen || null;
  }

  #forget(websocket: WebSocket): void {
    this.clients?.delete(websocket);
    if (this.#state === CLOSING && this.clients?.size === 0 && !this.#ownsServer) {
      process.nextTick(() => this.#emitClose());
    }
  }

  #emitClose(): void {
    this.#state = CLOSED;
    this.emit("close");
  }
}

/** Answers what is no request for an upgrade. */
function refuse(_: IncomingMessage, response: ServerResponse): void {
  const body = STATUS_CODES[426] ?? "";
  response.writeHead(426, { "Content-Length": body.length, "Content-Type": "text/plain" });
  response.end(body);
}

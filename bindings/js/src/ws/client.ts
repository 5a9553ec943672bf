import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";

import type { ClosedEvent, ConnectionEvent, Header } from "../events.js";
import { Session, type SessionUser } from "../hosts/session.js";
import { Connection } from "../index.js";
import { pairs } from "../node/http.js";
import { join } from "../node/stream.js";
import { responseError } from "./errors.js";
import { type CommonOptions, engineOptions, OUTPUT_LIMIT } from "./options.js";
import { ATTACH, FAIL, type WebSocket } from "./websocket.js";

const PROTOCOLS = ["ws:", "wss:", "http:", "https:", "ws+unix:"];
/** A token (RFC 9110 section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;
const MAX_REDIRECTS = 10;
/** What the handshake writes itself: a user's headers do not replace these. */
const OWN_HEADERS = /^(?:connection|upgrade|sec-websocket-.*)$/i;
/** What another host must not see. */
const SECRETS = ["authorization", "cookie", "host"];

/** Changes a request before it goes out, and ends it. */
export type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void;

/** The options of a client: those of `http.request` and `https.request` as well. */
export interface ClientOptions extends CommonOptions, RequestOptions {
  /** Whether to follow redirects. Default: false. */
  followRedirects?: boolean | undefined;
  /** How many redirects to follow. Default: 10. */
  maxRedirects?: number | undefined;
  /** Time for the opening handshake in milliseconds. Default: no limit. */
  handshakeTimeout?: number | undefined;
  /** The Origin header. Default: none. */
  origin?: string | undefined;
  /** Only 13 is spoken (RFC 6455). */
  protocolVersion?: number | undefined;
  /** Called with the request, which it must end. */
  finishRequest?: FinishRequestCallback | undefined;
}

/** The opening handshake of a client, through Node's own HTTP, so that agents, proxies and certificates are what they are for `http`. */
export class Opening implements SessionUser {
  /** The URL, that of the last redirect. */
  url: string;
  readonly #websocket: WebSocket;
  readonly #options: ClientOptions;
  readonly #subprotocols: readonly string[];
  #headers: Record<string, unknown>;
  #redirects = 0;
  #request: ClientRequest | undefined;
  #isOver = false;
  #session: Session | undefined;

  constructor(websocket: WebSocket, address: string | URL, subprotocols: readonly string[], options: ClientOptions) {
    if (options.protocolVersion !== undefined && options.protocolVersion !== 13) {
      throw new RangeError(`Unsupported protocol version: ${options.protocolVersion} (supported versions: 13)`);
    }
    const url = parse(address);
    if (subprotocols.some((each) => !TOKEN.test(each)) || new Set(subprotocols).size < subprotocols.length) {
      throw new SyntaxError("An invalid or duplicated subprotocol was specified");
    }
    this.url = url.href;
    this.#websocket = websocket;
    this.#subprotocols = subprotocols;
    this.#options = { ...options };
    this.#headers = { ...(options.headers as Record<string, unknown> | undefined) };
    this.#start(url, false);
  }

  /** Ends the handshake. */
  abort(message: string): void {
    this.#fail(new Error(message));
  }

  // --- For the session. ---

  onEvent(event: ConnectionEvent): void {
    if (event.type === "open" && this.#session !== undefined) {
      this.#isOver = true;
      this.#session.user = this.#websocket;
      this.#websocket.onEvent(event);
    }
  }

  onEnd(closed: ClosedEvent): void {
    this.#fail(responseError(closed, this.#subprotocols.length > 0));
  }

  // --- Private. ---

  #start(url: URL, isRedirect: boolean): void {
    const { perMessageDeflate = true, origin } = this.#options;
    const session = this.#newSession(url, perMessageDeflate, origin);
    this.#session = session;
    let head: readonly Header[] = [];
    const [event] = session.connection.requestFields("1.1");
    if (event?.type === "head") {
      head = event.headers;
    }
    const request = this.#send(url, head);
    this.#request = request;
    request.on("error", (error) => {
      if (request === this.#request) {
        this.#fail(error);
      }
    });
    if (isRedirect) {
      // While its headers can still be changed.
      this.#websocket.emit("redirect", this.url, request);
    }
    request.on("upgrade", (response, socket, rest) => this.#onUpgrade(session, response, socket, rest));
    request.on("response", (response) => this.#onResponse(url, request, response));
    const { handshakeTimeout, finishRequest } = this.#options;
    if (handshakeTimeout !== undefined) {
      request.setTimeout(handshakeTimeout, () => this.abort("Opening handshake has timed out"));
    }
    if (finishRequest === undefined) {
      request.end();
    } else {
      finishRequest(request, this.#websocket);
    }
  }

  #newSession(url: URL, deflate: NonNullable<ClientOptions["perMessageDeflate"]>, origin: string | undefined): Session {
    const isSecure = url.protocol === "wss:";
    const isUnix = url.protocol === "ws+unix:";
    const connection = Connection.client(isUnix ? "ws://localhost/" : `${isSecure ? "wss" : "ws"}://${url.host}/`, {
      ...engineOptions(this.#options, deflate),
      handshakeTimeout: Number.MAX_SAFE_INTEGER,
      subprotocols: this.#subprotocols,
      origin,
    });
    return new Session(connection, this, { limit: OUTPUT_LIMIT });
  }

  /** Sends the request: the engine's fields, and the user's. */
  #send(url: URL, head: readonly Header[]): ClientRequest {
    const isSecure = url.protocol === "wss:";
    const [socketPath, path] = target(url);
    const own = head.filter(([name]) => !name.startsWith(":") && name !== "host");
    const given = Object.entries(this.#headers).filter(([name]) => !OWN_HEADERS.test(name));
    const { headers: _, ...others } = this.#options;
    const options: RequestOptions = {
      ...others,
      method: "GET",
      path,
      headers: Object.fromEntries([...own, ...given]) as Record<string, string>,
      timeout: undefined,
      hostname: undefined,
      protocol: undefined,
      socketPath: undefined,
      ...(socketPath === undefined ? place(url) : { socketPath }),
    };
    if (url.username !== "" || url.password !== "") {
      options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    }
    if (options.createConnection === undefined) {
      // A connection is for one WebSocket: none is kept for other requests.
      options.agent ??= false;
    }
    // An address is no name of a server (RFC 6066 section 3).
    const servername = isIP(nameOf(url)) === 0 ? nameOf(url) : "";
    return isSecure ? httpsRequest({ servername, ...options }) : httpRequest(options);
  }

  #onUpgrade(session: Session, response: IncomingMessage, socket: Duplex, rest: Buffer): void {
    this.#websocket.emit("upgrade", response);
    // It may have been closed by a listener.
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#request?.setTimeout(0);
    this.#websocket[ATTACH](session, socket);
    join(socket, session);
    session.call((connection, now) => connection.receiveResponse(response.statusCode ?? 0, pairs(response.rawHeaders), now));
    if (rest.length > 0) {
      session.receive(rest);
    }
    if (!this.#isOver) {
      // No rest of the stream makes a wrong 101 right.
      session.receiveEof();
    }
  }

  #onResponse(from: URL, request: ClientRequest, response: IncomingMessage): void {
    const { statusCode = 0, headers } = response;
    const { followRedirects = false, maxRedirects = MAX_REDIRECTS } = this.#options;
    if (headers.location !== undefined && followRedirects && statusCode >= 300 && statusCode < 400) {
      this.#redirects += 1;
      if (this.#redirects > maxRedirects) {
        this.abort("Maximum redirects exceeded");
        return;
      }
      this.#request = undefined;
      request.destroy();
      this.#redirect(from, headers.location);
    } else if (!this.#websocket.emit("unexpected-response", request, response)) {
      this.abort(`Unexpected server response: ${statusCode}`);
    }
  }

  #redirect(from: URL, location: string): void {
    let to: URL;
    try {
      to = parse(new URL(location, from.href.replace(/^ws/, "http")));
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    const isSame = to.host === from.host && !(from.protocol === "wss:" && to.protocol !== "wss:");
    // Whoever listens sees to the headers of each request.
    if (!isSame && this.#websocket.listenerCount("redirect") === 0) {
      const kept = Object.entries(this.#headers).filter(([name]) => !SECRETS.includes(name.toLowerCase()));
      this.#headers = Object.fromEntries(kept);
      this.#options.auth = undefined;
    }
    this.url = to.href;
    this.#start(to, true);
  }

  #fail(error: Error): void {
    if (!this.#isOver) {
      this.#isOver = true;
      const request = this.#request;
      this.#request = undefined;
      request?.on("error", () => {});
      request?.destroy();
      // Not before the constructor has returned.
      process.nextTick(() => this.#websocket[FAIL](error));
    }
  }
}

function parse(address: string | URL): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch (cause) {
    throw new SyntaxError(`Invalid URL: ${String(address)}`, { cause });
  }
  if (!PROTOCOLS.includes(url.protocol)) {
    throw new SyntaxError(
      'The URL\'s protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"',
    );
  }
  if (url.hash !== "") {
    throw new SyntaxError("The URL contains a fragment identifier");
  }
  if (url.protocol === "ws+unix:" && url.pathname === "") {
    throw new SyntaxError("The URL's pathname is empty");
  }
  // A URL of http: cannot be made one of ws: by setting its protocol.
  return url.protocol.startsWith("http") ? new URL(url.href.replace(/^http/, "ws")) : url;
}

/** Where the request goes: the path of a Unix socket, if it is one, and the target. */
function target(url: URL): [socketPath: string | undefined, path: string] {
  if (url.protocol === "ws+unix:") {
    const [socketPath = "", path = "/"] = url.pathname.split(":");
    return [socketPath, path + url.search];
  }
  return [undefined, url.pathname + url.search];
}

function place(url: URL): RequestOptions {
  return { host: nameOf(url), port: url.port === "" ? (url.protocol === "wss:" ? 443 : 80) : url.port };
}

/** The host, an IPv6 address without its brackets. */
function nameOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

import type { Bytes } from "../bytes.js";
import { invalid } from "../errors.js";
import type { ConnectionEvent, Header, HeadEvent, OpenEvent, RequestEvent } from "../events.js";
import type { HeadersInput } from "../headers.js";
import { Connection } from "../index.js";
import { FAULT_STATUSES } from "./fault-statuses.js";
import { guarded, Session, type SessionUser } from "./session.js";
import { PackedRequest } from "./packed-request.js";
import { type HostOptions, LATER, type Settings, settingsOf } from "./settings.js";
import type { PeerAddress } from "./messages.js";
import { WebSocketConnection } from "./websocket-connection.js";

/** An HTTP response that opens no connection: a page, a health check, a refusal. */
export interface HttpResponse {
  /** The HTTP status, 200 to 599. */
  readonly status: number;
  /** The reason phrase. Default: the usual one. */
  readonly reason?: string | undefined;
  /** Its headers. `Content-Length` and `Connection: close` are added. */
  readonly headers?: HeadersInput | undefined;
  readonly body?: string | Bytes | undefined;
}

/** What to accept a request with. */
export interface Acceptance {
  /** One of the subprotocols that the client offers. Default: the first of the option `subprotocols` that it offers. */
  readonly subprotocol?: string | null | undefined;
  /** Headers for the response. */
  readonly headers?: HeadersInput | undefined;
}

/** What is known of the peer before a connection is open. */
export interface PeerInformation {
  /** Where it is; null if the transport does not know. */
  readonly remoteAddress: PeerAddress | null;
}

type Answer = HttpResponse | Acceptance | undefined | void;

/** The options of a server. */
export interface ServerOptions extends HostOptions {
  /**
   * Which pages may connect (RFC 6455 section 10.2): "same" for those of this server, and programs that are no browsers; "any"; or a
   * list of origins, in which null stands for requests without one. Others get 403. Default: "same".
   */
  readonly origins?: "same" | "any" | Iterable<string | RegExp | null> | undefined;
  /**
   * Decides on each request, also on those that ask for no WebSocket: returns an HTTP response (an object with `status`), or how to
   * accept, or nothing. `request.fault` says why a request cannot be accepted. It may be async. If it throws, the response is 500.
   */
  readonly onRequest?: ((request: RequestEvent, peer: PeerInformation) => Answer | Promise<Answer>) | undefined;
  /** Called with what the handler or `onRequest` throws. Default: it is printed with `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Called with each connection. When it returns, or what it returns resolves, the connection is closed with 1000; with 1011 if it fails. */
export type Handler = (connection: WebSocketConnection) => unknown;

const HOST_OPTIONS = ["origins", "onRequest", "onError"];
const TEXT = [["Content-Type", "text/plain"]] as const;

/** What a server does with each transport, whatever listens. */
export class Serving {
  readonly #handler: Handler;
  readonly #options: ServerOptions;
  readonly #settings: Settings;
  readonly #origins: "same" | "any" | readonly (string | RegExp | null)[];
  readonly #sessions = new Set<Session>();
  /** The connections that are open, or closing. */
  readonly connections: Set<WebSocketConnection> = new Set();
  /** Who waits for the last connection to end. */
  #waiting: (() => void)[] = [];
  #end: { readonly code: number; readonly reason: string } | undefined;

  /** @throws {SansockError} `INVALID_ARGUMENT` if an option is not allowed. */
  constructor(handler: Handler, options: ServerOptions, secure: boolean | undefined, hosts: readonly string[]) {
    const further = {
      ...LATER,
      ...(options.onRequest === undefined ? {} : { deliverHttp: true }),
      ...(secure === undefined ? {} : { secure }),
    };
    this.#handler = handler;
    this.#options = options;
    this.#origins = checkedOrigins(options.origins);
    this.#settings = settingsOf(options, [...HOST_OPTIONS, ...hosts], further);
    Connection.server(this.#settings.engine).free();
  }

  /**
   * Serves a transport. The caller starts the session that is returned, and passes it what is read.
   *
   * @param writeHead Writes the head of a response, where the handshake is made of fields.
   */
  serve(remoteAddress: PeerAddress | null, views: boolean, writeHead?: (head: HeadEvent) => void): Session {
    const connection = Connection.server(views ? { ...this.#settings.engine, views } : this.#settings.engine);
    const user = new Incoming(this, this.#settings, remoteAddress, writeHead);
    const session = new Session(connection, user, this.#settings);
    user.session = session;
    this.#sessions.add(session);
    return session;
  }

  /**
   * Closes all connections, and resolves when the last has ended. Requests that are not answered yet get 503, and so do those that
   * come later.
   */
  async close(code = 1001, reason = ""): Promise<void> {
    this.#end = { code, reason };
    for (const session of this.#sessions) {
      if (session.connection.state === "connecting") {
        refuse(session, 503);
      } else if (!session.ended) {
        session.act((connection, now) => connection.close(code, reason, now));
      }
    }
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  // --- For each connection. ---

  /** @internal Decides on a request. */
  async answer(request: RequestEvent, peer: PeerInformation): Promise<HttpResponse | Acceptance> {
    if (this.#end !== undefined) {
      return { status: 503 };
    }
    try {
      const answer = await this.#options.onRequest?.(request, peer);
      if (answer !== undefined && "status" in answer) {
        return answer;
      }
      if (request.fault !== null) {
        return plain(FAULT_STATUSES[request.fault] ?? 400);
      }
      return this.#isAllowed(request) ? (answer ?? {}) : plain(403);
    } catch (error) {
      this.report(error);
      return plain(500);
    }
  }

  /** @internal A request as a connection keeps it. What `onRequest` has seen stays the same object. */
  kept(request: RequestEvent): RequestEvent | PackedRequest {
    return this.#options.onRequest === undefined ? new PackedRequest(request) : request;
  }

  /** @internal Runs the handler. */
  run(connection: WebSocketConnection): void {
    this.connections.add(connection);
    try {
      // Not an async function of our own: it would be kept for as long as the connection lives.
      Promise.resolve(this.#handler(connection)).then(
        () => this.#handled(connection, 1000),
        (error: unknown) => this.#failed(connection, error),
      );
    } catch (error) {
      void this.#failed(connection, error);
    }
  }

  async #handled(connection: WebSocketConnection, code: number): Promise<void> {
    await connection.close(code);
    this.connections.delete(connection);
  }

  #failed(connection: WebSocketConnection, error: unknown): Promise<void> {
    if (isEnd(error)) {
      return this.#handled(connection, 1000);
    }
    this.report(error);
    return this.#handled(connection, 1011);
  }

  /** @internal */
  forget(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) {
      this.#waiting.splice(0).forEach((wake) => wake());
    }
  }

  /** @internal */
  report(error: unknown): void {
    const { onError = (each: unknown) => console.error(each) } = this.#options;
    guarded(() => onError(error));
  }

  #isAllowed({ origin, sameOrigin }: RequestEvent): boolean {
    const origins = this.#origins;
    if (typeof origins === "string") {
      return origins === "any" || sameOrigin;
    }
    // Not `test`: an expression with the flag g would remember where it has stopped.
    return origins.some((each) => (each instanceof RegExp ? (origin ?? "").search(each) >= 0 : each === origin));
  }
}

/** One incoming connection: first its request, then what is open. */
class Incoming implements SessionUser {
  readonly #serving: Serving;
  readonly #settings: Settings;
  readonly #remoteAddress: PeerAddress | null;
  readonly #writeHead: ((head: HeadEvent) => void) | undefined;
  session!: Session;
  #request: RequestEvent | undefined;

  constructor(
    serving: Serving,
    settings: Settings,
    remoteAddress: PeerAddress | null,
    writeHead: ((head: HeadEvent) => void) | undefined,
  ) {
    this.#serving = serving;
    this.#settings = settings;
    this.#remoteAddress = remoteAddress;
    this.#writeHead = writeHead;
  }

  onHead(head: HeadEvent): void {
    this.#writeHead?.(head);
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type === "request") {
      this.#request = event;
      void this.#answer(event);
    } else if (event.type === "open") {
      this.#onOpen(event);
    }
  }

  onEnd(): void {
    this.#serving.forget(this.session);
  }

  #onOpen(event: OpenEvent): void {
    const request = this.#request === undefined ? null : this.#serving.kept(this.#request);
    const connection = new WebSocketConnection(this.session, event, request, this.#remoteAddress, this.#settings, this.#serving);
    this.session.user = connection;
    this.#serving.run(connection);
  }

  async #answer(request: RequestEvent): Promise<void> {
    const answer = await this.#serving.answer(request, { remoteAddress: this.#remoteAddress });
    if (this.session.ended || this.session.connection.state !== "connecting") {
      return;
    }
    try {
      if ("status" in answer) {
        respond(this.session, answer);
      } else {
        const { subprotocol = null, headers = [] } = answer;
        this.session.call((connection, now) => connection.accept(subprotocol, headers, now));
      }
    } catch (error) {
      // The response is not allowed.
      refuse(this.session, 500);
      this.#serving.report(error);
    }
  }
}

function checkedOrigins(origins: ServerOptions["origins"] = "same"): "same" | "any" | (string | RegExp | null)[] {
  if (typeof origins === "string" && ["same", "any"].includes(origins)) {
    return origins as "same" | "any";
  }
  const isList = typeof origins === "object" && origins !== null && Symbol.iterator in origins;
  const list: unknown[] = isList ? Array.from(origins) : [undefined];
  if (!list.every((each) => each === null || typeof each === "string" || each instanceof RegExp)) {
    throw invalid("origins", 'must be "same", "any", or a list of strings, regular expressions and null');
  }
  return list as (string | RegExp | null)[];
}

function isEnd(error: unknown): boolean {
  return error instanceof Error && error.name === "ConnectionClosedError";
}

function refuse(session: Session, status: number): void {
  try {
    respond(session, plain(status));
  } catch {
    // The request has not arrived, or it has been answered.
    session.terminate();
  }
}

function respond(session: Session, { status, reason = "", headers = [], body = "" }: HttpResponse): void {
  session.call((connection, now) => connection.respond(status, reason, headers, body, now));
}

/** A response that says its status. */
function plain(status: number): HttpResponse {
  return { status, headers: TEXT as readonly Header[], body: `${status}\n` };
}

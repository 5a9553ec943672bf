import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import type { Options } from "../connection-options.js";
import type { ConnectionEvent, HeadEvent, RequestEvent } from "../events.js";
import { Session, type SessionUser } from "../hosts/session.js";
import { Connection } from "../index.js";
import { headLines, headText, requestFields } from "../node/http.js";
import { join } from "../node/stream.js";
import { requestError } from "./errors.js";
import { OUTPUT_LIMIT } from "./options.js";
import { ATTACH, type WebSocket } from "./websocket.js";

const HTML = ["Content-Type", "text/html"] as const;

/** Accepts a request, or refuses it: with 401 unless another status is given. */
export type Decision = (
  accepted: boolean,
  status?: number,
  message?: string,
  headers?: Record<string, string | number>,
) => void;

/** What a server says to requests. */
export interface Policy {
  readonly engine: Options;
  readonly isClosing: boolean;
  isHandled(request: IncomingMessage): boolean;
  verify(request: IncomingMessage, decide: Decision): void;
  choose(subprotocols: readonly string[], request: IncomingMessage): string | null;
  /** The lines of the response's head may be changed. */
  addHeaders(lines: string[], request: IncomingMessage): void;
  /** Whether somebody else answers a request that is refused. */
  refused(error: Error, socket: Duplex, request: IncomingMessage): boolean;
  opened(websocket: WebSocket): void;
}

/** The opening handshake of a server's socket. */
export class Upgrade implements SessionUser {
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  readonly #websocket: WebSocket;
  readonly #policy: Policy;
  readonly #session: Session;
  readonly #opened: (websocket: WebSocket, request: IncomingMessage) => void;
  #accepted = false;
  /** Whether the host refuses the request, and not the engine. */
  #isOurs = false;
  #refusal: HeadEvent | undefined;

  constructor(
    request: IncomingMessage,
    socket: Duplex,
    websocket: WebSocket,
    policy: Policy,
    opened: (websocket: WebSocket, request: IncomingMessage) => void,
  ) {
    this.#request = request;
    this.#socket = socket;
    this.#websocket = websocket;
    this.#policy = policy;
    this.#opened = opened;
    this.#session = new Session(Connection.server(policy.engine), this, { limit: OUTPUT_LIMIT });
  }

  start(head: Uint8Array): void {
    this.#websocket[ATTACH](this.#session, this.#socket);
    join(this.#socket, this.#session);
    this.#session.call((connection, now) => connection.receiveRequest("1.1", requestFields(this.#request), now));
    if (head.length > 0) {
      this.#session.receive(head);
    }
  }

  onHead(head: HeadEvent): void {
    if (head.status !== 101 && !this.#isOurs) {
      // Why will be known in a moment.
      this.#refusal = head;
    } else {
      this.#write(head);
    }
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type === "request") {
      this.#onRequest(event);
      return;
    }
    if (event.type === "closed" && this.#refusal !== undefined) {
      const error = requestError(event);
      if (!this.#policy.refused(error, this.#socket, this.#request)) {
        this.#write(withText(this.#refusal, error.message));
      }
      return;
    }
    if (event.type === "open") {
      this.#session.user = this.#websocket;
      this.#websocket.onEvent(event);
      this.#policy.opened(this.#websocket);
      this.#opened(this.#websocket, this.#request);
    }
  }

  onEnd(): void {
    // There is no WebSocket yet that could be told.
  }

  #onRequest({ subprotocols }: RequestEvent): void {
    if (!this.#policy.isHandled(this.#request)) {
      this.#respond(400);
      return;
    }
    this.#policy.verify(this.#request, (accepted, status = 401, message, headers) => {
      // A decision counts once, and not after the client has gone.
      if (this.#accepted || this.#isOurs || this.#session.ended) {
        return;
      }
      if (!accepted) {
        this.#respond(status, message, headers);
      } else if (this.#policy.isClosing) {
        this.#respond(503);
      } else {
        this.#accepted = true;
        this.#accept(subprotocols);
      }
    });
  }

  #accept(subprotocols: readonly string[]): void {
    try {
      const subprotocol = this.#policy.choose(subprotocols, this.#request);
      this.#session.call((connection, now) => connection.accept(subprotocol, [], now));
    } catch (error) {
      // Such as a subprotocol that was not offered.
      this.#respond(500);
      throw error;
    }
  }

  #respond(status: number, message = STATUS_CODES[status] ?? "", headers: Record<string, string | number> = {}): void {
    this.#isOurs = true;
    const given = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
    const own = given.some(([name]) => name.toLowerCase() === "content-type") ? [] : [HTML];
    const all = [...own, ...given];
    this.#session.call((connection, now) => connection.respond(status, "", all, message, now));
  }

  /** Writes the head of a response, and its body, as text. */
  #write(head: HeadEvent): void {
    const lines = headLines(head);
    if (head.status === 101) {
      this.#policy.addHeaders(lines, this.#request);
    }
    this.#socket.write(headText(head, lines));
  }
}

/** A refusal that says why. */
function withText({ headers, ...others }: HeadEvent, text: string): HeadEvent {
  const body = Buffer.from(text);
  const kept = headers.filter(([name]) => !["content-length", "content-type"].includes(name));
  return { ...others, headers: [...kept, HTML, ["Content-Length", String(body.length)]], body };
}

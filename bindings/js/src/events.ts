import type { FaultName } from "./numbers.js";

/** Name and value as received, one character for each byte. Names may repeat; the order is the peer's. */
export type Header = readonly [name: string, value: string];

/** Why a connection ended other than by a closing handshake. */
export interface Fault {
  /** The number of the rule that was broken: stable, and the same in every language. */
  readonly number: number;
  /** The name of the rule, such as `BAD_TEXT`. */
  readonly name: FaultName;
  /** What happened, in words, with the numbers that explain it. */
  readonly text: string;
}

/**
 * How the origin of a request relates to the host to which it was made (RFC 6455 section 10.2).
 *
 * - `absent`: there is no Origin header: the client is not a browser.
 * - `same`: the same host and port.
 * - `cross`: another host or port, or the opaque origin `null`: a page of another site made the request.
 */
export type OriginRelation = "absent" | "same" | "cross";

/**
 * A server has received a valid opening request (RFC 6455 section 4.2.1). Call `accept` or `reject`: nothing more is
 * delivered before that.
 */
export interface RequestEvent {
  readonly type: "request";
  /** Path and query, as received. */
  readonly target: string;
  /** The host and port to which the request was made. */
  readonly authority: string;
  /** The Origin header; null if there is none. Browsers send it, other clients seldom do. */
  readonly origin: string | null;
  /** How the origin relates to the authority. */
  readonly originRelation: OriginRelation;
  /**
   * Whether `originRelation` is `absent` or `same`. If it is false, a page of another site made the request: reject it with
   * 403 unless your service is meant for other sites.
   */
  readonly sameOrigin: boolean;
  /** The subprotocols that the client offers, in its order. */
  readonly subprotocols: readonly string[];
  /** The subprotocol that `accept` agrees on by default: the first of the option `subprotocols` that is offered, or null. */
  readonly subprotocol: string | null;
  /** The extensions that the client offers, with their parameters. */
  readonly extensions: readonly string[];
  /** All headers of the request. */
  readonly headers: readonly Header[];
}

/** The opening handshake is complete: messages can be sent and will arrive. */
export interface OpenEvent {
  readonly type: "open";
  /** The subprotocol agreed on; null if none. */
  readonly subprotocol: string | null;
  /** The extensions agreed on, with their parameters. */
  readonly extensions: readonly string[];
  /** On a client, the headers of the server's response; on a server, none. */
  readonly headers: readonly Header[];
}

/** The server refused a client's request. `closed` comes next. */
export interface RejectedEvent {
  readonly type: "rejected";
  /** The HTTP status; of a tunnel through SOCKS, the code of the reply. */
  readonly status: number;
  /** All headers of the response. */
  readonly headers: readonly Header[];
  /** The body, up to `maxBodySize` bytes. */
  readonly body: Uint8Array;
  /** Whether the body is incomplete: it was longer than `maxBodySize`, or the stream ended early. */
  readonly truncated: boolean;
}

/** A text message, or with the option `parts` a part of one, which never ends inside a code point. */
export interface TextEvent {
  readonly type: "text";
  readonly data: string;
  /** Whether this is the beginning of a message. Always true without `parts`. */
  readonly first: boolean;
  /** Whether this is the end of a message. Always true without `parts`. */
  readonly last: boolean;
}

/** A binary message, or with the option `parts` a part of one. */
export interface BinaryEvent {
  readonly type: "binary";
  /** The bytes: a copy, unless the option `views` is set. */
  readonly data: Uint8Array;
  /** Whether this is the beginning of a message. Always true without `parts`. */
  readonly first: boolean;
  /** Whether this is the end of a message. Always true without `parts`. */
  readonly last: boolean;
}

/** A ping from the peer. It is answered automatically unless `autoPong` is off: then call `pong` with its payload. */
export interface PingEvent {
  readonly type: "ping";
  /** Up to 125 bytes. */
  readonly payload: Uint8Array;
}

/** A pong from the peer. */
export interface PongEvent {
  readonly type: "pong";
  /** Up to 125 bytes. */
  readonly payload: Uint8Array;
  /** Milliseconds since our latest ping if the pong answers it, else null. */
  readonly roundTripTime: number | null;
}

/**
 * The peer's Close frame (RFC 6455 section 5.5.1). If it answers your own, `closed` comes next. Otherwise it is not answered
 * yet: you can still send messages, or call `close` to answer with a code of your own.
 *
 * The next input call answers it with the peer's code and delivers `closed`. Call `timeout`, which is due at once: `more` is
 * true. With `autoClose` off, the connection waits for your `close` instead, until `closeTimeout` has passed.
 */
export interface ClosingEvent {
  readonly type: "closing";
  /** The code; 1005 if the frame had none. */
  readonly code: number;
  /** The reason; may be empty. */
  readonly reason: string;
}

/** The last event of every connection, exactly once. Write the output, obey `transport`, and `free` the connection at last. */
export interface ClosedEvent {
  readonly type: "closed";
  /** The code of the peer's Close frame; 1005 if the frame had none, 1006 if there was no such frame. */
  readonly code: number;
  /** The reason of the peer's Close frame; may be empty. */
  readonly reason: string;
  /** Whether one Close frame was sent and one received. */
  readonly clean: boolean;
  /** Whether the peer began to close: by its Close frame, its fault, or the end of its stream. */
  readonly byPeer: boolean;
  /** The code of the Close frame that was sent; 1005 if the frame had none, null if none was sent. */
  readonly sentCode: number | null;
  /** Why the connection ended other than by a closing handshake; null if it did not. */
  readonly fault: Fault | null;
}

/** An event of a connection. `type` says which. */
export type ConnectionEvent =
  | RequestEvent
  | OpenEvent
  | RejectedEvent
  | TextEvent
  | BinaryEvent
  | PingEvent
  | PongEvent
  | ClosingEvent
  | ClosedEvent;

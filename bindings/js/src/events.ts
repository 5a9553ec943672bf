/** Name and value as received, one character for each byte. Names may repeat; the order is the peer's. */
export type Header = readonly [name: string, value: string];

/** Why a connection ended other than by a closing handshake. */
export interface Fault {
  /** The stable number of the rule that was broken, the same in every language. */
  readonly number: number;
  /** Its name, as `BAD_TEXT`. */
  readonly name: string;
  /** What happened, with the numbers at fault. */
  readonly text: string;
}

/** A server has read a valid opening request. Call `accept` or `reject`; nothing more arrives before that. */
export interface RequestEvent {
  readonly type: "request";
  /** Path and query, as received. */
  readonly target: string;
  /** Host and port the request was made to. */
  readonly authority: string;
  /** The Origin header. Browsers send it, others seldom do. */
  readonly origin: string | null;
  /** How the origin relates to the authority. Reject `cross` with 403 unless other sites may use the service. */
  readonly sameOrigin: "absent" | "same" | "cross";
  /** The subprotocols offered, in the client's order. */
  readonly subprotocols: readonly string[];
  /** The one that `accept` will agree on unless it is given another: the first of our own list that was offered. */
  readonly subprotocol: string | null;
  /** The extensions offered, with their parameters. */
  readonly extensions: readonly string[];
  readonly headers: readonly Header[];
}

/** Messages can be sent and will arrive. */
export interface OpenEvent {
  readonly type: "open";
  readonly subprotocol: string | null;
  /** The extensions agreed on, with their parameters. */
  readonly extensions: readonly string[];
  /** The headers of the server's response; none on a server. */
  readonly headers: readonly Header[];
}

/** The server refused the request. `closed` comes next. */
export interface RejectedEvent {
  readonly type: "rejected";
  /** The HTTP status. */
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** Whether the body was longer than `maxBodySize`. */
  readonly truncated: boolean;
}

/** A text message, or with the option `parts` a part of one, cut between code points. */
export interface TextEvent {
  readonly type: "text";
  readonly data: string;
  /** Whether it begins a message: always, without `parts`. */
  readonly first: boolean;
  /** Whether it ends a message: always, without `parts`. */
  readonly last: boolean;
}

/** A binary message, or with the option `parts` a part of one. */
export interface BinaryEvent {
  readonly type: "binary";
  readonly data: Uint8Array;
  /** Whether it begins a message: always, without `parts`. */
  readonly first: boolean;
  /** Whether it ends a message: always, without `parts`. */
  readonly last: boolean;
}

/** A ping from the peer, answered already unless `autoPong` is off. */
export interface PingEvent {
  readonly type: "ping";
  readonly payload: Uint8Array;
}

/** A pong from the peer. */
export interface PongEvent {
  readonly type: "pong";
  readonly payload: Uint8Array;
  /** Milliseconds since our latest ping if this answers it. */
  readonly roundTripTime: number | null;
}

/** The peer's Close frame, answered already unless `autoClose` is off. */
export interface ClosingEvent {
  readonly type: "closing";
  /** 1005 if it had none. */
  readonly code: number;
  readonly reason: string;
}

/** The last event of every connection. */
export interface ClosedEvent {
  readonly type: "closed";
  /** The code the peer sent: 1005 for a Close without one, 1006 if there was no Close. */
  readonly code: number;
  /** The reason the peer sent. */
  readonly reason: string;
  /** Whether a Close frame was sent and one received. */
  readonly clean: boolean;
  /** Whether the peer began it, by its Close frame, its fault, or the end of its stream. */
  readonly byPeer: boolean;
  /** The code that was sent to the peer. */
  readonly sentCode: number | null;
  /** The fault that ended the connection, if one did. */
  readonly fault: Fault | null;
}

/** Whatever happens on a connection, told apart by `type`. */
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

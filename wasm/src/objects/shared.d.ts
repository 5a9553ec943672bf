// Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.

/** The engine's options. What is left out, or undefined, has its default. Sizes are in bytes, times in milliseconds. */
export interface EngineOptions {
  /** The stream has been upgraded already: there is no opening handshake. Default: false. */
  readonly startOpen?: boolean | undefined;
  /** The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default: 16 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection with 1009. In bytes; default: as large as a message. */
  readonly maxFrameSize?: number | undefined;
  /** The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /** The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the request line. In bytes; default: 8 KiB. */
  readonly maxLineSize?: number | undefined;
  /** The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128. */
  readonly maxHeaders?: number | undefined;
  /** How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB. */
  readonly maxBodySize?: number | undefined;
  /** Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes; default: 64 KiB. */
  readonly outputSoftLimit?: number | undefined;
  /** Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out. In bytes; default: 32 MiB. */
  readonly outputHardLimit?: number | undefined;
  /** Time for the opening handshake. In milliseconds; default: 10,000 ms. */
  readonly handshakeTimeout?: number | undefined;
  /** Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms. */
  readonly closeTimeout?: number | undefined;
  /** Time between keepalive pings. In milliseconds; default: no keepalive. */
  readonly pingInterval?: number | undefined;
  /** Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default: 20,000 ms. */
  readonly pongTimeout?: number | undefined;
  /** Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point. Default: false. */
  readonly parts?: boolean | undefined;
  /** Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with `frames` it is off unless it is set. Default: true. */
  readonly autoPong?: boolean | undefined;
  /** Answer the peer's Close automatically. Off for hosts that answer it themselves, with `close`; with `frames` it is off unless it is set. Default: true. */
  readonly autoClose?: boolean | undefined;
  /** Only a pong shows that the peer is alive. When off, any byte does. Default: false. */
  readonly requirePong?: boolean | undefined;
  /** Deliver messages that arrive after our own Close. When off, they are dropped. Default: false. */
  readonly receiveWhileClosing?: boolean | undefined;
  /** Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: false. */
  readonly allowNonMinimalLength?: boolean | undefined;
  /** Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the parameters that the next four options give. A build without compression refuses it. Default: false. */
  readonly deflate?: boolean | undefined;
  /** The server compresses each message alone: a client asks for it, a server decides it. Default: false. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The client compresses each message alone: a client announces it, a server asks for it. Default: false. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15. */
  readonly clientMaxWindowBits?: number | undefined;
  /** How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6. */
  readonly deflateLevel?: number | undefined;
  /** How much memory to compress with, from 1 to 9. 1 to 9; default: 8. */
  readonly deflateMemLevel?: number | undefined;
  /** The smallest message that is compressed. In bytes; default: 64 bytes. */
  readonly deflateThreshold?: number | undefined;
  /** The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with 1008. 1 to 18446744073709551615; default: 131,072. */
  readonly maxFragments?: number | undefined;
  /** Time without progress while output waits to be written; progress is what the host reports as written. Then the connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms. */
  readonly writeTimeout?: number | undefined;
  /** A server delivers every well-formed request, also one that is no valid opening request, so that the host can serve other pages and health checks on the same port. When off, such requests are refused. Default: false. */
  readonly deliverHttp?: boolean | undefined;
  /** Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the host, unless `autoPong`, `autoClose` and `autoFail` are turned on. Default: false. */
  readonly frames?: boolean | undefined;
  /** Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with `frames` it is off unless it is set. Default: true. */
  readonly autoFail?: boolean | undefined;
  /** The Close frame for a fault says in words which it is. When off, its reason is empty. Default: true. */
  readonly closeReason?: boolean | undefined;
  /** A server's connections are over TLS, so that a page is of its own origin only if its scheme is `https`; when off, only if it is `http`. If it is not set, the scheme is not compared, but for that of a request made of fields. Default: false. */
  readonly secure?: boolean | undefined;
}

/** The names of faults. */
export type FaultName =
  | "HEAD_TOO_LARGE"
  | "REQUEST_LINE_TOO_LONG"
  | "HEADER_TOO_LONG"
  | "TOO_MANY_HEADERS"
  | "BAD_LINE_END"
  | "BAD_REQUEST_LINE"
  | "BAD_HEADER"
  | "BAD_METHOD"
  | "BAD_HTTP_VERSION"
  | "HTTP2_PREFACE"
  | "BAD_TARGET"
  | "BAD_HOST"
  | "UNEXPECTED_BODY"
  | "NOT_AN_UPGRADE"
  | "BAD_KEY"
  | "BAD_VERSION"
  | "UNSUPPORTED_VERSION"
  | "BAD_SUBPROTOCOL"
  | "BAD_EXTENSIONS"
  | "BAD_ORIGIN"
  | "BAD_PSEUDO_HEADERS"
  | "NOT_EXTENDED_CONNECT"
  | "UNSUPPORTED_PROTOCOL"
  | "BAD_STATUS_LINE"
  | "HTTP_STATUS"
  | "BAD_UPGRADE"
  | "BAD_CONNECTION"
  | "BAD_ACCEPT"
  | "SUBPROTOCOL_NOT_OFFERED"
  | "EXTENSION_NOT_OFFERED"
  | "BODY_ON_101"
  | "TOO_MANY_INTERIM"
  | "BAD_BODY"
  | "BAD_EXTENSION_PARAMETERS"
  | "REFUSED"
  | "RESERVED_BITS"
  | "RESERVED_OPCODE"
  | "UNMASKED"
  | "MASKED"
  | "NON_MINIMAL_LENGTH"
  | "LENGTH_OVERFLOW"
  | "CONTROL_TOO_LONG"
  | "CONTROL_FRAGMENTED"
  | "UNEXPECTED_CONTINUATION"
  | "EXPECTED_CONTINUATION"
  | "CLOSE_TOO_SHORT"
  | "BAD_CLOSE_CODE"
  | "BAD_CLOSE_REASON"
  | "BAD_TEXT"
  | "BAD_COMPRESSED_DATA"
  | "MESSAGE_TOO_BIG"
  | "FRAME_TOO_BIG"
  | "TOO_MANY_FRAGMENTS"
  | "NO_MEMORY"
  | "EOF_IN_HANDSHAKE"
  | "EOF"
  | "HANDSHAKE_TIMEOUT"
  | "PONG_TIMEOUT"
  | "CLOSE_TIMEOUT"
  | "FAILED_BY_HOST"
  | "DECISION_TIMEOUT"
  | "WRITE_TIMEOUT"
  | "TUNNEL_REFUSED"
  | "TUNNEL_BAD_ANSWER"
  | "TUNNEL_AUTHENTICATION"
  | "TUNNEL_EOF"
  | "TUNNEL_TIMEOUT";

/** Name and value as received, one character for each byte. Names may repeat; the order is the peer's. */
export type Header = readonly [name: string, value: string];

/** A rule that was broken, or why a connection ended other than by a closing handshake. */
export interface Fault {
  /** The number of the rule that was broken: stable, and the same in every language. */
  readonly number: number;
  /** The name of the rule, such as `BAD_TEXT`. */
  readonly name: FaultName;
  /** What happened, in words, with the numbers that explain it. */
  readonly text: string;
  /** The number at fault, as the name says: a size in bytes, a count, a status, an opcode. Null if there is none. */
  readonly actual: number | null;
  /** The limit that was exceeded; null if there is none. */
  readonly limit: number | null;
  /** Where the frame at fault begins, in bytes from the end of the opening handshake; null if it is no fault of a frame. */
  readonly position: number | null;
}

/**
 * How the origin of a request relates to the host to which it was made (RFC 6455 section 10.2).
 *
 * - `absent`: there is no Origin header: the client is not a browser.
 * - `same`: the same host and port, and the same scheme if that is known: see the option `secure`.
 * - `cross`: another host or port, or the opaque origin `null`: a page of another site made the request.
 */
export type OriginRelation = "absent" | "same" | "cross";

/**
 * A server has received a valid opening request (RFC 6455 section 4.2.1). Call `accept`, `reject` or `respond`: nothing more
 * is delivered before that.
 *
 * With the option `deliverHttp`, any other well-formed request too: `fault` says why it cannot be accepted.
 */
export interface RequestEvent {
  readonly type: "request";
  /** The method: `GET` if it can be accepted, or `CONNECT` over HTTP/2 and HTTP/3. */
  readonly method: string;
  /** Path and query, as received. */
  readonly target: string;
  /** The host and port to which the request was made. Empty if a request of HTTP/1.0 does not name them. */
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
  /** Why the request cannot be accepted, such as `NOT_AN_UPGRADE`: then answer with `respond` or `reject`. Null if it can. */
  readonly fault: FaultName | null;
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

/**
 * The server refused a client's request; or it accepted the request wrongly, if the status is 101 (200 over HTTP/2 and
 * HTTP/3). `closed` comes next, and its `fault` says which.
 */
export interface RejectedEvent {
  readonly type: "rejected";
  /** The HTTP status; of a tunnel through SOCKS, the code of the reply. */
  readonly status: number;
  /** The reason phrase, one character for each byte; empty if there is none. */
  readonly reason: string;
  /** All headers of the response. */
  readonly headers: readonly Header[];
  /** The body, up to `maxBodySize` bytes. */
  readonly body: Uint8Array;
  /** Whether the body is incomplete: it was longer than `maxBodySize`, or the stream ended early. */
  readonly truncated: boolean;
}

/**
 * A head for you to send, where the handshake is made of fields: see `receiveRequest` and `requestFields`. It comes before all
 * output.
 */
export interface HeadEvent {
  readonly type: "head";
  /** The HTTP status of a response; null for a client's request. */
  readonly status: number | null;
  /** The fields, with names in lower case. Those of a request begin with its pseudo-header fields, such as `:method`. */
  readonly headers: readonly Header[];
  /** The body of a response that opens no connection. */
  readonly body: Uint8Array;
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

/** With the option `textAsBytes`: a text message, or with the option `parts` a part of one, which never ends inside a code point. */
export interface TextBytesEvent {
  readonly type: "text-bytes";
  /** Valid UTF-8: a copy. */
  readonly data: Uint8Array;
  /** Whether this is the beginning of a message. Always true without `parts`. */
  readonly first: boolean;
  /** Whether this is the end of a message. Always true without `parts`. */
  readonly last: boolean;
}

/** A binary message, or with the option `parts` a part of one. */
export interface BinaryEvent {
  readonly type: "binary";
  /** The bytes: a copy. */
  readonly data: Uint8Array;
  /** Whether this is the beginning of a message. Always true without `parts`. */
  readonly first: boolean;
  /** Whether this is the end of a message. Always true without `parts`. */
  readonly last: boolean;
}

/**
 * With the option `frames`: data of a frame of a message, as it arrives. An empty frame has one such event.
 *
 * A frame begins where a message does (`first`), or behind a `frameEnd`.
 */
export interface FrameEvent {
  readonly type: "frame";
  /** The kind of the message. */
  readonly kind: "text" | "binary";
  /**
   * The data, after inflation: a copy. That of a text is valid UTF-8 so far, and may end
   * inside a code point.
   */
  readonly data: Uint8Array;
  /** Whether this is the beginning of a message. */
  readonly first: boolean;
  /** Whether this is the end of a message. */
  readonly last: boolean;
  /** Whether this is the end of a frame. */
  readonly frameEnd: boolean;
  /** Whether the message is compressed on the wire. */
  readonly compressed: boolean;
  /** The length of the frame's payload on the wire, in bytes. */
  readonly frameLength: number;
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

/**
 * With the option `autoFail` off: a rule was broken, and what follows is not read. You can still send messages, then answer
 * with `fail` or `close`. If you do not before `closeTimeout` has passed, the connection is closed without a Close frame.
 */
export interface FaultEvent {
  readonly type: "fault";
  /** The rule. */
  readonly fault: Fault;
  /** The close code that it calls for. */
  readonly code: number;
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
  | HeadEvent
  | TextEvent
  | TextBytesEvent
  | BinaryEvent
  | FrameEvent
  | PingEvent
  | PongEvent
  | ClosingEvent
  | FaultEvent
  | ClosedEvent;

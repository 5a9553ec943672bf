import type { ClosedEvent, Fault, Header, RejectedEvent } from "../events.js";

/** The close codes of a connection that was not ended by a fault: normal, going away, none. */
const NORMAL = [1000, 1001, 1005];

/** Whether a connection was ended by a closing handshake, with the code 1000 or 1001 or without one. */
export function isNormal({ clean, code, sentCode }: ClosedEvent): boolean {
  return clean && NORMAL.includes(code) && sentCode !== null && NORMAL.includes(sentCode);
}

/** The connection has ended. No message that arrived before its end is lost: `receive` returns those first. */
export class ConnectionClosedError extends Error {
  override readonly name = "ConnectionClosedError";
  /** The code that the peer sent; 1005 for a Close frame without one, 1006 for no Close frame. */
  readonly code: number;
  /** The reason that the peer sent. */
  readonly reason: string;
  /** How it ended. */
  readonly closed: ClosedEvent;

  constructor(closed: ClosedEvent) {
    super(describe(closed));
    this.code = closed.code;
    this.reason = closed.reason;
    this.closed = closed;
  }
}

/** The opening handshake failed. */
export class HandshakeError extends Error {
  override readonly name: string = "HandshakeError";
  /** Which rule was broken; null if none was: nobody could be reached, or the connection ended. */
  readonly fault: Fault | null;

  constructor(message: string, fault: Fault | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
  }
}

/** The server answered the opening request with another response than 101. */
export class UnexpectedStatusError extends HandshakeError {
  override readonly name = "UnexpectedStatusError";
  /** The HTTP status. */
  readonly status: number;
  /** The headers of the response. */
  readonly headers: readonly Header[];
  /** The beginning of its body: up to `maxBodySize` bytes. */
  readonly body: Uint8Array;

  constructor({ status, reason, headers, body }: RejectedEvent, fault: Fault | null) {
    super(`the server answered with HTTP ${status}${reason === "" ? "" : ` ${reason}`}`, fault);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** The proxy made no tunnel. */
export class ProxyError extends HandshakeError {
  override readonly name = "ProxyError";
  /** The HTTP status of its refusal, or the code of a SOCKS reply; null if there was no refusal. */
  readonly status: number | null;

  constructor(fault: Fault | null, status: number | null) {
    super(fault?.text ?? "the proxy made no tunnel", fault);
    this.status = status;
  }
}

/** The error for a client's connection that ended before it was open. */
export function handshakeError({ fault }: ClosedEvent, rejected: RejectedEvent | undefined): HandshakeError {
  const isStatus = rejected !== undefined && fault?.name === "HTTP_STATUS";
  return isStatus
    ? new UnexpectedStatusError(rejected, fault)
    : new HandshakeError(fault?.text ?? "the connection ended before it was open", fault);
}

function describe({ fault, byPeer, code, reason }: ClosedEvent): string {
  if (fault !== null) {
    return fault.text;
  }
  const who = byPeer ? "the peer closed the connection" : "the connection was closed";
  return `${who} with code ${code}${reason === "" ? "" : `: ${reason}`}`;
}

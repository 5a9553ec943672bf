import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { Session } from "../hosts/session.js";
import type { Transport } from "../hosts/transport.js";
import type { PeerAddress } from "../hosts/messages.js";

/** What Node has in its sockets, and does not document: how many bytes the system has not taken yet. */
interface Handle {
  readonly writeQueueSize?: number;
  readonly _parent?: Handle | null;
}
interface WithHandle extends Duplex {
  readonly _handle?: Handle | null;
}

/** A socket of Node's, or another stream, under a session. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  readonly #session: Session;
  /** How many of the callbacks to come belong to writes that have been reported. */
  #reported = 0;
  /** Half the memory of an arrow function. */
  readonly #onWritten = this.#written.bind(this);

  constructor(stream: Duplex, session: Session) {
    this.#stream = stream;
    this.#session = session;
  }

  /** Node writes texts without a buffer for each. */
  textLength(text: string): number {
    return Buffer.byteLength(text);
  }

  write(bytes: Uint8Array, payload?: Uint8Array | string, length?: number): boolean {
    const stream = this.#stream;
    if (!stream.writable) {
      // It is gone, which "close" will say. It takes what is written all the same, and keeps nothing.
      return false;
    }
    if (payload === undefined) {
      stream.write(bytes, this.#onWritten);
    } else {
      stream.cork();
      stream.write(bytes);
      if (typeof payload === "string") {
        // ASCII costs least to write as it is in memory.
        stream.write(payload, length === payload.length ? "latin1" : "utf8", this.#onWritten);
      } else {
        stream.write(payload, this.#onWritten);
      }
      stream.uncork();
    }
    // The callback comes later in any case, also where the system has taken everything.
    const isWritten = stream.writableLength === 0;
    this.#reported += Number(isWritten);
    return isWritten;
  }

  /** What Node's own timeouts go by; with TLS, that of the socket below. Other streams than sockets have no such thing. */
  get progress(): number | undefined {
    const handle = (this.#stream as WithHandle)._handle;
    return (handle?._parent ?? handle)?.writeQueueSize;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  shutdownWrite(): void {
    this.#stream.end();
  }

  close(): void {
    const stream = this.#stream;
    stream.end(() => stream.destroy());
  }

  abort(): void {
    this.#stream.destroy();
  }

  #written(error?: Error | null): void {
    if (this.#reported > 0) {
      this.#reported -= 1;
    } else if (error === null || error === undefined) {
      this.#session.written();
    }
  }
}

/** Joins a session to a stream that is connected, and starts it. */
export function join(stream: Duplex, session: Session, transport: Transport = new StreamTransport(stream, session)): void {
  (stream as Joined)[SESSION] = session;
  stream.on("data", onData);
  stream.on("end", onEnd);
  // "close" follows.
  stream.on("error", ignore);
  stream.on("close", onClose);
  if ("setNoDelay" in stream) {
    (stream as Socket).setNoDelay();
    (stream as Socket).setTimeout(0);
  }
  session.start(transport);
  // It may have been stopped before.
  stream.resume();
}

// The listeners are the same for all streams: closures for each would be memory for each.

const SESSION = Symbol("session");

interface Joined extends Duplex {
  [SESSION]: Session;
}

function onData(this: Joined, chunk: Uint8Array): void {
  this[SESSION].receive(chunk);
}

function onEnd(this: Joined): void {
  this[SESSION].receiveEof();
}

function onClose(this: Joined): void {
  this[SESSION].lost();
}

function ignore(): void {}

/** Where the peer of a socket is. */
export function addressOf({ remoteAddress, remotePort }: Pick<Socket, "remoteAddress" | "remotePort">): PeerAddress | null {
  return remoteAddress === undefined ? null : { address: remoteAddress, port: remotePort ?? 0 };
}

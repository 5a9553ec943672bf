import type { Bytes } from "../bytes.js";

/** A message: a string if it is text, its bytes if it is binary. */
export type Message = string | Uint8Array;

/** What can be sent as one message. */
export type Sendable = string | Bytes | Iterable<string | Bytes> | AsyncIterable<string | Bytes>;

/** How a message is sent. */
export interface SendOptions {
  /** Whether to compress it, if compression was agreed on. Default: true. */
  readonly compress?: boolean | undefined;
}

/** Where the peer is. */
export interface PeerAddress {
  /** The address; empty for a Unix socket. */
  readonly address: string;
  readonly port: number;
}

/** Parts as one. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

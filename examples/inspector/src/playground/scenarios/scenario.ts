/** What a scenario is, and what several of them are made of. */
import type { End } from "../../entries.ts";
import { EMPTY, type EndOptions, type State } from "../state.ts";

export type Group =
  | "Conversations"
  | "Attacks on the handshake"
  | "Attacks on frames"
  | "Attacks on messages and closing"
  | "Attacks on compression"
  | "A bad wire";

export interface Scenario {
  readonly name: string;
  readonly group: Group;
  /** What happens, why it is dangerous, and what the engine does. */
  readonly text: string;
  readonly state: State;
}

export type Changes = Partial<State>;

/** Makes the scenarios of a group: a name, a text, and what is not as in an empty state. */
export function scenariosOf(group: Group): (name: string, text: string, changes: Changes) => Scenario {
  return (name, text, changes) => ({ group, name, text, state: { ...EMPTY, ...changes } });
}

/** The bytes of a text, in hexadecimal digits. */
export function hex(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes in hexadecimal digits, as a step. */
export function raw(at: number, who: End, data: string, times?: number): State["actions"][number] {
  return { at, who, do: "raw", data, ...(times === undefined ? {} : { times }) };
}

/** A client that is no engine, before the handshake or, with `startOpen`, behind it. */
export function hostileClient(server: EndOptions, ...actions: State["actions"]): Changes {
  return { hostile: "client", options: { client: {}, server }, actions };
}

/** A server that is no engine. */
export function hostileServer(client: EndOptions, ...actions: State["actions"]): Changes {
  return { hostile: "server", options: { client, server: {} }, actions };
}

export const OPEN = { startOpen: true };
/** All that a request needs but the empty line. */
export const HEAD =
  "GET / HTTP/1.1\r\nHost: playground.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
/** All that the answer needs but the empty line; its accept value is for the key of a client with seed 1. */
export const ANSWER =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: plKxxWAQbaCBFfdeyE6gzJs0PSQ=\r\n";
/** A masking key that leaves everything as it is. */
export const KEY = "00000000";

/** A frame of a client with at most 125 bytes. `first` is its first byte; all in hexadecimal digits. */
export function masked(first: string, payload: string): string {
  return `${first}${(0x80 + payload.length / 2).toString(16)}${KEY}${payload}`;
}

/** Frames of a client behind the handshake, one after the other. */
export function frames(...data: readonly string[]): Changes {
  return hostileClient(OPEN, ...data.map((each, index) => raw(100 * index, "client", each)));
}

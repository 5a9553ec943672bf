/** What the playground plays: two engines, the wire between them, and what happens when. */
import type { End } from "../entries.ts";

/** Options of an engine, by the names of the table in bindings/js/src/options.ts. Those that are absent have their defaults. */
export type EndOptions = Readonly<Record<string, number | boolean>>;

/** What an end is told to do, or what is done to the wire. Times are in milliseconds. */
export type Action =
  | { readonly at: number; readonly who: End; readonly do: "text" | "binary"; readonly data: string; readonly times?: number }
  | { readonly at: number; readonly who: End; readonly do: "part"; readonly data: string; readonly last: boolean }
  | { readonly at: number; readonly who: End; readonly do: "ping" | "pong"; readonly data: string }
  | { readonly at: number; readonly who: End; readonly do: "close"; readonly code: number; readonly data: string }
  /** Turns compression of what follows on or off. */
  | { readonly at: number; readonly who: End; readonly do: "compress"; readonly on: boolean }
  /** Bytes that no engine sent: in hexadecimal digits, the whole of it `times` over. */
  | { readonly at: number; readonly who: End; readonly do: "raw"; readonly data: string; readonly times?: number }
  /** The transport ends in this direction. */
  | { readonly at: number; readonly who: End; readonly do: "eof" }
  /** This end reads nothing more, so that what the other end writes stays where it is. */
  | { readonly at: number; readonly who: End; readonly do: "stall" }
  /** Flips a bit, 7 being the highest, of a byte counted in what this end sends. */
  | { readonly who: End; readonly do: "corrupt"; readonly byte: number; readonly bit: number }
  /** Loses bytes, counted in the same way. */
  | { readonly who: End; readonly do: "drop"; readonly byte: number; readonly count: number };

/** The wire in one direction. */
export interface Wire {
  /** In milliseconds. */
  readonly delay: number;
  /** Bytes arrive in pieces of at most this size; 0 for as they are sent. */
  readonly split: number;
}

/** All of it: the same state gives the same conversation, byte for byte. */
export interface State {
  /** Chooses masking keys. */
  readonly seed: number;
  readonly options: Readonly<Record<End, EndOptions>>;
  /** An end that is no engine: its bytes are all raw. */
  readonly hostile?: End;
  /** By the end that sends. */
  readonly wire: Readonly<Record<End, Wire>>;
  readonly actions: readonly Action[];
  /** When to stop, in milliseconds. */
  readonly until: number;
}

export const EMPTY: State = {
  seed: 1,
  options: { client: {}, server: {} },
  wire: { client: { delay: 20, split: 0 }, server: { delay: 20, split: 0 } },
  actions: [],
  until: 60_000,
};

/** The state as the fragment of a URL. */
export async function toFragment(state: State): Promise<string> {
  const bytes = await through(new TextEncoder().encode(JSON.stringify(state)), new CompressionStream("deflate-raw"));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `play=${base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** How large a state may be, in characters: a link is short, and does not fill the memory of who follows it. */
const LARGEST = 200_000;

/** The state of a fragment; undefined if it has none. Throws an Error if it is broken. */
export async function fromFragment(fragment: string): Promise<State | undefined> {
  const packed = /(?:^#?|&)play=([\w-]+)/.exec(fragment)?.[1];
  if (packed === undefined) return undefined;
  const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
  return checked(JSON.parse(text));
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: GenericTransformStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = (new Blob([bytes]).stream().pipeThrough(stream) as ReadableStream<Uint8Array>).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value);
    size += read.value.length;
    if (size > LARGEST) throw new Error("the link is too large");
  }
  const whole = new Uint8Array(size);
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** A state that came from elsewhere, with everything that is not of one left out or refused. */
export function checked(given: unknown): State {
  const { seed, options, hostile, wire, actions, until } = record(given);
  const ends = <Value>(of: unknown, check: (value: unknown) => Value): Record<End, Value> => {
    const { client, server } = record(of);
    return { client: check(client), server: check(server) };
  };
  return {
    seed: whole(seed, 0, 2 ** 32 - 1),
    options: ends(options, (each) =>
      Object.fromEntries(
        Object.entries(record(each)).filter(([, value]) => typeof value === "number" || typeof value === "boolean"),
      ),
    ) as State["options"],
    ...(hostile === "client" || hostile === "server" ? { hostile } : {}),
    wire: ends(wire, (each) => {
      const { delay, split } = record(each);
      return { delay: whole(delay, 0, 1e6), split: whole(split, 0, 1e6) };
    }),
    actions: Array.isArray(actions) ? actions.slice(0, 1000).map(checkedAction) : [],
    until: whole(until, 1, 1e7),
  };
}

function checkedAction(given: unknown): Action {
  const { at, who, do: what, data, times, last, code, on, byte, bit, count } = record(given);
  if (who !== "client" && who !== "server") throw new Error("a step is of neither end");
  const text = typeof data === "string" ? data : "";
  const many = times === undefined ? {} : { times: whole(times, 1, 1e6) };
  switch (what) {
    case "text":
    case "binary":
    case "raw":
      return { at: time(at), who, do: what, data: text, ...many };
    case "part":
      return { at: time(at), who, do: what, data: text, last: last === true };
    case "ping":
    case "pong":
      return { at: time(at), who, do: what, data: text };
    case "close":
      return { at: time(at), who, do: what, code: whole(code, 0, 65_535), data: text };
    case "compress":
      return { at: time(at), who, do: what, on: on === true };
    case "eof":
    case "stall":
      return { at: time(at), who, do: what };
    case "corrupt":
      return { who, do: what, byte: whole(byte, 0, 1e9), bit: whole(bit, 0, 7) };
    case "drop":
      return { who, do: what, byte: whole(byte, 0, 1e9), count: whole(count, 1, 1e9) };
    default:
      throw new Error("there is no such step");
  }
}

function time(value: unknown): number {
  return whole(value, 0, 1e7);
}

function whole(value: unknown, least: number, most: number): number {
  const number = Math.round(Number(value));
  if (!(number >= least && number <= most)) throw new Error(`a number is not from ${least} to ${most}`);
  return number;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

import { isIterable, isPlainObject, string } from "./arguments.js";
import { toByteString } from "./bytes.js";
import type { Engine } from "./engine.js";
import { invalid } from "./errors.js";
import type { Header } from "./events.js";

/**
 * Headers as they are passed in: pairs of name and value in an array, a `Map`, a `Headers` or any other iterable, or a plain
 * object such as `{ "X-Name": "value" }`, where an array of values repeats the name. Names and values are strings, with one
 * character for each byte.
 */
export type HeadersInput = Iterable<Header> | Readonly<Record<string, string | readonly string[]>>;

/** A header as it goes into the module. */
export interface EncodedHeader {
  /** What errors call it, such as `headers[0]`. */
  readonly label: string;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** Checks and encodes headers. `argument` is what errors call them. */
export function encodeHeaders(argument: string, headers: HeadersInput): EncodedHeader[] {
  if (isIterable(headers)) {
    return Array.from(headers as Iterable<unknown>, (pair, index) => encodePair(`${argument}[${index}]`, pair));
  }
  if (isPlainObject(headers)) {
    return Object.entries(headers).flatMap(([name, value]) => encodeValues(argument, name, value));
  }
  throw invalid(argument, "must be pairs of strings, or a plain object");
}

/** Checks and encodes one header, of which name and value were passed. */
export function encodeHeader(name: string, value: string): EncodedHeader {
  return {
    label: "name, value",
    name: toByteString("name", string("name", name)),
    value: toByteString("value", string("value", value)),
  };
}

/** Puts name and value into the transfer buffer, one after the other, and returns their lengths. */
export function writeHeader({ transfer }: Engine, { name, value }: EncodedHeader): [nameLen: number, valueLen: number] {
  const nameLen = transfer.write(name);
  return [nameLen, transfer.write(value, nameLen)];
}

/** A header of an object, as often as it has values. */
function encodeValues(argument: string, name: string, value: unknown): EncodedHeader[] {
  const label = `${argument}[${JSON.stringify(name)}]`;
  return Array.isArray(value)
    ? Array.from(value, (each: unknown, index) => encodePair(`${label}[${index}]`, [name, each]))
    : [encodePair(label, [name, value])];
}

function encodePair(label: string, pair: unknown): EncodedHeader {
  const [name, value]: unknown[] = Array.isArray(pair) && pair.length === 2 ? pair : [];
  if (typeof name !== "string" || typeof value !== "string") {
    throw invalid(label, "must be a pair of strings, name and value");
  }
  return { label, name: toByteString(label, name), value: toByteString(label, value) };
}

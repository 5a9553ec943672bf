/** Checks of arguments. Nothing is coerced: what is of the wrong type is refused, with the argument's name. */

import { accepts, type Bytes, type GivenBytes, toBytes } from "./bytes.js";
import { invalid } from "./errors.js";
import { KIND } from "./numbers.js";

/** In some runtimes, looking up the global each time takes as long as asking it for the time. */
const timer = performance;

const { valueOf: stringValue } = String.prototype;

/** The time for a call that is given none, in milliseconds. */
export function clock(): number {
  return Math.floor(timer.now());
}

/** A time may have a fraction, as that of `performance.now()` has. */
export function checkTime(now: number): number {
  if (typeof now === "number" && now >= 0 && now <= Number.MAX_SAFE_INTEGER) {
    return now;
  }
  throw invalid("now", "must be a number of milliseconds, 0 or more");
}

/** A whole number from `min` to `max`; by default, one that fits in 32 bits. */
export function integer(name: string, value: number, min = 0, max = 0xffff_ffff): number {
  if (Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw invalid(name, `must be a whole number from ${min} to ${max}`);
}

/** A whole number or Infinity, which stands for the largest. */
export function integerOrInfinity(name: string, value: number): number {
  if ((Number.isSafeInteger(value) && value >= 0) || value === Number.POSITIVE_INFINITY) {
    return value;
  }
  throw invalid(name, "must be a whole number, 0 or more, or Infinity");
}

/** A switch, as the module takes it. */
export function bit(name: string, value: boolean): number {
  if (typeof value === "boolean") {
    return Number(value);
  }
  throw invalid(name, "must be true or false");
}

export function string(name: string, value: string): string {
  if (typeof value === "string") {
    return value;
  }
  throw invalid(name, "must be a string");
}

/** The module takes an empty string for none. */
export function nonEmptyString(name: string, value: string): string {
  if (typeof value === "string" && value !== "") {
    return value;
  }
  throw invalid(name, "must be a string that is not empty");
}

/** A string, or bytes from any view. */
export function stringOrBytes(name: string, data: string | Bytes): string | GivenBytes {
  return typeof data === "string" ? data : toBytes(name, data, "a string or bytes");
}

/** The kind of message that data is sent as. */
export function kindOf(data: string | Bytes): "text" | "binary" {
  return typeof data === "string" ? "text" : "binary";
}

export function kindNumber(kind: "text" | "binary"): number {
  switch (kind) {
    case "text":
      return KIND.TEXT;
    case "binary":
      return KIND.BINARY;
    default:
      throw invalid("kind", 'must be "text" or "binary"');
  }
}

/** Whether this is an object without a class, such as `{ a: 1 }`, of any realm. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether this is an object to iterate over. Neither a string nor a `String` is: it would be cut into characters. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !isStringObject(value) &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function"
  );
}

/** Whether this is a `String`, of any realm, whatever it says that it is. */
function isStringObject(value: object): boolean {
  // Every one has a length of its own, and most of what is iterated over has not: to be refused takes longer.
  return !Array.isArray(value) && Object.hasOwn(value, "length") && accepts(stringValue, value);
}

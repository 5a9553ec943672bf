import type { Bytes } from "./bytes.js";
import { SansockError } from "./errors.js";
import { KIND } from "./numbers.js";

/** In some runtimes, looking up the global each time takes as long as asking it for the time. */
const timer = performance;

/** The time for a call that is given none, in milliseconds. */
export function clock(): number {
  return Math.floor(timer.now());
}

/** Checks a number that is passed as 32 bits: others would wrap around. */
export function unsigned(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new SansockError("INVALID_ARGUMENT", `${value} is not allowed here`);
  }
  return value;
}

/** The kind of message that data is sent as. */
export function kindOf(data: string | Bytes): "text" | "binary" {
  return typeof data === "string" ? "text" : "binary";
}

export function kindNumber(kind: "text" | "binary"): number {
  return kind === "text" ? KIND.TEXT : KIND.BINARY;
}

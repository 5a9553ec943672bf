import { invalid } from "./errors.js";

/**
 * Bytes that are passed in: an `ArrayBuffer`, or a view of one. Which bytes a view has is found out by the language's own means,
 * not by what its class or its properties say. Refused are those whose buffer is detached or shared, and views that are out of
 * bounds of a resizable buffer that has been made smaller.
 */
export type Bytes = ArrayBuffer | ArrayBufferView;

declare const GIVEN: unique symbol;

/**
 * Bytes of a caller, of type `Uint8Array` or of a class derived from it.
 *
 * What its properties and methods say need not be true: they may be those of the class, or of the object alone. So it has none
 * here. The functions below look at the bytes themselves, and call nothing of the caller's.
 */
export interface GivenBytes {
  readonly [GIVEN]: never;
}

/** Bytes of a caller, or of this package. */
export type AnyBytes = GivenBytes | Uint8Array;

const { isView } = ArrayBuffer;
const viewPrototype = DataView.prototype;
const arrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const { set, at: elementAt } = arrayPrototype;
const arrayTag = getter<string | undefined>(arrayPrototype, Symbol.toStringTag);
const arrayLength = getter<number>(arrayPrototype, "length");
const arrayBuffer = getter<ArrayBufferLike>(arrayPrototype, "buffer");
const arrayOffset = getter<number>(arrayPrototype, "byteOffset");
const arrayByteLength = getter<number>(arrayPrototype, "byteLength");
const viewBuffer = getter<ArrayBufferLike>(viewPrototype, "buffer");
const viewOffset = getter<number>(viewPrototype, "byteOffset");
const viewByteLength = getter<number>(viewPrototype, "byteLength");
const bufferLength = getter<number>(ArrayBuffer.prototype, "byteLength");
/** Not every page has the class, even where there are shared buffers. */
const sharedLength =
  typeof SharedArrayBuffer === "undefined" ? undefined : getter<number>(SharedArrayBuffer.prototype, "byteLength");

/** The getter of a class of the language, which no class derived from it can replace. */
function getter<Value>(prototype: object, name: PropertyKey): (this: unknown) => Value {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => Value;
}

/** How many bytes these are. */
export function lengthOf(bytes: AnyBytes): number {
  return arrayLength.call(bytes);
}

/** The buffer in which these bytes lie. */
export function bufferOf(bytes: AnyBytes): ArrayBufferLike {
  return arrayBuffer.call(bytes);
}

/** Where these bytes begin in their buffer. */
export function offsetOf(bytes: AnyBytes): number {
  return arrayOffset.call(bytes);
}

/** A view of the bytes from `start` to `end`, of no class but `Uint8Array`. */
export function viewOf(bytes: AnyBytes, start: number, end: number): Uint8Array {
  return new Uint8Array(arrayBuffer.call(bytes), arrayOffset.call(bytes) + start, end - start);
}

/** A copy of the bytes, of no class but `Uint8Array`. */
export function copyOf(bytes: AnyBytes): Uint8Array {
  return viewOf(bytes, 0, lengthOf(bytes)).slice();
}

/** Copies bytes into `target`, from `at` on. */
export function copyInto(target: AnyBytes, bytes: AnyBytes, at: number): void {
  set.call(target as Uint8Array, bytes as Uint8Array, at);
}

/** How many bytes these are if they lie in an array of bytes, as they usually do. 0 if not, and if the array cannot be read. */
export function usualLength(data: unknown): number {
  // The length of an array that is detached or out of bounds is 0.
  return arrayTag.call(data) === "Uint8Array" ? arrayLength.call(data) : 0;
}

/** Whether data of a usual length can be taken as it is: no other thread may write it. */
export function isUsual(data: unknown): data is GivenBytes {
  return accepts(bufferLength, arrayBuffer.call(data));
}

/** Whether this is an `ArrayBuffer` or a view, of any realm. */
export function isBytes(data: unknown): data is Bytes {
  return isView(data) || isUnshared(data);
}

/**
 * The bytes behind any view, without calling anything of the caller's. Refuses buffers that are detached, shared ones, which
 * other threads may write, and views that are out of bounds of a buffer that has been made smaller.
 *
 * The bytes may change as soon as code of the caller runs: call this after all such code.
 *
 * @param name The argument's.
 * @param needed What it must be.
 */
export function toBytes(name: string, data: Bytes, needed = "bytes"): GivenBytes {
  return usualLength(data) > 0 && isUsual(data) ? data : (otherBytes(name, data, needed) as AnyBytes as GivenBytes);
}

/** The bytes of all other views, and of buffers. */
function otherBytes(name: string, data: unknown, needed: string): Uint8Array {
  const isArray = arrayTag.call(data) !== undefined;
  const buffer = isView(data) ? bufferUnder(data) : data;
  if (!isUnshared(buffer)) {
    throw invalid(name, isView(data) || isShared(buffer) ? "the buffer is shared" : `must be ${needed}`);
  }
  try {
    // The length of a detached buffer is 0, but no view of it can be made.
    new Uint8Array(buffer);
  } catch (cause) {
    throw invalid(name, "the buffer is detached", cause);
  }
  if (!isView(data)) {
    return new Uint8Array(buffer, 0, bufferLength.call(buffer));
  }
  try {
    if (!isArray) {
      return new Uint8Array(buffer, viewOffset.call(data), viewByteLength.call(data));
    }
    // The length of an array that is out of bounds is 0, but its methods throw.
    elementAt.call(data as unknown as Uint8Array, 0);
    return new Uint8Array(buffer, arrayOffset.call(data), arrayByteLength.call(data));
  } catch (cause) {
    throw invalid(name, "the view is out of bounds of its buffer", cause);
  }
}

/** The buffer under a view of any kind. */
export function bufferUnder(view: ArrayBufferView): ArrayBufferLike {
  return (arrayTag.call(view) === undefined ? viewBuffer : arrayBuffer).call(view);
}

/** Whether this is an `ArrayBuffer`, of any realm, which is never shared. */
export function isUnshared(buffer: unknown): buffer is ArrayBuffer {
  return accepts(bufferLength, buffer);
}

function isShared(buffer: unknown): boolean {
  return sharedLength !== undefined && accepts(sharedLength, buffer);
}

/** Whether a value is of the class of which this is a getter or a method, by what it is and not by what it says. */
export function accepts(member: (this: unknown) => unknown, value: unknown): boolean {
  try {
    member.call(value);
    return true;
  } catch {
    return false;
  }
}

/** One byte for each character, as HTTP headers are sent. */
export function toByteString(name: string, text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) {
      throw invalid(name, "a character is above U+00FF");
    }
    bytes[at] = unit;
  }
  return bytes;
}

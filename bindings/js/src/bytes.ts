import { invalid } from "./errors.js";

/** Bytes that are passed in: an `ArrayBuffer`, or a view of one. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * The bytes behind any view. Refuses buffers that are detached, and shared ones, which other threads may write.
 *
 * @param name The argument's.
 * @param needed What it must be.
 */
export function toBytes(name: string, data: Bytes, needed = "bytes"): Uint8Array {
  const isView = ArrayBuffer.isView(data);
  // The usual case. What follows is for all other views, and for those of another realm.
  if (isView && data instanceof Uint8Array && data.length > 0 && data.buffer instanceof ArrayBuffer) {
    return data;
  }
  const buffer: unknown = isView ? data.buffer : data;
  const tag = Object.prototype.toString.call(buffer);
  if (tag !== "[object ArrayBuffer]") {
    throw invalid(name, tag === "[object SharedArrayBuffer]" ? "the buffer is shared" : `must be ${needed}`);
  }
  try {
    return isView ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  } catch (cause) {
    throw invalid(name, "the buffer is detached", cause);
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

import { SansockError } from "./errors.js";

/** Bytes that are passed in: an `ArrayBuffer`, or a view of one. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** The bytes behind any view. Refuses buffers that are detached, and shared ones, which other threads may write. */
export function toBytes(data: Bytes): Uint8Array {
  // The usual case. What follows is for all other views, and for those of another realm.
  if (data instanceof Uint8Array && data.length > 0 && data.buffer instanceof ArrayBuffer) {
    return data;
  }
  const buffer = ArrayBuffer.isView(data) ? data.buffer : data;
  const tag = Object.prototype.toString.call(buffer);
  if (tag !== "[object ArrayBuffer]") {
    const message = tag === "[object SharedArrayBuffer]" ? "the buffer is shared" : "these are not bytes";
    throw new SansockError("INVALID_ARGUMENT", message);
  }
  try {
    return ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
  } catch (cause) {
    throw new SansockError("INVALID_ARGUMENT", "the buffer is detached", { cause });
  }
}

/** One byte for each character, as HTTP headers are sent. */
export function toByteString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) {
      throw new SansockError("INVALID_ARGUMENT", "a header has a character above U+00FF");
    }
    bytes[at] = unit;
  }
  return bytes;
}

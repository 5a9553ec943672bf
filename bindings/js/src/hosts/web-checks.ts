/** The checks of the WHATWG WebSockets Standard, and of Web IDL, on what is passed to a WebSocket. */
import { bufferUnder, type Bytes, isBytes, isUnshared } from "../bytes.js";

/** A token (RFC 9110 section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;
const MAX_REASON = 123;
const encoder = new TextEncoder();

/** A URL, serialised, with the scheme `ws` or `wss`. Throws a `SyntaxError` if it is none. */
export function checkUrl(given: string): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new DOMException(`the URL ${JSON.stringify(given)} is not valid`, "SyntaxError");
  }
  if (!["ws:", "wss:", "http:", "https:"].includes(url.protocol)) {
    throw new DOMException(`the scheme ${JSON.stringify(url.protocol)} is not that of a WebSocket`, "SyntaxError");
  }
  if (url.href.includes("#")) {
    throw new DOMException("the URL has a fragment", "SyntaxError");
  }
  return url.href.replace(/^http/, "ws");
}

/** Subprotocols, each once. Throws a `SyntaxError` if one is not allowed. */
export function checkProtocols(given: string | readonly string[]): string[] {
  const protocols = typeof given === "object" && given !== null ? Array.from(given, text) : [text(given)];
  const bad = protocols.find((protocol) => !TOKEN.test(protocol));
  if (bad !== undefined) {
    throw new DOMException(`the subprotocol ${JSON.stringify(bad)} is not a token`, "SyntaxError");
  }
  const names = protocols.map((protocol) => protocol.toLowerCase());
  if (new Set(names).size < names.length) {
    throw new DOMException("a subprotocol is repeated", "SyntaxError");
  }
  return protocols;
}

/** The arguments of `close`, as the engine takes them. Throws an `InvalidAccessError` or a `SyntaxError` if they are not allowed. */
export function checkClose(given: number | undefined, reason: string = ""): [code: number, reason: string] {
  const code = given === undefined ? undefined : clamped(given);
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(`the code ${code} is neither 1000 nor from 3000 to 4999`, "InvalidAccessError");
  }
  const words = text(reason);
  if (encoder.encode(words).length > MAX_REASON) {
    throw new DOMException(`the reason has more than ${MAX_REASON} bytes`, "SyntaxError");
  }
  return [code ?? (words === "" ? 0 : 1000), words];
}

/** What is sent. Throws a `TypeError` if the bytes lie in a buffer that other threads may write, or that may change its size. */
export function checkData(data: unknown): string | Bytes | Blob {
  if (data instanceof Blob) {
    return data;
  }
  return isBytes(data) ? checkBytes(data) : text(data);
}

/** What is written to a stream. Throws a `TypeError` for other things than strings and bytes, and for bytes as above. */
export function checkChunk(data: unknown): string | Bytes {
  if (typeof data !== "string" && !isBytes(data)) {
    throw new TypeError("a message must be a string or bytes");
  }
  return typeof data === "string" ? data : checkBytes(data);
}

function checkBytes(data: Bytes): Bytes {
  const buffer = ArrayBuffer.isView(data) ? bufferUnder(data) : data;
  if (!isUnshared(buffer) || (buffer as { readonly resizable?: boolean }).resizable === true) {
    throw new TypeError("the buffer is shared, or resizable");
  }
  return isDetached(buffer) ? new ArrayBuffer(0) : data;
}

/** A buffer that was transferred has no bytes any more. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) {
    return false;
  }
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** A value as a string. Throws a `TypeError` if it is a symbol, which `String` does not. */
export function text(value: unknown): string {
  return `${value as string}`;
}

/** A number as Web IDL clamps it to 16 bits: rounded, a half to the even side. */
function clamped(given: number): number {
  const within = Math.min(Math.max(+given || 0, 0), 0xffff);
  const below = Math.floor(within);
  const isUp = within - below > 0.5 || (within - below === 0.5 && below % 2 === 1);
  return below + Number(isUp);
}

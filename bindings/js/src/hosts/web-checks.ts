/** The checks of the WHATWG WebSockets Standard on what is passed to a WebSocket. */

/** A token (RFC 9110 section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;
const MAX_REASON = 123;
const encoder = new TextEncoder();

/** A URL, serialised, with the scheme `ws` or `wss`. Throws a `SyntaxError` if it is none. */
export function checkUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new DOMException(`the URL ${JSON.stringify(text)} is not valid`, "SyntaxError");
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
  const protocols = typeof given === "string" ? [given] : Array.from(given, String);
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

/** Throws what is wrong with the arguments of `close`. */
export function checkClose(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(`the code ${code} is neither 1000 nor from 3000 to 4999`, "InvalidAccessError");
  }
  if (reason !== undefined && encoder.encode(reason).length > MAX_REASON) {
    throw new DOMException(`the reason has more than ${MAX_REASON} bytes`, "SyntaxError");
  }
}

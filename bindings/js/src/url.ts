import type { UrlObject } from "./url-object.js";
import { invalid } from "./errors.js";
import { currentEngine } from "./module.js";

/** What to connect the transport to for a `ws:` or `wss:` URL. */
export interface ParsedUrl {
  /** Whether the transport must be TLS: the scheme is `wss:`. */
  readonly secure: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** The port: 80 for `ws:` or 443 for `wss:` if the URL names none. */
  readonly port: number;
}

/**
 * Parses a `ws:` or `wss:` URL (RFC 6455 section 3) by the same rules as `Connection.client`, so that you can connect the
 * transport. `user:password@` is allowed: `Connection.client` sends it as a Basic Authorization header.
 *
 * @throws {SansockError} `INVALID_ARGUMENT` if it is not such a URL: another scheme, no host, a bad port, a fragment, or a
 *   character that must be percent-encoded. `INVALID_STATE` in a browser before `init()`.
 */
export function parseUrl(url: string | UrlObject): ParsedUrl {
  const engine = currentEngine();
  const length = engine.transfer.writeText(urlText(url));
  engine.check(engine.calls.url_parse(length), { about: "url" });
  // The answer takes the place of the URL. Its length is not returned, but the host is not longer than the URL.
  const answer = engine.transfer.readByteString(length + "\0\0".length + "65535".length + "1".length);
  const [host = "", port = "", secure = ""] = answer.split("\0");
  return { secure: secure.startsWith("1"), host, port: Number(port) };
}

/** A URL as a string. `name` is the argument's. */
export function urlText(url: string | UrlObject, name = "url"): string {
  // A URL of another realm is no instance of this one's class.
  const text = Object.prototype.toString.call(url) === "[object URL]" ? (url as UrlObject).href : url;
  if (typeof text !== "string") {
    throw invalid(name, "must be a string or a URL");
  }
  return text;
}

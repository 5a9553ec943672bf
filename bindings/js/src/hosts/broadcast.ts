import { type Bytes, copyOf, toBytes } from "../bytes.js";
import { PreparedMessage } from "../prepared-message.js";
import { OFFER, type WebSocketConnection } from "./websocket-connection.js";

const encoder = new TextEncoder();

/**
 * Sends a message to many connections, and waits for none of them. It is encoded once, and compressed once for all that agreed to the
 * same window and have the same options of compression.
 *
 * A connection that has ended, or is closing, is left out. So is one that would have to wait, because its peer does not read or because
 * a message is being sent in parts: those are returned, for you to close or to send to later.
 *
 * @throws {SansockError} `INVALID_ARGUMENT` if the message is neither a string nor bytes.
 */
export function broadcast(connections: Iterable<WebSocketConnection>, message: string | Bytes): WebSocketConnection[] {
  const kind = typeof message === "string" ? "text" : "binary";
  // One copy for all: the caller may change its bytes, while they wait to be written somewhere.
  const payload = typeof message === "string" ? encoder.encode(message) : copyOf(toBytes("message", message, "a string or bytes"));
  let prepared: PreparedMessage | undefined;
  const prepare = (): PreparedMessage => (prepared ??= new PreparedMessage(payload, kind));
  try {
    return Array.from(connections).filter((connection) => !connection[OFFER](payload, kind, prepare));
  } finally {
    prepared?.free();
  }
}

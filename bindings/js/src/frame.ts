import { bit, isPlainObject, stringOrBytes } from "./arguments.js";
import { type Bytes, lengthOf, toBytes } from "./bytes.js";
import { invalid } from "./errors.js";
import { currentEngine } from "./module.js";

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const FIN = 0x80;
/** RSV1, which marks the first frame of a compressed message (RFC 7692 section 6). */
const COMPRESSED = 0x40;
const KEY_SIZE = 4;
const NO_KEY = new Uint8Array(KEY_SIZE);

/** What a frame is: the name of its opcode. */
export type FrameKind = keyof typeof OPCODES;

/** The header of a frame. What is left out, or undefined, has its default. */
export interface FrameOptions {
  /** Whether it is the last frame of its message. Default: true. */
  readonly fin?: boolean | undefined;
  /** Whether the payload is compressed already, by permessage-deflate. Default: false. */
  readonly compressed?: boolean | undefined;
  /** The four bytes that mask the payload, as a client must do. Default: it is not masked. */
  readonly key?: Bytes | undefined;
}

/**
 * Makes one frame (RFC 6455 section 5.2) that belongs to no connection: for tests, for tools, and to write the same bytes to many
 * transports. A frame for a connection is made by its own `send`, `sendPart`, `ping` or `close`.
 *
 * @param payload Text is encoded; whether bytes are valid for the kind of frame is up to you.
 * @throws {SansockError} `INVALID_ARGUMENT` if an argument is not allowed, or no connection could send the frame: a control frame
 *   that is longer than 125 bytes, not the last, or compressed, and a compressed frame that is not the first of its message.
 *   `NO_MEMORY`. `INVALID_STATE` in a browser before `init()`.
 */
export function encodeFrame(kind: FrameKind, payload: string | Bytes, options: FrameOptions = {}): Uint8Array<ArrayBuffer> {
  const engine = currentEngine();
  if (!isPlainObject(options)) {
    throw invalid("options", "must be a plain object");
  }
  const { fin = true, compressed = false, key } = options;
  if (!Object.hasOwn(OPCODES, kind)) {
    throw invalid("kind", "must be the name of an opcode");
  }
  const first = OPCODES[kind] + bit("fin", fin) * FIN + bit("compressed", compressed) * COMPRESSED;
  const mask = key === undefined ? NO_KEY : toBytes("key", key);
  if (lengthOf(mask) !== KEY_SIZE) {
    throw invalid("key", "must have four bytes");
  }
  const { calls, transfer } = engine;
  const data = stringOrBytes("payload", payload);
  transfer.write(mask);
  const length = transfer.writeData(data, KEY_SIZE);
  const encoded = calls.frame_encode(first, key === undefined ? 0 : 1, length) >>> 0;
  if (encoded === 0) {
    throw engine.error(calls.last_status(), { about: "the frame" });
  }
  const frame = transfer.readBytes(encoded);
  transfer.trim();
  return frame;
}

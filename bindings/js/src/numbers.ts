/**
 * The numbers of the engine's interface, the same in every language. A test compares them with
 * `include/sansock.h`. Made of the engine's tables: do not edit, run
 * `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.
 */

export const ABI_VERSION = 1;
export const RECORD_SIZE = 32;
export const BLOCK_SIZE = 104;

/** The upper half of a 64-bit number that means "never" or "none". */
export const NEVER_HIGH = 0xffff_ffff;

export const ROLE = {
  CLIENT: 0,
  SERVER: 1,
} as const;

export const KIND = {
  REQUEST: 1,
  OPEN: 2,
  REJECTED: 3,
  TEXT: 4,
  BINARY: 5,
  PING: 6,
  PONG: 7,
  CLOSING: 8,
  CLOSED: 9,
  HEAD: 10,
  FRAME: 11,
  FAULT: 12,
  HEADER: 16,
  AUTHORITY: 17,
  ORIGIN: 18,
  SUBPROTOCOL: 19,
  EXTENSION: 20,
  METHOD: 21,
  REASON: 22,
} as const;

/** Flags of a record. What the larger ones mean depends on its kind. */
export const FLAG = {
  REGION: 0x03,
  FIRST: 0x04,
  LAST: 0x08,
  CLEAN: 0x10,
  BY_PEER: 0x20,
  FRAME_END: 0x10,
  COMPRESSED: 0x20,
  TRUNCATED: 0x10,
  CHOSEN: 0x10,
} as const;

/** The regions in which payloads lie. */
export const REGION = {
  INPUT: 0,
  STORE: 1,
  SCRATCH: 2,
} as const;

/** Flags of a block. */
export const BLOCK_FLAG = {
  MORE: 0x0001,
  WRITABLE: 0x0002,
  DEFER_WRITTEN: 0x0004,
} as const;

/** Where the fields of a block lie on wasm32, in bytes. `WRITTEN` follows the block and is written by the host. */
export const BLOCK = {
  EVENT_COUNT: 4,
  TRANSPORT: 8,
  STATE: 9,
  FLAGS: 10,
  FAULT: 12,
  CONSUMED: 16,
  NEXT_DEADLINE: 24,
  PAYLOAD_REMAINING: 32,
  FAULT_ACTUAL: 40,
  FAULT_LIMIT: 48,
  FAULT_POSITION: 56,
  EVENTS: 64,
  REGIONS: 68,
  STORE_LEN: 84,
  OUTPUT: 92,
  OUTPUT_LEN: 96,
  WRITTEN: 104,
} as const;

/** Where the fields of a record lie, in bytes. */
export const RECORD = {
  KIND: 0,
  FLAGS: 1,
  CODE: 2,
  AUX: 4,
  OFFSET: 8,
  LEN: 16,
  EXTRA: 24,
} as const;

export const TEXT = {
  URL: 1,
  ORIGIN: 2,
  SUBPROTOCOL: 3,
  KEY: 4,
} as const;

export const HTTP = {
  VERSION_1_1: 1,
  VERSION_2: 2,
  VERSION_3: 3,
} as const;

export const STATUS = {
  INVALID_ARGUMENT: -1,
  INVALID_STATE: -2,
  WOULD_BLOCK: -3,
  TOO_LARGE: -4,
  NO_MEMORY: -5,
  BAD_HANDLE: -6,
  BUSY: -7,
  POISONED: -8,
  ENTROPY: -9,
} as const;

/** In the order of their numbers. */
export const TRANSPORTS = ["open", "shutdown-write", "close"] as const;
export const STATES = ["connecting", "open", "closing", "closed"] as const;
export const ORIGIN_RELATIONS = ["absent", "same", "cross"] as const;

/** The names of faults. */
export type FaultName =
  | "HEAD_TOO_LARGE"
  | "REQUEST_LINE_TOO_LONG"
  | "HEADER_TOO_LONG"
  | "TOO_MANY_HEADERS"
  | "BAD_LINE_END"
  | "BAD_REQUEST_LINE"
  | "BAD_HEADER"
  | "BAD_METHOD"
  | "BAD_HTTP_VERSION"
  | "HTTP2_PREFACE"
  | "BAD_TARGET"
  | "BAD_HOST"
  | "UNEXPECTED_BODY"
  | "NOT_AN_UPGRADE"
  | "BAD_KEY"
  | "BAD_VERSION"
  | "UNSUPPORTED_VERSION"
  | "BAD_SUBPROTOCOL"
  | "BAD_EXTENSIONS"
  | "BAD_ORIGIN"
  | "BAD_PSEUDO_HEADERS"
  | "NOT_EXTENDED_CONNECT"
  | "UNSUPPORTED_PROTOCOL"
  | "BAD_STATUS_LINE"
  | "HTTP_STATUS"
  | "BAD_UPGRADE"
  | "BAD_CONNECTION"
  | "BAD_ACCEPT"
  | "SUBPROTOCOL_NOT_OFFERED"
  | "EXTENSION_NOT_OFFERED"
  | "BODY_ON_101"
  | "TOO_MANY_INTERIM"
  | "BAD_BODY"
  | "BAD_EXTENSION_PARAMETERS"
  | "REFUSED"
  | "RESERVED_BITS"
  | "RESERVED_OPCODE"
  | "UNMASKED"
  | "MASKED"
  | "NON_MINIMAL_LENGTH"
  | "LENGTH_OVERFLOW"
  | "CONTROL_TOO_LONG"
  | "CONTROL_FRAGMENTED"
  | "UNEXPECTED_CONTINUATION"
  | "EXPECTED_CONTINUATION"
  | "CLOSE_TOO_SHORT"
  | "BAD_CLOSE_CODE"
  | "BAD_CLOSE_REASON"
  | "BAD_TEXT"
  | "BAD_COMPRESSED_DATA"
  | "MESSAGE_TOO_BIG"
  | "FRAME_TOO_BIG"
  | "TOO_MANY_FRAGMENTS"
  | "NO_MEMORY"
  | "EOF_IN_HANDSHAKE"
  | "EOF"
  | "HANDSHAKE_TIMEOUT"
  | "PONG_TIMEOUT"
  | "CLOSE_TIMEOUT"
  | "FAILED_BY_HOST"
  | "DECISION_TIMEOUT"
  | "WRITE_TIMEOUT"
  | "TUNNEL_REFUSED"
  | "TUNNEL_BAD_ANSWER"
  | "TUNNEL_AUTHENTICATION"
  | "TUNNEL_EOF"
  | "TUNNEL_TIMEOUT";

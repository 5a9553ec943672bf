/** The numbers of the engine's border, the same in every language. A test holds them against `include/sansock.h`. */

export const ABI_VERSION = 1;
export const RECORD_SIZE = 32;
export const BLOCK_SIZE = 80;

export const ROLE_CLIENT = 0;
export const ROLE_SERVER = 1;

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
  HEADER: 16,
  AUTHORITY: 17,
  ORIGIN: 18,
  SUBPROTOCOL: 19,
  EXTENSION: 20,
} as const;

export const FLAG = {
  REGION: 0x03,
  FIRST: 0x04,
  LAST: 0x08,
  CLEAN: 0x10,
  BY_PEER: 0x20,
  TRUNCATED: 0x10,
  CHOSEN: 0x10,
} as const;

/** The region of the bytes passed to `receive`. */
export const REGION_INPUT = 0;

export const BLOCK_MORE = 0x0001;
export const BLOCK_WRITABLE = 0x0002;
export const BLOCK_DEFER_WRITTEN = 0x0004;

/** Where the fields of a block lie on wasm32, in bytes. */
export const BLOCK = {
  EVENT_COUNT: 4,
  TRANSPORT: 8,
  STATE: 9,
  FLAGS: 10,
  FAULT: 12,
  CONSUMED: 16,
  NEXT_DEADLINE: 24,
  PAYLOAD_REMAINING: 32,
  EVENTS: 40,
  REGIONS: 44,
  OUTPUT: 68,
  OUTPUT_LEN: 72,
  /** Behind the block, and written here: how much of the output was taken, for the next call to report. */
  WRITTEN: 80,
} as const;

/** Where the fields of a record lie, in bytes. Kind and flags are the first two. */
export const RECORD = { CODE: 2, AUX: 4, OFFSET: 8, LEN: 16, EXTRA: 24 } as const;

export const OPTION = {
  startOpen: 1,
  maxMessageSize: 2,
  maxFrameSize: 3,
  maxHeadSize: 4,
  maxLineSize: 5,
  maxHeaders: 6,
  maxBodySize: 7,
  outputSoftLimit: 8,
  outputHardLimit: 9,
  handshakeTimeout: 10,
  closeTimeout: 11,
  pingInterval: 12,
  pongTimeout: 13,
  parts: 14,
  autoPong: 15,
  autoClose: 16,
  requirePong: 17,
  receiveWhileClosing: 18,
  allowNonMinimalLength: 19,
  deflate: 20,
  serverNoContextTakeover: 21,
  clientNoContextTakeover: 22,
  serverMaxWindowBits: 23,
  clientMaxWindowBits: 24,
  deflateLevel: 25,
  deflateMemLevel: 26,
  deflateThreshold: 27,
} as const;

export const TEXT_URL = 1;
export const TEXT_ORIGIN = 2;
export const TEXT_SUBPROTOCOL = 3;

/** In the order of their numbers. */
export const TRANSPORTS = ["open", "shutdown-write", "close"] as const;
export const STATES = ["connecting", "open", "closing", "closed"] as const;
export const ORIGINS = ["absent", "same", "cross"] as const;

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

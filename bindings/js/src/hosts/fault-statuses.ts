// Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.

import type { FaultName } from "../numbers.js";

/** The HTTP status that refuses a request with a fault. */
export const FAULT_STATUSES: Partial<Record<FaultName, number>> = {
  HEAD_TOO_LARGE: 431,
  REQUEST_LINE_TOO_LONG: 414,
  HEADER_TOO_LONG: 431,
  TOO_MANY_HEADERS: 431,
  BAD_LINE_END: 400,
  BAD_REQUEST_LINE: 400,
  BAD_HEADER: 400,
  BAD_METHOD: 405,
  BAD_HTTP_VERSION: 505,
  HTTP2_PREFACE: 505,
  BAD_TARGET: 400,
  BAD_HOST: 400,
  UNEXPECTED_BODY: 400,
  NOT_AN_UPGRADE: 426,
  BAD_KEY: 400,
  BAD_VERSION: 400,
  UNSUPPORTED_VERSION: 426,
  BAD_SUBPROTOCOL: 400,
  BAD_EXTENSIONS: 400,
  BAD_ORIGIN: 400,
  BAD_PSEUDO_HEADERS: 400,
  NOT_EXTENDED_CONNECT: 400,
  UNSUPPORTED_PROTOCOL: 501,
  HANDSHAKE_TIMEOUT: 408,
  DECISION_TIMEOUT: 503,
};

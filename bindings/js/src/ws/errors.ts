import type { ClosedEvent, Fault } from "../events.js";
import type { FaultName } from "../numbers.js";

/** What `ws` calls the rules of RFC 6455 that a peer can break, and says of them, by the names of the engine. */
const RULES: Partial<Record<FaultName, readonly [code: string, text: (fault: Fault) => string]>> = {
  RESERVED_BITS: ["WS_ERR_UNEXPECTED_RSV_2_3", ({ text }) => `Invalid WebSocket frame: ${text}`],
  RESERVED_OPCODE: ["WS_ERR_INVALID_OPCODE", ({ actual }) => `Invalid WebSocket frame: invalid opcode ${actual}`],
  UNEXPECTED_CONTINUATION: ["WS_ERR_INVALID_OPCODE", () => "Invalid WebSocket frame: invalid opcode 0"],
  EXPECTED_CONTINUATION: ["WS_ERR_INVALID_OPCODE", ({ text }) => `Invalid WebSocket frame: invalid opcode: ${text}`],
  UNMASKED: ["WS_ERR_EXPECTED_MASK", () => "Invalid WebSocket frame: MASK must be set"],
  MASKED: ["WS_ERR_UNEXPECTED_MASK", () => "Invalid WebSocket frame: MASK must be clear"],
  CONTROL_FRAGMENTED: ["WS_ERR_EXPECTED_FIN", () => "Invalid WebSocket frame: FIN must be set"],
  CONTROL_TOO_LONG: [
    "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH",
    ({ actual }) => `Invalid WebSocket frame: invalid payload length ${actual}`,
  ],
  CLOSE_TOO_SHORT: ["WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", () => "Invalid WebSocket frame: invalid payload length 1"],
  BAD_CLOSE_CODE: ["WS_ERR_INVALID_CLOSE_CODE", ({ actual }) => `Invalid WebSocket frame: invalid status code ${actual}`],
  BAD_CLOSE_REASON: ["WS_ERR_INVALID_UTF8", () => "Invalid WebSocket frame: invalid UTF-8 sequence"],
  BAD_TEXT: ["WS_ERR_INVALID_UTF8", () => "Invalid WebSocket frame: invalid UTF-8 sequence"],
  NON_MINIMAL_LENGTH: ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", ({ text }) => `Invalid WebSocket frame: ${text}`],
  LENGTH_OVERFLOW: [
    "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
    () => "Unsupported WebSocket frame: payload length > 2^53 - 1",
  ],
  MESSAGE_TOO_BIG: ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", () => "Max payload size exceeded"],
  FRAME_TOO_BIG: ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", () => "Max payload size exceeded"],
  TOO_MANY_FRAGMENTS: ["WS_ERR_TOO_MANY_BUFFERED_PARTS", () => "Too many message fragments"],
  BAD_COMPRESSED_DATA: ["Z_DATA_ERROR", ({ text }) => text],
};
/** Codes of errors that are no `RangeError`. */
const NO_RANGE = ["WS_ERR_INVALID_UTF8", "Z_DATA_ERROR"];

/** What is wrong with a response, in the words that users of `ws` look for. */
const RESPONSES: Partial<Record<FaultName, string>> = {
  BAD_UPGRADE: "Invalid Upgrade header",
  BAD_CONNECTION: "Invalid Upgrade header",
  BAD_ACCEPT: "Invalid Sec-WebSocket-Accept header",
  SUBPROTOCOL_NOT_OFFERED: "Server sent an invalid subprotocol",
  BAD_SUBPROTOCOL: "Server sent an invalid subprotocol",
  EXTENSION_NOT_OFFERED: "Server indicated an extension that was not requested",
  BAD_EXTENSIONS: "Invalid Sec-WebSocket-Extensions header",
  BAD_EXTENSION_PARAMETERS: "Invalid Sec-WebSocket-Extensions header",
};

const NONE_REQUESTED = "Server sent a subprotocol but none was requested";
/** What is wrong with a request, in those words. */
const REQUESTS: Partial<Record<FaultName, string>> = {
  BAD_METHOD: "Invalid HTTP method",
  NOT_AN_UPGRADE: "Invalid Upgrade header",
  BAD_KEY: "Missing or invalid Sec-WebSocket-Key header",
  BAD_VERSION: "Missing or invalid Sec-WebSocket-Version header",
  UNSUPPORTED_VERSION: "Missing or invalid Sec-WebSocket-Version header",
  BAD_SUBPROTOCOL: "Invalid Sec-WebSocket-Protocol header",
  BAD_EXTENSIONS: "Invalid Sec-WebSocket-Extensions header",
};

/** An error with the code that `ws` gives it, and the engine's own name of the rule. */
export interface WebSocketError extends Error {
  /** Such as `WS_ERR_INVALID_UTF8`. Undefined where `ws` has none. */
  code?: string;
  /** The engine's name of the rule that was broken, such as `BAD_TEXT`. */
  fault?: FaultName;
}

/** The error for a frame that breaks a rule; undefined if the connection ended for another reason, which `ws` does not report. */
export function frameError({ fault }: ClosedEvent): WebSocketError | undefined {
  const rule = fault === null ? undefined : RULES[fault.name];
  if (fault === null || rule === undefined) {
    return undefined;
  }
  const [code, text] = rule;
  const error = NO_RANGE.includes(code) ? new Error(text(fault)) : new RangeError(text(fault));
  return Object.assign(error, { code, fault: fault.name });
}

/** The error for a client's opening handshake that failed. */
export function responseError({ fault }: ClosedEvent, offersSubprotocols: boolean): WebSocketError {
  const texts = offersSubprotocols ? RESPONSES : { ...RESPONSES, SUBPROTOCOL_NOT_OFFERED: NONE_REQUESTED };
  return handshakeError(fault, texts);
}

/** The error for a request that is refused. */
export function requestError({ fault }: ClosedEvent): WebSocketError {
  return handshakeError(fault, REQUESTS);
}

function handshakeError(fault: Fault | null, texts: Partial<Record<FaultName, string>>): WebSocketError {
  return fault === null
    ? new Error("socket hang up")
    : Object.assign(new Error(texts[fault.name] ?? fault.text), { fault: fault.name });
}

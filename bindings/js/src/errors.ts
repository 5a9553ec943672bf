import { STATUS } from "./numbers.js";

/**
 * What a call that was refused says about the reason.
 *
 * - `INVALID_ARGUMENT`: an argument is not allowed here.
 * - `INVALID_STATE`: the connection is not in a state in which the call means anything (sending after Close).
 * - `WOULD_BLOCK`: the output is at its hard limit: write it, then call again.
 * - `TOO_LARGE`: the payload alone is larger than that limit: send it in parts.
 * - `NO_MEMORY`: memory could not be allocated.
 * - `BAD_HANDLE`: the connection was freed.
 * - `POISONED`: the engine failed in this or an earlier call. No connection of this module can be used any more.
 */
export type ErrorCode = keyof typeof STATUS;

/** A call that could not be carried out. Unless it is `POISONED`, the connection is as it was before the call. */
export class SansockError extends Error {
  override readonly name = "SansockError";
  /** The name of the error. */
  readonly code: ErrorCode;
  /** Its number: negative, the same in every language. */
  readonly number: number;
  /** After `sendBatch`: how many messages were queued before the one that was refused. */
  readonly sent: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; sent?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.number = STATUS[code];
    this.sent = options?.sent;
  }
}

/** The name of a status; what no version of the engine says counts as a failure of the engine. */
export function errorCode(status: number): ErrorCode {
  for (const [code, number] of Object.entries(STATUS)) {
    if (number === status) {
      return code as ErrorCode;
    }
  }
  return "POISONED";
}

import { STATUS } from "./numbers.js";

/**
 * Why a call was refused.
 *
 * - `INVALID_ARGUMENT`: an argument or an option is not allowed here, or has the wrong type. The message begins with its name.
 * - `INVALID_STATE`: the connection is not in a state that allows the call, such as sending after Close. In a browser: the
 *   module is not loaded.
 * - `WOULD_BLOCK`: the output is at `outputHardLimit`: write it, then call again.
 * - `TOO_LARGE`: the payload alone is larger than that limit: send it in parts.
 * - `NO_MEMORY`: memory could not be allocated.
 * - `BAD_HANDLE`: the connection has been freed.
 * - `POISONED`: the engine failed in this call or an earlier one. No connection of the module can be used any more; `init()`
 *   starts another.
 * - `BUSY`, `ENTROPY`: errors of the same engine in other languages. This package does not throw them.
 */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_STATE"
  | "WOULD_BLOCK"
  | "TOO_LARGE"
  | "NO_MEMORY"
  | "BAD_HANDLE"
  | "BUSY"
  | "POISONED"
  | "ENTROPY";

/** A call that was refused. Unless the code is `POISONED`, the connection is as it was before the call. */
export class SansockError extends Error {
  override readonly name = "SansockError";
  /** Why the call was refused. */
  readonly code: ErrorCode;
  /** The number of the code: negative, the same in every language. */
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

/** The error for an argument that is not allowed. Its message begins with the argument's name. */
export function invalid(name: string, why: string, cause?: unknown): SansockError {
  return new SansockError("INVALID_ARGUMENT", `${name}: ${why}`, { cause });
}

/** The code of a status. One that no version of the engine returns counts as a failure of the engine. */
export function errorCode(status: number): ErrorCode {
  for (const [code, number] of Object.entries(STATUS)) {
    if (number === status) {
      return code as ErrorCode;
    }
  }
  return "POISONED";
}

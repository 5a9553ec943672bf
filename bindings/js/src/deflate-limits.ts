import { integer, isPlainObject } from "./arguments.js";
import { invalid } from "./errors.js";
import { OPTIONS } from "./options.js";

/**
 * What a server declines or narrows of compression for one request: a plain object. The options of the same names are the
 * most that is agreed on; a limit that is wider changes nothing.
 */
export interface DeflateLimits {
  /** Agree on no compression. */
  readonly deflate?: false | undefined;
  /** Compress each message alone. */
  readonly serverNoContextTakeover?: true | undefined;
  /** Ask the client to compress each message alone. */
  readonly clientNoContextTakeover?: true | undefined;
  /** The largest window to compress with: the base-2 logarithm of its size in bytes, 8 to 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** The largest window for the client to compress with: the base-2 logarithm of its size in bytes, 8 to 15. */
  readonly clientMaxWindowBits?: number | undefined;
}

/** A limit as it goes into the module. */
export interface EncodedLimit {
  readonly name: keyof DeflateLimits;
  readonly option: number;
  readonly value: number;
}

/** Checks limits. */
export function encodeLimits(limits: DeflateLimits): EncodedLimit[] {
  if (!isPlainObject(limits)) {
    throw invalid("limits", "must be a plain object");
  }
  return (Object.entries(limits) as [keyof DeflateLimits, unknown][]).flatMap(([name, value]) => {
    const encoded = encodeLimit(name, value);
    return value === undefined ? [] : [{ name, option: OPTIONS[name].number, value: encoded }];
  });
}

/** The value of a limit in the module. An unknown one is refused even if it is undefined. */
function encodeLimit(name: keyof DeflateLimits, value: unknown): number {
  switch (name) {
    case "deflate":
      return only(name, value, false);
    case "serverNoContextTakeover":
    case "clientNoContextTakeover":
      return only(name, value, true);
    case "serverMaxWindowBits":
    case "clientMaxWindowBits":
      return value === undefined ? 0 : integer(name, value as number, 8, 15);
    default:
      // Without types, any name can come here.
      throw invalid(name, "there is no such limit");
  }
}

/** A switch that can be set in one direction only. */
function only(name: string, value: unknown, allowed: boolean): number {
  if (value === allowed || value === undefined) {
    return Number(allowed);
  }
  throw invalid(name, `must be ${allowed}`);
}

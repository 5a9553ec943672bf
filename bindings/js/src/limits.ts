import { builtinModule } from "./host.js";

interface BufferModule {
  readonly constants?: { readonly MAX_STRING_LENGTH?: number; readonly MAX_LENGTH?: number };
}

/**
 * The shortest of the longest strings of today's engines, in UTF-16 code units: V8's of 32 bits. All of them allow larger
 * arrays. For runtimes that do not say what theirs is.
 */
const LONGEST_STRING_ANYWHERE = 2 ** 28 - 16;
/** A quarter of linear memory, in bytes: where a message is joined, its buffer grows by doubling. */
const LARGEST_IN_LINEAR_MEMORY = 2 ** 30;

/**
 * The largest message that this runtime can deliver whole, in bytes: as a string, as an array, and out of linear memory. A
 * text has no more UTF-16 code units than bytes of UTF-8.
 */
export const LARGEST_MESSAGE = Math.min(LARGEST_IN_LINEAR_MEMORY, ...sizesOfRuntime());

function sizesOfRuntime(): number[] {
  const { constants } = (builtinModule("node:buffer") ?? {}) as BufferModule;
  const sizes = [constants?.MAX_STRING_LENGTH, constants?.MAX_LENGTH];
  return sizes.every((size) => typeof size === "number" && size > 0) ? (sizes as number[]) : [LONGEST_STRING_ANYWHERE];
}

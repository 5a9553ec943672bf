/**
 * The entry for Node, Deno and Bun. The WebAssembly module is part of the source: it is compiled when the first
 * connection is made, and nothing has to be awaited.
 *
 * @module
 */
import { compile, inlined, loadOnUse, type ModuleSource, startWith } from "./module.js";
import { base64 } from "./sansock-base64.js";

export * from "./public.js";

/**
 * Loads the WebAssembly module now, rather than on first use. Needed in browsers only; here it is for code that runs in
 * both, and for a fresh start after a connection threw `POISONED`.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(async () => (source === undefined ? inlined(base64) : compile(source)));
}

loadOnUse(() => inlined(base64));

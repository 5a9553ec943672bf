/**
 * The entry for Node, Deno and Bun without permessage-deflate, in half the size. The WebAssembly module is part of the
 * source: it is compiled when the first connection is created, and nothing has to be awaited.
 *
 * @module
 */
import { compile, inlined, loadSlimOnUse, type ModuleSource, startWith } from "./module.js";
import { base64 } from "./slim-base64.js";

export * from "./public.js";

/**
 * Loads the WebAssembly module now, rather than when the first connection is created. Only browsers need this call; here it
 * is for code that runs in both, and to start again after a connection threw `POISONED`.
 *
 * @param source Another module than the package's own. The promise is rejected if it cannot be loaded.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(async () => (source === undefined ? inlined(base64) : compile(source)));
}

loadSlimOnUse(() => inlined(base64));

/**
 * The entry for Cloudflare Workers without permessage-deflate, in half the size: the WebAssembly module is imported, as it must be there, and nothing has to be
 * awaited.
 *
 * @module
 */
import { compile, loadSlimOnUse, type ModuleSource, startWith } from "./module.js";
import module from "./slim.wasm";

export * from "./public.js";

/**
 * Loads the WebAssembly module now, rather than when the first connection is created. Only browsers need this call; here it
 * is for code that runs in both, and to start again after a connection threw `POISONED`.
 *
 * @param source Another module than the package's own. The promise is rejected if it cannot be loaded.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(() => compile(source ?? module));
}

loadSlimOnUse(() => module);

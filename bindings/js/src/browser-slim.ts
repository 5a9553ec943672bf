/**
 * The entry without permessage-deflate, in half the size, for browsers, bundlers, and all runtimes that are not known to
 * compile WebAssembly synchronously: `await init()` before the first connection.
 *
 * @module
 */
import { compile, type ModuleSource, startWith } from "./module.js";

export * from "./public.js";

/**
 * Loads the WebAssembly module.
 *
 * @param source By default `slim.wasm` beside this file. Where modules are imported rather than fetched:
 *   `import module from "sansock/slim.wasm"; await init(module)`. The promise is rejected if the module cannot be loaded.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(() => compile(source ?? new URL("./slim.wasm", import.meta.url)));
}

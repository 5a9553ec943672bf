/**
 * The entry for browsers, bundlers, and all runtimes that are not known to compile WebAssembly synchronously:
 * `await init()` before the first connection.
 *
 * @module
 */
import { compile, type ModuleSource, startWith } from "./module.js";

export * from "./public.js";
export * from "./public-tunnel.js";

/**
 * Loads the WebAssembly module.
 *
 * @param source By default `sansock.wasm` beside this file. Where modules are imported rather than fetched:
 *   `import module from "sansock/sansock.wasm"; await init(module)`. The promise is rejected if the module cannot be loaded.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(() => compile(source ?? new URL("./sansock.wasm", import.meta.url)));
}

/**
 * The entry without permessage-deflate, which is half as large, for browsers, bundlers, and all runtimes that are not
 * known to compile WebAssembly at once: `await init()` before the first connection.
 *
 * @module
 */
import { compile, type ModuleSource, startWith } from "./module.js";

export * from "./public.js";

/**
 * Loads the WebAssembly module: `slim.wasm` beside this file, or what is given. Where modules are imported rather
 * than fetched: `import module from "sansock/slim/wasm"; await init(module)`.
 */
export function init(source?: ModuleSource): Promise<void> {
  return startWith(() => compile(source ?? new URL("./slim.wasm", import.meta.url)));
}

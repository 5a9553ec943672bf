/**
 * The inspector: what is on the wire, from captures and from connections that are under way. For Node, Deno and Bun; elsewhere
 * compile `sansock/inspect.wasm` and pass it to {@link Inspector}.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { CompiledModule } from "../module.js";

export type * from "./entries.js";
export { Inspector, type InspectorOptions } from "./inspector.js";

let compiled: CompiledModule | undefined;

/** The compiled module, which is read from the package when it is first asked for. */
export function loadModule(): CompiledModule {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../inspect.wasm", import.meta.url)));
  return compiled;
}

/** The decoder: the inspector of the package, each with an instance of the module of its own. */
import { Inspector, type InspectorOptions } from "../../../../bindings/js/dist/inspect/inspector.js";

export type { Inspector, InspectorOptions };

let compiled: WebAssembly.Module | undefined;

/** Takes the module, once. */
export function load(module: WebAssembly.Module): void {
  compiled = module;
}

/** A new decoder. */
export function createInspector(options: InspectorOptions): Inspector {
  if (compiled === undefined) throw new Error("the module is not loaded");
  return new Inspector(compiled, options);
}

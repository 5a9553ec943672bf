import { type AnyBytes, isBytes, toBytes } from "./bytes.js";
import { Engine } from "./engine.js";
import { invalid, SansockError } from "./errors.js";
import type { Exports } from "./exports.js";
import type { UrlObject } from "./url-object.js";

/** A compiled module: a `WebAssembly.Module`. Its type is not named, for programs whose types do not have it. */
export type CompiledModule = object;

/** What is needed of the response of a fetch. */
export interface FetchedModule {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The WebAssembly module, as `init` takes it: compiled, as bytes, as the response of a fetch, or as its URL. */
export type ModuleSource =
  | CompiledModule
  | ArrayBuffer
  | ArrayBufferView<ArrayBuffer>
  | FetchedModule
  | UrlObject
  | string
  | Promise<FetchedModule>;

let engine: Engine | undefined;
let load: (() => CompiledModule) | undefined;
let starting: Promise<void> | undefined;

/** Sets how this runtime loads the module without waiting: when the first connection is created. */
export function loadOnUse(loader: () => CompiledModule): void {
  load = loader;
}

/** The same for the slim module, where nobody has imported the other, which can do all that this one can. */
export function loadSlimOnUse(loader: () => CompiledModule): void {
  load ??= loader;
}

/** The one engine that all new connections share. */
export function currentEngine(): Engine {
  if (engine === undefined) {
    if (load === undefined) {
      throw new SansockError("INVALID_STATE", "the WebAssembly module is not loaded: `await init()` first");
    }
    start(load());
  }
  return engine as Engine;
}

/** Starts an engine unless one is running. One that has failed is replaced, and its connections are lost. */
export function startWith(source: () => Promise<CompiledModule>): Promise<void> {
  if (engine !== undefined && !engine.dead) {
    return Promise.resolve();
  }
  starting ??= source()
    .then(start)
    .finally(() => {
      starting = undefined;
    });
  return starting;
}

/** Makes an instance of the module, which imports nothing, the engine of all new connections. */
function start(module: CompiledModule): void {
  const { exports } = new WebAssembly.Instance(module as WebAssembly.Module);
  engine = new Engine(exports as unknown as Exports);
}

/** Compiles a module that is part of the source. */
export function inlined(base64: string): CompiledModule {
  return new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}

/** Compiles a module from any source. */
export async function compile(source: ModuleSource): Promise<CompiledModule> {
  if (source instanceof WebAssembly.Module) {
    return source;
  }
  if (isBytes(source)) {
    return WebAssembly.compile(toBytes("source", source) as AnyBytes as Uint8Array<ArrayBuffer>);
  }
  const response = (await (typeof source === "string" || source instanceof URL ? fetch(source) : source)) as FetchedModule;
  if (typeof (response as Partial<FetchedModule> | null | undefined)?.arrayBuffer !== "function") {
    throw invalid("source", "must be a module, its bytes, its URL, or the response of a fetch");
  }
  if (!response.ok) {
    throw new Error(`cannot load ${response.url}: HTTP status ${response.status}`);
  }
  // Not `compileStreaming`, which saves time on larger modules only, and insists on the content type application/wasm.
  return WebAssembly.compile(await response.arrayBuffer());
}

/** What the engine does with bytes, in the words of core/vectors. */
import { Connection, init, SansockError } from "../../../../bindings/js/dist/browser.js";
import { replay as replayCase } from "../../../../bindings/js/test/vectors.mjs";
import type { VectorCase } from "../protocol.ts";
import { load } from "./decoder.ts";

/** Compiles the module, which has both: the engine, and the inspector. */
export async function start(module: ArrayBuffer): Promise<void> {
  const compiled = await WebAssembly.compile(module);
  load(compiled);
  await init(compiled);
}

/** A list of lines for each step. */
export function replay({ setup, bytes }: VectorCase): string[][] {
  const lines = setup.map((line): [string, string] => {
    const space = line.indexOf(" ");
    return [line.slice(0, space), line.slice(space + 1)];
  });
  const steps = [{ call: "start" }, { call: `receive ${bytes}` }];
  return replayCase({ setup: lines, steps }, { Connection, SansockError }, false);
}

/** What the engine does with bytes, in the words of core/vectors. */
import { Connection, init, SansockError } from "../../../../bindings/js/dist/browser.js";
import { replay as replayCase } from "../../../../bindings/js/test/vectors.mjs";
import type { VectorCase } from "../protocol.ts";
import { Decoder } from "../../node_modules/lzma1/lib/decoder.js";
import { InputBuffer, OutputBuffer } from "../../node_modules/lzma1/lib/streams.js";
import { load } from "./decoder.ts";

/** Unpacks and compiles the module, which has both: the engine, and the inspector. No browser has LZMA, by which it is smallest. */
export async function start(packed: ArrayBuffer): Promise<void> {
  const module = new OutputBuffer(4 * packed.byteLength);
  new Decoder().decompress(new InputBuffer(new Uint8Array(packed)), module);
  const compiled = await WebAssembly.compile(module.toArray());
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

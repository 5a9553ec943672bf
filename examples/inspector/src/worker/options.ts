/** The options of the engine, from the tables of the package. */
import { OPTIONS } from "../../../../bindings/js/dist/options.js";
import type { OptionInfo } from "../playground/trace.ts";

/** What the package says of each option; the build reads it from bindings/js/src/options.ts. */
declare const OPTION_TEXTS: Readonly<Record<string, string>>;

export function optionTable(): OptionInfo[] {
  return Object.entries(OPTIONS).map(([name, { type }]) => ({ name, type, text: OPTION_TEXTS[name] ?? "" }));
}

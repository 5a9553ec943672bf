import { parseArgs, type ParseArgsConfig } from "node:util";

/** What was typed is wrong. */
export class WrongArguments extends Error {}

/** Parses what follows the command. */
export function parse<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // The first sentence says what is wrong; what follows is advice for programmers.
    throw new WrongArguments((error as Error).message.split(". ")[0]);
  }
}

/** A number of seconds, as milliseconds. */
export function seconds(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1e6)) {
    throw new WrongArguments(`--${name}: ${JSON.stringify(text)} is no number of seconds`);
  }
  return Math.round(value * 1000);
}

/** A header, written as `NAME: VALUE`. */
export function header(text: string): [name: string, value: string] {
  const at = text.indexOf(":");
  if (at < 1) {
    throw new WrongArguments(`--header: ${JSON.stringify(text)} is not of the form "NAME: VALUE"`);
  }
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

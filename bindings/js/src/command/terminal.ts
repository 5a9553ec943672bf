import { env, stderr, stdin, stdout } from "node:process";
import { createInterface, type Interface } from "node:readline";

const PROMPT = "> ";
const COLOURS = { received: "\x1b[32m", note: "\x1b[2m" };

/** Says something that is no message: on standard error, so that messages alone are in a pipe. */
export function note(text: string): void {
  stderr.write(`sansock: ${printable(text, stderr.isTTY)}\n`);
}

/** A text as one line. On a terminal it has no control characters either: a peer must not steer that. */
export function printable(text: string, isTerminal: boolean): string {
  const line = text.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  const code = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");
  return isTerminal ? line.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => `\\x${code(character)}`) : line;
}

/** The standard streams of a program that somebody may sit at. */
export class Terminal {
  readonly isInteractive = stdin.isTTY === true && stdout.isTTY === true;
  /** What edits the line that is typed. */
  readonly #editor: Interface | undefined;

  constructor() {
    this.#editor = this.isInteractive ? createInterface({ input: stdin, output: stdout, prompt: PROMPT }) : undefined;
  }

  /** Prints a message. Resolves when more can be printed. */
  async message(text: string): Promise<void> {
    await this.#print("received", text);
  }

  /** Says something that is no message. */
  note(text: string): void {
    if (this.isInteractive) {
      void this.#print("note", text);
    } else {
      note(text);
    }
  }

  /** Yields the lines that are typed, or piped in. */
  async *lines(): AsyncGenerator<string, void> {
    if (this.#editor === undefined) {
      yield* pipedLines();
      return;
    }
    this.#editor.prompt();
    for await (const line of this.#editor) {
      yield line;
      this.#editor.prompt();
    }
  }

  close(): void {
    this.#editor?.close();
    stdin.unref?.();
  }

  async #print(colour: keyof typeof COLOURS, text: string): Promise<void> {
    const isColoured = stdout.isTTY === true && env["NO_COLOR"] === undefined;
    const line = printable(text, stdout.isTTY === true);
    const shown = isColoured ? `${COLOURS[colour]}${line}\x1b[0m` : line;
    // The line that is being typed moves below.
    const written = stdout.write(this.isInteractive ? `\r\x1b[K${shown}\n` : `${shown}\n`);
    this.#editor?.prompt(true);
    if (!written) {
      await new Promise((resolve) => stdout.once("drain", resolve));
    }
  }
}

/** The lines of standard input, however long. Only a line feed ends a line. */
async function* pipedLines(): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  for await (const chunk of stdin) {
    const [rest = "", ...begun] = decoder.decode(chunk as Uint8Array, { stream: true }).split("\n");
    pieces.push(rest);
    for (const piece of begun) {
      yield pieces.join("");
      pieces = [piece];
    }
  }
  const last = pieces.join("") + decoder.decode();
  if (last !== "") {
    yield last;
  }
}

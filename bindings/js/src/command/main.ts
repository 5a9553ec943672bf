#!/usr/bin/env node
/**
 * The command `sansock`: a client for terminals and pipes, an echo server, and what shows what is on the wire.
 *
 * @module
 */
import { argv, exit } from "node:process";

import { runClient } from "./client.js";
import { runInspect } from "./inspect.js";
import { runRelay } from "./relay.js";
import { runServer } from "./server.js";
import { note } from "./terminal.js";
import { WrongArguments } from "./arguments.js";

const COMMANDS = new Map([
  ["serve", runServer],
  ["inspect", runInspect],
  ["relay", runRelay],
]);

async function main([first, ...rest]: readonly string[]): Promise<number> {
  try {
    const run = COMMANDS.get(first ?? "");
    return run === undefined ? await runClient(first === undefined ? [] : [first, ...rest]) : await run(rest);
  } catch (error) {
    note((error as Error).message);
    return error instanceof WrongArguments ? 2 : 1;
  }
}

exit(await main(argv.slice(2)));

#!/usr/bin/env node
/**
 * The command `sansock`: a client for terminals and pipes, and an echo server.
 *
 * @module
 */
import { argv, exit } from "node:process";

import { runClient } from "./client.js";
import { runServer } from "./server.js";
import { note } from "./terminal.js";
import { WrongArguments } from "./arguments.js";

async function main([first, ...rest]: readonly string[]): Promise<number> {
  try {
    return first === "serve" ? await runServer(rest) : await runClient(first === undefined ? [] : [first, ...rest]);
  } catch (error) {
    note((error as Error).message);
    return error instanceof WrongArguments ? 2 : 1;
  }
}

exit(await main(argv.slice(2)));

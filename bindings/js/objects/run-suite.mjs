// The suite where there is a file system.

import { readFile } from "node:fs/promises";
import process from "node:process";

import { runAll } from "../test/suite.mjs";
import { suite } from "./suite.mjs";

/** Runs it. A bundle is elsewhere, and is told where the repository is. */
export async function runSuite(module, sansock) {
  const root = process.argv[2] === undefined ? new URL("../../../", import.meta.url) : new URL(process.argv[2]);
  const tests = await suite(module, sansock, (path) => readFile(new URL(path, root), "utf8"));
  process.exitCode = (await runAll(tests, console.log)) === 0 ? 0 : 1;
}

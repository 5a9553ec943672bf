// The suite where there is no test runner to rely on: Deno and Bun.

import { readFile } from "node:fs/promises";
import process from "node:process";

import * as sansock from "sansock";

import { big } from "./big.mjs";
import { runAll, suite } from "./suite.mjs";

const root = new URL("../../../", import.meta.url);
const tests = [...(await suite(sansock, (path) => readFile(new URL(path, root), "utf8"))), ...big(sansock)];
process.exitCode = (await runAll(tests, console.log)) === 0 ? 0 : 1;

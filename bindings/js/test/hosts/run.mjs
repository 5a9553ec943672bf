// The tests of the hosts where there is no test runner to rely on: Deno and Bun. Names of topics may be given.

import process from "node:process";

import { runAll } from "../suite.mjs";
import { tests } from "./suite.mjs";

const names = process.argv.slice(2);
const chosen = names.length === 0 ? tests : tests.filter(({ name }) => names.some((each) => name.includes(each)));
process.exit((await runAll(chosen, console.log)) === 0 ? 0 : 1);

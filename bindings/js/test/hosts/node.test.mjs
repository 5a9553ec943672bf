// The tests of the hosts under node's test runner.

import { test } from "node:test";

import { tests } from "./suite.mjs";

for (const { name, run, skip } of tests) {
  test(name, { skip: skip ?? false }, run);
}

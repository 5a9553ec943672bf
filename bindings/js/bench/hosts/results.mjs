// What is on record of the servers.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, release, type } from "node:os";
import { fileURLToPath } from "node:url";

const FILE = new URL("results.json", import.meta.url);
const bin = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));
const require = createRequire(import.meta.url);

export const results = () => JSON.parse(readFileSync(FILE, "utf8"));

/** Adds to what is on record, or replaces it. */
export function record(found) {
  let before = {};
  try {
    before = results();
  } catch {
    // The first.
  }
  const machine = `${cpus()[0]?.model.trim()}, ${type()} ${release().split("-")[0]} ${process.arch}`;
  const versions = {
    Node: process.versions.node,
    Bun: execFileSync(`${bin}bun`, ["--version"], { encoding: "utf8" }).trim(),
    Deno: execFileSync(`${bin}deno`, ["--version"], { encoding: "utf8" }).split(" ")[1],
    ws: require("ws/package.json").version,
    bufferutil: require("bufferutil/package.json").version,
  };
  writeFileSync(FILE, `${JSON.stringify({ ...before, machine, versions, ...found }, null, 1)}\n`);
}

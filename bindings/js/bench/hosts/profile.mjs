// Where the servers spend their time, as `perf` sees it: of one cell of each kind that is above its goal.
//
//   node profile.mjs [--cells 20x100x1,...]
//
// The cells below are written into results.json, from which page.mjs makes the page; others are printed alone. The processor time for
// each message is measured again meanwhile, without `perf`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { V8_LOG, cellsOf, label, linesOf, load, messagesOf, nextLine, serversOf, start, stop } from "./echo.mjs";
import { record } from "./results.mjs";

const SPENT = fileURLToPath(new URL("../../../../conformance/common/spent.py", import.meta.url));
const PROFILED = ["20x1x64-binary", "125x100x1-binary", "16384x1x64", "1048576x1x4"];
/** How many times as many messages as are measured: some thousand samples. */
const LONGER = 8;

/** The shares of a server's time, in percent, and nanoseconds for each message. */
async function profile(name, cell) {
  const running = await start(name, cell, { isProfiled: true });
  const { server, port } = running;
  try {
    const messages = LONGER * messagesOf(cell);
    const nanoseconds = Math.round((await load(port, { ...cell, messages }, server.pid)) / messages);
    const spent = spawn("python3", [SPENT, String(server.pid)], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(spent, "exit");
    const lines = linesOf(spent.stdout);
    await load(port, { ...cell, messages }, server.pid);
    spent.stdin.end();
    const { samples, ...shares } = JSON.parse(await nextLine(lines));
    await ended;
    return { nanoseconds, samples, shares };
  } finally {
    await stop(running);
    for (const left of [`/tmp/perf-${server.pid}.map`, V8_LOG]) rmSync(left, { force: true });
  }
}

const { values } = parseArgs({ options: { cells: { type: "string" } } });
const profiles = [];
for (const cell of cellsOf(values.cells?.split(",") ?? PROFILED)) {
  const servers = {};
  for (const name of serversOf(cell)) {
    servers[name] = await profile(name, cell);
    console.log(label(cell), name, JSON.stringify(servers[name]));
  }
  profiles.push({ ...cell, servers });
}
if (values.cells === undefined) {
  record({ profiles });
}

// Echo over loopback: the CPU of the server for each message.
//
//   node run.mjs [--rounds N] [--cells 20x100x1,...]
//
// All cells are written into results.json, from which page.mjs makes the page; some are printed alone.

import { parseArgs } from "node:util";

import { SERVERS, cellsOf, label, load, messagesOf, serversOf, start, stop } from "./echo.mjs";
import { record } from "./results.mjs";

/** The CPU of each server for each message of a cell, in nanoseconds: the medians of all rounds. */
async function measure(cell, rounds) {
  const servers = [];
  try {
    for (const name of serversOf(cell)) {
      servers.push(await start(name, cell));
    }
    const messages = messagesOf(cell);
    // They take turns, so that whatever else the machine does falls on all of them.
    for (let round = 0; round < rounds; round++) {
      for (const { server, port, times } of servers) {
        times.push((await load(port, { ...cell, messages }, server.pid)) / messages);
      }
    }
  } finally {
    for (const server of servers) {
      await stop(server);
    }
  }
  return Object.fromEntries(servers.map(({ name, times }) => [name, Math.round(times.sort((a, b) => a - b)[times.length >> 1])]));
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, cells: { type: "string" } } });
const cells = cellsOf(values.cells?.split(",") ?? [""]);
const rows = [];
console.log(["cell", ...SERVERS].join("\t"));
for (const cell of cells) {
  const nanoseconds = await measure(cell, Number(values.rounds));
  rows.push({ ...cell, nanoseconds });
  console.log([label(cell), ...SERVERS.map((name) => (nanoseconds[name] === undefined ? "-" : (nanoseconds[name] / 1000).toFixed(2)))].join("\t"));
}
if (values.cells === undefined) {
  record({ rounds: Number(values.rounds), rows });
}

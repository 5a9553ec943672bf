// Echo over loopback: the CPU of the server for each message.
//
//   node run.mjs [--rounds N] [--cells 20x100x1,...]
//
// All cells are written into results.json, from which page.mjs makes the page; some are printed alone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { record } from "./results.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const bin = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));

/** The servers, and what runs them. */
const SERVERS = {
  "sansock/node": ["node", "servers/sansock-node.mjs"],
  "sansock/ws": ["node", "servers/sansock-ws.mjs"],
  ws: ["node", "servers/ws.mjs"],
  "sansock/bun": [`${bin}bun`, "servers/sansock-bun.mjs"],
  "Bun.serve": [`${bin}bun`, "servers/bun.mjs"],
  "sansock/deno": [`${bin}deno`, "run", "-A", "--quiet", "servers/sansock-deno.mjs"],
  "Deno.serve": [`${bin}deno`, "run", "-A", "--quiet", "servers/deno.mjs"],
};
/** Deno's own server does not compress. */
const NO_DEFLATE = ["Deno.serve"];
/** How many times as many messages are sent before any is counted: compilers of JavaScript take their time. */
const WARM_UP = 5;

/** Sizes of messages, in bytes, with how many connections there are and how many messages each has on their way. */
const SHAPES = [
  ...[20, 1024].flatMap((size) => [[size, 1, 1], [size, 1, 64], [size, 100, 1], [size, 100, 64]]),
  [125, 100, 1],
  [16_384, 1, 1], [16_384, 1, 64], [16_384, 100, 1],
  [1_048_576, 1, 1], [1_048_576, 1, 4], [1_048_576, 100, 1],
];
const CELLS = SHAPES.flatMap(([size, connections, inFlight]) => [
  { size, connections, inFlight, kind: "binary", deflate: false },
  { size, connections, inFlight, kind: "text", deflate: false },
  ...(size >= 1024 ? [{ size, connections, inFlight, kind: "text", deflate: true }] : []),
]);

/** How many messages are counted: for about a fifth of a second of the server's time, and some for each connection. */
function messagesOf({ size, connections, inFlight, deflate }) {
  const cost = (inFlight === 1 ? 10 : 2) + (size / 1000) * (deflate ? 8 : 1);
  return Math.max(Math.round(200_000 / cost), 2 * connections, 40);
}

/** The processor time of all threads of a process, in nanoseconds. */
function cpu(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]), 0);
}

const nextLine = async (lines) => (await lines.next()).value;

/** Starts a server, and has it see so many messages that its code is compiled. */
async function start(name, cell) {
  const [command, ...args] = SERVERS[name];
  const env = { ...process.env, DEFLATE: cell.deflate ? "1" : "0" };
  const server = spawn("taskset", ["-c", "0", command, ...args], { cwd: here, env, stdio: ["ignore", "pipe", "inherit"] });
  const port = await nextLine(createInterface(server.stdout)[Symbol.asyncIterator]());
  await load(port, { ...cell, messages: WARM_UP * messagesOf(cell) }, server.pid);
  return { name, server, port, times: [] };
}

/** The CPU of each server for each message of a cell, in nanoseconds: the medians of all rounds. */
async function measure(cell, names, rounds) {
  const servers = [];
  try {
    for (const name of names) {
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
    for (const { server } of servers) {
      server.kill("SIGKILL");
      await once(server, "exit");
    }
  }
  return Object.fromEntries(servers.map(({ name, times }) => [name, Math.round(times.sort((a, b) => a - b)[times.length >> 1])]));
}

async function load(port, cell, pid) {
  const client = spawn("taskset", ["-c", "1", "node", "load.mjs", port, JSON.stringify(cell)], { cwd: here, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  if ((await nextLine(lines)) !== "open") {
    throw new Error("the client did not connect");
  }
  const before = cpu(pid);
  client.stdin.write("go\n");
  if ((await nextLine(lines)) !== "done") {
    throw new Error("the client did not get all messages");
  }
  const used = cpu(pid) - before;
  await once(client, "exit");
  return used;
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, cells: { type: "string" } } });
const servers = Object.keys(SERVERS);
const label = ({ size, connections, inFlight, kind, deflate }) => `${size}x${connections}x${inFlight}-${kind}${deflate ? "-deflate" : ""}`;
const cells = CELLS.filter((cell) => values.cells === undefined || values.cells.split(",").some((each) => label(cell).startsWith(each)));
const rows = [];
console.log(["cell", ...servers].join("\t"));
for (const cell of cells) {
  const names = servers.filter((each) => !cell.deflate || !NO_DEFLATE.includes(each));
  const nanoseconds = await measure(cell, names, Number(values.rounds));
  rows.push({ ...cell, nanoseconds });
  console.log([label(cell), ...servers.map((name) => (nanoseconds[name] === undefined ? "-" : (nanoseconds[name] / 1000).toFixed(2)))].join("\t"));
}
if (values.cells === undefined) {
  record({ rounds: Number(values.rounds), rows });
}

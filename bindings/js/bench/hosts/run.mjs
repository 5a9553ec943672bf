// Echo over loopback: the CPU of the server per message, in microseconds, user and system.
//
//   node run.mjs [--rounds N] [--servers a,b] [--cells 125x100x1,...]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const bin = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));
/** A tick of the kernel's account of CPU time, in microseconds. */
const TICK = 10_000;

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

const CELLS = [
  [20, 1, 1], [20, 100, 1], [125, 100, 1], [20, 1, 64], [20, 100, 64], [1024, 100, 1], [1024, 1, 64],
  [16_384, 100, 1], [16_384, 1, 64], [1_048_576, 1, 1], [1_048_576, 1, 4],
].flatMap(([size, connections, inFlight]) => [
  { size, connections, inFlight, kind: "binary", deflate: false },
  { size, connections, inFlight, kind: "text", deflate: false },
  ...(size === 1024 || size === 16_384 ? [{ size, connections, inFlight, kind: "text", deflate: true }] : []),
]);

/** How many messages a round has: for about a second of the server's time. */
function messagesOf({ size, inFlight, deflate }) {
  const cost = (inFlight === 1 ? 10 : 2) + (size / 1000) * (deflate ? 8 : 1);
  return Math.max(Math.round(1_000_000 / cost / 100) * 100, 200);
}

function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

const nextLine = async (lines) => (await lines.next()).value;

/** The CPU of one server for each message of a cell. */
async function measure(name, cell) {
  const [command, ...args] = SERVERS[name];
  const env = { ...process.env, DEFLATE: cell.deflate ? "1" : "0" };
  const server = spawn("taskset", ["-c", "0", command, ...args], { cwd: here, env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await nextLine(createInterface(server.stdout)[Symbol.asyncIterator]());
    const messages = messagesOf(cell);
    // Code is compiled first.
    await load(port, { ...cell, messages: Math.max(Math.round(messages / 4), cell.connections) }, server.pid);
    return (await load(port, { ...cell, messages }, server.pid)) / messages;
  } finally {
    server.kill("SIGKILL");
    await once(server, "exit");
  }
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

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, servers: { type: "string" }, cells: { type: "string" }, out: { type: "string" } },
});
const servers = values.servers?.split(",") ?? Object.keys(SERVERS);
const label = ({ size, connections, inFlight, kind, deflate }) => `${size} ${connections} ${inFlight} ${kind}${deflate ? " deflate" : ""}`;
const cells = CELLS.filter((cell) => values.cells === undefined || values.cells.split(",").some((each) => label(cell).startsWith(each)));
const results = {};
console.log(["cell", ...servers].join("\t"));
for (const cell of cells) {
  const row = {};
  for (const name of servers.filter((each) => !cell.deflate || !NO_DEFLATE.includes(each))) {
    const rounds = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.push(await measure(name, cell));
    }
    row[name] = rounds.sort((a, b) => a - b)[Math.floor(rounds.length / 2)];
  }
  results[label(cell)] = row;
  console.log([label(cell), ...servers.map((name) => row[name]?.toFixed(2) ?? "-")].join("\t"));
}
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify(results, null, 2)}\n`);
}

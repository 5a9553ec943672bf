// The resident memory of servers with idle connections: what each connection costs, in bytes.
//
//   node idle.mjs [CONNECTIONS] [ROUNDS]    default: 9,500 and 5; each has sent and received one message
//
// Written into results.json, from which page.mjs makes the page.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { record } from "./results.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const connections = Number(process.argv[2] ?? 9500);
const rounds = Number(process.argv[3] ?? 5);
const SERVERS = { "sansock/node": "sansock-node", "sansock/ws": "sansock-ws", ws: "ws" };

function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

async function measure(file, deflate) {
  const env = { ...process.env, DEFLATE: deflate ? "1" : "0" };
  const server = spawn("node", ["--expose-gc", `servers/${file}.mjs`], { cwd: here, env, stdio: ["ignore", "pipe", "inherit"] });
  const port = (await createInterface(server.stdout)[Symbol.asyncIterator]().next()).value;
  const before = resident(server.pid);
  const cell = { size: 100, kind: "text", connections, inFlight: 1, messages: connections, deflate };
  const client = spawn("node", ["load.mjs", port, JSON.stringify(cell), "stay"], { cwd: here, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  await lines.next();
  client.stdin.write("go\n");
  await lines.next();
  const each = (resident(server.pid) - before) / connections;
  client.kill("SIGKILL");
  server.kill("SIGKILL");
  await Promise.all([once(client, "exit"), once(server, "exit")]);
  return each;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const found = Object.fromEntries(Object.keys(SERVERS).map((name) => [name, { plain: [], deflate: [] }]));
for (let round = 0; round < rounds; round++) {
  for (const [name, file] of Object.entries(SERVERS)) {
    found[name].plain.push(await measure(file, false));
    found[name].deflate.push(await measure(file, true));
  }
}
const medians = Object.entries(found).map(([name, { plain, deflate }]) => [name, { plain: Math.round(median(plain)), deflate: Math.round(median(deflate)) }]);
console.log("server\tplain\tcompressed");
medians.forEach(([name, { plain, deflate }]) => console.log([name, plain, deflate].join("\t")));
record({ idle: { connections, rounds, bytes: Object.fromEntries(medians) } });

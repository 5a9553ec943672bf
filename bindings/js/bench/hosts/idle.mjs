// The resident memory of servers with idle connections: what each connection costs, in bytes.
//
//   node idle.mjs [CONNECTIONS]    default: 10,000; each has sent and received one message

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const connections = Number(process.argv[2] ?? 10_000);
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

console.log(`server\tplain\tcompressed`);
for (const [name, file] of Object.entries(SERVERS)) {
  console.log([name, Math.round(await measure(file, false)), Math.round(await measure(file, true))].join("\t"));
}

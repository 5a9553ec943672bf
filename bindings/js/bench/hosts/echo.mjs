// The servers, the cells, and a client beside a server.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const bin = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));

/** V8 keeps a log beside what it tells `perf`. */
export const V8_LOG = join(tmpdir(), "sansock-bench-v8.log");
const TELLS = ["--perf-basic-prof", `--logfile=${V8_LOG}`, "--no-logfile-per-isolate"];
const node = (program) => (isProfiled) => ["node", ...(isProfiled ? TELLS : []), program];
const bun = (program) => () => [`${bin}bun`, program];
const deno = (program) => (isProfiled) => [
  ...[`${bin}deno`, "run", ...(isProfiled ? [`--v8-flags=${TELLS}`] : [])],
  ...["--allow-all", "--quiet", program],
];
/** The servers, and what runs them: of its compiled code a runtime tells `perf` only if it is asked. Bun does not. */
const COMMANDS = {
  "sansock/node": node("servers/sansock-node.mjs"),
  "sansock/ws": node("servers/sansock-ws.mjs"),
  ws: node("servers/ws.mjs"),
  "sansock/bun": bun("servers/sansock-bun.mjs"),
  "Bun.serve": bun("servers/bun.mjs"),
  "sansock/deno": deno("servers/sansock-deno.mjs"),
  "Deno.serve": deno("servers/deno.mjs"),
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

export const SERVERS = Object.keys(COMMANDS);

export const serversOf = ({ deflate }) => SERVERS.filter((name) => !deflate || !NO_DEFLATE.includes(name));

export const label = ({ size, connections, inFlight, kind, deflate }) =>
  `${size}x${connections}x${inFlight}-${kind}${deflate ? "-deflate" : ""}`;

/** The cells whose labels begin with one of these. */
export const cellsOf = (labels) => CELLS.filter((cell) => labels.some((each) => label(cell).startsWith(each)));

/** How many messages are counted: for about a fifth of a second of the server's time, and some for each connection. */
export function messagesOf({ size, connections, inFlight, deflate }) {
  const cost = (inFlight === 1 ? 10 : 2) + (size / 1000) * (deflate ? 8 : 1);
  return Math.max(Math.round(200_000 / cost), 2 * connections, 40);
}

/** The processor time of all threads of a process, in nanoseconds. */
function cpu(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]), 0);
}

export const linesOf = (stream) => createInterface(stream)[Symbol.asyncIterator]();
export const nextLine = async (lines) => (await lines.next()).value;

/** Starts a server, and has it see so many messages that its code is compiled. */
export async function start(name, cell, { isProfiled = false } = {}) {
  const env = { ...process.env, DEFLATE: cell.deflate ? "1" : "0" };
  const server = spawn("taskset", ["-c", "0", ...COMMANDS[name](isProfiled)], { cwd: here, env, stdio: ["ignore", "pipe", "inherit"] });
  const port = await nextLine(linesOf(server.stdout));
  await load(port, { ...cell, messages: WARM_UP * messagesOf(cell) }, server.pid);
  return { name, server, port, times: [] };
}

/** Ends a server. */
export async function stop({ server }) {
  server.kill("SIGKILL");
  await once(server, "exit");
}

/** Sends messages, and returns the processor time of the server, in nanoseconds. */
export async function load(port, cell, pid) {
  const client = spawn("taskset", ["-c", "1", "node", "load.mjs", port, JSON.stringify(cell)], { cwd: here, stdio: ["pipe", "pipe", "inherit"] });
  const lines = linesOf(client.stdout);
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

// Runs the example programs, and makes what they need.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const EXAMPLES = new URL("../../../examples/node/", import.meta.url);
const WATCH = new URL("watch-streams.mjs", import.meta.url).href;

/** Starts a server. Returns its URL, the streams of HTTP/2 that it has got, and how to stop it. */
export async function startServer(name, args = []) {
  const program = fileURLToPath(new URL(name, EXAMPLES));
  const server = spawn(process.execPath, ["--import", WATCH, program, "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const streams = [];
  let errors = "";
  createInterface({ input: server.stderr }).on("line", (line) => {
    if (line.startsWith("stream ")) {
      streams.push(line.slice("stream ".length));
    } else {
      errors += `${line}\n`;
    }
  });
  const ended = once(server, "exit");
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([once(lines, "line"), ended.then(([code]) => [`exit ${code}: ${errors}`])]);
  const [, url] = /^listening on (wss?:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
  if (url === undefined) {
    throw new Error(`${name} printed: ${line}`);
  }
  const stop = async () => {
    server.kill("SIGTERM");
    const [code] = await ended;
    if (code !== 0) {
      throw new Error(`${name} ended with ${code}: ${errors}`);
    }
  };
  return { url, streams, stop };
}

/** Runs a client with these lines as its input. Returns what it printed, and its status. */
export async function runClient(name, url, input, env = {}) {
  const program = fileURLToPath(new URL(name, EXAMPLES));
  const client = spawn(process.execPath, [program, url], { stdio: "pipe", env: { ...process.env, ...env } });
  const ended = once(client, "close");
  let output = "";
  client.stdout.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  client.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  client.stdin.end(input.map((line) => `${line}\n`).join(""));
  const [status] = await ended;
  return { lines: output.trimEnd().split("\n"), status };
}

/** Makes a certificate for this machine, which nobody has signed. Returns its files, and how to remove them. */
export function makeCertificate() {
  const folder = mkdtempSync(join(tmpdir(), "sansock-certificate-"));
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(folder, name));
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { cert, key, remove: () => rmSync(folder, { recursive: true }) };
}

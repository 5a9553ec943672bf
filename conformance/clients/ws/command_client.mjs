// The command client (see ../README.md) with `ws`: node command_client.mjs URL [--subprotocol NAME]...
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { subprotocol: { type: "string", multiple: true, default: [] } },
});

const socket = new WebSocket(positionals[0], values.subprotocol, {
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: process.env.DEFLATE === "1",
});
const unawaited = new Map(); // events printed and not yet consumed by `wait`, by name
let printed = () => {}; // wakes a `wait`

function print(name, ...details) {
  process.stdout.write(`${[name, ...details.filter((detail) => detail !== "")].join(" ")}\n`);
  unawaited.set(name, (unawaited.get(name) ?? 0) + 1);
  printed();
}

async function wait(name) {
  while (!unawaited.get(name)) await new Promise((resolve) => (printed = resolve));
  unawaited.set(name, unawaited.get(name) - 1);
}

// Resolves when the bytes are with the operating system, so that standard input is read no faster than that.
const send = (data, flags) => new Promise((resolve) => socket.send(data, flags, resolve));

async function sendParts(kind, count, text) {
  const data = Buffer.from(text);
  for (let i = 0; i < count; i += 1) {
    const part = data.subarray(Math.floor((data.length * i) / count), Math.floor((data.length * (i + 1)) / count));
    await send(part, { binary: kind === "binary", fin: i === count - 1 });
  }
}

function split(text) {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

async function command(line) {
  const [name, rest] = split(line);
  if (name === "text") return send(rest);
  if (name === "binary") return send(Buffer.from(rest, "hex"));
  if (name === "ping") return socket.ping(rest);
  if (name === "pong") return socket.pong(rest);
  if (name === "wait") return wait(rest);
  if (name === "close") {
    const [code, reason] = split(rest);
    return socket.close(Number(code), reason);
  }
  if (name === "parts") {
    const [kind, counted] = split(rest);
    const [count, text] = split(counted);
    return sendParts(kind, Number(count), text);
  }
  throw new Error(`unknown command: ${name}`);
}

let rejected = false;
socket.on("unexpected-response", (request, response) => {
  rejected = true;
  print("rejected", String(response.statusCode));
  request.destroy();
  socket.terminate();
});
socket.on("error", (error) => rejected || console.error(error.message));
socket.on("ping", (data) => print("ping", data.toString()));
socket.on("pong", (data) => print("pong", data.toString()));
socket.on("message", (data, isBinary) => print(isBinary ? "binary" : "text", data.toString(isBinary ? "hex" : "utf8")));
socket.on("close", (code, reason) => {
  if (code !== 1006) print("closing", String(code), reason.toString());
  print("closed", String(code), reason.toString());
  process.exitCode = code === 1006 ? 1 : 0;
  process.stdin.destroy();
});

await once(socket, "open");
print("open", socket.protocol);
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) await command(line);
socket.close(1000);

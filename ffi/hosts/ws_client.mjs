// A client of the npm package ws: sends messages to an echo server, alone and many at once, and closes.
//
//   ws_client.mjs URL [CERTIFICATE]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { WebSocket } = createRequire(new URL("../../conformance/package.json", import.meta.url))("ws");
const [url, certificate] = process.argv.slice(2);
const options = certificate ? { ca: readFileSync(certificate) } : {};
const messages = ["hello", "Grüße", "", Buffer.alloc(0), Buffer.alloc(300_000, 7), "x".repeat(1_000_000)];
for (let i = 0; i < 1000; i++) messages.push(`message ${i}`);

const ws = new WebSocket(url, options);
let at = 0;
let pongs = 0;
const fail = (why) => {
  console.error(why);
  process.exit(1);
};

ws.on("open", () => {
  for (const message of messages) ws.send(message);
  ws.ping("ping");
});
ws.on("pong", () => pongs++);
ws.on("message", (data, isBinary) => {
  const expected = messages[at++];
  if (isBinary !== Buffer.isBuffer(expected) || !data.equals(Buffer.from(expected))) fail(`message ${at} is not its echo`);
  if (at === messages.length) ws.close(1000, "done");
});
ws.on("error", (error) => fail(error.message));
ws.on("close", (code) => {
  if (code !== 1000 || at !== messages.length || pongs !== 1) fail(`closed ${code} after ${at} messages, ${pongs} pongs`);
  console.log("done");
});

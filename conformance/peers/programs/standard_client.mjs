// Clients written with the `WebSocket` that Deno and Bun have as a global: each line of standard input is
// `URL [SUBPROTOCOL...]`. Each echoes what it receives, and prints `URL text STRING` or `URL binary HEX` for it.
import { createInterface } from "node:readline";
import process from "node:process";

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

function connect(url, subprotocols) {
  const socket = new WebSocket(url, subprotocols);
  socket.binaryType = "arraybuffer";
  socket.onerror = () => {}; // The raw server sees how the connection ends.
  socket.onmessage = ({ data }) => {
    console.log(typeof data === "string" ? `${url} text ${data.slice(0, 100)}` : `${url} binary ${hex(data.slice(0, 50))}`);
    socket.send(data);
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [url, ...subprotocols] = line.split(" ");
  connect(url, subprotocols);
}

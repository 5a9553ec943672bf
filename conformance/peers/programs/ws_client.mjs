// Clients written with `ws`: each line of standard input is `URL [SUBPROTOCOL...]`. Each echoes what it receives, and
// prints `URL text STRING` or `URL binary HEX` for it.
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

for await (const line of createInterface({ input: process.stdin })) {
  const [url, ...subprotocols] = line.split(" ");
  const socket = new WebSocket(url, subprotocols, { maxPayload: 16 * 1024 * 1024, perMessageDeflate: true });
  socket.on("error", () => {}); // The raw server sees how the connection ends.
  socket.on("message", (data, isBinary) => {
    console.log(`${url} ${isBinary ? "binary" : "text"} ${data.toString(isBinary ? "hex" : "utf8").slice(0, 100)}`);
    socket.send(data, { binary: isBinary });
  });
}

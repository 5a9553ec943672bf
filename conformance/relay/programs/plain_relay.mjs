// A relay on node:net that does not look: `plain_relay.mjs PORT` passes connections on to that port.

import { connect, createServer } from "node:net";
import process from "node:process";

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const target = connect({ host: "127.0.0.1", port: Number(process.argv[2]), allowHalfOpen: true, noDelay: true });
  client.pipe(target).pipe(client);
  client.on("error", () => target.destroy());
  target.on("error", () => client.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));

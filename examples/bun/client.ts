// A client on Bun.connect. Usage: bun run client.ts URL [--subprotocol NAME]... [--commands | --echo]

import { Client, parseArguments, USAGE } from "../js/client.mjs";
import { Driver } from "../js/driver.mjs";
import { BunTransport, handlers } from "./transport.ts";

const options = parseArguments(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exit(2);
}
// `console.log` returns when the line is written, so that nothing is lost by `process.exit`.
const client = new Client(options, (line: string) => console.log(line));
const socket = await Bun.connect<BunTransport>({
  hostname: client.host,
  port: client.port,
  allowHalfOpen: true,
  socket: {
    ...handlers,
    open(socket) {
      socket.data = new BunTransport(socket);
      socket.data.driver = new Driver(client.connection, socket.data, client.handle);
      socket.data.driver.start();
    },
  },
}).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const driver = socket.data.driver as Driver;
client.run(driver, Bun.stdin.stream());
await driver.until(() => false);
process.exit(client.status);

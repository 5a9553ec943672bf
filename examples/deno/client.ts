// A client on Deno.connect. Usage:
// deno run --allow-net --allow-read --allow-env client.ts URL [--subprotocol NAME]... [--commands | --echo]

import { Client, parseArguments, USAGE } from "../js/client.mjs";
import { Driver } from "../js/driver.mjs";
import { TcpTransport } from "./transport.ts";

const options = parseArguments(Deno.args);
if (options === undefined) {
  console.error(USAGE);
  Deno.exit(2);
}
const client = new Client(options, console.log);
const tcp = await Deno.connect({ hostname: client.host, port: client.port }).catch((error: Error) => {
  console.error(error.message);
  Deno.exit(1);
});
const transport = new TcpTransport(tcp);
const driver = new Driver(client.connection, transport, client.handle);
client.run(driver, Deno.stdin.readable);
await transport.run(driver);
await driver.until(() => false);
Deno.exit(client.status);

// A client on node:net. Usage: node client.mjs URL [--subprotocol NAME]... [--commands | --echo]

import { connect } from "node:net";
import process from "node:process";

import { Client, parseArguments, USAGE } from "../js/client.mjs";
import { Driver } from "../js/driver.mjs";
import { transport } from "./transport.mjs";

const options = parseArguments(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exit(2);
}
const client = new Client(options, (line) => console.log(line));
const socket = connect({ host: client.host, port: client.port, allowHalfOpen: true, noDelay: true });
const driver = new Driver(client.connection, transport(socket, () => driver), client.handle);
socket.on("connect", () => driver.start());
socket.on("error", (error) => console.error(error.message));
// Standard output may lag behind, and standard input still be open.
socket.on("close", () => process.stdout.write("", () => process.exit(client.status)));
await client.run(driver, process.stdin);

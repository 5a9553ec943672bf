// A client on node:net. Usage: node client.mjs URL
// Each line of standard input is sent as a text message, each message received is printed as a line, and the end of the
// input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only for a clean close.

import process from "node:process";

import { Client } from "../js/client.mjs";
import { connectClient } from "./transport.mjs";

const client = new Client(process.argv[2], (line) => console.log(line));
const status = await client.run(connectClient(client), process.stdin);
// Standard output may lag behind, and standard input still be open.
process.stdout.write("", () => process.exit(status));

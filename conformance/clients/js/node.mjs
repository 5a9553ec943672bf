// The command client on node:net.
import process from "node:process";

import { connectClient } from "../../../examples/node/transport.mjs";
import { commandClient } from "./command_client.mjs";

const client = commandClient(process.argv.slice(2), (line) => console.log(line));
const status = await client.run(connectClient(client), process.stdin);
process.stdout.write("", () => process.exit(status));

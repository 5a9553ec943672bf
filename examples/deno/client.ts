// A client on Deno.connect. Usage: deno run --allow-net --allow-read --allow-env client.ts URL
// Each line of standard input is sent as a text message, each message received is printed as a line, and the end of the
// input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only for a clean close.

import { Client } from "../js/client.mjs";
import { connectClient } from "./transport.ts";

const client = new Client(Deno.args[0], console.log);
const driver = await connectClient(client);
Deno.exit(await client.run(driver, Deno.stdin.readable));

// A client on Bun.connect. Usage: bun run client.ts URL
// Each line of standard input is sent as a text message, each message received is printed as a line, and the end of the
// input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only for a clean close.

import { Client } from "../js/client.mjs";
import { connectClient } from "./transport.ts";

// `console.log` returns when the line is written, so that nothing is lost by `process.exit`.
const client = new Client(process.argv[2], (line: string) => console.log(line));
const driver = await connectClient(client);
process.exit(await client.run(driver, Bun.stdin.stream()));

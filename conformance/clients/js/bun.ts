// The command client on Bun.connect.
import { connectClient } from "./bun_transport.ts";
import { commandClient } from "./command_client.mjs";

const client = commandClient(process.argv.slice(2), (line: string) => console.log(line));
const driver = await connectClient(client);
process.exit(await client.run(driver, Bun.stdin.stream()));

// The command client on Deno.connect.
import { connectClient } from "./deno_transport.ts";
import { commandClient } from "./command_client.mjs";

const client = commandClient(Deno.args, console.log);
const driver = await connectClient(client);
Deno.exit(await client.run(driver, Deno.stdin.readable));

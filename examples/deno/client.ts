// A client. Usage: deno run --allow-net --allow-read --allow-env client.ts URL
// See client.mjs in the folder js for what it does. The status is 0 only for a clean close.

import { options, run } from "../js/client.mjs";
import { connect } from "./sansock.mjs";

const connection = await connect(Deno.args[0], options);
Deno.exit(await run(connection, Deno.stdin.readable, console.log));

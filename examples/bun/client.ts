// A client. Usage: bun run client.ts URL
// See client.mjs in the folder js for what it does. The status is 0 only for a clean close.

import { options, run } from "../js/client.mjs";
import { connect } from "./sansock.mjs";

const connection = await connect(Bun.argv[2], options);
process.exit(await run(connection, Bun.stdin.stream(), console.log));

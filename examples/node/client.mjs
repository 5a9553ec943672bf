// A client. Usage: node client.mjs URL
// See client.mjs in the folder js for what it does. The status is 0 only for a clean close.

import process from "node:process";

import { options, run } from "../js/client.mjs";
import { connect } from "./sansock.mjs";

const connection = await connect(process.argv[2], options);
const status = await run(connection, process.stdin, (line) => console.log(line));
// Standard output may lag behind, and standard input still be open.
process.stdout.write("", () => process.exit(status));

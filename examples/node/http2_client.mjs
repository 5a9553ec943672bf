// A client over HTTP/2 (RFC 8441) on node:http2. Usage: node http2_client.mjs URL
// It does what client.mjs does, and speaks wss: too. Node trusts the certificates in the file NODE_EXTRA_CA_CERTS, if the
// environment has it.

import http2 from "node:http2";
import process from "node:process";

import { options, run } from "../js/client.mjs";
import { connect } from "./sansock.mjs";

const url = process.argv[2];
const session = http2.connect(url.replace(/^ws/, "http"));
session.on("error", (error) => console.error(error.message));
const connection = await connect(url, { ...options, http2: session }).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const status = await run(connection, process.stdin, (line) => console.log(line));
// Standard output may lag behind, and standard input still be open.
process.stdout.write("", () => process.exit(status));

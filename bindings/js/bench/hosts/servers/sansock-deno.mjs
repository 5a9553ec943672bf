import process from "node:process";

import { serve } from "../../../dist/deno/index.js";

const options = { port: 0, deflate: process.env.DEFLATE === "1", deflateThreshold: 1 };
const server = await serve(options, async (connection) => {
  for await (const message of connection) {
    await connection.send(message);
  }
});
console.log(server.port);

// A client behind a proxy, which `connect` reaches. Usage: node proxy_client.mjs PROXY URL TEXT
// It does what through_proxy.mjs does, where the three layers are fed by hand.

import process from "node:process";

import { connect } from "./sansock.mjs";

const [proxy, url, text] = process.argv.slice(2);
const connection = await connect(url, { proxy }).catch((error) => {
  if (error.name === "ProxyError" && error.status !== null) {
    console.error(`the proxy refused: ${error.status}`);
  }
  console.error(error.fault ? `${error.fault.name}: ${error.message}` : error.message);
  process.exit(1);
});
await connection.send(text);
console.log(await connection.receive());
const { code, reason, clean } = await connection.close();
console.log(["closed", code, reason].filter((word) => word !== "").join(" "));
process.exit(clean ? 0 : 1);

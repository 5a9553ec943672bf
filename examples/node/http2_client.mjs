// A client over HTTP/2 (RFC 8441) on node:http2. Usage: node http2_client.mjs URL
// It does what client.mjs does, and speaks wss: too. Node trusts the certificates in the file NODE_EXTRA_CA_CERTS, if the
// environment has it.

import { once } from "node:events";
import { connect } from "node:http2";
import process from "node:process";

import { Client } from "../js/client.mjs";
import { Driver } from "../js/driver.mjs";
import { http2Transport, toObject } from "./http2_transport.mjs";

const client = new Client(process.argv[2], (line) => console.log(line), {}, true);
const driver = await connectStream(client).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const status = await client.run(driver, process.stdin);
// Standard output may lag behind, and standard input still be open.
process.stdout.write("", () => process.exit(status));

/** Opens a stream to the server, and drives the connection over it. */
async function connectStream({ host, port, secure, connection, handle }) {
  const session = connect(`${secure ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`);
  const [settings] = await once(session, "remoteSettings");
  if (!settings.enableConnectProtocol) {
    throw new Error("the server takes no WebSockets over HTTP/2");
  }
  session.on("error", (error) => console.error(error.message));
  const [head] = connection.requestFields("2");
  const stream = session.request(toObject(head.headers), { endStream: false });
  const driver = new Driver(connection, http2Transport(stream, () => driver), handle);
  stream.on("response", ({ ":status": status, ...fields }) => {
    driver.receiveHead(() => connection.receiveResponse(status, fields));
  });
  driver.start();
  return driver;
}

// An echo server on node:http, which serves other pages on the same port. Usage: node upgrade_server.mjs PORT
// node:http reads the requests. The engine decides on those that ask for an upgrade, and reads what follows.

import { createServer, STATUS_CODES } from "node:http";
import process from "node:process";

import { Driver } from "../js/driver.mjs";
import { echo } from "../js/echo.mjs";
import { transport } from "./transport.mjs";

const server = createServer((_, response) => {
  response.setHeader("Content-Type", "text/plain").end("a page\n");
});

server.on("upgrade", (request, socket, head) => {
  const { connection, handle } = echo();
  const sendHead = (event) => socket.write(toText(event));
  const driver = new Driver(connection, { ...transport(socket, () => driver), sendHead }, handle);
  driver.receiveHead(() => connection.receiveRequest("1.1", toFields(request)));
  driver.receive(head);
});

/** A request as the engine takes it: method and target, then the headers, of which node:http has a flat list. */
function toFields({ method, url, rawHeaders }) {
  const fields = [[":method", method], [":path", url]];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    fields.push([rawHeaders[at], rawHeaders[at + 1]]);
  }
  return fields;
}

/** A response as bytes. */
function toText({ status, headers, body }) {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers.map((field) => field.join(": ")), "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), body]);
}

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

// Sansock, through its package.

import { readFileSync } from "node:fs";
import { Connection } from "../../dist/index.js";

const LARGEST = 1 << 24;

export const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url)));

/** What a host does after every call: write the output, set the timer, obey the transport instruction. */
let writes = 0;
let deadlines = 0;
function afterCall(connection) {
  if (connection.pendingOutput > 0) {
    writes += connection.takeOutput().length;
  }
  if (connection.nextDeadline !== null) {
    deadlines += 1;
  }
  if (connection.transport !== "open") {
    throw new Error(`closed: ${connection.fault?.text}; ${writes} bytes written, ${deadlines} deadlines set`);
  }
}

function open(spec, more = {}) {
  const options = { startOpen: true, deflate: spec.deflate === 1, maxMessageSize: LARGEST, ...more };
  return spec.role === "server" ? Connection.server(options) : Connection.client(null, options);
}

export function receiver(spec, sink, options) {
  const connection = open(spec, options);
  return (chunk) => {
    for (const event of connection.receive(chunk)) {
      if (event.type === "text") {
        sink.text(event.data);
      } else if (event.type === "binary") {
        sink.binary(event.data);
      }
    }
    afterCall(connection);
  };
}

export function sender(spec, wire) {
  const connection = open(spec);
  return (payload) => {
    connection.send(payload);
    wire.write(connection.takeOutput());
    wire.end();
  };
}

function bufferOf({ buffer, byteOffset, length }) {
  return Buffer.from(buffer, byteOffset, length);
}

export function serverHandshake(request) {
  const connection = Connection.server();
  const [event] = connection.receive(request);
  if (event.type === "request" && event.sameOrigin) {
    connection.accept();
  }
  const response = bufferOf(connection.takeOutput());
  return { response, close: () => connection.free() };
}

export function clientHandshake({ url, origin, headers }) {
  const connection = Connection.client(url, { origin, headers });
  const request = bufferOf(connection.takeOutput());
  const receive = (response) => connection.receive(response)[0].type === "open";
  return { request, receive, close: () => connection.free() };
}

export function connection(spec, done) {
  const connection = open(spec);
  return (chunk) => {
    for (const event of connection.receive(chunk)) {
      connection.send(event.data);
    }
    if (connection.takeOutput().length > 0) {
      done();
    }
  };
}

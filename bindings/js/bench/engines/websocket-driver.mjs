// websocket-driver: an engine without I/O too.

import { createRequire } from "node:module";
import deflate from "permessage-deflate";
import driver from "websocket-driver";

export const { version } = createRequire(import.meta.url)("websocket-driver/package.json");

const LARGEST = 1 << 24;
const REQUEST = {
  method: "GET",
  url: "/",
  headers: {
    host: "example.com",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-extensions": "permessage-deflate",
  },
};

/** Opens the end of a server: from a request that node:http has read. A client's end differs in masking only. */
function open(spec) {
  const client = spec.role === "client";
  const connection = driver.http(REQUEST, { maxLength: LARGEST, requireMasking: !client, masking: client });
  if (spec.deflate === 1) {
    connection.addExtension(deflate.configure({ level: 6 }));
  }
  connection.on("error", (error) => {
    throw error;
  });
  connection.start();
  return connection;
}

export function receiver(spec, sink) {
  const connection = open(spec);
  connection.on("message", ({ data }) => {
    if (typeof data === "string") {
      sink.text(data);
    } else {
      sink.binary(data);
    }
  });
  return (chunk) => {
    connection.parse(chunk);
  };
}

export function sender(spec, wire) {
  const connection = open(spec);
  connection.io.on("data", (frame) => {
    wire.write(frame);
    wire.end();
  });
  return spec.kind === "text" ? (payload) => connection.text(payload) : (payload) => connection.binary(payload);
}

export function connection(spec, done) {
  const connection = open(spec);
  connection.on("message", ({ data }) => {
    connection.io.on("data", done);
    connection.frame(data);
  });
  return (chunk) => {
    connection.parse(chunk);
  };
}

export function serverHandshake(request) {
  const connection = driver.server({ maxLength: LARGEST, requireMasking: true });
  let response;
  connection.io.on("data", (chunk) => {
    response = chunk;
  });
  connection.on("connect", () => connection.start());
  connection.parse(request);
  return { response, close: () => connection.removeAllListeners() };
}

export function clientHandshake({ url, origin, headers }) {
  const connection = driver.client(url, { maxLength: LARGEST });
  let request;
  let opened = false;
  connection.setHeader("Origin", origin);
  headers.forEach((header) => connection.setHeader(...header));
  connection.io.on("data", (chunk) => {
    request = chunk;
  });
  connection.on("open", () => {
    opened = true;
  });
  connection.start();
  const receive = (response) => {
    connection.parse(response);
    return opened;
  };
  return { request, receive, close: () => connection.removeAllListeners() };
}

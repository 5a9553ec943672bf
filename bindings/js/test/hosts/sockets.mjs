// Servers and clients over sockets of this machine, which end with the test.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { makeCertificate } from "../programs.mjs";
import { atEnd } from "./cleanup.mjs";
import { host } from "./runtime.mjs";

export const bytes = (...values) => Uint8Array.from(values);

/** Sends every message back. */
export async function echo(connection) {
  for await (const message of connection) {
    await connection.send(message);
  }
}

/** A server of ours. Its errors are in `errors`. */
export async function serving(handler = echo, options = {}) {
  const errors = [];
  const onError = (error) => errors.push(error.message);
  const where = options.path === undefined ? { hostname: "127.0.0.1" } : {};
  const server = await host.serve({ ...where, onError, ...options }, handler);
  return atEnd(() => stop(server), Object.assign(server, { errors }));
}

function stop(server) {
  const end = server.close();
  server.connections.forEach((each) => each.terminate());
  return end;
}

/** A client of ours that is open. */
export async function connecting(url, options = {}) {
  const connection = await host.connect(url, options);
  return atEnd(() => connection.terminate(), connection);
}

/** A server of bare sockets. Returns its port, and the sockets that it has got. */
export async function rawServer(onSocket) {
  const sockets = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    onSocket?.(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  atEnd(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { port, sockets, url: `ws://127.0.0.1:${port}/` };
}

/** A server that answers each request with a text of its own. `requests` has what it got. */
export async function answering(answer) {
  const requests = [];
  const server = await rawServer((socket) => {
    let head = "";
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) {
        requests.push(head);
        const response = answer(head, requests.length);
        head = "";
        if (response !== undefined) {
          socket.end(response);
        }
      }
    });
  });
  return { ...server, requests };
}

/** A bare client. `send` writes, `ended` resolves to all that was received, as Latin-1, once the server has ended its side. */
export function rawClient(port) {
  const socket = connect({ port, host: "127.0.0.1" });
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  socket.on("error", () => {});
  atEnd(() => socket.destroy());
  const ended = new Promise((resolve) => {
    socket.once("end", () => resolve(received));
    socket.once("close", () => resolve(received));
  });
  return { socket, ended, send: (text) => socket.write(text) };
}

/** The text of an opening request. */
export function requestText(headers = {}, line = "GET /chat HTTP/1.1") {
  const all = {
    Host: "example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  return [line, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
}

let certificate;

/** A certificate for 127.0.0.1 and localhost, and its key, in PEM. */
export function pem() {
  if (certificate === undefined) {
    const { cert, key, remove } = makeCertificate();
    certificate = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    remove();
  }
  return certificate;
}

let paths = 0;

/** A path for a Unix socket. */
export function socketPath() {
  paths += 1;
  return join(tmpdir(), `sansock-${process.pid}-${paths}.sock`);
}

// A socket of node:net as the driver wants it.

import { connect } from "node:net";

import { Driver } from "../js/driver.mjs";

/** Connects a client, and drives its connection. */
export function connectClient({ host, port, connection, handle }) {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const driver = new Driver(connection, transport(socket, () => driver), handle);
  socket.on("connect", () => driver.start());
  socket.on("error", (error) => console.error(error.message));
  return driver;
}

/** `driver` is called later, when there is one. */
export function transport(socket, driver) {
  socket.on("data", (chunk) => driver().receive(chunk));
  socket.on("end", () => driver().receiveEof());
  // An error is always followed by "close".
  socket.on("error", () => {});
  socket.on("close", () => driver().lost());
  return {
    write(bytes) {
      // Written when the callback says so: until then the engine counts the bytes as pending.
      socket.write(bytes, (error) => error ?? driver().written());
      return false;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    shutdownWrite: () => socket.end(),
    close: () => socket.destroy(),
  };
}

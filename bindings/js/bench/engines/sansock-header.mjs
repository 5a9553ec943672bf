// Sansock, where the host writes large payloads itself: only the header comes from the engine.

import { Connection } from "../../dist/index.js";

export { version } from "./sansock.mjs";

export function sender(_, wire) {
  const connection = Connection.server({ startOpen: true });
  return (message) => {
    const text = typeof message === "string";
    const payload = text ? Buffer.from(message) : message;
    connection.sendHeader(text ? "text" : "binary", payload.length);
    wire.write(connection.takeOutput());
    wire.write(payload);
    wire.end();
  };
}

// The echo server's part of a conversation, the same on every host.

import { Connection } from "./sansock.mjs";

/** A connection, and what to do with its events. */
export function echo() {
  const connection = Connection.server({ subprotocols: ["chat", "echo"] });
  const handle = (event) => {
    switch (event.type) {
      case "request":
        return connection.accept();
      case "text":
      case "binary":
        // After a fault of the peer's there is nobody to answer.
        if (connection.state !== "closed") {
          connection.send(event.data);
        }
    }
  };
  return { connection, handle };
}

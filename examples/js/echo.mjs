// The echo server's part of a conversation, the same on every host. With DEFLATE=1 in the environment it compresses.

import process from "node:process";

import { Connection } from "./sansock.mjs";

/** A connection, and what to do with its events. */
export function echo() {
  const deflate = process.env.DEFLATE === "1";
  const connection = Connection.server({ subprotocols: ["chat", "echo"], deflate });
  const handle = (event) => {
    switch (event.type) {
      case "request":
        // A page of another site is not welcome.
        return event.sameOrigin ? connection.accept() : connection.reject(403);
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

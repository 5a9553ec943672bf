// The echo server's part of a conversation, the same on every host. With DEFLATE=1 in the environment it compresses, with
// HTTP=1 it also answers plain HTTP.

import process from "node:process";

import { Connection } from "./sansock.mjs";

/** A connection, and what to do with its events. */
export function echo() {
  const deflate = process.env.DEFLATE === "1";
  const deliverHttp = process.env.HTTP === "1";
  const connection = Connection.server({ subprotocols: ["chat", "echo"], deflate, deliverHttp });
  const handle = (event) => {
    switch (event.type) {
      case "request":
        return answer(connection, event);
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

function answer(connection, request) {
  if (request.fault !== null) {
    return answerPage(connection, request);
  }
  // A page of another site is not welcome.
  return request.sameOrigin ? connection.accept() : connection.reject(403);
}

/** Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check. */
function answerPage(connection, { method, target }) {
  const headers = { "Content-Type": "text/plain" };
  if (method !== "GET" && method !== "HEAD") {
    return connection.respond(405, "", { ...headers, Allow: "GET, HEAD" }, "only GET and HEAD\n");
  }
  if (target !== "/health") {
    return connection.respond(404, "", headers, "no such page\n");
  }
  return connection.respond(200, "", headers, "ok\n");
}

// What all echo servers have in common. With DEFLATE=1 in the environment they compress, with HTTP=1 they also answer plain
// HTTP.

import process from "node:process";

const TEXT = { "Content-Type": "text/plain" };

/** The options of the servers. */
export const options = {
  hostname: "127.0.0.1",
  subprotocols: ["chat", "echo"],
  deflate: process.env.DEFLATE === "1",
  ...(process.env.HTTP === "1" ? { onRequest: page } : {}),
};

/** Sends back what it receives. */
export async function echo(connection) {
  for await (const message of connection) {
    await connection.send(message);
  }
}

/** Plain HTTP: any request that cannot be accepted. There is one page, a health check. */
function page({ fault, method, target }) {
  if (fault === null) {
    return undefined;
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { ...TEXT, Allow: "GET, HEAD" }, body: "only GET and HEAD\n" };
  }
  return target === "/health"
    ? { status: 200, headers: TEXT, body: "ok\n" }
    : { status: 404, headers: TEXT, body: "no such page\n" };
}

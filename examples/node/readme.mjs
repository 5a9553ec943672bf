// A client and a server that talk in memory: no socket, no clock, no callbacks.

import { Connection } from "../js/sansock.mjs";

const server = Connection.server();
const client = Connection.client("ws://example.com/chat");

for (const event of server.receive(client.takeOutput())) {
  // False if a page of another site made the request.
  if (event.type === "request" && event.sameOrigin) server.accept();
}
client.receive(server.takeOutput()); // an "open" event
client.send("Hello, 世界");
for (const event of server.receive(client.takeOutput())) {
  if (event.type === "text") console.log(event.data);
}

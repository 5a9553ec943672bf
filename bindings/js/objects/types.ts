// What a program may and may not write, by the types that wasm-pack makes. It is compiled, not run.

import {
  type ClosedEvent,
  Connection,
  type ConnectionEvent,
  type Options,
  parseProxy,
  parseUrl,
  Tunnel,
  type TunnelEvent,
} from "../build/objects/web/sansock_wasm.js";

const options: Options = { now: 0, maxMessageSize: 1000, subprotocols: ["chat"], headers: { A: ["b", "c"] }, deflate: true };
const server: Connection = Connection.server(options);
const client = Connection.client(new URL("ws://a/"), { now: 0, seed: new Uint8Array(32), origin: "http://a" });
const events: ConnectionEvent[] = server.receive(client.takeOutput(), 1);
for (const event of events) {
  if (event.type === "request") {
    const chosen: string | null = event.subprotocol;
    server.accept(chosen, [["A", "b"]], 2, { deflate: false });
  } else if (event.type === "binary") {
    event.data satisfies Uint8Array;
  } else if (event.type === "closed") {
    event satisfies ClosedEvent;
    event.fault?.name satisfies "BAD_TEXT" | string | undefined;
  }
}
client.sendBatch(["text", new Uint8Array(1), new ArrayBuffer(1)]) satisfies number;
client.nextDeadline satisfies number | null;
client.transport satisfies "open" | "shutdown-write" | "close";
client.role satisfies "client" | "server";
const tunnel = new Tunnel("http://a", "b", 1, { now: 0, timeout: 1 });
tunnel.receive(new DataView(new ArrayBuffer(1)), 0) satisfies TunnelEvent[];
parseUrl("ws://a").port satisfies number;
parseProxy("http://a").resolvesNames satisfies boolean;
client.free();
client[Symbol.dispose]();

// @ts-expect-error: the time is required
Connection.server({});
// @ts-expect-error: there is no such option
Connection.server({ now: 0, maxMesageSize: 1 });
// @ts-expect-error: a server has no origin
Connection.server({ now: 0, origin: "http://a" });
// @ts-expect-error: the time is required
server.receive(new Uint8Array(1));
// @ts-expect-error: no bytes
server.receive("text", 0);
// @ts-expect-error: not of this kind
server.sendPart("a", true, "words");
// @ts-expect-error: there is no such limit
server.accept(null, [], 0, { deflate: true });
// @ts-expect-error: only the module creates one
new Connection();

// Calls that must be refused, and leave the connection as it was.

import { equal, ok, refused } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";

export function misuse(sansock) {
  const { Connection, SansockError, parseUrl } = sansock;
  const argument = (call) => refused("INVALID_ARGUMENT", call);
  const state = (call) => refused("INVALID_STATE", call);
  return [
    {
      name: "options that are none, or not in range",
      run: () => {
        const error = argument(() => Connection.server({ maxMesageSize: 1 }));
        ok(error instanceof SansockError && error instanceof Error, "the class");
        equal([error.name, error.number], ["SansockError", -1]);
        ok(error.message.startsWith("maxMesageSize: "), error.message);
        for (const value of [0, -1, 1.5, Number.NaN, "much", 2 ** 70, null]) {
          argument(() => Connection.server({ maxMessageSize: value }));
        }
        argument(() => Connection.server({ parts: 2 }));
        argument(() => Connection.server({ origin: "http://a" }));
        argument(() => Connection.server({ key: "dGhlIHNhbXBsZSBub25jZQ==" }));
        argument(() => Connection.client("ws://a/", { key: "c2hvcnQ=" }));
        argument(() => Connection.server({ subprotocols: ["a b"] }));
        argument(() => Connection.server({ subprotocols: ["a", "a"] }));
        argument(() => Connection.server({ headers: [["Upgrade", "h2c"]] }));
        argument(() => Connection.server({ headers: [["A", "b\r\nC: d"]] }));
        argument(() => Connection.server({ headers: [["A", "\u0100"]] }));
        argument(() => Connection.server({ seed: new Uint8Array(31) }));
        argument(() => Connection.server({ now: -1 }));
        argument(() => Connection.client("http://example.com/"));
        argument(() => Connection.client(null));
        argument(() => parseUrl("ws://"));
        Connection.server({ maxMessageSize: undefined, outputHardLimit: Number.POSITIVE_INFINITY }).free();
      },
    },
    {
      name: "calls in the wrong state",
      run: () => {
        const { client, server } = connected(sansock);
        state(() => server.accept());
        state(() => server.reject(404));
        state(() => server.respond(200));
        state(() => client.accept());
        state(() => client.sendHeader("text", 1));
        client.sendPart("a", false);
        state(() => client.send("b"));
        state(() => client.sendPart(Uint8Array.of(1), true));
        client.sendPart("c", true);
        equal(exchange(client, server).server.map(({ data }) => data), ["ac"]);
        client.close();
        client.close(4000, "again");
        state(() => client.send("late"));
        equal(state(() => client.sendBatch(["late"])).sent, 0);
        state(() => Connection.server().sendText("early"));
      },
    },
    {
      name: "arguments that must not be sent",
      run: () => {
        const { client, server } = connected(sansock);
        argument(() => client.close(1005));
        argument(() => client.close(Number.NaN));
        argument(() => client.close(2 ** 32 + 1000));
        argument(() => client.close(0, "reason without a code"));
        argument(() => client.close(1000, "é".repeat(62)));
        argument(() => client.fail(999));
        argument(() => client.ping(new Uint8Array(126)));
        argument(() => client.sendText(Uint8Array.of(0xff)));
        argument(() => client.sendPart(Uint8Array.of(0xc3), true, "text"));
        argument(() => client.written(1));
        argument(() => client.written(-1));
        argument(() => client.receive(new Uint8Array(0), Number.NaN));
        argument(() => client.timeout(-1));
        argument(() => server.sendHeader("text", -1));
        client.send("still here");
        equal(exchange(client, server).server.map(({ data }) => data), ["still here"]);
      },
    },
    {
      name: "a subprotocol that was not offered, a status that is none",
      run: () => {
        const client = Connection.client("ws://example.com/", { subprotocols: ["a"] });
        const server = Connection.server();
        server.receive(client.takeOutput());
        argument(() => server.accept("b"));
        argument(() => server.reject(101));
        argument(() => server.reject(-1));
        argument(() => server.respond(100));
        argument(() => server.respond(200, "two\r\nlines"));
        argument(() => server.respond(200, "above \u0100"));
        argument(() => server.respond(204, "", [], "a body"));
        argument(() => server.addResponseHeader("A B", "x"));
        equal(server.accept("a"), [{ type: "open", subprotocol: "a", extensions: [], headers: [] }]);
      },
    },
    {
      name: "output at its hard limit",
      run: () => {
        const server = Connection.server({ startOpen: true, outputHardLimit: 100 });
        refused("TOO_LARGE", () => server.send("x".repeat(101)));
        const error = refused("WOULD_BLOCK", () => server.sendBatch(Array.from({ length: 9 }, () => "x".repeat(20))));
        equal(error.sent, 4);
        equal(server.pendingOutput, 88);
        server.written(44);
        server.send("x".repeat(20));
        equal(server.output().length, 66);
      },
    },
  ];
}

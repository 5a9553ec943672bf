// `accept`, `reject` and `respond` are all or nothing: after a refusal no header stays added, and the request can still be answered.

import { REFUSED_HEADERS, WRONG_HEADERS } from "./arguments.mjs";
import { equal, refused } from "./assert.mjs";

const HEADER = [["A", "b"]];

/** Calls that are refused as INVALID_ARGUMENT, most of them after a header that is allowed. */
const REFUSED = {
  "accept: a subprotocol that was not offered": (server) => server.accept("other", HEADER),
  "accept: an empty subprotocol": (server) => server.accept("", HEADER),
  "accept: a subprotocol that is a number": (server) => server.accept(42, HEADER),
  "accept: a subprotocol that is an array": (server) => server.accept(["chat"], HEADER),
  "accept: a time that is none": (server) => server.accept("chat", HEADER, Number.NaN),
  "accept: the second header is refused by the engine": (server) => server.accept("chat", [...HEADER, ["Upgrade", "x"]]),
  "accept: headers and subprotocol": (server) => server.accept("other", [...HEADER, ["X", 42]]),
  "accept: a limit that is none": (server) => server.accept("chat", HEADER, 0, { deflate: false, serverMaxWindowBits: 16 }),
  "accept: limits that are no object": (server) => server.accept("chat", HEADER, 0, null),
  "accept: limits and subprotocol": (server) => server.accept("other", HEADER, 0, { deflate: false }),
  "respond: a status that is none": (server) => server.respond(199, "OK", HEADER),
  "respond: a reason of two lines": (server) => server.respond(200, "two\r\nlines", HEADER),
  "respond: a reason that is a number": (server) => server.respond(200, 42, HEADER),
  "respond: a reason above U+00FF": (server) => server.respond(200, "\u0100", HEADER),
  "respond: a body of a 204": (server) => server.respond(204, "No", HEADER, "body"),
  "respond: a body that is a number": (server) => server.respond(200, "OK", HEADER, 42),
  "respond: a time that is none": (server) => server.respond(200, "OK", HEADER, "", -1),
  "respond: the second header is refused by the engine": (server) => server.respond(200, "", [...HEADER, ["Upgrade", "x"]]),
  "reject: a status that is none": (server) => server.reject(101, HEADER),
  "reject: a status that is a string": (server) => server.reject("403", HEADER),
  "reject: a status with a fraction": (server) => server.reject(403.5, HEADER),
  "reject: a body of a 204": (server) => server.reject(204, HEADER, "body"),
  "reject: a body of a 304": (server) => server.reject(304, HEADER, Uint8Array.of(1)),
  "reject: a body that is a number": (server) => server.reject(403, HEADER, 42),
  "reject: a body that is null": (server) => server.reject(403, HEADER, null),
  "reject: a time that is none": (server) => server.reject(403, HEADER, "", -1),
  "reject: the second header is refused by the engine": (server) => server.reject(403, [...HEADER, ["A B", "x"]]),
};
for (const [name, headers] of Object.entries({ ...WRONG_HEADERS, ...REFUSED_HEADERS })) {
  REFUSED[`accept: headers, ${name}`] = (server) => server.accept("chat", headers);
  REFUSED[`reject: headers, ${name}`] = (server) => server.reject(403, headers);
  REFUSED[`respond: headers, ${name}`] = (server) => server.respond(200, "OK", headers);
}

export function answers({ Connection }) {
  const requested = () => {
    const client = Connection.client("ws://h/", { subprotocols: "chat", now: 0, seed: new Uint8Array(32) });
    const server = Connection.server({ headers: { Server: "ours" }, now: 0 });
    server.receive(client.takeOutput(), 0);
    client.free();
    return server;
  };
  const answer = (server, call) => {
    const types = call(server).map(({ type }) => type);
    const text = new TextDecoder().decode(server.takeOutput());
    server.free();
    return [types, text];
  };
  const accepted = (server) => answer(server, () => server.accept("chat", [["C", "d"]], 0));
  const rejected = (server) => answer(server, () => server.reject(404, [["C", "d"]], "no", 0));
  const responded = (server) => answer(server, () => server.respond(404, "Gone", [["C", "d"]], "no", 0));
  return [
    ...Object.entries(REFUSED).map(([name, call]) => ({
      name: `all or nothing, ${name}`,
      run: () => {
        const answers = [accepted, rejected, responded].flatMap((retry) => [[retry, false], [retry, true]]);
        for (const [retry, early] of answers) {
          const server = requested();
          if (early) {
            server.addResponseHeader("Early", "header");
          }
          refused("INVALID_ARGUMENT", () => call(server));
          equal(server.pendingOutput, 0);
          equal(retry(server), retry(requested()));
        }
      },
    })),
    {
      name: "all or nothing, headers whose iterator throws",
      run: () => {
        const server = requested();
        const failure = new Error("of the caller");
        function* headers() {
          yield* HEADER;
          throw failure;
        }
        let thrown;
        try {
          server.accept("chat", headers());
        } catch (error) {
          thrown = error;
        }
        equal(thrown === failure, true);
        equal(accepted(server), accepted(requested()));
      },
    },
    {
      name: "all or nothing, headers whose iterator answers the request",
      run: () => {
        const server = requested();
        function* headers() {
          yield* HEADER;
          server.accept("chat", [["C", "d"]], 0);
        }
        refused("INVALID_STATE", () => server.reject(403, headers()));
        const [, text] = accepted(requested());
        equal(new TextDecoder().decode(server.takeOutput()), text);
        server.free();
      },
    },
    {
      name: "headers that were added stay until the answer, and a header that is refused does not drop them",
      run: () => {
        const server = requested();
        server.addResponseHeader("C", "d");
        refused("INVALID_ARGUMENT", () => server.addResponseHeader("Upgrade", "x"));
        refused("INVALID_ARGUMENT", () => server.addResponseHeader("X", 42));
        equal(answer(server, () => server.accept("chat", [], 0)), accepted(requested()));
      },
    },
  ];
}

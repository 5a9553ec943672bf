// A server that shares its port with other pages: requests that are no opening requests, and any response to them.

import { equal, ok, refused } from "./assert.mjs";

const PAGE = "POST /form?a=b HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\na=b";
const HEALTH = "GET /health HTTP/1.0\r\n\r\n";
const SHORT_KEY = [
  "GET /chat HTTP/1.1",
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: short",
  "Sec-WebSocket-Version: 13",
  "\r\n",
].join("\r\n");

export function http({ Connection }) {
  const requested = (text, options = { deliverHttp: true }) => {
    const server = Connection.server({ now: 0, ...options });
    const [request] = server.receive(new TextEncoder().encode(text), 0);
    return { server, request };
  };
  const output = (server) => new TextDecoder("latin1").decode(server.takeOutput());
  return [
    {
      name: "a page is answered with any response",
      run: () => {
        const { server, request } = requested(PAGE);
        equal([request.method, request.target, request.authority], ["POST", "/form?a=b", "example.com"]);
        equal([request.fault, request.sameOrigin], ["BAD_METHOD", true]);
        refused("INVALID_STATE", () => server.accept());
        server.addResponseHeader("Allow", "GET");
        const [closed, ...none] = server.respond(405, "Not H\u00e9re", { "Set-Cookie": ["a=1", "b=2"] }, Uint8Array.of(0x6e, 0x6f), 0);
        equal([closed.type, closed.fault.name, closed.byPeer, none], ["closed", "REFUSED", false, []]);
        const head = ["HTTP/1.1 405 Not H\u00e9re", "Allow: GET", "Set-Cookie: a=1", "Set-Cookie: b=2", "Connection: close"];
        equal(output(server), `${head.join("\r\n")}\r\nContent-Length: 2\r\n\r\nno`);
        equal(server.transport, "shutdown-write");
      },
    },
    {
      name: "a request without an authority, and a response with all defaults",
      run: () => {
        const { server, request } = requested(HEALTH);
        const { method, target, authority, origin, originRelation, fault, headers } = request;
        equal([method, target, authority, origin, originRelation], ["GET", "/health", "", null, "absent"]);
        equal([fault, headers], ["BAD_HTTP_VERSION", []]);
        server.respond(204);
        equal(output(server), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      },
    },
    {
      name: "a faulty upgrade is delivered with its fault, or refused",
      run: () => {
        const { server, request } = requested(SHORT_KEY);
        equal([request.type, request.fault], ["request", "BAD_KEY"]);
        const [closed] = server.reject(400, [], "the key is short");
        equal(closed.fault.name, "REFUSED");
        ok(output(server).startsWith("HTTP/1.1 400 Bad Request\r\n"), "the usual phrase");
        const { request: event } = requested(SHORT_KEY, {});
        equal([event.type, event.fault.name, event.byPeer], ["closed", "BAD_KEY", true]);
      },
    },
    {
      name: "the client sees the reason phrase of a refusal",
      run: () => {
        const client = Connection.client("ws://example.com/", { now: 0 });
        const server = Connection.server({ now: 0 });
        const [request] = server.receive(client.takeOutput(), 0);
        equal([request.method, request.fault], ["GET", null]);
        server.respond(302, "Elsewh\u00e9re", [["Location", "ws://example.org/"]]);
        const [rejected, closed] = client.receive(server.takeOutput(), 0);
        equal([rejected.type, rejected.status, rejected.reason], ["rejected", 302, "Elsewh\u00e9re"]);
        equal([closed.type, closed.fault.name, closed.fault.actual], ["closed", "HTTP_STATUS", 302]);
        const other = Connection.client("ws://example.com/", { now: 0 });
        const [plain] = other.receive(new TextEncoder().encode("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"), 0);
        equal(plain.reason, "");
      },
    },
    {
      name: "a response that accepts wrongly is delivered ahead of its fault",
      run: () => {
        const client = Connection.client("ws://example.com/", { now: 0 });
        const [rejected, closed] = client.receive(new TextEncoder().encode("HTTP/1.1 101 OK\r\nX: y\r\n\r\n"), 0);
        equal([rejected.type, rejected.status, rejected.reason, rejected.headers], ["rejected", 101, "OK", [["X", "y"]]]);
        equal([closed.type, closed.fault.name], ["closed", "BAD_UPGRADE"]);
      },
    },
  ];
}

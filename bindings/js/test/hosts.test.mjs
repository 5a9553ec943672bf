// The example servers that leave HTTP to node:http and node:http2, and clients that are not ours.

import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { test } from "node:test";

import { makeCertificate, runClient, startServer } from "./programs.mjs";

const { WebSocket } = createRequire(new URL("../../../conformance/package.json", import.meta.url))("ws");
const LINES = ["one", "two", "", "four é 世界", "x".repeat(100_000)];
const TIMEOUT = { timeout: 15_000 };

/** Runs with a server, and sees that it ends well. */
async function withServer(name, args, run) {
  const server = await startServer(name, args);
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

test("a client of ws talks to the server behind node:http", TIMEOUT, () =>
  withServer("upgrade_server.mjs", [], async ({ url }) => {
    const socket = new WebSocket(`${url}/chat`, ["other", "echo"]);
    const messages = [];
    const closed = once(socket, "close");
    socket.on("message", (data, isBinary) => {
      messages.push(isBinary ? data : data.toString());
      if (messages.length === LINES.length + 1) {
        socket.close(1000, "bye");
      }
    });
    await once(socket, "open");
    assert.equal(socket.protocol, "echo");
    LINES.forEach((line) => socket.send(line));
    socket.send(Buffer.from([1, 2, 3]));
    const [code, reason] = await closed;
    assert.deepEqual(messages, [...LINES, Buffer.from([1, 2, 3])]);
    assert.deepEqual([code, reason.toString()], [1000, "bye"]);
  }),
);

test("node:http answers plain pages, and the engine refuses pages of other sites and other upgrades", TIMEOUT, () =>
  withServer("upgrade_server.mjs", [], async ({ url }) => {
    const page = url.replace("ws:", "http:");
    assert.equal(await (await fetch(page)).text(), "a page\n");
    const socket = new WebSocket(url, { origin: "http://evil.example" });
    const [, response] = await once(socket, "unexpected-response");
    assert.deepEqual([response.statusCode, response.statusMessage], [403, "Forbidden"]);
    response.resume();
    await once(response, "end");
    const version = new WebSocket(url, { protocolVersion: 8 });
    const [, unsupported] = await once(version, "unexpected-response");
    assert.deepEqual([unsupported.statusCode, unsupported.headers["sec-websocket-version"]], [426, "13"]);
    for (const each of [socket, version]) {
      each.on("error", () => {}).terminate();
    }
    assert.equal(await (await fetch(page)).text(), "a page\n");
  }),
);

test("our client talks to the server behind node:http", TIMEOUT, () =>
  withServer("upgrade_server.mjs", [], async ({ url }) => {
    assert.deepEqual(await runClient("client.mjs", url, LINES), { lines: [...LINES, "closed 1000"], status: 0 });
  }),
);

test("our client talks to the server over HTTP/2, without TLS", TIMEOUT, () =>
  withServer("http2_server.mjs", [], async ({ url, streams }) => {
    assert.deepEqual(await runClient("http2_client.mjs", url, LINES), { lines: [...LINES, "closed 1000"], status: 0 });
    assert.deepEqual(streams, ["h2c CONNECT websocket"]);
  }),
);

test("our client talks to the server over HTTP/2, with TLS", TIMEOUT, async () => {
  const { cert, key, remove } = makeCertificate();
  try {
    await withServer("http2_server.mjs", ["--cert", cert, "--key", key], async ({ url, streams }) => {
      const trusting = { NODE_EXTRA_CA_CERTS: cert };
      const expected = { lines: [...LINES, "closed 1000"], status: 0 };
      assert.deepEqual(await runClient("http2_client.mjs", url, LINES, trusting), expected);
      assert.deepEqual(streams, ["h2 CONNECT websocket"]);
    });
  } finally {
    remove();
  }
});

test("the server over HTTP/2 serves pages, and refuses pages of other sites and other protocols", TIMEOUT, () =>
  withServer("http2_server.mjs", [], async ({ url }) => {
    const session = http2.connect(url.replace("ws:", "http:"));
    const answer = async (headers) => {
      const stream = session.request(headers, { endStream: headers[":method"] !== "CONNECT" });
      const [fields] = await once(stream, "response");
      let body = "";
      stream.setEncoding("utf8").on("data", (chunk) => (body += chunk));
      await once(stream, "end");
      stream.end();
      await once(stream, "close");
      return [fields[":status"], body];
    };
    await once(session, "remoteSettings");
    const connect = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/", "sec-websocket-version": "13" };
    assert.deepEqual(await answer({ ":path": "/" }), [200, "a page\n"]);
    assert.deepEqual(await answer({ ...connect, origin: "https://evil.example" }), [403, "403\n"]);
    assert.deepEqual(await answer({ ...connect, ":protocol": "connect-udp" }), [501, ""]);
    assert.deepEqual(await answer({ ...connect, "sec-websocket-version": "8" }), [426, ""]);
    session.close();
    await once(session, "close");
  }),
);

// Packages from npm that depend on ws, unchanged, with sansock/ws in its place: what they do themselves.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { setupWSConnection } from "@y/websocket-server/utils";
import { Aedes } from "aedes";
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import mqtt from "mqtt";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { createWebSocketStream, WebSocket, WebSocketServer } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const load = createRequire(import.meta.url);
const TIMEOUT = { timeout: 20_000 };

/** An HTTP server on a free port of this machine, and its URL. */
async function listening(t) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { server, url: `ws://127.0.0.1:${server.address().port}` };
}

test("the name ws leads to sansock/ws, by import and by require", () => {
  for (const from of ["./package.json", "socket.io", "engine.io-client", "mqtt"]) {
    const path = from.startsWith(".") ? from : load.resolve(from);
    const found = createRequire(load.resolve(path))("ws");
    assert.equal(typeof found.prototype.onDrain, "function", from);
    assert.equal(found.WebSocket, found);
  }
  assert.equal(typeof WebSocket.prototype.onDrain, "function");
});

for (const transports of [["websocket"], ["polling", "websocket"]]) {
  test(`socket.io over ${transports.join(" and then ")}: events, acknowledgements, rooms, binary data, a broken connection`, TIMEOUT, async (t) => {
    const { server, url } = await listening(t);
    const sockets = new Server(server, { wsEngine: WebSocketServer, perMessageDeflate: true, transports });
    t.after(() => sockets.close());
    sockets.on("connection", (socket) => {
      socket.on("join", (room, done) => {
        socket.join(room);
        done(room);
      });
      socket.on("say", (room, ...what) => sockets.to(room).emit("said", ...what));
      socket.on("large", (data, done) => done(data.length));
    });
    const clients = [1, 2].map(() => io(url, { transports, forceNew: true, reconnectionDelay: 1, randomizationFactor: 0 }));
    t.after(() => clients.forEach((client) => client.disconnect()));
    await Promise.all(clients.map((client) => once(client, "connect")));
    if (transports.length > 1) {
      await Promise.all(clients.map(({ io: { engine } }) => (engine.transport.name === "websocket" ? undefined : once(engine, "upgrade"))));
    }
    assert.deepEqual(clients.map(({ io: { engine } }) => engine.transport.name), ["websocket", "websocket"]);
    assert.deepEqual(await Promise.all(clients.map((client) => client.emitWithAck("join", "room"))), ["room", "room"]);
    const said = clients.map((client) => once(client, "said"));
    clients[0].emit("say", "room", "é", Buffer.from([1, 2, 3]), { nested: [Buffer.from([4])] });
    for (const what of await Promise.all(said)) {
      assert.deepEqual(what, ["é", Buffer.from([1, 2, 3]), { nested: [Buffer.from([4])] }]);
    }
    assert.equal(await clients[1].emitWithAck("large", "x".repeat(500_000)), 500_000);
    const again = once(clients[0], "connect");
    clients[0].io.engine.close();
    await again;
    assert.equal(await clients[0].emitWithAck("join", "other"), "other");
  });
}

test("graphql-ws: queries, subscriptions, errors, the end of a subscription", TIMEOUT, async (t) => {
  const { server, url } = await listening(t);
  let returned = 0;
  const count = async function* () {
    try {
      for (let value = 1; ; value++) {
        yield { count: `${value}` };
        await turn();
      }
    } finally {
      returned += 1;
    }
  };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { hello: { type: GraphQLString, resolve: () => "world" } } }),
    subscription: new GraphQLObjectType({ name: "Subscription", fields: { count: { type: GraphQLString, subscribe: count } } }),
  });
  const wss = new WebSocketServer({ server, path: "/graphql" });
  const disposable = useServer({ schema }, wss);
  t.after(() => disposable.dispose());
  const client = createClient({ url: `${url}/graphql`, webSocketImpl: WebSocket });
  t.after(() => client.dispose());
  const results = async (query, limit) => {
    const found = [];
    for await (const result of client.iterate({ query })) {
      found.push(result);
      if (found.length === limit) {
        break;
      }
    }
    return found;
  };
  assert.deepEqual(JSON.parse(JSON.stringify(await results("{ hello }", 9))), [{ data: { hello: "world" } }]);
  assert.deepEqual((await results("subscription { count }", 3)).map(({ data }) => data.count), ["1", "2", "3"]);
  await assert.rejects(results("{ nonsense }", 1));
  assert.deepEqual((await results("subscription { count }", 2)).length, 2);
  while (returned < 2) {
    await turn();
  }
});

test("mqtt and aedes: subscriptions, all qualities of service, retained and large messages", TIMEOUT, async (t) => {
  const { server, url } = await listening(t);
  const broker = await Aedes.createBroker();
  const wss = new WebSocketServer({ server });
  wss.on("connection", (socket, request) => broker.handle(createWebSocketStream(socket), request));
  t.after(() => broker.close());
  const connect = () => mqtt.connectAsync(url, { reconnectPeriod: 0 });
  const [subscriber, publisher] = await Promise.all([connect(), connect()]);
  t.after(() => Promise.all([subscriber.endAsync(), publisher.endAsync()]));
  const received = [];
  let done;
  const all = new Promise((resolve) => (done = resolve));
  subscriber.on("message", (topic, payload) => {
    received.push([topic, payload.length]);
    if (received.length === 4) {
      done();
    }
  });
  await publisher.publishAsync("a/kept", "before", { retain: true, qos: 1 });
  await subscriber.subscribeAsync("a/#", { qos: 2 });
  for (const qos of [0, 1, 2]) {
    await publisher.publishAsync(`a/${qos}`, Buffer.alloc(qos === 2 ? 300_000 : 10), { qos });
  }
  await all;
  assert.deepEqual(received.sort(), [["a/0", 10], ["a/1", 10], ["a/2", 300_000], ["a/kept", 6]]);
});

test("y-websocket: two documents become the same, and see who else is there", TIMEOUT, async (t) => {
  const { server, url } = await listening(t);
  const wss = new WebSocketServer({ server });
  wss.on("connection", (socket, request) => setupWSConnection(socket, request));
  const docs = [new Y.Doc(), new Y.Doc()];
  docs[0].getText("text").insert(0, "from the first");
  const providers = docs.map((doc) => new WebsocketProvider(url, "room", doc, { WebSocketPolyfill: WebSocket, disableBc: true }));
  t.after(() => {
    providers.forEach((provider) => provider.destroy());
    wss.clients.forEach((socket) => socket.terminate());
  });
  await Promise.all(providers.map((provider) => (provider.synced ? undefined : new Promise((resolve) => provider.once("sync", resolve)))));
  const changed = (doc, text) => new Promise((resolve) => {
    const check = () => (doc.getText("text").toString() === text ? resolve() : undefined);
    doc.on("update", check);
    check();
  });
  await changed(docs[1], "from the first");
  docs[1].getText("text").insert(0, "and second ");
  await changed(docs[0], "and second from the first");
  const seen = new Promise((resolve) => providers[1].awareness.on("change", () => {
    const states = [...providers[1].awareness.getStates().values()];
    return states.some(({ name }) => name === "first") ? resolve() : undefined;
  }));
  providers[0].awareness.setLocalState({ name: "first" });
  await seen;
});

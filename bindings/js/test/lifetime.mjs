// Freeing, using what was freed, and an engine that fails.

import { currentEngine } from "../dist/module.js";
import { equal, ok, refused } from "./assert.mjs";
import { connected, exchange } from "./pair.mjs";

const CALLS = {
  receive: (connection) => connection.receive(new Uint8Array(1)),
  receiveEof: (connection) => connection.receiveEof(),
  timeout: (connection) => connection.timeout(),
  accept: (connection) => connection.accept(),
  addResponseHeader: (connection) => connection.addResponseHeader("A", "b"),
  reject: (connection) => connection.reject(404),
  respond: (connection) => connection.respond(200),
  receiveRequest: (connection) => connection.receiveRequest("2", []),
  requestFields: (connection) => connection.requestFields("2"),
  receiveResponse: (connection) => connection.receiveResponse(200),
  sendText: (connection) => connection.sendText("x"),
  setCompression: (connection) => connection.setCompression(false),
  sendBinary: (connection) => connection.sendBinary(new Uint8Array(1)),
  send: (connection) => connection.send("x"),
  sendPart: (connection) => connection.sendPart("x", true),
  sendBatch: (connection) => connection.sendBatch(["x"]),
  sendPrepared: (connection) => connection.sendPrepared(),
  payloadWritten: (connection) => connection.payloadWritten(),
  sendHeader: (connection) => connection.sendHeader("text", 1),
  ping: (connection) => connection.ping(),
  pong: (connection) => connection.pong(),
  close: (connection) => connection.close(),
  fail: (connection) => connection.fail(),
  pause: (connection) => connection.pause(),
  resume: (connection) => connection.resume(),
  output: (connection) => connection.output(),
  written: (connection) => connection.written(0),
  takeOutput: (connection) => connection.takeOutput(),
  nextDeadline: (connection) => connection.nextDeadline,
  transport: (connection) => connection.transport,
  state: (connection) => connection.state,
  pendingOutput: (connection) => connection.pendingOutput,
  writable: (connection) => connection.writable,
  more: (connection) => connection.more,
  unconsumed: (connection) => connection.unconsumed,
  fault: (connection) => connection.fault,
  memoryUsage: (connection) => connection.memoryUsage(),
};

export function lifetime(sansock) {
  const { Connection, PreparedMessage } = sansock;
  return [
    {
      name: "the list of calls is complete",
      run: () => {
        const members = Object.getOwnPropertyNames(Connection.prototype).filter((name) => name !== "constructor");
        equal(members.filter((name) => name !== "free").sort(), Object.keys(CALLS).sort());
      },
    },
    ...Object.entries(CALLS).map(([name, call]) => ({
      name: `${name} of a connection that was freed`,
      run: () => {
        const connection = Connection.server({ startOpen: true });
        connection.free();
        const error = refused("BAD_HANDLE", () => call(connection));
        ok(error.message.includes("freed"), error.message);
      },
    })),
    {
      name: "freeing twice, disposing",
      run: () => {
        const first = Connection.server();
        first.free();
        first.free();
        const second = Connection.server();
        const dispose = Symbol.dispose ?? Object.getOwnPropertySymbols(Connection.prototype)[0];
        second[dispose]();
        refused("BAD_HANDLE", () => second.state);
        const { calls } = currentEngine();
        equal([calls.conn_block(0), calls.conn_timeout(0, 0)], [0, -6]);
      },
    },
    {
      name: "a handle that was freed does not name the connection that has its place",
      run: () => {
        const { calls } = currentEngine();
        const config = calls.config_new(1);
        const first = calls.conn_new(config, 0);
        calls.conn_free(first);
        const second = calls.conn_new(config, 0);
        ok(first !== 0 && second !== 0 && first !== second, "two handles");
        equal([calls.conn_block(first), calls.conn_timeout(first, 0)], [0, -6]);
        equal(calls.conn_timeout(config, 0), -6, "a configuration is not a connection");
        calls.conn_free(first);
        equal(calls.conn_timeout(second, 0), 0);
        calls.conn_free(second);
        calls.config_free(config);
        equal(calls.config_set(config, 1, 1), -6);
      },
    },
    {
      name: "a prepared message that was freed, is none, or is freed after it was sent",
      run: () => {
        const { client, server } = connected(sansock);
        const message = new PreparedMessage("hello");
        const other = new PreparedMessage("other");
        other.free();
        other.free();
        ok(refused("BAD_HANDLE", () => server.sendPrepared(other)).message.includes("message"), "it says what was freed");
        for (const none of [undefined, null, "hello", {}, Object.create(PreparedMessage.prototype)]) {
          refused("INVALID_ARGUMENT", () => server.sendPrepared(none));
        }
        server.sendPrepared(message);
        const dispose = Symbol.dispose ?? Object.getOwnPropertySymbols(PreparedMessage.prototype)[0];
        message[dispose]();
        refused("BAD_HANDLE", () => server.sendPrepared(message));
        equal(exchange(client, server).client.map(({ data }) => data), ["hello"]);
      },
    },
    {
      name: "many prepared messages leave nothing behind",
      run: () => {
        const round = () => {
          for (let index = 0; index < 500; index++) {
            new PreparedMessage("x".repeat(10_000)).free();
          }
          return currentEngine().bytes.length;
        };
        const after = round();
        equal(round(), after, "linear memory");
      },
    },
    {
      name: "many connections leave nothing behind",
      run: () => {
        const round = () => {
          for (let index = 0; index < 2000; index++) {
            const { client, server } = connected(sansock);
            client.send("x".repeat(1000));
            exchange(client, server);
            client.free();
            server.free();
          }
          return currentEngine().bytes.length;
        };
        const after = round();
        equal(round(), after, "linear memory");
      },
    },
    {
      // The last: it ends the engine for all.
      name: "after a failure inside the engine all calls say so, and init() starts another",
      run: async () => {
        const connection = Connection.server({ startOpen: true });
        const message = new PreparedMessage("for all engines");
        currentEngine().bytes.fill(0xff);
        const error = refused("POISONED", () => connection.send("x"));
        ok(error.cause instanceof WebAssembly.RuntimeError || error.cause instanceof RangeError, String(error.cause));
        for (const call of Object.values(CALLS)) {
          refused("POISONED", () => call(connection));
        }
        refused("POISONED", () => Connection.server());
        connection.free();
        await sansock.init();
        const { client, server } = connected(sansock);
        client.send("again");
        equal(exchange(client, server).server.map(({ data }) => data), ["again"]);
        server.sendPrepared(message);
        message.free();
        equal(exchange(client, server).client.map(({ data }) => data), ["for all engines"]);
      },
    },
  ];
}

// The suite under node's test runner, and what only Node can show.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import * as sansock from "sansock";

import { currentEngine } from "../dist/module.js";
import { base64 } from "../dist/sansock-base64.js";
import { big } from "./big.mjs";
import { suite, VECTOR_FILES } from "./suite.mjs";

const root = new URL("../../../", import.meta.url);

test("every file of vectors is replayed", () => {
  const files = readdirSync(new URL("core/vectors", root)).filter((name) => name.endsWith(".vec"));
  assert.deepEqual(files.map((name) => name.slice(0, -".vec".length)).sort(), VECTOR_FILES);
});

test("the file sansock/sansock.wasm is the module that is inlined, and imports nothing", () => {
  const file = readFileSync(new URL(import.meta.resolve("sansock/sansock.wasm")));
  assert.equal(file.toString("base64"), base64);
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(file)), []);
});

test("arguments of another realm are taken, and not cut into characters", () => {
  const foreign = (source) => runInNewContext(source);
  const options = foreign(`({
    headers: { A: "b" },
    subprotocols: new Set(["chat"]),
    seed: new Uint8Array(32),
  })`);
  const client = sansock.Connection.client("ws://h/", options);
  const request = Buffer.from(client.takeOutput()).toString("latin1");
  assert.match(request, /\r\nA: b\r\n/);
  assert.match(request, /\r\nSec-WebSocket-Protocol: chat\r\n/);
  const pairs = foreign('new Map([["A", "b"]])');
  sansock.Connection.server({ headers: pairs }).free();
  for (const subprotocols of [foreign('new String("chat")'), foreign("new Date()")]) {
    assert.throws(() => sansock.Connection.server({ subprotocols }), { code: "INVALID_ARGUMENT" });
  }
});

test("a connection that was forgotten is freed", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const { calls } = currentEngine();
  const { conn_free: free } = calls;
  let freed = 0;
  calls.conn_free = (handle) => {
    freed += 1;
    free(handle);
  };
  for (let index = 0; index < 100; index++) {
    sansock.Connection.server();
  }
  for (let attempt = 0; attempt < 100 && freed === 0; attempt++) {
    collect();
    await turn();
  }
  calls.conn_free = free;
  assert.ok(freed > 0, "none of 100 was freed");
});

const tests = await suite(sansock, (path) => readFileSync(new URL(path, root), "utf8"));
for (const { name, run, skip } of [...tests, ...big(sansock)]) {
  test(name, { skip: skip ?? false }, run);
}

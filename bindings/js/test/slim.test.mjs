// The same suite over the module without compression.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as sansock from "sansock/slim";

import { base64 } from "../dist/slim-base64.js";
import { suite } from "./suite.mjs";

const root = new URL("../../../", import.meta.url);

test("the file sansock/slim.wasm is the module that is inlined, and imports nothing", () => {
  const file = readFileSync(new URL(import.meta.resolve("sansock/slim.wasm")));
  assert.equal(file.toString("base64"), base64);
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(file)), []);
});

test("compression is refused", () => {
  assert.throws(() => sansock.Connection.server({ deflate: true }), { code: "INVALID_ARGUMENT" });
});

test("handshakes made of fields are refused", () => {
  const { Connection } = sansock;
  assert.throws(() => Connection.server().receiveRequest("2", []), { code: "INVALID_ARGUMENT" });
  assert.throws(() => Connection.client("ws://example.com/").requestFields("2"), { code: "INVALID_ARGUMENT" });
  assert.throws(() => Connection.client("ws://example.com/").receiveResponse(200), { code: "INVALID_ARGUMENT" });
});

for (const { name, run, skip } of await suite(sansock, (path) => readFileSync(new URL(path, root), "utf8"))) {
  test(name, { skip: skip ?? false }, run);
}

// The suite with what `wasm-pack build --target web` makes, where there is a file system.

import { readFileSync } from "node:fs";

import * as sansock from "sansock";

import * as module from "../build/objects/web/sansock_wasm.js";
import { runSuite } from "./run-suite.mjs";

module.initSync({ module: readFileSync(new URL("../build/objects/web/sansock_wasm_bg.wasm", import.meta.url)) });
await runSuite(module, sansock);

// The suite with what `wasm-pack build --target deno` makes.

import * as sansock from "sansock";

import * as module from "../build/objects/deno/sansock_wasm.js";
import { runSuite } from "./run-suite.mjs";

await runSuite(module, sansock);

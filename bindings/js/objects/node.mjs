// The suite with what `wasm-pack build --target nodejs` makes.

import * as sansock from "sansock";

import module from "../build/objects/nodejs/sansock_wasm.js";
import { runSuite } from "./run-suite.mjs";

await runSuite(module, sansock);

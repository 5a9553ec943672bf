// The suite with what `wasm-pack build --target bundler` makes, to be put into a bundle.

import * as sansock from "sansock";

import * as module from "../build/objects/bundler/sansock_wasm.js";
import { runSuite } from "./run-suite.mjs";

await runSuite(module, sansock);

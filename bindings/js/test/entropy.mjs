// A runtime that has no random bytes.

import { ok } from "./assert.mjs";

const URL = "ws://example.com/";
/** More than there are seeds for from one call for random bytes. */
const MANY = 1000;

export function entropy({ Connection }) {
  return [
    {
      name: "without random bytes no client is created, unless it is given a seed",
      run: () => {
        const failure = new Error("no random bytes");
        const thrown = withoutRandomBytes(failure, () => {
          try {
            for (let each = 0; each < MANY; each++) {
              Connection.client(URL).free();
            }
            return undefined;
          } catch (error) {
            Connection.client(URL, { seed: new Uint8Array(32) }).free();
            return error;
          }
        });
        ok(thrown === failure, "the error of the runtime is passed on");
        const outputs = [0, 1].map(() => String(Connection.client(URL).takeOutput()));
        ok(outputs[0] !== outputs[1], "the next ones are created, with keys of their own");
      },
    },
  ];
}

/** Runs while `crypto.getRandomValues` throws. */
function withoutRandomBytes(failure, run) {
  const getRandomValues = () => {
    throw failure;
  };
  Object.defineProperty(crypto, "getRandomValues", { configurable: true, value: getRandomValues });
  try {
    return run();
  } finally {
    delete crypto.getRandomValues;
  }
}

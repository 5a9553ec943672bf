import { type GivenBytes, lengthOf, toBytes } from "./bytes.js";
import { invalid } from "./errors.js";

const SEED_SIZE = 32;

/** Random bytes for the next seeds: asking for many at once takes as long as asking for a few. */
const pool = new Uint8Array(128 * SEED_SIZE);
let unused = 0;

/** A random seed, which the pool does not keep. */
export function randomSeed(): Uint8Array {
  if (unused === 0) {
    crypto.getRandomValues(pool);
    unused = pool.length;
  }
  unused -= SEED_SIZE;
  const seed = pool.slice(unused, unused + SEED_SIZE);
  pool.fill(0, unused, unused + SEED_SIZE);
  return seed;
}

/** A seed that the caller has chosen. */
export function checkedSeed(seed: Uint8Array): GivenBytes {
  const bytes = toBytes("seed", seed);
  if (lengthOf(bytes) !== SEED_SIZE) {
    throw invalid("seed", `must be ${SEED_SIZE} bytes`);
  }
  return bytes;
}

// The runtime, and the hosts that it has.

export const runtime = globalThis.Deno !== undefined ? "deno" : globalThis.Bun !== undefined ? "bun" : "node";

/** The module `sansock/node`, `sansock/deno` or `sansock/bun`. */
export const host = await import(`sansock/${runtime}`);

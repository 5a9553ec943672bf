import { bit } from "./arguments.js";
import { withConfig } from "./config-cache.js";
import type { ClientOptions } from "./connection-options.js";
import type { Engine } from "./engine.js";
import { checkedSeed, randomSeed } from "./seed.js";

/** Creates a connection in the engine, and returns its handle. */
export function createConnection(
  engine: Engine,
  role: number,
  url: string | null,
  options: ClientOptions,
  now: number,
): number {
  const { calls } = engine;
  const { views = false, textAsBytes = false, seed } = options;
  bit("views", views);
  bit("textAsBytes", textAsBytes);
  return withConfig(engine, role, url, options, (config) => {
    engine.transfer.write(seed === undefined ? randomSeed() : checkedSeed(seed));
    const handle = calls.conn_new(config, now) >>> 0;
    if (handle === 0) {
      throw engine.error(calls.last_status());
    }
    return handle;
  });
}

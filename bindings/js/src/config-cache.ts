import { freeConfig, newConfig } from "./configure.js";
import type { ClientOptions } from "./connection-options.js";
import type { Engine } from "./engine.js";

interface CachedConfig {
  readonly engine: Engine;
  readonly config: number;
  readonly role: number;
  readonly options: ReadonlyMap<string, unknown>;
}

/**
 * The last configuration that can be compared by its options: none of them is an object, and there is no URL.
 *
 * The connections of a configuration share its memory, large buffers included, so a server with the same options for all
 * connections needs one configuration, not one for each.
 */
let cached: CachedConfig | undefined;

/** Calls `use` with a configuration of these options. It is freed afterwards unless it is the cached one. */
export function withConfig<Result>(
  engine: Engine,
  role: number,
  url: string | null,
  options: ClientOptions,
  use: (config: number) => Result,
): Result {
  const config = find(engine, role, url, options) ?? add(engine, role, url, options);
  try {
    return use(config);
  } finally {
    if (config !== cached?.config) {
      freeConfig(engine, config);
    }
  }
}

function find(engine: Engine, role: number, url: string | null, options: ClientOptions): number | undefined {
  if (url !== null || cached?.engine !== engine || cached.role !== role) {
    return undefined;
  }
  const { config, options: known } = cached;
  const values = configured(options);
  const isSame = values.length === known.size && values.every(([name, value]) => known.get(name) === value);
  return isSame ? config : undefined;
}

/** Creates a configuration, which takes the place of the cached one if it can be compared. */
function add(engine: Engine, role: number, url: string | null, options: ClientOptions): number {
  const config = newConfig(engine, role, url, options);
  const values = configured(options);
  if (url === null && values.every(([, value]) => typeof value !== "object")) {
    if (cached?.engine === engine) {
      freeConfig(engine, cached.config);
    }
    cached = { engine, config, role, options: new Map(values) };
  }
  return config;
}

/** The options that are part of a configuration. */
function configured({ seed, now, views, textAsBytes, ...others }: ClientOptions): [name: string, value: unknown][] {
  return Object.entries(others);
}

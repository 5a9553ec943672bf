import { toByteString, toBytes } from "./bytes.js";
import type { Engine } from "./engine.js";
import { SansockError } from "./errors.js";
import type { Header } from "./events.js";
import { OPTION, TEXT_ORIGIN, TEXT_SUBPROTOCOL, TEXT_URL } from "./numbers.js";
import type { ClientOptions } from "./options.js";

const SEED_SIZE = 32;

type OptionName = keyof typeof OPTION;

/** The configuration of the latest connection whose options were plain values: others like it share it, and its memory. */
let kept: { engine: Engine; config: number; role: number; options: Map<string, unknown> } | undefined;

/** Creates a connection in the engine and returns its handle. */
export function createConnection(
  engine: Engine,
  role: number,
  url: string | null,
  options: ClientOptions,
  now: number,
): number {
  const { calls } = engine;
  const config = keptConfig(engine, role, url, options) ?? newConfig(engine, role, url, options);
  try {
    engine.write(seedOf(options));
    const handle = calls.conn_new(config, now) >>> 0;
    if (handle === 0) {
      throw engine.error(calls.last_status());
    }
    return handle;
  } finally {
    if (config !== kept?.config) {
      freeConfig(engine, config);
    }
  }
}

function keptConfig(engine: Engine, role: number, url: string | null, options: ClientOptions): number | undefined {
  if (url !== null || kept?.engine !== engine || kept.role !== role) {
    return undefined;
  }
  const values = choices(options);
  const isSame = values.length === kept.options.size && values.every(([name, value]) => kept?.options.get(name) === value);
  return isSame ? kept.config : undefined;
}

/** Makes a configuration, and keeps it instead of the last one if it can be told from its options that it is the same. */
function newConfig(engine: Engine, role: number, url: string | null, options: ClientOptions): number {
  const { calls } = engine;
  const config = calls.config_new(role) >>> 0;
  if (config === 0) {
    throw engine.error(calls.last_status());
  }
  try {
    configure(engine, config, url, options);
  } catch (error) {
    freeConfig(engine, config);
    throw error;
  }
  const values = choices(options);
  if (url === null && values.every(([, value]) => typeof value !== "object")) {
    if (kept?.engine === engine) {
      freeConfig(engine, kept.config);
    }
    kept = { engine, config, role, options: new Map(values) };
  }
  return config;
}

function freeConfig(engine: Engine, config: number): void {
  if (!engine.dead) {
    engine.calls.config_free(config);
  }
}

/** The options that are part of a configuration. */
function choices({ seed, now, views, ...rest }: ClientOptions): [name: string, value: unknown][] {
  return Object.entries(rest);
}

function configure(engine: Engine, config: number, url: string | null, options: ClientOptions): void {
  if (url !== null) {
    setText(engine, config, "url", TEXT_URL, url);
  }
  for (const name of Object.keys(options) as (keyof ClientOptions)[]) {
    switch (name) {
      case "seed":
      case "now":
      case "views":
        break;
      case "origin":
        if (options.origin !== undefined) {
          setText(engine, config, name, TEXT_ORIGIN, options.origin);
        }
        break;
      case "subprotocols":
        for (const subprotocol of options.subprotocols ?? []) {
          setText(engine, config, name, TEXT_SUBPROTOCOL, subprotocol);
        }
        break;
      case "headers":
        for (const header of options.headers ?? []) {
          const [nameLen, valueLen] = writeHeader(engine, header);
          engine.check(engine.calls.config_add_header(config, nameLen, valueLen), { about: name });
        }
        break;
      default:
        setOption(engine, config, name, options[name]);
    }
  }
}

function setText(engine: Engine, config: number, about: string, text: number, value: string): void {
  engine.check(engine.calls.config_set_text(config, text, engine.writeText(value)), { about });
}

function setOption(engine: Engine, config: number, name: OptionName, value: number | boolean | undefined): void {
  if (value !== undefined) {
    // Without types, any name can come here: one that is none has the number 0, which the engine refuses.
    const number: number | undefined = OPTION[name];
    engine.check(engine.calls.config_set(config, number ?? 0, Number(value)), { about: name });
  }
}

/** Puts name and value of a header into the window, one after the other, and returns their lengths. */
export function writeHeader(engine: Engine, [name, value]: Header): [nameLen: number, valueLen: number] {
  const nameLen = engine.write(toByteString(name));
  return [nameLen, engine.write(toByteString(value), nameLen)];
}

function seedOf({ seed }: ClientOptions): Uint8Array {
  if (seed === undefined) {
    return randomSeed();
  }
  const bytes = toBytes(seed);
  if (bytes.length !== SEED_SIZE) {
    throw new SansockError("INVALID_ARGUMENT", `a seed has ${SEED_SIZE} bytes`);
  }
  return bytes;
}

/** Random bytes that are not used yet: to ask for a few costs as much as to ask for many. */
const pool = new Uint8Array(128 * SEED_SIZE);
let unused = 0;

/** The next seed of the pool, which does not keep it. */
function randomSeed(): Uint8Array {
  if (unused === 0) {
    crypto.getRandomValues(pool);
    unused = pool.length;
  }
  unused -= SEED_SIZE;
  const seed = pool.slice(unused, unused + SEED_SIZE);
  pool.fill(0, unused, unused + SEED_SIZE);
  return seed;
}

import { toByteString, toBytes } from "./bytes.js";
import type { Engine } from "./engine.js";
import { SansockError } from "./errors.js";
import type { Header } from "./events.js";
import { OPTION, TEXT_ORIGIN, TEXT_SUBPROTOCOL, TEXT_URL } from "./numbers.js";
import type { ClientOptions } from "./options.js";

const SEED_SIZE = 32;

type OptionName = keyof typeof OPTION;

/** Creates a connection in the engine and returns its handle. */
export function createConnection(
  engine: Engine,
  role: number,
  url: string | null,
  options: ClientOptions,
  now: number,
): number {
  const { calls } = engine;
  const config = calls.config_new(role) >>> 0;
  if (config === 0) {
    throw engine.error(calls.last_status());
  }
  try {
    configure(engine, config, url, options);
    engine.write(seedOf(options));
    const handle = calls.conn_new(config, now) >>> 0;
    if (handle === 0) {
      throw engine.error(calls.last_status());
    }
    return handle;
  } finally {
    if (!engine.dead) {
      calls.config_free(config);
    }
  }
}

function configure(engine: Engine, config: number, url: string | null, options: ClientOptions): void {
  if (url !== null) {
    setText(engine, config, "url", TEXT_URL, url);
  }
  for (const name of Object.keys(options) as (keyof ClientOptions)[]) {
    switch (name) {
      case "seed":
      case "now":
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
    return crypto.getRandomValues(new Uint8Array(SEED_SIZE));
  }
  const bytes = toBytes(seed);
  if (bytes.length !== SEED_SIZE) {
    throw new SansockError("INVALID_ARGUMENT", `a seed has ${SEED_SIZE} bytes`);
  }
  return bytes;
}

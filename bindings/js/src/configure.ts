import { toByteString } from "./bytes.js";
import type { ClientOptions } from "./connection-options.js";
import type { Engine } from "./engine.js";
import type { Header } from "./events.js";
import { TEXT } from "./numbers.js";
import { type EngineOptions, OPTIONS } from "./options.js";

/** Creates a configuration in the engine, and returns its handle. */
export function newConfig(engine: Engine, role: number, url: string | null, options: ClientOptions): number {
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
  return config;
}

/** Frees a configuration. A dead engine has nothing left to free. */
export function freeConfig(engine: Engine, config: number): void {
  if (!engine.dead) {
    engine.calls.config_free(config);
  }
}

/** Puts name and value of a header into the transfer buffer, one after the other, and returns their lengths. */
export function writeHeader(engine: Engine, [name, value]: Header): [nameLen: number, valueLen: number] {
  const nameLen = engine.transfer.write(toByteString(name));
  return [nameLen, engine.transfer.write(toByteString(value), nameLen)];
}

function configure(engine: Engine, config: number, url: string | null, options: ClientOptions): void {
  if (url !== null) {
    setText(engine, config, "url", TEXT.URL, url);
  }
  for (const name of Object.keys(options) as (keyof ClientOptions)[]) {
    switch (name) {
      case "seed":
      case "now":
      case "views":
        // Of one connection, not of a configuration.
        break;
      case "origin":
        if (options.origin !== undefined) {
          setText(engine, config, name, TEXT.ORIGIN, options.origin);
        }
        break;
      case "subprotocols":
        for (const subprotocol of options.subprotocols ?? []) {
          setText(engine, config, name, TEXT.SUBPROTOCOL, subprotocol);
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
  engine.check(engine.calls.config_set_text(config, text, engine.transfer.writeText(value)), { about });
}

function setOption(
  engine: Engine,
  config: number,
  name: keyof EngineOptions,
  value: number | boolean | undefined,
): void {
  if (value !== undefined) {
    // Without types, any name can come here. An unknown one gets the number 0, which the engine refuses.
    const option: { number: number } | undefined = OPTIONS[name];
    engine.check(engine.calls.config_set(config, option?.number ?? 0, Number(value)), { about: name });
  }
}

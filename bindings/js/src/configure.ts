import { bit, integerOrInfinity, isIterable, string } from "./arguments.js";
import type { ClientOptions } from "./connection-options.js";
import type { Engine } from "./engine.js";
import { invalid } from "./errors.js";
import { encodeHeaders, type HeadersInput, writeHeader } from "./headers.js";
import { LARGEST_MESSAGE } from "./limits.js";
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

function configure(engine: Engine, config: number, url: string | null, options: ClientOptions): void {
  if (url !== null) {
    setText(engine, config, "url", TEXT.URL, url);
  }
  for (const name of Object.keys(options) as (keyof ClientOptions)[]) {
    switch (name) {
      case "seed":
      case "now":
      case "views":
      case "textAsBytes":
        // Of one connection, not of a configuration.
        break;
      case "origin":
        if (options.origin !== undefined) {
          setText(engine, config, name, TEXT.ORIGIN, string(name, options.origin));
        }
        break;
      case "key":
        if (options.key !== undefined) {
          setText(engine, config, name, TEXT.KEY, string(name, options.key));
        }
        break;
      case "subprotocols":
        for (const [label, subprotocol] of subprotocolsOf(options.subprotocols)) {
          setText(engine, config, label, TEXT.SUBPROTOCOL, subprotocol);
        }
        break;
      case "headers":
        addHeaders(engine, config, options.headers);
        break;
      default:
        setOption(engine, config, name, options);
    }
  }
}

function setText(engine: Engine, config: number, about: string, text: number, value: string): void {
  engine.check(engine.calls.config_set_text(config, text, engine.transfer.writeText(value)), { about });
}

function addHeaders(engine: Engine, config: number, headers: HeadersInput = []): void {
  for (const header of encodeHeaders("headers", headers)) {
    const [nameLen, valueLen] = writeHeader(engine, header);
    engine.check(engine.calls.config_add_header(config, nameLen, valueLen), { about: header.label });
  }
}

/** Each subprotocol, and what errors call it. */
function subprotocolsOf(value: string | Iterable<string> | undefined): [label: string, subprotocol: string][] {
  if (value === undefined) {
    return [];
  }
  if (typeof value === "string") {
    return [["subprotocols", value]];
  }
  if (!isIterable(value)) {
    throw invalid("subprotocols", "must be a string, or an iterable of strings");
  }
  return Array.from(value, (each, index) => {
    const label = `subprotocols[${index}]`;
    return [label, string(label, each)];
  });
}

function setOption(engine: Engine, config: number, name: keyof EngineOptions, options: EngineOptions): void {
  // Without types, any name can come here.
  if (!Object.hasOwn(OPTIONS, name)) {
    throw invalid(name, "there is no such option");
  }
  const value = options[name];
  if (value !== undefined) {
    const { number, type } = OPTIONS[name];
    const given = type === "boolean" ? bit(name, value as boolean) : integerOrInfinity(name, value as number);
    // What is delivered whole must fit in this runtime.
    const isWhole = options.parts !== true && options.frames !== true;
    const inForce = name === "maxMessageSize" && isWhole ? Math.min(given, LARGEST_MESSAGE) : given;
    engine.check(engine.calls.config_set(config, number, inForce), { about: name });
  }
}

// Everything that is tested with a module that has objects, for whatever runs it.

import { answers } from "../test/answers.mjs";
import { equal } from "../test/assert.mjs";
import { acceptedForms, wrongArguments } from "../test/arguments.mjs";
import { compression } from "../test/compression.mjs";
import { connections } from "../test/connections.mjs";
import { fields } from "../test/fields.mjs";
import { frames } from "../test/frames.mjs";
import { given } from "../test/given.mjs";
import { http } from "../test/http.mjs";
import { misuse } from "../test/misuse.mjs";
import { VECTOR_FILES } from "../test/suite.mjs";
import { textBytes } from "../test/text-bytes.mjs";
import { tunnels } from "../test/tunnels.mjs";
import { isWhole, parseCases, replay } from "../test/vectors.mjs";
import { asPackage } from "./facade.mjs";
import { own } from "./own.mjs";

/** Tests of the npm package about what only the package has, and why not here. */
const ONLY_OF_PACKAGE = new Map([
  ["large frames for a client, whole and cut", "views"],
  ["with views, the data of frames is where it arrived, unmasked", "views"],
  ["texts as bytes are validated, and with views they lie in the chunk", "views"],
  ["a tunnel that was freed", "wasm-bindgen throws: see own.mjs"],
  ["iterables that free the connection", "wasm-bindgen throws: see own.mjs"],
]);

function isOnlyOfPackage({ name }) {
  return ONLY_OF_PACKAGE.has(name) || / with views$/.test(name);
}

/**
 * @param module What wasm-pack made, loaded.
 * @param sansock The npm package, whose events are the ones to have.
 * @param readText Reads a file, by its path from the root of the repository.
 */
export async function suite(module, sansock, readText) {
  const adapted = asPackage(module);
  const ofPackage = [acceptedForms, wrongArguments, answers, compression, connections, fields, frames, given, http, misuse, textBytes, tunnels];
  const shared = ofPackage.flatMap((list) => list(adapted));
  const names = shared.map(({ name }) => name);
  equal([...ONLY_OF_PACKAGE.keys()].filter((name) => !names.includes(name)), [], "names of tests that there are not");
  const tests = [...own(module), ...shared.filter((test) => !isOnlyOfPackage(test))];
  for (const file of VECTOR_FILES) {
    const cases = parseCases(await readText(`core/vectors/${file}.vec`));
    tests.push({ name: `${file}.vec, ${cases.length} cases`, run: () => each(cases, (one) => replays(one, module, sansock, false)) });
    const pieces = cases.filter((one) => !isWhole(one));
    if (file === "close") {
      tests.push({ name: `${file}.vec, with events that are wrong`, run: () => noticed(cases, module, sansock) });
    }
    if (pieces.length > 0) {
      tests.push({ name: `${file}.vec byte by byte`, run: () => each(pieces, (one) => replays(one, module, sansock, true)) });
    }
  }
  return tests;
}

function each(cases, run) {
  const failures = [];
  for (const one of cases) {
    try {
      run(one);
    } catch (error) {
      failures.push(`${one.name}: ${error.message}`);
    }
  }
  if (failures.length > 0 || cases.length === 0) {
    throw new Error(`${failures.length} of ${cases.length} cases failed:\n${failures.join("\n")}`);
  }
}

/** A case must give the transcript that it has, and event for event what the package delivers, down to the order of properties. */
function replays(one, module, sansock, byteByByte) {
  const [ours, theirs] = [[], []];
  const transcripts = replay(one, recording(asPackage(module), ours), byteByByte);
  one.steps.forEach(({ call, expected }, index) => equal(transcripts[index] ?? [], expected, `> ${call}`));
  replay(one, recording(sansock, theirs), byteByByte);
  equal(ours, theirs, "events");
  equal(ours.map(keys), theirs.map(keys), "properties of events");
}

function keys(event) {
  return Object.entries(event).map(([name, value]) => `${name}: ${Object.prototype.toString.call(value)}`);
}

/** The same classes, whose calls put the events that they return at the end of a list. */
function recording(module, list) {
  return delivering(module, (events) => {
    list.push(...events);
    return events;
  });
}

/** The same classes, whose calls return what `change` makes of events. */
function delivering({ Connection, Tunnel, ...others }, change) {
  const changed = (target) => {
    const get = (_, name) => {
      const value = target[name];
      if (typeof value !== "function") {
        return value;
      }
      return (...args) => {
        const result = value.apply(target, args);
        return Array.isArray(result) ? change(result) : result;
      };
    };
    return new Proxy(target, { get });
  };
  return {
    ...others,
    Connection: {
      server: (options) => changed(Connection.server(options)),
      client: (url, options) => changed(Connection.client(url, options)),
    },
    Tunnel: class {
      constructor(...args) {
        return changed(new Tunnel(...args));
      }
    },
  };
}

/** Faults that an event may have. */
const WRONG = {
  "another value": (event) => ("byPeer" in event ? { ...event, byPeer: !event.byPeer } : event),
  "one property too many": (event) => ({ ...event, extra: null }),
  "one property too few": ({ sentCode, ...others }) => others,
  "undefined in place of null": (event) => (event.fault === null ? { ...event, fault: undefined } : event),
  "properties in another order": (event) => Object.fromEntries(Object.entries(event).reverse()),
  "bytes of another class": (event) => (event.payload === undefined ? event : { ...event, payload: Array.from(event.payload) }),
};

/** The comparison finds each of these faults in some case. */
function noticed(cases, module, sansock) {
  const passes = (change) =>
    cases.every((one) => {
      try {
        replays(one, delivering(module, change), sansock, false);
        return true;
      } catch {
        return false;
      }
    });
  equal(passes((events) => events), true, "events as they are pass");
  const missed = Object.keys(WRONG).filter((name) => passes((events) => events.map(WRONG[name])));
  equal([missed, passes((events) => events.slice(1))], [[], false], "faults that are not noticed");
}

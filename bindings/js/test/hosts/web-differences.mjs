// The classes of browsers, ours and the runtime's own: one script runs over both, and a table has each difference, and who is right.

import { createRequire } from "node:module";

import { equal, ok } from "../assert.mjs";
import { host, runtime } from "./runtime.mjs";
import { DIFFERENCES } from "./web/differences.mjs";
import { STREAM_DIFFERENCES } from "./web/stream-differences.mjs";
import { SCRIPTS, transcript } from "./web/transcript.mjs";

const load = createRequire(new URL("../../../../conformance/package.json", import.meta.url));
// Node's own classes are undici's. Those of the package are of one version, whatever Node runs this.
const THEIRS = runtime === "node" ? load("undici") : globalThis;
const key = runtime === "node" ? "undici" : runtime;

/** The tests of one class. */
function comparing(name, table = []) {
  const rows = Object.assign({}, ...table.map(({ shown }) => shown));
  const seen = new Set();
  const compare = async (part) => {
    const theirs = await transcript(name, THEIRS[name], part);
    const ours = await transcript(name, host[name], part);
    equal(Object.keys(theirs), Object.keys(ours), "what the script looked at");
    for (const what of Object.keys(ours)) {
      ok(!seen.has(what), `${what} is there twice`);
      seen.add(what);
      const isListed = rows[what]?.[0] === theirs[what] && rows[what][1] === ours[what];
      ok(rows[what] === undefined ? theirs[what] === ours[what] : isListed, `${what}: theirs shows ${theirs[what]}, ours ${ours[what]}`);
    }
  };
  const complete = () => {
    const listed = table.flatMap(({ shown }) => Object.keys(shown));
    equal(listed.filter((what, index) => !seen.has(what) || listed.indexOf(what) < index), []);
    equal(Object.entries(rows).filter(([, [theirs, ours]]) => theirs === ours), []);
    ok(table.every(({ why }) => /^(?:ours|theirs): .+\(.+\)/.test(why)), "a difference without a reason");
  };
  const tests = [
    ...Object.keys(SCRIPTS[name]).map((part) => ({ name: `${name}, ${part}: as the runtime's own, or as the table says`, run: () => compare(part) })),
    { name: `${name}: the table has what the script shows, each once, and differences only`, run: complete },
  ];
  return THEIRS[name] === undefined ? tests.map((each) => ({ ...each, skip: `${runtime} has no ${name}` })) : tests;
}

export const webDifferences = [
  ...comparing("WebSocket", DIFFERENCES[key]),
  // Deno has it with --unstable-net.
  ...comparing("WebSocketStream", STREAM_DIFFERENCES[key]),
];

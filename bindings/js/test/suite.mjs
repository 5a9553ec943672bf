// Everything that is tested, for whatever runs it: a list of `{ name, run }`, or `{ name, skip }` with the reason.

import { answers } from "./answers.mjs";
import { acceptedForms, wrongArguments } from "./arguments.mjs";
import { border } from "./border.mjs";
import { buffers } from "./buffers.mjs";
import { compression } from "./compression.mjs";
import { connections } from "./connections.mjs";
import { entropy } from "./entropy.mjs";
import { fields } from "./fields.mjs";
import { frames } from "./frames.mjs";
import { given } from "./given.mjs";
import { http } from "./http.mjs";
import { lifetime } from "./lifetime.mjs";
import { limits } from "./limits.mjs";
import { misuse } from "./misuse.mjs";
import { reads } from "./reads.mjs";
import { textBytes } from "./text-bytes.mjs";
import { tunnels } from "./tunnels.mjs";
import { equal } from "./assert.mjs";
import { isWhole, needsDeflate, needsFields, needsTunnel, parseCases, replay } from "./vectors.mjs";

export const VECTOR_FILES = [
  "close",
  "deflate",
  "eof",
  "fields",
  "frames",
  "handshake-client",
  "handshake-server",
  "http",
  "limits",
  "messages",
  "parts",
  "peers",
  "relay",
  "rfc",
  "send",
  "timers",
  "tunnel",
  "utf8",
];

/**
 * @param sansock The package, as its users import it.
 * @param readText Reads a file, by its path from the root of the repository.
 */
export async function suite(sansock, readText) {
  const header = await readText("include/sansock.h");
  const tests = [
    ...border(header),
    ...connections(sansock),
    ...misuse(sansock),
    ...wrongArguments(sansock),
    ...acceptedForms(sansock),
    ...answers(sansock),
    ...http(sansock),
    ...frames(sansock),
    ...limits(sansock),
    ...buffers(sansock),
    ...given(sansock),
    ...reads(sansock),
    ...textBytes(sansock),
    ...lifetime(sansock),
    ...entropy(sansock),
  ];
  const deflates = hasDeflate(sansock);
  if (deflates) {
    tests.push(...compression(sansock));
  }
  const isDefault = sansock.Tunnel !== undefined;
  if (isDefault) {
    tests.push(...fields(sansock), ...tunnels(sansock));
  }
  for (const file of VECTOR_FILES) {
    const all = parseCases(await readText(`core/vectors/${file}.vec`));
    const isServed = (each) =>
      (deflates || !needsDeflate(each)) && (isDefault || !(needsFields(each) || needsTunnel(each)));
    const cases = all.filter(isServed);
    const pieces = cases.filter((each) => !isWhole(each));
    if (cases.length > 0 || all.length === 0) {
      tests.push({ name: `${file}.vec, ${cases.length} cases`, run: () => replayAll(cases, sansock, false) });
    }
    for (const { name } of all.filter((each) => !cases.includes(each))) {
      tests.push({ name: `${file}.vec, ${name}`, skip: "this build has no compression, no handshakes made of fields and no tunnels" });
    }
    if (pieces.length > 0) {
      tests.push({ name: `${file}.vec byte by byte`, run: () => replayAll(pieces, sansock, true) });
    }
  }
  return tests;
}

function hasDeflate({ Connection }) {
  try {
    Connection.server({ deflate: true }).free();
    return true;
  } catch {
    return false;
  }
}

function replayAll(cases, sansock, byteByByte) {
  const failures = cases.length > 0 ? [] : ["the file has no cases"];
  for (const each of cases) {
    try {
      const transcripts = replay(each, sansock, byteByByte);
      each.steps.forEach(({ call, expected }, index) => equal(transcripts[index] ?? [], expected, `> ${call}`));
    } catch (error) {
      failures.push(`${each.name}: ${error.message}`);
    }
  }
  if (failures.length > 0) {
    throw new Error(`${failures.length} of ${cases.length} cases failed:\n${failures.join("\n")}`);
  }
}

/** Runs the tests one after the other, where there is no test runner, and returns the closing line's numbers. */
export async function runAll(tests, print) {
  let failed = 0;
  const skipped = tests.filter(({ skip }) => skip !== undefined).length;
  for (const { name, run } of tests.filter(({ skip }) => skip === undefined)) {
    try {
      await run();
    } catch (error) {
      failed += 1;
      print(`failed: ${name}: ${error.stack ?? error}`);
    }
  }
  print(`${tests.length - skipped - failed} passed, ${failed} failed, ${skipped} skipped`);
  return failed;
}

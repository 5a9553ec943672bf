// One engine and one thing to measure, in a process of its own: `worker.mjs ENGINE name=value...`.
//
// Writes a line when it is ready, and another with a result for each line that it reads.

import { createInterface } from "node:readline";
import { connections, floor, handshakes, receiving, sending } from "./workloads.mjs";

/** How long code is run before it is measured, and how long one sample takes at least, in milliseconds. */
const WARM_UP = 400;
const SAMPLE = 25;

const OPERATIONS = { receive: receiving, send: sending, handshake: handshakes, floor };

/** Milliseconds; with CLOCK=cpu those of the processor, in all threads: the collector has some of its own. */
const now = process.env.CLOCK === "cpu" ? cpuTime : () => performance.now();

const [name, ...rest] = process.argv.slice(2);
const spec = Object.fromEntries(rest.map((argument) => value(...argument.split(/=(.*)/s))));
const engine = name === "floor" ? { version: process.version } : await import(`./engines/${name}.mjs`);
const sample = spec.operation === "memory" ? () => connections(engine, spec) : await timed();

answer({ version: engine.version });
for await (const _ of createInterface({ input: process.stdin })) {
  answer({ result: await sample() });
}
process.exit();

/** The workload, warmed up, as a function that gives nanoseconds per message. */
async function timed() {
  const { messages, steps } = await OPERATIONS[spec.operation](engine, spec);
  let passes = 0;
  const until = performance.now() + WARM_UP;
  let spent = 0;
  while (performance.now() < until || passes < 3) {
    spent += await pass(steps);
    passes += 1;
  }
  const count = Math.max(1, Math.ceil((SAMPLE * passes) / spent));
  // Nothing is collected between the samples: a full collection throws away optimised code, which some never get back.
  return async () => {
    let total = 0;
    for (let done = 0; done < count; done++) {
      total += await pass(steps);
    }
    return (total * 1e6) / (count * messages);
  };
}

function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs all steps, and returns the milliseconds of those that are timed. */
async function pass(steps) {
  let total = 0;
  for (const { timed, run } of steps) {
    const start = now();
    const pending = run();
    if (pending !== undefined) {
      await pending;
    }
    total += timed ? now() - start : 0;
  }
  return total;
}

function value(key, text) {
  return [key, /^\d+$/.test(text) ? Number(text) : text];
}

function answer(object) {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

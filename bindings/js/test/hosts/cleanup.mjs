// What a test has opened, and is to be closed when it has ended.

let steps = [];

/** Calls back when the test that runs has ended. Returns `value`. */
export function atEnd(step, value) {
  steps.push(step);
  return value;
}

/** Calls back all, the last first. */
export async function cleanUp() {
  const all = steps.reverse();
  steps = [];
  for (const step of all) {
    await step();
  }
}

/** Most frames make the same step: one list of it serves all of them, so that it is copied to the page once for each batch. */
import type { Entry, Step } from "../entries.ts";

const known = new Map<string, readonly Step[]>();

/** The entries, with lists in common. */
export function sharing(entries: Entry[]): Entry[] {
  for (const entry of entries) {
    const [step, other] = entry.steps ?? [];
    if (step === undefined || other !== undefined || step.transport !== undefined) continue;
    const key = `${step.end}/${step.machine}/${step.from}/${step.on}`;
    const list = known.get(key);
    if (list === undefined) known.set(key, entry.steps ?? []);
    else (entry as { steps: readonly Step[] }).steps = list;
  }
  return entries;
}

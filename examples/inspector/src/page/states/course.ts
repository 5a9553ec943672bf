/** What the machines of both ends have done up to some moment, as the entries or the engines tell it. */
import type { Deadline, End, Entry, Step } from "../../entries.ts";
import type { Step as PlayStep } from "../../playground/trace.ts";

/** The instructions by the names that the package has for them. */
const TRANSPORTS: Readonly<Record<string, string>> = { "shutdown-write": "shut down writing", close: "close" };

/** A transition, and the entry that tells it, if there is one. */
export interface Made {
  readonly step: Step;
  /** Its place among those of both ends. */
  readonly order: number;
  readonly entry?: Entry;
}

/** An end up to some moment. */
export interface Course {
  readonly steps: readonly Made[];
  /** Those that run. */
  readonly deadlines: readonly Deadline[];
  /** The transport instructions that there have been, without the first, which is to keep it open. */
  readonly transports: readonly string[];
}

/** Both ends. One is absent where it has no engine. */
export interface Courses {
  readonly client?: Course;
  readonly server?: Course;
  /** When it is, in microseconds on the clock of the deadlines; undefined without times. */
  readonly now: number | undefined;
}

/** The ends of an entry's connection behind it. */
export function coursesOf(entries: readonly Entry[], place: number): Courses {
  const selected = entries[place];
  const steps: Record<End, Made[]> = { client: [], server: [] };
  const deadlines: Record<End, readonly Deadline[]> = { client: [], server: [] };
  for (let at = 0; at <= place; at += 1) {
    const entry = entries[at] as Entry;
    if (entry.connection !== selected?.connection) continue;
    // Who sends something has done it before the other end gets it.
    for (const step of entry.steps ?? []) steps[step.end].push({ step, entry, order: 2 * at + (step.end === entry.from ? 0 : 1) });
    for (const end of ["client", "server"] as const) deadlines[end] = entry.deadlines?.[end] ?? deadlines[end];
  }
  const course = (end: End): Course => ({
    steps: steps[end],
    deadlines: deadlines[end],
    transports: steps[end].flatMap(({ step: { transport } }) => (transport === undefined ? [] : [transport])),
  });
  return { client: course("client"), server: course("server"), now: selected?.time };
}

/** The engines of the playground behind a step. */
export function coursesOfPlay(steps: readonly PlayStep[], at: number): Courses {
  const now = steps[at];
  const course = (end: End): { [Each in End]?: Course } =>
    now === undefined || now.ends[end].state === "hostile"
      ? {}
      : {
          [end]: {
            steps: steps.slice(0, at + 1).flatMap(({ ends }, order) => ends[end].steps.map((step) => ({ step, order }))),
            deadlines: now.ends[end].deadlines,
            transports: steps.slice(0, at + 1).map(({ ends }) => TRANSPORTS[ends[end].transport] ?? "open"),
          },
        };
  return { ...course("client"), ...course("server"), now: now === undefined ? undefined : now.at * 1000 };
}

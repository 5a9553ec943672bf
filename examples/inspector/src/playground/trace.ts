/** What became of a state of the playground. */
import type { Deadline, End, Entry, Step as Transition } from "../entries.ts";

/** Something a host did, or was told by its engine. */
export interface HostEntry {
  readonly id: number;
  readonly connection: number;
  readonly type: "host";
  readonly at: End;
  /** In microseconds. */
  readonly time: number;
  /** Whether the host did it, or was told. */
  readonly isAction: boolean;
  /** A word for it, such as the name of the event. */
  readonly kind: string;
  readonly text: string;
  /** The name of the rule that was broken. */
  readonly fault?: string;
}

/** Something done to the bytes in flight. */
export interface WireEntry {
  readonly id: number;
  readonly connection: number;
  readonly type: "wire";
  readonly from: End;
  readonly time: number;
  readonly text: string;
}

/** How an end is at some time. */
export interface EndState {
  /** Of the connection: "connecting", "open", "closing" or "closed"; "hostile" where there is no engine. */
  readonly state: string;
  readonly transport: string;
  /** In milliseconds; null for never. */
  readonly deadline: number | null;
  /** What its machines have done since the step before. */
  readonly steps: readonly Transition[];
  /** All that run, with what they are for. */
  readonly deadlines: readonly Deadline[];
  /** In bytes: what the engine holds. */
  readonly memory: number;
  /** In bytes: on their way from this end. */
  readonly inFlight: number;
}

/** A row of the playground. */
export type TraceEntry = Entry | HostEntry | WireEntry;

/** An entry, and how both ends were behind it. */
export interface Step {
  /** In milliseconds. */
  readonly at: number;
  readonly entry: TraceEntry;
  readonly ends: Readonly<Record<End, EndState>>;
}

export interface Trace {
  readonly steps: readonly Step[];
  /** Why it was stopped, if it did not come to an end by itself. */
  readonly stopped?: string;
  /** Options or steps that the engines refused. */
  readonly refused: readonly string[];
}

/** An option of the engine, from its table. */
export interface OptionInfo {
  readonly name: string;
  readonly type: "number" | "boolean";
  readonly text: string;
}

/** Rows of the playground: what is on the wire, and what the hosts do and are told. */
import type { HostEntry, Step, TraceEntry, WireEntry } from "../../playground/trace.ts";
import { make } from "../dom.ts";
import { crossingLine, hostDot } from "../ladder.ts";
import { cells, rowElement } from "../rows.ts";
import { seconds, visible } from "../text.ts";
import type { Entry } from "../../entries.ts";

/** Whether an entry is one of the decoder's. */
export function isDecoded(entry: TraceEntry): entry is Entry {
  return entry.type !== "host" && entry.type !== "wire";
}

/** The row of a step. */
export function stepRow({ entry }: Step, before: Step | undefined): HTMLElement {
  if (isDecoded(entry)) {
    const previous = before?.entry;
    return rowElement(entry, previous === undefined ? undefined : ({ time: previous.time } as Entry), 0);
  }
  const { kind, summary, side, spoken } = entry.type === "host" ? hostRow(entry) : wireRow(entry);
  const isFault = entry.type === "host" && entry.fault !== undefined;
  const spokenKind = isFault ? "fault" : "";
  return make(
    "div",
    { class: `row ${entry.type}${isFault ? " fault" : ""}`, "data-side": side },
    ...cells({ kind, direction: `${spokenKind} ${spoken}`.trim(), size: "", summary, time: seconds(entry.time), gap: "" }),
    entry.type === "host" ? hostDot(entry.at, entry.isAction) : crossingLine(),
  );
}

function hostRow(entry: HostEntry): { kind: string; summary: string; side: string; spoken: string } {
  const doing = entry.isAction ? (entry.kind === "raw" ? "sends bytes" : `does ${entry.kind}`) : `is told ${entry.kind}`;
  return {
    kind: entry.isAction ? `${entry.kind} \u2026` : entry.kind,
    summary: visible(entry.text),
    side: entry.at,
    spoken: `the ${entry.at} ${doing}`,
  };
}

function wireRow(entry: WireEntry): { kind: string; summary: string; side: string; spoken: string } {
  return { kind: "the wire", summary: `from the ${entry.from}: ${entry.text}`, side: entry.from, spoken: "the wire" };
}

/** What the decoder says about a capture, by the types of the package. */
import type { Side } from "../../../bindings/js/src/inspect/entries.ts";

export type {
  AnswerEntry,
  ClosedEntry,
  ConnectionEntry,
  Deadline,
  Entry,
  FaultEntry,
  FrameEntry,
  HeadEntry,
  HeadLine,
  Machine,
  MessageEntry,
  Payload,
  Step,
} from "../../../bindings/js/src/inspect/entries.ts";

/** One end of a connection. */
export type End = Side;

/** The end that receives what `end` sends. */
export function otherEnd(end: End): End {
  return end === "client" ? "server" : "client";
}

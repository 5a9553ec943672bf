/** A row of the conversation: when, which way, what, how large. */
import type { End, Entry } from "../entries.ts";
import { ladder } from "./ladder.ts";
import { make } from "./dom.ts";
import { isSent, sideOf } from "./store.ts";
import { gap, plural, seconds, size, visible } from "./text.ts";

/** How many characters of a payload a row has. */
const SUMMARY = 160;

/** What a row says of an entry. */
export interface Row {
  /** One or two words. */
  readonly kind: string;
  readonly summary: string;
  /** In bytes. */
  readonly size?: number;
}

/** What stands in the row of an entry. */
export function describe(entry: Entry): Row {
  switch (entry.type) {
    case "connection":
      return { kind: "connection", summary: `${visible(entry.client ?? "client")} \u2192 ${visible(entry.server ?? "server")}` };
    case "head":
      return { kind: entry.kind, summary: visible(entry.lines[0]?.text ?? ""), ...sizeOf(entry.length) };
    case "frame":
      return { kind: frameKind(entry), summary: frameSummary(entry), size: entry.payload_length };
    case "message":
      return { kind: `${entry.kind} message`, summary: messageSummary(entry), size: entry.size };
    case "fault":
      return { kind: "fault", summary: `${entry.fault}: ${entry.text}` };
    case "answer":
      return { kind: "would answer", summary: `${entry.what} ${entry.hex}` };
    case "closed":
      return { kind: "closed", summary: closedSummary(entry) };
    case "eof":
      return { kind: "end of stream", summary: "" };
    case "incomplete":
      return { kind: "incomplete", summary: visible(entry.text) };
    case "note":
      return { kind: "note", summary: visible(entry.text) };
  }
}

function sizeOf(length: number | undefined): { size?: number } {
  return length === undefined ? {} : { size: length };
}

function frameKind(entry: Entry & { type: "frame" }): string {
  if (entry.kind === "continuation") return entry.fin ? "last fragment" : "fragment";
  if (entry.kind === "reserved") return `opcode ${entry.opcode}`;
  return entry.fin || entry.opcode >= 8 ? entry.kind : `${entry.kind}, first`;
}

function frameSummary(entry: Entry & { type: "frame" }): string {
  if (entry.kind === "close" && entry.code !== undefined) return `${entry.code} ${visible(entry.reason ?? "")}`;
  const { text, hex } = entry.payload;
  const marks = entry.compressed ? "deflate  " : "";
  return marks + (text === undefined ? (hex ?? "").slice(0, SUMMARY) : visible(text.slice(0, SUMMARY)));
}

function messageSummary(entry: Entry & { type: "message" }): string {
  const { text, hex } = entry.payload;
  const from = entry.frames <= 1 ? "" : `${plural(entry.frames, "frame")}  `;
  return from + (text === undefined ? (hex ?? "").slice(0, SUMMARY) : visible(text.slice(0, SUMMARY)));
}

function closedSummary({ code, reason, clean, by_peer }: Entry & { type: "closed" }): string {
  const begun = by_peer ? "by the peer" : "by this end";
  return `${code}${reason === "" ? "" : ` ${visible(reason)}`}, ${clean ? "clean" : "not clean"}, ${begun}`;
}

/** The name of a direction, for those who hear it. */
export function directionName(entry: Entry): string {
  const names: Record<End, string> = { client: "client to server", server: "server to client" };
  if (isSent(entry)) return entry.from === undefined ? "" : names[entry.from];
  const side = sideOf(entry);
  return side === undefined ? "" : `at the ${side}`;
}

/** The element of a row. `before` is the entry in the row above. Of many connections the number is shown. */
export function rowElement(entry: Entry, before: Entry | undefined, start: number, isMany = false): HTMLElement {
  const { kind, summary, size: bytes } = describe(entry);
  const time = entry.time === undefined ? "" : seconds(entry.time - start);
  const since = entry.time === undefined || before?.time === undefined ? "" : gap(entry.time - before.time);
  const isDerived = entry.type !== "frame" && entry.type !== "head";
  const isJoined = entry.type === "message" && (entry.frames > 1 || entry.compressed);
  return make(
    "div",
    {
      class: `row ${entry.type}${isDerived ? " derived" : ""}${isJoined ? " joined" : ""}`,
      "data-side": sideOf(entry),
      "data-long": longGap(since),
    },
    ...cells({ kind, direction: directionName(entry), size: bytes === undefined ? "" : size(bytes), summary, time, gap: since }),
    isMany && make("span", { class: "number" }, make("span", { class: "off-screen" }, "connection "), entry.connection),
    ladder(entry),
  );
}

/** What a row says, in the order in which it is heard; the style has it in another. */
export interface Cells {
  readonly kind: string;
  /** Heard only: the ladder shows it. */
  readonly direction: string;
  readonly size: string;
  readonly summary: string;
  readonly time: string;
  readonly gap: string;
}

export function cells(texts: Cells): HTMLElement[] {
  return Object.entries(texts)
    .filter(([, text]) => text !== "")
    .map(([name, text]) => make("span", { class: name === "direction" ? "off-screen" : name }, text));
}

function longGap(since: string): string | undefined {
  return / (?:s|min)$/.test(since) ? "true" : undefined;
}

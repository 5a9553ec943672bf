/** The bytes of a frame or a head as they are on the wire. */
import type { Entry, FaultEntry, FrameEntry, HeadEntry, Payload } from "../../entries.ts";
import { fromHex } from "../text.ts";
import type { Mark } from "./hex.ts";

/** The bytes that are known of a frame: its header, and the beginning of its payload. Of a frame at fault it may be the header alone. */
export function frameBytes(frame: FrameEntry, { wire, hex }: Payload = frame.payload): Uint8Array {
  const header = fromHex(frame.header);
  const payload = fromHex(wire ?? (frame.masked || frame.compressed ? "" : (hex ?? "")));
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

/**
 * The bytes of a head, as its lines tell them; undefined if they do not, which their number shows: a line may end otherwise than
 * it should. What is no ASCII is escaped in a line, and so may be a text that looks the same.
 */
export function headBytes(head: HeadEntry): Uint8Array | undefined {
  const text = `${head.lines.map((line) => line.text).join("\r\n")}\r\n\r\n`;
  const unescaped = text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  const found = [text, unescaped].find(({ length }) => head.length === undefined || length === head.length);
  return found === undefined ? undefined : Uint8Array.from(found, (character) => character.charCodeAt(0));
}

/** What to mark in them: header and key of a frame, and the byte at fault. */
export function marksOf(entry: Entry, fault: FaultEntry | undefined): Mark[] {
  const marks: Mark[] = [];
  if (entry.type === "frame") {
    const header = entry.header.length / 2;
    marks.push({ start: 0, end: header, class: "header" });
    if (entry.key !== undefined) marks.push({ start: header - 4, end: header, class: "key" });
  }
  if (fault !== undefined && entry.offset !== undefined && fault.position >= entry.offset) {
    const start = fault.position - entry.offset;
    marks.push({ start, end: start + 1, class: "fault" });
  }
  return marks;
}

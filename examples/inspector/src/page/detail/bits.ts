/** A frame's header as RFC 6455 section 5.2 draws it: rows of 32 bits. */
import type { FrameEntry } from "../../entries.ts";
import { make } from "../dom.ts";
import { count, fromHex, spaced } from "../text.ts";

/** A field of the header. */
export interface Field {
  readonly name: "FIN" | "RSV1" | "RSV2" | "RSV3" | "opcode" | "MASK" | "Payload len" | "Extended payload length" | "Masking-key";
  /** Its first bit, and how many it has. */
  readonly start: number;
  readonly bits: number;
  /** As it is written in the drawing. */
  readonly value: string;
  /** What it means. */
  readonly meaning: string;
}

const ROW = 32;
const OPCODES: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "Close",
  9: "Ping",
  10: "Pong",
};

/** Which fields a fault is about; of other faults the whole frame is. */
const AT_FAULT: Readonly<Record<string, readonly Field["name"][]>> = {
  RESERVED_BITS: ["RSV1", "RSV2", "RSV3"],
  RESERVED_OPCODE: ["opcode"],
  UNMASKED: ["MASK"],
  MASKED: ["MASK"],
  NON_MINIMAL_LENGTH: ["Extended payload length"],
  LENGTH_OVERFLOW: ["Extended payload length"],
  CONTROL_TOO_LONG: ["Payload len"],
  CONTROL_FRAGMENTED: ["FIN"],
  UNEXPECTED_CONTINUATION: ["opcode"],
  EXPECTED_CONTINUATION: ["opcode"],
  MESSAGE_TOO_BIG: ["Payload len", "Extended payload length"],
  FRAME_TOO_BIG: ["Payload len", "Extended payload length"],
};

/** The fields of a header, in their order. */
export function fieldsOf(frame: FrameEntry): Field[] {
  const bytes = fromHex(frame.header);
  const opcode = OPCODES[frame.opcode] ?? "reserved";
  const bit = (value: boolean): string => (value ? "1" : "0");
  const short = (bytes[1] ?? 0) & 0x7f;
  const form = { 7: "the length itself", 16: "the length is in the next 16 bits", 64: "the length is in the next 64 bits" };
  const fields: Field[] = [
    {
      name: "FIN",
      start: 0,
      bits: 1,
      value: bit(frame.fin),
      meaning: frame.fin ? "the last frame of its message" : "more frames of the message follow",
    },
    {
      name: "RSV1",
      start: 1,
      bits: 1,
      value: bit(frame.rsv1),
      meaning: frame.compressed && frame.rsv1 ? "the message is compressed (RFC 7692 §6)" : reserved(frame.rsv1),
    },
    { name: "RSV2", start: 2, bits: 1, value: bit(frame.rsv2), meaning: reserved(frame.rsv2) },
    { name: "RSV3", start: 3, bits: 1, value: bit(frame.rsv3), meaning: reserved(frame.rsv3) },
    {
      name: "opcode",
      start: 4,
      bits: 4,
      value: frame.opcode.toString(2).padStart(4, "0"),
      meaning: `${frame.opcode}: ${opcode}`,
    },
    {
      name: "MASK",
      start: 8,
      bits: 1,
      value: bit(frame.masked),
      meaning: frame.masked ? "masked, as from a client" : "not masked, as from a server",
    },
    { name: "Payload len", start: 9, bits: 7, value: String(short), meaning: form[frame.length_form] },
  ];
  return [...fields, ...optionalFields(frame)];
}

/** The fields that a header need not have. */
function optionalFields(frame: FrameEntry): Field[] {
  const fields: Field[] = [];
  const extended = frame.length_form === 7 ? 0 : frame.length_form;
  if (extended > 0) {
    fields.push({
      name: "Extended payload length",
      start: 16,
      bits: extended,
      value: count(frame.payload_length),
      meaning: `${count(frame.payload_length)} bytes`,
    });
  }
  if (frame.key !== undefined) {
    fields.push({
      name: "Masking-key",
      start: 16 + extended,
      bits: 32,
      value: spaced(frame.key),
      meaning: "byte i of the payload was XORed with byte i mod 4 of it",
    });
  }
  return fields;
}

function reserved(set: boolean): string {
  return set ? "set: only an extension may" : "not set";
}

/** The drawing. `fault` is the name of the frame's fault. */
export function bitsTable(frame: FrameEntry, fault: string | undefined): HTMLElement {
  const fields = fieldsOf(frame);
  const faulty = new Set<string>(AT_FAULT[fault ?? ""] ?? []);
  const rows: HTMLElement[] = [];
  const end = fields.reduce((last, { start, bits }) => Math.max(last, start + bits), 0);
  for (let from = 0; from < end; from += ROW) {
    const cells = fields
      .filter(({ start, bits }) => start < from + ROW && start + bits > from)
      .map((field) => cell(field, from, faulty));
    const used = Math.min(ROW, end - from);
    if (used < ROW) cells.push(payloadCell(frame, ROW - used));
    rows.push(make("tr", {}, ...cells));
  }
  if (end % ROW === 0) rows.push(make("tr", {}, payloadCell(frame, ROW)));
  const numbers = Array.from({ length: ROW }, (_, bit) =>
    make("td", { class: bit % 8 === 0 ? "octet" : "" }, bit % 8 === 0 ? String(bit) : "\u00b7"),
  );
  const ruler = make("thead", { "aria-hidden": "true" }, make("tr", {}, ...numbers));
  return make(
    "div",
    { class: "bits-frame", tabindex: "0", role: "group", "aria-label": "The header bit by bit" },
    make("table", { class: "bits", role: "presentation" }, ruler, make("tbody", {}, ...rows)),
  );
}

function cell(field: Field, from: number, faulty: ReadonlySet<string>): HTMLElement {
  const begin = Math.max(field.start, from);
  const width = Math.min(field.start + field.bits, from + ROW) - begin;
  const isContinued = begin > field.start;
  const isFault = faulty.has(field.name) && (!field.name.startsWith("RSV") || field.value === "1");
  const names = ["field", width === 1 ? "one" : "", isFault ? "at-fault" : "", isContinued ? "continued" : ""];
  return make(
    "td",
    { colspan: String(width), class: names.filter(Boolean).join(" "), title: `${field.name}: ${field.meaning}` },
    make("span", { class: "name" }, isContinued ? `${field.name}, continued` : field.name),
    isContinued ? undefined : make("span", { class: "value" }, field.value),
  );
}

function payloadCell(frame: FrameEntry, width: number): HTMLElement {
  const text = frame.payload_length === 0 ? "no payload" : `Payload data, ${count(frame.payload_length)} bytes`;
  return make("td", { colspan: String(width), class: "field payload" }, make("span", { class: "name" }, text));
}

/** The same as a list, for those who read it or hear it. */
export function fieldList(frame: FrameEntry, fault: string | undefined, link: (text: string) => Node): HTMLElement {
  const faulty = new Set<string>(AT_FAULT[fault ?? ""] ?? []);
  const rows = fieldsOf(frame).map(({ name, value, meaning }) => {
    const isFault = faulty.has(name) && (!name.startsWith("RSV") || value === "1");
    return make(
      "tr",
      { class: isFault ? "at-fault" : "" },
      make("th", { scope: "row" }, name),
      make("td", { class: "value" }, value),
      make("td", {}, link(meaning), isFault ? " \u2014 at fault" : ""),
    );
  });
  return make("table", { class: "fields" }, make("tbody", {}, ...rows));
}

/** All there is to know about one entry. */
import type { End, Entry, FaultEntry, FrameEntry, HeadEntry, MessageEntry, Payload } from "../../entries.ts";
import type { VectorCase } from "../../protocol.ts";
import { button, make, withLinks } from "../dom.ts";
import { directionName } from "../rows.ts";
import type { Store } from "../store.ts";
import { count, fromHex, plural, seconds, visible, visibleLines } from "../text.ts";
import { bitsTable, fieldList } from "./bits.ts";
import { copyBar } from "./copy.ts";
import { flipBar } from "./flips.ts";
import { hexView } from "./hex.ts";
import { payloadView } from "./payload.ts";
import { frameBytes, headBytes, marksOf } from "./wire.ts";

/** What a detail needs of the page. */
export interface Context {
  readonly store: Store;
  /** Shows another entry. */
  show(id: number): void;
  /** Asks for the whole payload. */
  whole(id: number): void;
  /** The whole payload, if it has been asked for. */
  payloadOf(entry: FrameEntry | MessageEntry): Payload;
  /** What an engine does with bytes: a transcript for each step of a vector. */
  replay(given: VectorCase): Promise<readonly (readonly string[])[]>;
  /** Flips a bit of a byte that an end sends; undefined where nothing can be changed. */
  readonly flip?: (from: End, byte: number, bit: number) => void;
  /** Says something in a line, to all. */
  say(text: string): void;
}

/** The detail of an entry. */
export function detail(entry: Entry, context: Context): HTMLElement[] {
  switch (entry.type) {
    case "head":
      return headDetail(entry, context);
    case "frame":
      return frameDetail(entry, context);
    case "message":
      return messageDetail(entry, context);
    case "fault":
      return faultDetail(entry, context);
    case "answer":
      return [
        title(`Would be answered with ${entry.what}`, entry, context),
        make(
          "p",
          {},
          `An engine that receives this sends a ${entry.what === "close" ? "Close" : "Pong"} frame by itself, in these bytes.`,
        ),
        hexView(fromHex(entry.hex), "Answer"),
      ];
    case "closed":
      return closedDetail(entry, context);
    case "connection":
      return connectionDetail(entry, context);
    case "eof":
      return [
        title("The end of the stream", entry, context),
        make("p", {}, `The ${entry.from ?? "end"} sends nothing more: in TCP this is a FIN.`),
      ];
    case "incomplete":
      return [title("Incomplete", entry, context), make("p", {}, withLinks(visible(entry.text)))];
    case "note":
      return [title("Note", entry, context), make("p", {}, withLinks(visible(entry.text)))];
  }
}

/** The heading, and where the entry is. */
function title(text: string, entry: Entry, { store }: Context): HTMLElement {
  const facts = [
    directionName(entry),
    entry.time === undefined ? "" : `${seconds(entry.time - (store.times?.first ?? 0))} s`,
    entry.offset === undefined ? "" : `at byte ${count(entry.offset)} of what this end sent`,
    entry.length === undefined ? "" : `${plural(entry.length, "byte")} on the wire`,
    store.connections.size > 1 ? (store.connections.get(entry.connection)?.name ?? "") : "",
  ];
  return make(
    "header",
    {},
    make("h2", {}, text),
    make("p", { class: "muted" }, facts.filter((fact) => fact !== "").join(" \u00b7 ")),
  );
}

function section(heading: string, ...children: (Node | string)[]): HTMLElement {
  return make("section", {}, make("h3", {}, heading), ...children);
}

/** A button that shows another entry. */
function linkTo(id: number, text: string, { show }: Context): HTMLElement {
  return button(text, () => show(id), { class: "link" });
}

/** The fault of a frame or a head, above all else. */
function faultBox(entry: Entry, context: Context): HTMLElement | undefined {
  const fault = context.store.faultOf(entry.id);
  if (fault === undefined) return undefined;
  return make(
    "p",
    { class: "fault-box" },
    make("strong", {}, `\u2715 ${fault.fault}`),
    ` ${visible(fault.text)}, `,
    withLinks(fault.rule),
    ". ",
    linkTo(fault.id, "What follows from it", context),
  );
}

function frameDetail(entry: FrameEntry, context: Context): HTMLElement[] {
  const fault = context.store.faultOf(entry.id);
  const box = faultBox(entry, context);
  const name =
    entry.kind === "reserved"
      ? `Frame with opcode ${entry.opcode}`
      : `${entry.kind[0]?.toUpperCase()}${entry.kind.slice(1)} frame`;
  const parts: HTMLElement[] = [title(name, entry, context)];
  if (box !== undefined) parts.push(box);
  parts.push(copyBar(entry, context));
  parts.push(
    section("Header, as RFC 6455 \u00a75.2 draws it", bitsTable(entry, fault?.fault), fieldList(entry, fault?.fault, withLinks)),
  );
  const { flip } = context;
  if (flip !== undefined && entry.from !== undefined) {
    const [from, offset] = [entry.from, entry.offset ?? 0];
    parts.push(
      section(
        "Flip a bit on its way",
        flipBar(entry, (byte, bit) => flip(from, offset + byte, bit)),
      ),
    );
  }
  if (entry.kind === "close" && entry.code !== undefined) {
    parts.push(
      section(
        "Close",
        make(
          "p",
          {},
          `Code ${entry.code}`,
          entry.reason === undefined || entry.reason === "" ? ", no reason" : `, reason: ${visible(entry.reason)}`,
          ". ",
          withLinks("RFC 6455 \u00a77.4"),
        ),
      ),
    );
  }
  parts.push(payloadView(entry, context.payloadOf(entry), () => context.whole(entry.id)));
  parts.push(
    section(
      "On the wire",
      hexView(frameBytes(entry, context.payloadOf(entry)), "Frame", marksOf(entry, fault), entry.offset ?? 0),
    ),
  );
  return parts;
}

function headDetail(entry: HeadEntry, context: Context): HTMLElement[] {
  const words = { needed: "\u2713 needed", known: "known", unknown: "other", fault: "\u2715 fault" };
  const fault = context.store.faultOf(entry.id);
  const rows = entry.lines.map((line) =>
    make(
      "tr",
      { class: `verdict-${line.verdict}` },
      make("td", { class: "verdict" }, words[line.verdict]),
      make("td", { class: "line" }, visible(line.text)),
      make("td", { class: "note" }, withLinks([line.note ?? "", line.rule ?? ""].filter(Boolean).join(", "))),
    ),
  );
  const columns = ["Verdict", "Line", "Why"].map((text) => make("th", { scope: "col" }, text));
  const table = make("table", { class: "head-lines" }, make("thead", {}, make("tr", {}, ...columns)), make("tbody", {}, ...rows));
  const box = faultBox(entry, context);
  return [
    title(entry.kind === "request" ? "Opening request" : "Response", entry, context),
    ...(box === undefined ? [] : [box]),
    copyBar(entry, context),
    section("Lines", table),
    headBytesSection("On the wire", entry, fault),
  ];
}

function headBytesSection(heading: string, head: HeadEntry, fault: FaultEntry | undefined): HTMLElement {
  const bytes = headBytes(head);
  const view =
    bytes === undefined
      ? make("p", {}, "Its lines do not all end in CR LF, or it is not whole: its bytes cannot be told from them.")
      : hexView(bytes, "Head", marksOf(head, fault), head.offset ?? 0);
  return section(heading, view);
}

function messageDetail(entry: MessageEntry, context: Context): HTMLElement[] {
  const frames = entry.frames === 0 ? [] : context.store.framesOf(entry);
  const links = frames
    .slice(0, 100)
    .flatMap((frame, index) => [index > 0 ? ", " : "", linkTo(frame.id, `#${frame.id}`, context)]);
  const how = entry.compressed ? `, inflated from ${plural(entry.wire, "byte")} (RFC 7692 \u00a76.2)` : "";
  const from =
    entry.frames === 0
      ? ["; the capture has no frames"]
      : [`, from ${plural(entry.frames, "frame")}`, ...(frames.length > 0 ? [": ", ...links] : [])];
  const source = make(
    "p",
    {},
    `This is what the host at the other end gets: ${plural(entry.size, "byte")}`,
    withLinks(how),
    ...from,
    ".",
  );
  return [
    title(`${entry.kind === "text" ? "Text" : "Binary"} message`, entry, context),
    source,
    payloadView(entry, context.payloadOf(entry), () => context.whole(entry.id)),
  ];
}

function faultDetail(entry: FaultEntry, context: Context): HTMLElement[] {
  const where = entry.frame === undefined ? undefined : context.store.byId(entry.frame);
  const table = make(
    "table",
    { class: "fields" },
    row("Rule", withLinks(entry.rule)),
    row("Name", `${entry.fault}, number ${entry.number}`),
    row(
      "Where",
      `byte ${count(entry.position)} of what this end sent`,
      where === undefined ? undefined : make("span", {}, ", in ", linkTo(where.id, nameOf(where), context)),
    ),
    entry.code === undefined ? undefined : row("Closes with", `code ${entry.code}`),
    entry.status === undefined ? undefined : row("Is refused with", `HTTP status ${entry.status}`),
  );
  const parts = [
    make(
      "header",
      { class: "fault-title" },
      title(`\u2715 ${entry.fault}`, entry, context),
      make("p", { class: "fault-text" }, visible(entry.text)),
    ),
    table,
  ];
  if (where?.type === "frame") {
    parts.push(section("The frame", bitsTable(where, entry.fault)));
    parts.push(section("The byte at fault", hexView(frameBytes(where), "Frame", marksOf(where, entry), where.offset ?? 0)));
  } else if (where?.type === "head") {
    parts.push(headBytesSection("The byte at fault", where, entry));
  }
  parts.push(answerSection(entry.answer));
  return parts;
}

function nameOf(entry: Entry): string {
  if (entry.type === "frame") return `the ${entry.kind} frame #${entry.id}`;
  return entry.type === "head" ? `the ${entry.kind} #${entry.id}` : `#${entry.id}`;
}

function answerSection(answer: string | undefined): HTMLElement {
  if (answer === undefined || answer === "")
    return section("What the peer would be sent", make("p", {}, "Nothing: there is no way to say it."));
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(answer);
  return section(
    "What the peer would be sent",
    isHex ? hexView(fromHex(answer), "Answer") : make("pre", { tabindex: "0" }, visibleLines(answer)),
  );
}

function row(name: string, ...children: (Node | string | undefined)[]): HTMLElement {
  return make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, ...children));
}

function closedDetail(entry: Entry & { type: "closed" }, context: Context): HTMLElement[] {
  const meaning = entry.clean ? "A Close frame was sent and one received." : "There was no closing handshake.";
  return [
    title("Closed", entry, context),
    make(
      "p",
      {},
      `The host at this end is told that the connection has ended. ${meaning} `,
      withLinks("RFC 6455 \u00a77.1.4"),
      ".",
    ),
    make(
      "table",
      { class: "fields" },
      row("Code", String(entry.code)),
      row("Reason", entry.reason === "" ? "none" : visible(entry.reason)),
      row("Begun by", entry.by_peer ? "the peer" : "this end"),
    ),
  ];
}

function connectionDetail(entry: Entry & { type: "connection" }, context: Context): HTMLElement[] {
  const known = context.store.connections.get(entry.connection);
  return [
    title("Connection", entry, context),
    make(
      "table",
      { class: "fields" },
      row("Client", visible(entry.client ?? "not in the capture")),
      row("Server", visible(entry.server ?? "not in the capture")),
      row("Entries", count(known?.entries ?? 0)),
      row("Faults", count(known?.faults ?? 0)),
    ),
  ];
}

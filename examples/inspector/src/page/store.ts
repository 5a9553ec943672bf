/** What has been decoded, and what of it is shown. */
import { type End, type Entry, type FaultEntry, otherEnd } from "../entries.ts";

/** What is to be shown. */
export interface Filter {
  readonly connection: number | "all";
  readonly from: End | "both";
  readonly kind: Kind;
  /** Payloads of this many bytes; undefined where there is no bound. */
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** In lower case. */
  readonly search: string;
}

export const NO_FILTER: Filter = { connection: "all", from: "both", kind: "all", least: undefined, most: undefined, search: "" };

/** Kinds of entries to choose from. */
export const KINDS = {
  all: "everything",
  head: "opening handshake",
  frame: "all frames",
  text: "text frames",
  binary: "binary frames",
  control: "control frames",
  message: "messages",
  fault: "faults",
} as const;

export type Kind = keyof typeof KINDS;

/** A connection of the capture, and what was found in it. */
export interface Connection {
  readonly number: number;
  name: string;
  entries: number;
  faults: number;
}

export class Store {
  readonly entries: Entry[] = [];
  /** Places of the entries that are shown. */
  shown: number[] = [];
  readonly connections = new Map<number, Connection>();
  /** Places of faults in `entries`. */
  readonly faults: number[] = [];
  /** How many frames, and bytes on the wire, each end sent. */
  readonly totals = { client: { frames: 0, bytes: 0 }, server: { frames: 0, bytes: 0 } };
  /** Whether there are frames of a connection whose opening handshake is not in the capture. */
  lacksHandshake = false;
  readonly #heads = new Set<number>();
  /** The first and the last time, in microseconds, if the capture has times. */
  times: { readonly first: number; last: number } | undefined;
  #filter = NO_FILTER;
  readonly #places = new Map<number, number>();

  get filter(): Filter {
    return this.#filter;
  }

  set filter(filter: Filter) {
    this.#filter = filter;
    this.shown = [];
    this.entries.forEach((entry, place) => {
      if (matches(entry, filter)) this.shown.push(place);
    });
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const place = this.entries.push(entry) - 1;
      this.#places.set(entry.id, place);
      if (entry.type === "fault") this.faults.push(place);
      if (entry.time !== undefined) {
        this.times ??= { first: entry.time, last: entry.time };
        this.times.last = Math.max(this.times.last, entry.time);
      }
      this.#count(entry);
      if (matches(entry, this.#filter)) this.shown.push(place);
    }
  }

  #count(entry: Entry): void {
    const number = entry.connection;
    const known = this.connections.get(number) ?? { number, name: `connection ${number}`, entries: 0, faults: 0 };
    this.connections.set(number, known);
    known.entries += 1;
    if (entry.type === "fault") known.faults += 1;
    if (entry.type === "head") this.#heads.add(number);
    this.lacksHandshake ||= entry.type === "frame" && !this.#heads.has(number);
    if (entry.type === "connection" && (entry.client !== undefined || entry.server !== undefined)) {
      known.name = `${entry.client ?? "client"} \u2192 ${entry.server ?? "server"}`;
    }
    if ((entry.type === "frame" || entry.type === "head") && entry.from !== undefined) {
      const total = this.totals[entry.from];
      total.frames += entry.type === "frame" ? 1 : 0;
      total.bytes += entry.length ?? 0;
    }
  }

  /** The entry with this id. */
  byId(id: number): Entry | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.entries[place];
  }

  placeOf(id: number): number | undefined {
    return this.#places.get(id);
  }

  /** The entry in this row. */
  atRow(row: number): Entry | undefined {
    const place = this.shown[row];
    return place === undefined ? undefined : this.entries[place];
  }

  /** The row of the entry at this place, or of the next one that is shown; -1 if there is none. */
  rowOf(place: number): number {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.shown[middle] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    return low < this.shown.length ? low : this.shown.length - 1;
  }

  /** The fault that is shown next after, or before, a place; undefined if there is none. */
  faultBeside(place: number, step: 1 | -1): number | undefined {
    const shown = this.faults.filter((each) => matches(this.entries[each] as Entry, this.#filter));
    return step === 1 ? shown.find((each) => each > place) : shown.findLast((each) => each < place);
  }

  /** The fault of a frame or a head. */
  faultOf(id: number): FaultEntry | undefined {
    const place = this.faults.find((each) => (this.entries[each] as FaultEntry).frame === id);
    return place === undefined ? undefined : (this.entries[place] as FaultEntry);
  }

  /** The frames that a message came in, up to some number of them; and for a frame, those of its message before it, and itself. */
  framesOf(entry: Entry, most = 1000): Entry[] {
    const frames: Entry[] = [];
    for (let place = this.placeOf(entry.id) ?? -1; place >= 0 && frames.length < most; place -= 1) {
      const each = this.entries[place] as Entry;
      const isData = each.type === "frame" && each.opcode < 8;
      if (!isData || each.connection !== entry.connection || each.from !== entry.from) continue;
      frames.unshift(each);
      if (each.opcode !== 0) break;
    }
    return frames;
  }
}

/** The end that something is shown at: where it is received, and for frames where it is sent. */
export function sideOf(entry: Entry): End | undefined {
  if (entry.from === undefined) return undefined;
  return isSent(entry) ? entry.from : otherEnd(entry.from);
}

/** Whether it is itself on the wire. */
export function isSent({ type }: Entry): boolean {
  return type === "frame" || type === "head" || type === "eof";
}

function matches(entry: Entry, filter: Filter): boolean {
  if (filter.connection !== "all" && entry.connection !== filter.connection) return false;
  if (filter.from !== "both" && entry.from !== filter.from) return false;
  if (filter.kind !== "all" && !isOfKind(entry, filter.kind)) return false;
  if (filter.least !== undefined || filter.most !== undefined) {
    const size = entry.type === "frame" ? entry.payload_length : entry.type === "message" ? entry.size : undefined;
    if (size === undefined || size < (filter.least ?? 0) || size > (filter.most ?? Infinity)) return false;
  }
  return filter.search === "" || textsOf(entry).some((text) => text?.toLowerCase().includes(filter.search) === true);
}

function isOfKind(entry: Entry, kind: Kind): boolean {
  if (entry.type !== "frame") return entry.type === kind;
  if (kind === "control") return entry.opcode >= 8;
  return kind === "frame" || (entry.opcode < 8 && (entry.message_kind ?? entry.kind) === kind);
}

/** What a search looks at. Bytes are found by their digits. */
function textsOf(entry: Entry): (string | undefined)[] {
  switch (entry.type) {
    case "connection":
      return [entry.client, entry.server];
    case "head":
      return entry.lines.map(({ text }) => text);
    case "frame":
      return [
        entry.kind,
        entry.payload.text,
        entry.payload.hex,
        entry.payload.wire,
        entry.header,
        entry.reason,
        entry.code?.toString(),
      ];
    case "message":
      return [entry.payload.text, entry.payload.hex];
    case "fault":
      return [entry.fault, entry.text, entry.rule];
    case "answer":
      return [entry.what, entry.hex];
    case "closed":
      return [entry.code.toString(), entry.reason];
    case "eof":
      return [];
    case "incomplete":
    case "note":
      return [entry.text];
  }
}

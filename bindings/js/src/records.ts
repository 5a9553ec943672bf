import { type AnyBytes, copyInto } from "./bytes.js";
import type { Engine } from "./engine.js";
import type {
  BinaryEvent,
  ConnectionEvent,
  Fault,
  FrameEvent,
  Header,
  HeadEvent,
  OpenEvent,
  RejectedEvent,
  RequestEvent,
  TextBytesEvent,
  TextEvent,
} from "./events.js";
import { copier, ON_HEAP } from "./host.js";
import { failForMemory } from "./no-memory.js";
import { BLOCK, FLAG, KIND, NEVER_HIGH, ORIGIN_RELATIONS, RECORD, RECORD_SIZE, REGION } from "./numbers.js";

/** The opcode of a text frame (RFC 6455 section 5.2). */
const OPCODE_TEXT = 1;

/** What the engine does not know of a connection, or knows by its handle. */
export interface Source {
  readonly handle: number;
  /** How many received bytes the engine has not seen. */
  readonly bypassed: number;
  /** Whether texts are delivered as their bytes. */
  readonly textAsBytes: boolean;
}

/** The chunk from which the input region was copied, for messages that are to be views of it. */
export interface Chunk {
  readonly bytes: AnyBytes;
  /** Its buffer, and where it begins there. Kept here because they are slow to ask for. */
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  /** Where the input region begins in the chunk. */
  start: number;
  /** Whether payloads are masked in the chunk, so that they must be copied back. */
  readonly masked: boolean;
}

/** The memory of messages that have been copied is given back at once from this many bytes on. */
const LARGE = 64 * 1024;

/**
 * Reads the events of the last input call. Payloads are copied, except binary ones that lie in `chunk`, if it is given.
 *
 * If there is no memory for one of them, the connection fails, and all but its end is dropped from there on.
 */
export function readEvents(
  engine: Engine,
  source: Source,
  block: number,
  events: ConnectionEvent[],
  chunk?: Chunk,
): void {
  try {
    readAll(engine, source, block, events, chunk);
    const { view } = engine;
    const isLarge = view.getUint32(block + BLOCK.STORE_LEN, true) >= LARGE;
    if (isLarge && view.getUint32(block + BLOCK.EVENT_COUNT, true) > 0) {
      engine.calls.conn_release(source.handle);
    }
  } catch (error) {
    failForMemory(engine, source.handle, error);
    readEnd(engine, source, block, events);
  }
}

function readAll(engine: Engine, source: Source, block: number, events: ConnectionEvent[], chunk?: Chunk): void {
  let record = engine.view.getUint32(block + BLOCK.EVENTS, true);
  const end = record + engine.view.getUint32(block + BLOCK.EVENT_COUNT, true) * RECORD_SIZE;
  let isUnmasked = chunk?.masked === false;
  while (record < end) {
    const { view } = engine;
    const kind = kindOf(view, record);
    if (kind === KIND.TEXT && !source.textAsBytes) {
      events.push(readText(engine, block, record));
      record += RECORD_SIZE;
    } else if (kind === KIND.BINARY || kind === KIND.TEXT) {
      if (chunk !== undefined && isInput(view, record)) {
        if (!isUnmasked) {
          copyBack(engine, block, record, chunk);
          isUnmasked = true;
        }
        events.push(message(view, record, viewOf(view, record, chunk)));
        record += RECORD_SIZE;
      } else {
        record = readMessages(engine, block, record, end, events);
      }
    } else if (kind === KIND.FRAME) {
      const isView = chunk !== undefined && isInput(view, record);
      if (isView && !isUnmasked) {
        copyBack(engine, block, record, chunk);
        isUnmasked = true;
      }
      events.push(readFrame(view, record, isView ? viewOf(view, record, chunk) : payload(engine, block, record)));
      record += RECORD_SIZE;
    } else {
      const details = kind <= KIND.REJECTED || kind === KIND.HEAD ? view.getUint32(record + RECORD.AUX, true) : 0;
      const event = readEvent(engine, source, block, record, kind, details);
      if (event !== undefined) {
        events.push(event);
      }
      record += (1 + details) * RECORD_SIZE;
    }
  }
}

/** Reads only the events with which a connection ends. They need hardly any memory. */
function readEnd(engine: Engine, source: Source, block: number, events: ConnectionEvent[]): void {
  const { view } = engine;
  const first = view.getUint32(block + BLOCK.EVENTS, true);
  const end = first + view.getUint32(block + BLOCK.EVENT_COUNT, true) * RECORD_SIZE;
  for (let record = first; record < end; record += RECORD_SIZE) {
    const kind = kindOf(view, record);
    if (kind === KIND.CLOSING || kind === KIND.CLOSED) {
      events.push(readEvent(engine, source, block, record, kind, 0) as ConnectionEvent);
    }
  }
}

function readText(engine: Engine, block: number, record: number): TextEvent {
  const flags = flagsOf(engine.view, record);
  const data = payloadText(engine, block, record);
  return { type: "text", data, first: (flags & FLAG.FIRST) !== 0, last: (flags & FLAG.LAST) !== 0 };
}

/**
 * Reads a message as bytes, and with it those of its kind that lie close behind it in the input, which share one copy. Returns the
 * record after them.
 */
function readMessages(engine: Engine, block: number, first: number, end: number, events: ConnectionEvent[]): number {
  const { view, bytes } = engine;
  const start = startOf(view, block, first);
  const kind = kindOf(view, first);
  let record = first + RECORD_SIZE;
  let stop = start + lengthOf(view, first);
  if (stop - start > ON_HEAP && isInput(view, first)) {
    for (; record < end && kindOf(view, record) === kind && isInput(view, record); record += RECORD_SIZE) {
      const length = lengthOf(view, record);
      const next = startOf(view, block, record) + length;
      if (length <= ON_HEAP || next - start > copier.shared) {
        break;
      }
      stop = next;
    }
  }
  const copy = copier.copy(bytes, start, stop);
  if (record === first + RECORD_SIZE) {
    events.push(message(view, first, copy));
    return record;
  }
  const { buffer, byteOffset } = copy;
  const shift = byteOffset - start;
  for (let each = first; each < record; each += RECORD_SIZE) {
    events.push(message(view, each, new Uint8Array(buffer, startOf(view, block, each) + shift, lengthOf(view, each))));
  }
  return record;
}

/** The payload of a record, as a view of the chunk. */
function viewOf(view: DataView, record: number, { buffer, offset, start }: Chunk): Uint8Array {
  const at = offset + start + view.getUint32(record + RECORD.OFFSET, true);
  return new Uint8Array(buffer, at, lengthOf(view, record));
}

/** Copies the input, which the engine has unmasked, back into the chunk, beginning with the payload of a record. */
function copyBack(engine: Engine, block: number, record: number, chunk: Chunk): void {
  const { view, bytes } = engine;
  const offset = view.getUint32(record + RECORD.OFFSET, true);
  const region = regionOf(view, block, record);
  const consumed = view.getUint32(block + BLOCK.CONSUMED, true);
  copyInto(chunk.bytes, bytes.subarray(region + offset, region + consumed), chunk.start + offset);
}

function message(view: DataView, record: number, data: Uint8Array): BinaryEvent | TextBytesEvent {
  const flags = flagsOf(view, record);
  const type = kindOf(view, record) === KIND.BINARY ? "binary" : "text-bytes";
  return { type, data, first: (flags & FLAG.FIRST) !== 0, last: (flags & FLAG.LAST) !== 0 };
}

function readFrame(view: DataView, record: number, data: Uint8Array): FrameEvent {
  const flags = flagsOf(view, record);
  return {
    type: "frame",
    kind: view.getUint16(record + RECORD.CODE, true) === OPCODE_TEXT ? "text" : "binary",
    data,
    first: (flags & FLAG.FIRST) !== 0,
    last: (flags & FLAG.LAST) !== 0,
    frameEnd: (flags & FLAG.FRAME_END) !== 0,
    compressed: (flags & FLAG.COMPRESSED) !== 0,
    frameLength: readNumber(view, record + RECORD.EXTRA),
  };
}

function readEvent(
  engine: Engine,
  source: Source,
  block: number,
  record: number,
  kind: number,
  details: number,
): ConnectionEvent | undefined {
  const { view } = engine;
  const flags = flagsOf(view, record);
  switch (kind) {
    case KIND.PING:
      return { type: "ping", payload: payload(engine, block, record) };
    case KIND.PONG: {
      const roundTripTime = readOptional(view, record + RECORD.EXTRA);
      return { type: "pong", payload: payload(engine, block, record), roundTripTime };
    }
    case KIND.CLOSING: {
      const code = view.getUint16(record + RECORD.CODE, true);
      return { type: "closing", code, reason: payloadText(engine, block, record) };
    }
    case KIND.CLOSED: {
      const code = view.getUint16(record + RECORD.CODE, true);
      const sent = view.getUint32(record + RECORD.EXTRA, true);
      const fault = view.getUint32(record + RECORD.AUX, true);
      return {
        type: "closed",
        code,
        reason: payloadText(engine, block, record),
        clean: (flags & FLAG.CLEAN) !== 0,
        byPeer: (flags & FLAG.BY_PEER) !== 0,
        sentCode: sent === 0 ? null : sent,
        fault: readFault(engine, source, block, fault),
      };
    }
    case KIND.FAULT: {
      const code = view.getUint16(record + RECORD.CODE, true);
      const fault = readFault(engine, source, block, view.getUint32(record + RECORD.AUX, true));
      return fault === null ? undefined : { type: "fault", fault, code };
    }
    case KIND.REQUEST:
      return readRequest(engine, block, record, details);
    case KIND.OPEN:
      return readOpen(engine, block, record, details);
    case KIND.REJECTED:
      return readRejected(engine, block, record, details, (flags & FLAG.TRUNCATED) !== 0);
    case KIND.HEAD:
      return readHead(engine, block, record, details);
    default:
      return undefined;
  }
}

/** What a fault number means on this connection. It is read through the transfer buffer: read all payloads before. */
export function readFault(engine: Engine, source: Source, block: number, number: number): Fault | null {
  if (number === 0) {
    return null;
  }
  const name = engine.faultName(number);
  const text = engine.transfer.readText(engine.calls.conn_fault_text(source.handle) >>> 0);
  const { view } = engine;
  const position = readOptional(view, block + BLOCK.FAULT_POSITION);
  return {
    number,
    name,
    text,
    actual: readNumber(view, block + BLOCK.FAULT_ACTUAL) || null,
    limit: readNumber(view, block + BLOCK.FAULT_LIMIT) || null,
    position: position === null ? null : position + source.bypassed,
  };
}

function readRequest(engine: Engine, block: number, record: number, details: number): RequestEvent {
  let method = "GET";
  let authority = "";
  let origin: string | null = null;
  let subprotocol: string | null = null;
  const subprotocols: string[] = [];
  const extensions: string[] = [];
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    switch (kindOf(engine.view, detail)) {
      case KIND.METHOD:
        method = payloadByteString(engine, block, detail);
        break;
      case KIND.AUTHORITY:
        authority = payloadByteString(engine, block, detail);
        break;
      case KIND.ORIGIN:
        origin = payloadByteString(engine, block, detail);
        break;
      case KIND.SUBPROTOCOL: {
        const name = payloadByteString(engine, block, detail);
        subprotocols.push(name);
        subprotocol = (flagsOf(engine.view, detail) & FLAG.CHOSEN) !== 0 ? name : subprotocol;
        break;
      }
      case KIND.EXTENSION:
        extensions.push(payloadByteString(engine, block, detail));
        break;
      case KIND.HEADER:
        headers.push(readHeader(engine, block, detail));
        break;
    }
  }
  const target = payloadByteString(engine, block, record);
  const fault = engine.view.getUint32(record + RECORD.EXTRA, true);
  const originRelation = ORIGIN_RELATIONS[engine.view.getUint16(record + RECORD.CODE, true)] ?? "cross";
  return {
    type: "request",
    method,
    target,
    authority,
    origin,
    originRelation,
    sameOrigin: originRelation !== "cross",
    subprotocols,
    subprotocol,
    extensions,
    headers,
    fault: fault === 0 ? null : engine.faultName(fault),
  };
}

function readOpen(engine: Engine, block: number, record: number, details: number): OpenEvent {
  let subprotocol: string | null = null;
  const extensions: string[] = [];
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    const kind = kindOf(engine.view, detail);
    if (kind === KIND.SUBPROTOCOL) {
      subprotocol = payloadByteString(engine, block, detail);
    } else if (kind === KIND.EXTENSION) {
      extensions.push(payloadByteString(engine, block, detail));
    } else if (kind === KIND.HEADER) {
      headers.push(readHeader(engine, block, detail));
    }
  }
  return { type: "open", subprotocol, extensions: orNone(extensions), headers: orNone(headers) };
}

/** An open connection keeps this event: two empty arrays for each would be memory for each. */
function orNone<Item>(items: readonly Item[]): readonly Item[] {
  return items.length === 0 ? (NONE as readonly Item[]) : items;
}

const NONE: readonly unknown[] = Object.freeze([]);

function readRejected(
  engine: Engine,
  block: number,
  record: number,
  details: number,
  truncated: boolean,
): RejectedEvent {
  let reason = "";
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    const kind = kindOf(engine.view, detail);
    if (kind === KIND.REASON) {
      reason = payloadByteString(engine, block, detail);
    } else if (kind === KIND.HEADER) {
      headers.push(readHeader(engine, block, detail));
    }
  }
  const status = engine.view.getUint16(record + RECORD.CODE, true);
  return { type: "rejected", status, reason, headers, body: payload(engine, block, record), truncated };
}

function readHead(engine: Engine, block: number, record: number, details: number): HeadEvent {
  const headers = Array.from(detailsOf(record, details), (detail) => readHeader(engine, block, detail));
  const status = engine.view.getUint16(record + RECORD.CODE, true);
  return { type: "head", status: status === 0 ? null : status, headers, body: payload(engine, block, record) };
}

function readHeader(engine: Engine, block: number, record: number): Header {
  const { view, reader } = engine;
  const region = regionOf(view, block, record);
  const name = region + view.getUint32(record + RECORD.OFFSET, true);
  const value = region + view.getUint32(record + RECORD.EXTRA, true);
  return [
    reader.byteString(name, name + view.getUint32(record + RECORD.AUX, true)),
    reader.byteString(value, value + lengthOf(view, record)),
  ];
}

/** A copy of the payload. */
function payload({ view, bytes }: Engine, block: number, record: number): Uint8Array {
  const start = startOf(view, block, record);
  return copier.copy(bytes, start, start + lengthOf(view, record));
}

function payloadText({ view, reader }: Engine, block: number, record: number): string {
  const start = startOf(view, block, record);
  return reader.text(start, start + lengthOf(view, record));
}

function payloadByteString({ view, reader }: Engine, block: number, record: number): string {
  const start = startOf(view, block, record);
  return reader.byteString(start, start + lengthOf(view, record));
}

/** Where the payload lies. Offsets and lengths fit in 32 bits, as linear memory does. */
function startOf(view: DataView, block: number, record: number): number {
  return regionOf(view, block, record) + view.getUint32(record + RECORD.OFFSET, true);
}

function lengthOf(view: DataView, record: number): number {
  return view.getUint32(record + RECORD.LEN, true);
}

function kindOf(view: DataView, record: number): number {
  return view.getUint8(record + RECORD.KIND);
}

function flagsOf(view: DataView, record: number): number {
  return view.getUint8(record + RECORD.FLAGS);
}

function isInput(view: DataView, record: number): boolean {
  return (flagsOf(view, record) & FLAG.REGION) === REGION.INPUT;
}

function regionOf(view: DataView, block: number, record: number): number {
  return view.getUint32(block + BLOCK.REGIONS + 4 * (flagsOf(view, record) & FLAG.REGION), true);
}

function* detailsOf(record: number, count: number): Generator<number> {
  for (let detail = 1; detail <= count; detail++) {
    yield record + detail * RECORD_SIZE;
  }
}

/** A number of 64 bits that may be the largest, which means "never" or "none": then null. */
export function readOptional(view: DataView, at: number): number | null {
  return view.getUint32(at + 4, true) === NEVER_HIGH ? null : readNumber(view, at);
}

/** A number of 64 bits. It is exact below 2^53, as all of the engine's are but sizes that a peer makes up. */
function readNumber(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

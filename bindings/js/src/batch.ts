import { fromByteString } from "./bytes.js";
import { decode, type Engine } from "./engine.js";
import type { ConnectionEvent, Fault, Header, OpenEvent, RejectedEvent, RequestEvent } from "./events.js";
import { BLOCK, FLAG, KIND, ORIGINS, RECORD, RECORD_SIZE } from "./numbers.js";

/** Reads the events of the latest input call, and copies their payloads out of linear memory. */
export function readEvents(engine: Engine, handle: number, block: number, into: ConnectionEvent[]): void {
  let record = engine.view.getUint32(block + BLOCK.EVENTS, true);
  const end = record + engine.view.getUint32(block + BLOCK.EVENT_COUNT, true) * RECORD_SIZE;
  while (record < end) {
    const kind = engine.view.getUint8(record);
    const details = kind <= KIND.REJECTED ? engine.view.getUint32(record + RECORD.AUX, true) : 0;
    const event = readEvent(engine, handle, block, record, kind, details);
    if (event !== undefined) {
      into.push(event);
    }
    record += (1 + details) * RECORD_SIZE;
  }
}

function readEvent(
  engine: Engine,
  handle: number,
  block: number,
  record: number,
  kind: number,
  details: number,
): ConnectionEvent | undefined {
  const { view } = engine;
  const flags = view.getUint8(record + 1);
  switch (kind) {
    case KIND.TEXT: {
      const data = decode(payload(engine, block, record));
      return { type: "text", data, first: (flags & FLAG.FIRST) !== 0, last: (flags & FLAG.LAST) !== 0 };
    }
    case KIND.BINARY: {
      const data = payload(engine, block, record).slice();
      return { type: "binary", data, first: (flags & FLAG.FIRST) !== 0, last: (flags & FLAG.LAST) !== 0 };
    }
    case KIND.PING:
      return { type: "ping", payload: payload(engine, block, record).slice() };
    case KIND.PONG: {
      const unknown = view.getUint32(record + RECORD.EXTRA + 4, true) === 0xffff_ffff;
      const roundTripTime = unknown ? null : readU64(view, record + RECORD.EXTRA);
      return { type: "pong", payload: payload(engine, block, record).slice(), roundTripTime };
    }
    case KIND.CLOSING: {
      const code = view.getUint16(record + RECORD.CODE, true);
      return { type: "closing", code, reason: decode(payload(engine, block, record)) };
    }
    case KIND.CLOSED: {
      const code = view.getUint16(record + RECORD.CODE, true);
      const sent = view.getUint32(record + RECORD.EXTRA, true);
      const fault = view.getUint32(record + RECORD.AUX, true);
      return {
        type: "closed",
        code,
        reason: decode(payload(engine, block, record)),
        clean: (flags & FLAG.CLEAN) !== 0,
        byPeer: (flags & FLAG.BY_PEER) !== 0,
        sentCode: sent === 0 ? null : sent,
        fault: readFault(engine, handle, fault),
      };
    }
    case KIND.REQUEST:
      return readRequest(engine, block, record, details);
    case KIND.OPEN:
      return readOpen(engine, block, record, details);
    case KIND.REJECTED:
      return readRejected(engine, block, record, details, (flags & FLAG.TRUNCATED) !== 0);
    default:
      return undefined;
  }
}

/** Says what a fault number means for this connection. Uses the window: read all payloads before. */
export function readFault(engine: Engine, handle: number, number: number): Fault | null {
  if (number === 0) {
    return null;
  }
  const name = engine.faultName(number);
  return { number, name, text: engine.readText(engine.calls.conn_fault_text(handle) >>> 0) };
}

function readRequest(engine: Engine, block: number, record: number, details: number): RequestEvent {
  let authority = "";
  let origin: string | null = null;
  let subprotocol: string | null = null;
  const subprotocols: string[] = [];
  const extensions: string[] = [];
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    switch (engine.view.getUint8(detail)) {
      case KIND.AUTHORITY:
        authority = payloadText(engine, block, detail);
        break;
      case KIND.ORIGIN:
        origin = payloadText(engine, block, detail);
        break;
      case KIND.SUBPROTOCOL: {
        const name = payloadText(engine, block, detail);
        subprotocols.push(name);
        subprotocol = (engine.view.getUint8(detail + 1) & FLAG.CHOSEN) !== 0 ? name : subprotocol;
        break;
      }
      case KIND.EXTENSION:
        extensions.push(payloadText(engine, block, detail));
        break;
      case KIND.HEADER:
        headers.push(readHeader(engine, block, detail));
        break;
    }
  }
  return {
    type: "request",
    target: payloadText(engine, block, record),
    authority,
    origin,
    sameOrigin: ORIGINS[engine.view.getUint16(record + RECORD.CODE, true)] ?? "cross",
    subprotocols,
    subprotocol,
    extensions,
    headers,
  };
}

function readOpen(engine: Engine, block: number, record: number, details: number): OpenEvent {
  let subprotocol: string | null = null;
  const extensions: string[] = [];
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    const kind = engine.view.getUint8(detail);
    if (kind === KIND.SUBPROTOCOL) {
      subprotocol = payloadText(engine, block, detail);
    } else if (kind === KIND.EXTENSION) {
      extensions.push(payloadText(engine, block, detail));
    } else if (kind === KIND.HEADER) {
      headers.push(readHeader(engine, block, detail));
    }
  }
  return { type: "open", subprotocol, extensions, headers };
}

function readRejected(
  engine: Engine,
  block: number,
  record: number,
  details: number,
  truncated: boolean,
): RejectedEvent {
  const headers: Header[] = [];
  for (const detail of detailsOf(record, details)) {
    if (engine.view.getUint8(detail) === KIND.HEADER) {
      headers.push(readHeader(engine, block, detail));
    }
  }
  const status = engine.view.getUint16(record + RECORD.CODE, true);
  return { type: "rejected", status, headers, body: payload(engine, block, record).slice(), truncated };
}

function readHeader(engine: Engine, block: number, record: number): Header {
  const { view } = engine;
  const region = regionOf(view, block, record);
  const name = region + view.getUint32(record + RECORD.OFFSET, true);
  const value = region + view.getUint32(record + RECORD.EXTRA, true);
  return [
    fromByteString(engine.bytes.subarray(name, name + view.getUint32(record + RECORD.AUX, true))),
    fromByteString(engine.bytes.subarray(value, value + view.getUint32(record + RECORD.LEN, true))),
  ];
}

function payloadText(engine: Engine, block: number, record: number): string {
  return fromByteString(payload(engine, block, record));
}

/** The payload where it lies: valid until the next call. Offsets and lengths fit in 32 bits, as linear memory does. */
function payload(engine: Engine, block: number, record: number): Uint8Array {
  const { view } = engine;
  const start = regionOf(view, block, record) + view.getUint32(record + RECORD.OFFSET, true);
  return engine.bytes.subarray(start, start + view.getUint32(record + RECORD.LEN, true));
}

function regionOf(view: DataView, block: number, record: number): number {
  return view.getUint32(block + BLOCK.REGIONS + 4 * (view.getUint8(record + 1) & FLAG.REGION), true);
}

function* detailsOf(record: number, count: number): Generator<number> {
  for (let detail = 1; detail <= count; detail++) {
    yield record + detail * RECORD_SIZE;
  }
}

/** A 64-bit number: those of the engine are below 2^53, but for the ones that mean "none" or "never". */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

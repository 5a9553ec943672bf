/** A server's answer to a request. */

import { checkTime, integer, nonEmptyString, stringOrBytes } from "./arguments.js";
import type { Bytes } from "./bytes.js";
import type { Engine } from "./engine.js";
import { type EncodedHeader, encodeHeaders, type HeadersInput, writeHeader } from "./headers.js";

/** Accepts the request, and leaves the events to be read. */
export function accept(
  engine: Engine,
  handle: number,
  subprotocol: string | null,
  headers: HeadersInput,
  now: number,
): void {
  allOrNothing(engine, handle, "subprotocol", () => {
    const name = subprotocol === null ? "" : nonEmptyString("subprotocol", subprotocol);
    checkTime(now);
    addHeaders(engine, handle, encodeHeaders("headers", headers));
    return engine.calls.conn_accept(handle, engine.transfer.writeText(name), now);
  });
}

/** Rejects the request, and leaves the event to be read. */
export function reject(
  engine: Engine,
  handle: number,
  status: number,
  headers: HeadersInput,
  body: string | Bytes,
  now: number,
): void {
  allOrNothing(engine, handle, "body", () => {
    integer("status", status, 200, 599);
    const data = stringOrBytes("body", body);
    checkTime(now);
    addHeaders(engine, handle, encodeHeaders("headers", headers));
    return engine.calls.conn_reject(handle, status, engine.transfer.writeData(data), now);
  });
}

/** Adds headers to the answer, up to one that is refused. */
export function addHeaders(engine: Engine, handle: number, headers: readonly EncodedHeader[]): void {
  for (const header of headers) {
    const [nameLen, valueLen] = writeHeader(engine, header);
    engine.check(engine.calls.conn_add_response_header(handle, nameLen, valueLen), { about: header.label });
  }
}

/** Makes the calls of an answer. If one of them is refused, no header stays added. `about`: what the last one may refuse. */
function allOrNothing(engine: Engine, handle: number, about: string, call: () => number): void {
  try {
    engine.check(call(), { about });
  } catch (error) {
    if (!engine.dead) {
      engine.calls.conn_clear_response_headers(handle);
      engine.transfer.trim();
    }
    throw error;
  }
}

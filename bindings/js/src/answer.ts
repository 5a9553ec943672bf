/** A server's answer to a request. */

import { checkTime, integer, nonEmptyString, string, stringOrBytes } from "./arguments.js";
import { type Bytes, toByteString } from "./bytes.js";
import { type DeflateLimits, encodeLimits } from "./deflate-limits.js";
import type { Engine } from "./engine.js";
import { type EncodedHeader, encodeHeaders, type HeadersInput, writeHeader } from "./headers.js";

/** Accepts the request, and leaves the events to be read. */
export function accept(
  engine: Engine,
  handle: number,
  subprotocol: string | null,
  headers: HeadersInput,
  now: number,
  limits: DeflateLimits,
): void {
  allOrNothing(engine, handle, "subprotocol", () => {
    const name = subprotocol === null ? "" : nonEmptyString("subprotocol", subprotocol);
    checkTime(now);
    const narrowed = encodeLimits(limits);
    addHeaders(engine, handle, encodeHeaders("headers", headers));
    for (const { name: about, option, value } of narrowed) {
      // Without compression there is nothing to limit.
      engine.check(engine.calls.conn_limit_deflate?.(handle, option, value) ?? 0, { about });
    }
    return engine.calls.conn_accept(handle, engine.transfer.writeText(name), now);
  });
}

/** Answers the request with a response that opens no connection, and leaves the events to be read. */
export function respond(
  engine: Engine,
  handle: number,
  status: number,
  reason: string,
  headers: HeadersInput,
  body: string | Bytes,
  now: number,
): void {
  allOrNothing(engine, handle, reason === "" ? "body" : "reason, body", () => {
    integer("status", status, 200, 599);
    const phrase = toByteString("reason", string("reason", reason));
    checkTime(now);
    const encoded = encodeHeaders("headers", headers);
    // The headers may be code of the caller's, which may change the bytes.
    const data = stringOrBytes("body", body);
    addHeaders(engine, handle, encoded);
    const reasonLen = engine.transfer.write(phrase);
    return engine.calls.conn_respond(handle, status, reasonLen, engine.transfer.writeData(data, reasonLen), now);
  });
}

/** Adds headers to the answer, up to one that is refused. */
export function addHeaders(engine: Engine, handle: number, headers: readonly EncodedHeader[]): void {
  for (const header of headers) {
    const [nameLen, valueLen] = writeHeader(engine, header);
    engine.check(engine.calls.conn_add_response_header(handle, nameLen, valueLen), { about: header.label });
  }
}

/**
 * Makes the calls of an answer. If one of them is refused, no header and no limit stays added. `about`: what the last one may
 * refuse.
 */
function allOrNothing(engine: Engine, handle: number, about: string, call: () => number): void {
  try {
    engine.check(call(), { about });
  } catch (error) {
    if (!engine.dead) {
      engine.calls.conn_clear_response(handle);
      engine.transfer.trim();
    }
    throw error;
  }
}

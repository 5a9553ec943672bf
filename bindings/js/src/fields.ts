/** Opening handshakes whose heads are fields. */

import type { Engine } from "./engine.js";
import { invalid, SansockError } from "./errors.js";
import type { DefaultExports } from "./exports.js";
import type { EncodedHeader } from "./headers.js";
import { HTTP, KIND, RECORD, RECORD_SIZE } from "./numbers.js";

/** A version of HTTP: `"1.1"` has the upgrade of RFC 6455, `"2"` that of RFC 8441, and `"3"` that of RFC 9220. */
export type HttpVersion = "1.1" | "2" | "3";

export function versionNumber(version: HttpVersion): number {
  switch (version) {
    case "1.1":
      return HTTP.VERSION_1_1;
    case "2":
      return HTTP.VERSION_2;
    case "3":
      return HTTP.VERSION_3;
    default:
      throw invalid("httpVersion", 'must be "1.1", "2" or "3"');
  }
}

/** The calls that take and give fields, which not every module has. */
export function fieldCalls({ calls }: Engine): DefaultExports {
  if (calls.conn_receive_request === undefined) {
    throw new SansockError("INVALID_ARGUMENT", "this module has no handshakes made of fields: use the default one");
  }
  return calls as DefaultExports;
}

/** Writes fields into the transfer buffer, first their records and behind them names and values. Returns how many. */
export function writeFields({ transfer }: Engine, fields: readonly EncodedHeader[]): number {
  const records = new DataView(new ArrayBuffer(fields.length * RECORD_SIZE));
  const start = records.byteLength;
  let end = start;
  fields.forEach(({ name, value }, index) => {
    const record = index * RECORD_SIZE;
    records.setUint8(record + RECORD.KIND, KIND.HEADER);
    records.setUint32(record + RECORD.OFFSET, end - start, true);
    records.setUint32(record + RECORD.AUX, name.length, true);
    end += transfer.write(name, end);
    records.setUint32(record + RECORD.EXTRA, end - start, true);
    records.setUint32(record + RECORD.LEN, value.length, true);
    end += transfer.write(value, end);
  });
  transfer.write(new Uint8Array(records.buffer));
  return fields.length;
}

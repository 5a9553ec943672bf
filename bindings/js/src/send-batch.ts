import { isIterable } from "./arguments.js";
import { type Bytes, toBytes } from "./bytes.js";
import type { Engine } from "./engine.js";
import { invalid } from "./errors.js";
import { KIND, RECORD, RECORD_SIZE } from "./numbers.js";

/** How a batch lies in the transfer buffer: its records, and behind them the payloads. */
export interface WrittenBatch {
  /** How many records there are. */
  readonly count: number;
  /** How many bytes of payload. */
  readonly dataLen: number;
}

/** Writes messages into the transfer buffer, as `conn_send_batch` reads them: strings as text, bytes as binary. */
export function writeBatch({ transfer }: Engine, messages: Iterable<string | Bytes>): WrittenBatch {
  if (!isIterable(messages)) {
    throw invalid("messages", "must be an iterable of strings and bytes");
  }
  // The iterable may change bytes that it has handed out: they are read when it has ended.
  const list = Array.from(messages).map((data) =>
    typeof data === "string"
      ? { kind: KIND.TEXT, data }
      : { kind: KIND.BINARY, data: toBytes("messages", data, "strings and bytes") },
  );
  const records = new DataView(new ArrayBuffer(list.length * RECORD_SIZE));
  const start = records.byteLength;
  let end = start;
  list.forEach(({ kind, data }, index) => {
    const record = index * RECORD_SIZE;
    const length = transfer.writeData(data, end);
    records.setUint8(record + RECORD.KIND, kind);
    records.setUint32(record + RECORD.OFFSET, end - start, true);
    records.setUint32(record + RECORD.LEN, length, true);
    end += length;
  });
  transfer.write(new Uint8Array(records.buffer));
  return { count: list.length, dataLen: end - start };
}

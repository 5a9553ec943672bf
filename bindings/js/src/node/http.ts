import { type IncomingMessage, STATUS_CODES } from "node:http";

import type { HeadEvent } from "../events.js";

/** A request as the engine takes it: method and target, then the headers. */
export function requestFields({ method = "", url = "", rawHeaders }: IncomingMessage): [string, string][] {
  return [[":method", method], [":path", url], ...pairs(rawHeaders)];
}

/** Headers of `node:http`, which has them in a flat list, as pairs. */
export function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""]);
}

/** The lines of the head of a response, without the empty one. */
export function headLines({ status, headers }: HeadEvent): string[] {
  const lines = headers.map(([name, value]) => `${spelled(name)}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status ?? 0] ?? ""}`, ...lines];
}

/** A response as the bytes of HTTP/1.1, with its body. */
export function headText(head: HeadEvent, lines: readonly string[] = headLines(head)): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head.body]);
}

/** The name of a field, spelled as most servers do. */
function spelled(name: string): string {
  return name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace("Websocket", "WebSocket");
}

// Captures made for tests: lines of hexadecimal, ">" for the client and "<" for the server.

import { Buffer } from "node:buffer";

/** A frame. */
export function frame(opcode, payload, { fin = true, rsv = 0, key = null } = {}) {
  const bytes = Buffer.from(payload);
  const mask = key === null ? 0 : 0x80;
  const header = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  if (bytes.length < 126) header.push(mask | bytes.length);
  else if (bytes.length < 65_536) header.push(mask | 126, bytes.length >> 8, bytes.length & 255);
  else header.push(mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes.length >>> shift) & 255));
  if (key === null) return Buffer.concat([Buffer.from(header), bytes]);
  return Buffer.concat([Buffer.from(header), Buffer.from(key), bytes.map((byte, index) => byte ^ key[index % 4])]);
}

const KEY = [0x37, 0xfa, 0x21, 0x3d];

/** A text from the client, and one from the server. */
export const fromClient = (text, options = {}) => ["> ", frame(1, text, { key: KEY, ...options })];
export const fromServer = (text, options = {}) => ["< ", frame(1, text, options)];

export const HANDSHAKE = [
  [
    "> ",
    Buffer.from(
      "GET /chat HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
  ],
  [
    "< ",
    Buffer.from(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ),
  ],
];

/** The capture of some pieces. */
export function capture(...pieces) {
  return pieces.map(([mark, bytes]) => `${mark}${bytes.toString("hex")}\n`).join("");
}

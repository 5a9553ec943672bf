/** Numbers, bytes and texts as people read them. */

const decimals = new Intl.NumberFormat("en-US");

/** A number with its thousands apart. */
export function count(value: number): string {
  return decimals.format(value);
}

/** A size, such as "125 B" or "1.4 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** A time in microseconds since the first entry, in seconds with as many digits as it takes to tell frames apart. */
export function seconds(micros: number): string {
  const time = micros / 1e6;
  return time.toFixed(time < 100 ? 4 : time < 10_000 ? 2 : 0);
}

/** The time between two entries, in microseconds: short, with its unit. */
export function gap(micros: number): string {
  const time = micros / 1e6;
  if (micros < 500) return micros > 0 ? `${micros} µs` : "";
  if (time < 1) return `${(time * 1e3).toFixed(time < 0.01 ? 1 : 0)} ms`;
  return time < 120 ? `${time.toFixed(1)} s` : `${Math.round(time / 60)} min`;
}

/** The bytes of hexadecimal digits. */
export function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length >> 1);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = (nibble(digits.charCodeAt(2 * at)) << 4) | nibble(digits.charCodeAt(2 * at + 1));
  }
  return bytes;
}

/** The value of a digit: payloads may have tens of millions of them. */
function nibble(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}

/** Two digits. */
export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** The digits in pairs. */
export function spaced(digits: string): string {
  return digits.replace(/..(?=.)/g, "$& ");
}

/** A text in one line, with what cannot be seen, or would turn the direction of writing, escaped. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return SHORT[character] ?? (code < 0x80 ? `\\x${hexByte(code)}` : `\\u{${code.toString(16)}}`);
  });
}

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** The same over several lines: line feeds and tabs stay. */
export function visibleLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join("");
}

/** One or many of something. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

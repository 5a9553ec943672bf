/**
 * Unpacks what the page carries, and starts it: the style and the script of the page, the worker, and the module, in gzip, in
 * base 94. This is all that stands in the page as a script; the other is added to it, and runs because the page's policy has its
 * hash.
 */

/** What stands behind the script of the page. */
export interface Packed {
  readonly worker: Blob;
  readonly module: ArrayBuffer;
}

declare global {
  /** Set before the script of the page runs. */
  var packed: Packed;
}

addEventListener("DOMContentLoaded", () => {
  unpack().catch((error: unknown) => {
    const box = document.getElementById("errors");
    if (box === null) return;
    box.textContent = `This page cannot be unpacked: ${String(error)}`;
    box.hidden = false;
  });
});

async function unpack(): Promise<void> {
  const text = document.getElementById("packed")?.textContent ?? "";
  const stream = new Blob([decode(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const view = new DataView(buffer);
  const style = 12 + view.getUint32(0);
  const script = style + view.getUint32(4);
  const worker = script + view.getUint32(8);
  globalThis.packed = {
    worker: new Blob([buffer.slice(script, worker)], { type: "text/javascript" }),
    module: buffer.slice(worker),
  };
  add("style", document.head, buffer.slice(12, style));
  add("script", document.body, buffer.slice(style, script));
}

/** The page's policy has the hashes of both. */
function add(tag: "style" | "script", parent: HTMLElement, text: ArrayBuffer): void {
  const element = document.createElement(tag);
  element.textContent = new TextDecoder().decode(text);
  parent.append(element);
}

/**
 * Eleven characters are nine bytes. The digits are the printable characters of ASCII but "<", which could end the element. The
 * length stands before them in eight hexadecimal digits; the last group is padded, and cut off again.
 */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const length = Number.parseInt(text.slice(0, 8), 16);
  const bytes = new Uint8Array(Math.ceil(length / 9) * 9);
  for (let at = 0, from = 8; at < length; at += 9, from += 11) {
    let group = 0n;
    for (let digit = from; digit < from + 11; digit += 1) {
      const code = text.charCodeAt(digit);
      group = group * 94n + BigInt(code - (code > 60 ? 33 : 32));
    }
    for (let byte = at + 8; byte >= at; byte -= 1, group >>= 8n) bytes[byte] = Number(group & 255n);
  }
  return bytes.subarray(0, length);
}

/**
 * Unpacks what the page carries, and starts it: the style and the script of the page, the worker, and the module, in gzip, in
 * characters of seven bits. This is all that stands in the page as a script; the other is added to it, and runs because the page's policy has its
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
 * A character of ASCII is seven bits. Three are not safe in a page: NUL, CR, and "<", which could end the element. What is behind
 * ASCII is one of these and seven bits more, in two bytes. The length stands before them in eight hexadecimal digits.
 */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Number.parseInt(text.slice(0, 8), 16));
  let [at, bits, held] = [0, 0, 0];
  const add = (seven: number): void => {
    bits = (bits << 7) | seven;
    held += 7;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
      bits &= 255;
    }
  };
  for (let from = 8; from < text.length; from += 1) {
    const code = text.charCodeAt(from);
    if (code > 255) add([0, 13, 60][(code - 256) >> 7] ?? 0);
    add(code & 127);
  }
  return bytes;
}

/** Copies and texts, in the fastest way that the runtime has: Node's buffers on Node, the web's classes elsewhere. */

/** The methods of Node's `Buffer` that are used. They do not validate text, which the engine has done. */
interface NodeBuffer extends Uint8Array {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

interface NodeBuffers {
  readonly Buffer: {
    readonly prototype: NodeBuffer;
    from(buffer: ArrayBuffer): NodeBuffer;
    allocUnsafeSlow(size: number): NodeBuffer;
  };
  isAscii(bytes: Uint8Array): boolean;
  transcode(bytes: Uint8Array, from: "utf8", to: "utf16le"): NodeBuffer;
}

interface NodeThreads {
  markAsUntransferable(buffer: ArrayBuffer): void;
}

interface NodeProcess {
  readonly versions?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

/** From this length, in bytes, it pays to find out whether a text is ASCII. */
const LONG_TEXT = 1024;
/** How many character codes are passed to `String.fromCharCode` at once. */
const ARGUMENTS = 4096;
/** V8 keeps arrays of up to this size, in bytes, in its own heap, where they cost least. */
export const ON_HEAP = 64;
/** Up to this size, in bytes, a loop costs less than a call: for the header of a frame. */
const TINY = 10;
/** Small copies share a slab of this size, in bytes: allocating memory for each costs more than the copy. */
const SLAB = 1 << 16;
/** The largest copy that lies in a slab, in bytes. */
const SHARED = SLAB / 4;

/** The engine has validated the text; to look for faults again takes Deno ten times as long. A byte order mark is part of a message. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads texts in linear memory. Make a new one when memory has grown. */
export interface Reader {
  /** Decodes the bytes from `start` to `end`, which must be valid UTF-8. */
  text(start: number, end: number): string;
  /** One character for each byte from `start` to `end`. */
  byteString(start: number, end: number): string;
}

/** Makes the copies that users get. */
export interface Copier {
  /** A copy of the bytes from `start` to `end`. They must be no caller's. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array;
  /** Memory for a copy, with arbitrary content. */
  allocate(size: number): Uint8Array;
  /** The largest copy, in bytes, that several messages may share; 0 if each must have its own. */
  readonly shared: number;
}

const node = nodeModules();

/** A reader of linear memory with its present buffer. */
export function readerOf(bytes: Uint8Array<ArrayBuffer>): Reader {
  return node === undefined ? new WebReader(bytes) : new NodeReader(node.buffers, bytes);
}

export const copier: Copier = node === undefined ? webCopier() : nodeCopier(node.buffers, node.threads);

class WebReader implements Reader {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  text(start: number, end: number): string {
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  byteString(start: number, end: number): string {
    let text = "";
    for (let at = start; at < end; at += ARGUMENTS) {
      text += String.fromCharCode(...this.#bytes.subarray(at, Math.min(end, at + ARGUMENTS)));
    }
    return text;
  }
}

class NodeReader implements Reader {
  readonly #modules: NodeBuffers;
  readonly #bytes: NodeBuffer;

  constructor(modules: NodeBuffers, bytes: Uint8Array<ArrayBuffer>) {
    this.#modules = modules;
    this.#bytes = modules.Buffer.from(bytes.buffer);
  }

  text(start: number, end: number): string {
    return end - start < LONG_TEXT ? this.#bytes.utf8Slice(start, end) : this.#longText(start, end);
  }

  /** V8 decodes text that is not ASCII byte by byte. By way of UTF-16 it is several times faster. */
  #longText(start: number, end: number): string {
    const { isAscii, transcode } = this.#modules;
    const bytes = this.#bytes.subarray(start, end);
    if (isAscii(bytes)) {
      return this.#bytes.latin1Slice(start, end);
    }
    const units = transcode(bytes, "utf8", "utf16le");
    return units.ucs2Slice(0, units.length);
  }

  byteString(start: number, end: number): string {
    return this.#bytes.latin1Slice(start, end);
  }
}

/** Each copy has a buffer of its own: the user may transfer it to another thread. */
function webCopier(): Copier {
  return { copy: (bytes, start, end) => bytes.slice(start, end), allocate: (size) => new Uint8Array(size), shared: 0 };
}

/** Copies in memory that is not zeroed first. Small ones lie in slabs, which cannot be transferred by mistake. */
function nodeCopier({ Buffer }: NodeBuffers, { markAsUntransferable }: NodeThreads): Copier {
  let slab = new ArrayBuffer(0);
  let left = 0;
  const allocate = (size: number): Uint8Array => {
    if (size > SHARED) {
      return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    }
    if (size > left) {
      slab = Buffer.allocUnsafeSlow(SLAB).buffer as ArrayBuffer;
      markAsUntransferable(slab);
      left = SLAB;
    }
    const start = SLAB - left;
    // A multiple of 8: any typed array can lie there.
    left -= (size + 7) & ~7;
    return new Uint8Array(slab, start, size);
  };
  const copy = (bytes: Uint8Array, start: number, end: number): Uint8Array => {
    const size = end - start;
    if (size <= TINY) {
      const target = new Uint8Array(size);
      for (let at = 0; at < size; at++) {
        target[at] = bytes[start + at] as number;
      }
      return target;
    }
    if (size <= ON_HEAP) {
      return bytes.slice(start, end);
    }
    const target = allocate(size);
    target.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    return target;
  };
  return { copy, allocate, shared: SHARED };
}

/** A module of Node's, where the runtime has it and can give it without waiting; else undefined. */
export function builtinModule(name: string): unknown {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.getBuiltinModule?.(name);
}

/**
 * Node's own modules, if they can be had without waiting (from Node 20.16), and have what is needed. Others that call themselves Node,
 * as Workers do with `nodejs_compat`, name no version of V8; some lack modules, or have some that do nothing.
 */
function nodeModules(): { buffers: NodeBuffers; threads: NodeThreads } | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  const { node, v8, bun, deno } = process?.versions ?? {};
  const isNode = node !== undefined && Boolean(v8) && bun === undefined && deno === undefined;
  if (!isNode || process?.getBuiltinModule === undefined) {
    return undefined;
  }
  const buffers = builtinModule("node:buffer") as NodeBuffers;
  const threads = builtinModule("node:worker_threads") as NodeThreads;
  const { latin1Slice, utf8Slice, ucs2Slice } = buffers.Buffer.prototype;
  const needed = [latin1Slice, utf8Slice, ucs2Slice, buffers.isAscii, buffers.transcode, threads.markAsUntransferable];
  return needed.every((each) => typeof each === "function") ? { buffers, threads } : undefined;
}

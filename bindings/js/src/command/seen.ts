/** Bytes that an end has sent; or the addresses between which a connection begins; or nothing: an end has ended its stream. */
export type What = Uint8Array | { readonly client: string; readonly server: string } | undefined;

/** Takes what has happened at one connection. Sides are 0, the client, and 1, the server; times are in milliseconds. */
export type Taker = (connection: number, side: 0 | 1, what: What, now: number) => void;

/** How many things are in a block. */
const COUNT = 1024;
/** How many bytes of small reads are copied into a block. */
const ROOM = 64 << 10;
/** Reads of more bytes are kept as they are: a small one would hold much more memory than it has bytes. */
const SMALL = 4 << 10;
/** What each thing takes beside its bytes. */
const THING = 80;

/** Some things that have happened, one after another. Numbers are in arrays of numbers, so that the garbage collector has little to look at. */
class Block {
  readonly connections = new Uint32Array(COUNT);
  readonly sides = new Uint8Array(COUNT);
  readonly times = new Float64Array(COUNT);
  /** Where the bytes of small reads end. */
  readonly ends = new Uint32Array(COUNT);
  bytes: Uint8Array | undefined;
  /** What is not a small read. */
  readonly others: (What | null)[] = [];
  first = 0;
  count = 0;
}

/** What has happened at all connections, in order, from the oldest that is kept. */
export class Seen {
  #blocks: Block[] = [];
  /** A block to be used again. */
  #spare: Block | undefined;
  #size = 0;

  /** How much is kept, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds what has happened. */
  push(connection: number, side: 0 | 1, what: What, now: number): void {
    const isSmall = what instanceof Uint8Array && what.length <= SMALL;
    let block = this.#blocks[this.#blocks.length - 1];
    const start = block === undefined || block.count === 0 ? 0 : (block.ends[block.count - 1] ?? 0);
    let end = isSmall ? start + what.length : start;
    if (block === undefined || block.count === COUNT || end > ROOM) {
      block = this.#spare ?? new Block();
      this.#spare = undefined;
      this.#blocks.push(block);
      end -= start;
    }
    const at = block.count++;
    block.connections[at] = connection;
    block.sides[at] = side;
    block.times[at] = now;
    block.ends[at] = end;
    if (isSmall) (block.bytes ??= new Uint8Array(ROOM)).set(what, end - what.length);
    block.others[at] = isSmall ? null : what;
    this.#size += sizeOf(what);
  }

  /** Takes what is oldest, until so much is left. */
  shift(limit: number, take: Taker): void {
    let block: Block | undefined;
    while (this.#size > limit && (block = this.#blocks[0]) !== undefined) {
      const at = block.first++;
      const other = block.others[at];
      const what = other === null ? block.bytes?.subarray(at === 0 ? 0 : block.ends[at - 1], block.ends[at]) : other;
      const [connection, side, now] = [block.connections[at] ?? 0, block.sides[at] === 0 ? 0 : 1, block.times[at] ?? 0] as const;
      block.others[at] = null;
      this.#size -= sizeOf(what);
      if (block.first === block.count) this.#remove(block);
      take(connection, side, what, now);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#blocks = [];
    this.#size = 0;
  }

  #remove(block: Block): void {
    this.#blocks.shift();
    block.first = block.count = 0;
    this.#spare = block;
  }
}

function sizeOf(what: What): number {
  return THING + (what instanceof Uint8Array ? what.length : 0);
}

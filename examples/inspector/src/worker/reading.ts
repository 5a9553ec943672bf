/** Reads captures through decoders, in pieces, so that the page can see how far it is and can stop it. */
import type { Entry, Payload } from "../entries.ts";
import type { Reply, Request, Source } from "../protocol.ts";
import { createInspector, type Inspector, type InspectorOptions } from "./decoder.ts";
import { pushEnds } from "./ends.ts";
import { sharing } from "./sharing.ts";

/** How many bytes are decoded before messages from the page are looked at. */
const PIECE = 1 << 18;
/** How many entries go to the page at once. */
const BATCH = 500;
/** Captures up to this size, in bytes, carry long previews: all that most of their payloads have. */
const SMALL = 4 << 20;
const LONG_PREVIEW = 1024;
const SHORT_PREVIEW = 64;

/** One decoder's share of a job: the sources that it reads, and how its numbers become those of the job. */
interface Part {
  readonly sources: readonly Source[];
  /** What is added to its ids, which begin with 1. */
  ids: number;
  /** What is added to its numbers of connections. */
  connections: number;
}

/** An opening of files. */
export class Job {
  cancelled = false;
  readonly #parts: Part[];
  readonly #total: number;
  readonly #preview: number;
  #done = 0;

  readonly number: number;
  readonly #assumed: InspectorOptions;

  constructor(
    { job, sources, extensions }: Extract<Request, { kind: "open" }>,
    readonly post: (reply: Reply) => void,
  ) {
    this.number = job;
    this.#assumed = extensions === undefined ? {} : { extensions };
    const ends = sources.filter(({ as }) => as !== "capture");
    const captures = sources.filter(({ as }) => as === "capture");
    const groups = [...captures.map((source) => [source]), ...(ends.length > 0 ? [ends] : [])];
    this.#parts = groups.map((group) => ({ sources: group, ids: 0, connections: 0 }));
    this.#total = sources.reduce((sum, { blob }) => sum + blob.size, 0);
    this.#preview = this.#total <= SMALL ? LONG_PREVIEW : SHORT_PREVIEW;
  }

  /** Decodes everything and posts it. */
  async run(): Promise<void> {
    const errors: string[] = [];
    let [ids, connections] = [0, 0];
    for (const part of this.#parts) {
      [part.ids, part.connections] = [ids, connections];
      const inspector = createInspector({ ...this.#assumed, preview: this.#preview });
      const take = (bytes: number) => {
        for (const entry of this.#send(renumbered(sharing(inspector.take()), part))) {
          ids = Math.max(ids, entry.id);
          connections = Math.max(connections, entry.connection);
        }
        this.#progress(bytes);
        return this.cancelled;
      };
      try {
        await decode(inspector, part, take);
      } catch (error) {
        errors.push(`${part.sources.map(({ name }) => name).join(", ")}: ${textOf(error)}`);
        take(0);
      }
      if (this.cancelled) break;
    }
    this.post({ kind: "end", job: this.number, cancelled: this.cancelled, errors });
  }

  /** The whole payload of an entry: the capture is read once more, to where it stands. */
  async whole(id: number): Promise<Payload | undefined> {
    const part = this.#parts.findLast(({ ids }) => ids < id);
    if (part === undefined) return undefined;
    const inspector = createInspector({ ...this.#assumed, preview: 0, whole: [id - part.ids] });
    let found: Payload | undefined;
    try {
      await decode(inspector, part, () => {
        const entry = inspector.take().find((each) => each.id === id - part.ids);
        if (entry?.type === "frame" || entry?.type === "message") found = entry.payload;
        return found !== undefined;
      });
    } catch (error) {
      if (found === undefined) throw error;
    }
    return found;
  }

  #send(entries: Entry[]): Entry[] {
    for (let at = 0; at < entries.length; at += BATCH) {
      this.post({ kind: "entries", job: this.number, entries: entries.slice(at, at + BATCH) });
    }
    return entries;
  }

  #progress(bytes: number): void {
    this.#done = Math.min(this.#total, this.#done + bytes);
    this.post({ kind: "progress", job: this.number, done: this.#done, total: this.#total });
  }
}

/** Reads the sources of a part. `taken` is called after each piece, with its size in bytes, and says whether to stop. */
async function decode(inspector: Inspector, part: Part, taken: (bytes: number) => boolean): Promise<void> {
  const [first] = part.sources;
  if (first === undefined || first.as !== "capture") {
    await pushEnds(inspector, part.sources, PIECE, taken);
    return;
  }
  for (let at = 0; at < first.blob.size; at += PIECE) {
    const bytes = await piece(first.blob, at);
    inspector.push(bytes);
    if (taken(bytes.length)) return;
  }
  inspector.finish();
  taken(0);
}

/** The bytes of a file from `at` on. */
export async function piece(blob: Blob, at: number, size: number = PIECE): Promise<Uint8Array> {
  return new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
}

/** The text of what was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function renumbered(entries: Entry[], { ids, connections }: Part): Entry[] {
  if (ids === 0 && connections === 0) return entries;
  return entries.map((entry) => {
    const moved = { ...entry, id: entry.id + ids, connection: entry.connection + connections };
    return moved.type === "fault" && moved.frame !== undefined ? { ...moved, frame: moved.frame + ids } : moved;
  });
}

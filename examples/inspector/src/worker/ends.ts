/** A conversation in several files, each with what one end sent. */
import type { Source } from "../protocol.ts";
import type { Inspector } from "./decoder.ts";
import { piece } from "./reading.ts";

/** Reads them, the client's first. `taken` is called after each piece, with its size in bytes, and says whether to stop. */
export async function pushEnds(
  inspector: Inspector,
  sources: readonly Source[],
  size: number,
  taken: (bytes: number) => boolean,
): Promise<void> {
  for (const end of ["client", "server"] as const) {
    const blob = new Blob(sources.filter(({ as }) => as === end).map((source) => source.blob));
    for (let at = 0; at < blob.size; at += size) {
      const bytes = await piece(blob, at, size);
      inspector.pushFrom(end, bytes);
      if (taken(bytes.length)) return;
    }
  }
  inspector.finish();
  taken(0);
}

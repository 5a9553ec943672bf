/** The thread beside a relay, which looks at what has been passed on. */
import { parentPort, workerData } from "node:worker_threads";

import type { Side } from "../inspect/entries.js";
import { loadModule } from "../inspect/index.js";
import { Inspector } from "../inspect/inspector.js";

/** What has happened at the relay. Connections are numbered as they begin. */
export type Happened =
  | { readonly kind: "begin"; readonly client: string; readonly server: string; readonly now: number }
  | { readonly kind: "bytes"; readonly connection: number; readonly side: Side; readonly bytes: Uint8Array; readonly now: number }
  | { readonly kind: "end"; readonly connection: number; readonly side: Side; readonly now: number }
  | { readonly kind: "last" };

/** What has been seen: lines of JSON, the same for people, and how many bytes have been looked at. */
export interface Shown {
  readonly json: string;
  readonly text: string;
  readonly read: number;
}

const preview = workerData as number | undefined;
const inspector = new Inspector(loadModule(), preview === undefined ? {} : { preview });

parentPort?.on("message", (all: readonly Happened[]) => {
  const read = all.reduce((sum, happened) => sum + look(happened), 0);
  const both = [...inspector.takeBoth()];
  const [json, text] = [both.map((each) => each.json).join(""), both.map((each) => each.text).join("")];
  parentPort?.postMessage({ json, text, read } satisfies Shown);
  if (all.some(({ kind }) => kind === "last")) parentPort?.close();
});

/** Returns how many bytes that were. */
function look(happened: Happened): number {
  switch (happened.kind) {
    case "begin":
      inspector.begin(happened.client, happened.server, happened.now);
      return 0;
    case "bytes":
      inspector.feed(happened.connection, happened.side, happened.bytes, happened.now);
      return happened.bytes.length;
    case "end":
      inspector.end(happened.connection, happened.side, happened.now);
      return 0;
    case "last":
      return 0;
  }
}

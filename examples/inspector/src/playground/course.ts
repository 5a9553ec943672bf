/** What an engine of this module says of its machines and deadlines, which no program needs that does not show them. */
import { handleOf, type Connection } from "../../../../bindings/js/dist/connection.js";
import type { InspectExports } from "../../../../bindings/js/dist/exports.js";
import { currentEngine } from "../../../../bindings/js/dist/module.js";
import type { End } from "../entries.ts";
import type { EndState } from "./trace.ts";

/** What it has done since this was last asked, and what runs. The first time nothing has been noted yet. */
export function courseOf(connection: Connection, end: End, now: number): Pick<EndState, "steps" | "deadlines"> {
  const { calls, transfer } = currentEngine();
  const { inspector_course } = calls as unknown as InspectExports;
  const length = inspector_course(handleOf(connection), end === "client" ? 0 : 1, now);
  return JSON.parse(transfer.readText(length >>> 0)) as Pick<EndState, "steps" | "deadlines">;
}

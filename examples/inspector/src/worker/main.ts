/** The worker: all decoding happens here, so that the page never waits for it. */
import type { Reply, Request } from "../protocol.ts";
import type { State } from "../playground/state.ts";
import { simulate } from "../playground/simulate.ts";
import { createInspector, type Inspector } from "./decoder.ts";
import { optionTable } from "./options.ts";
import { Job, textOf } from "./reading.ts";
import { replay, start } from "./replay.ts";

/** What is used of the worker's global object, whose types contradict those of a page. */
interface Scope {
  postMessage(reply: Reply): void;
  addEventListener(type: "message", listener: (event: { readonly data: Request }) => void): void;
}

const scope = globalThis as unknown as Scope;
const post = (reply: Reply): void => scope.postMessage(reply);
/** Resolves when the module is there. */
let started: Promise<void> = Promise.resolve();
const jobs = new Map<number, Job>();

scope.addEventListener("message", ({ data }) => {
  handle(data).catch((error: unknown) => post({ kind: "failed", text: textOf(error) }));
});

/** Without an opening handshake the inspector is told what the engines take as agreed on. */
function inspectorFor({ options: { client, server } }: State): Inspector {
  const isOpen = client["startOpen"] === true || server["startOpen"] === true;
  const hasDeflate = client["deflate"] === true || server["deflate"] === true;
  return createInspector(isOpen && !hasDeflate ? { extensions: "" } : {});
}

async function handle(request: Request): Promise<void> {
  if (request.kind !== "start") await started;
  switch (request.kind) {
    case "start":
      started = start(request.module);
      await started;
      post({ kind: "ready", options: optionTable(), machines: createInspector({}).machines });
      break;
    case "open": {
      const job = new Job(request, post);
      for (const earlier of jobs.values()) earlier.cancelled = true;
      jobs.clear();
      jobs.set(request.job, job);
      await job.run();
      break;
    }
    case "whole": {
      const payload = await jobs.get(request.job)?.whole(request.id);
      post({ kind: "payload", job: request.job, id: request.id, ...(payload === undefined ? {} : { payload }) });
      break;
    }
    case "play":
      post({ kind: "played", number: request.number, trace: simulate(request.state, inspectorFor(request.state)) });
      break;
    case "vector":
      try {
        post({ kind: "transcript", number: request.number, steps: replay(request.given) });
      } catch (error) {
        post({ kind: "transcript", number: request.number, steps: [], error: textOf(error) });
      }
      break;
    case "cancel": {
      const job = jobs.get(request.job);
      if (job !== undefined) job.cancelled = true;
      break;
    }
  }
}

/** The worker, as the page sees it. */
import type { Entry, Machine, Payload } from "../entries.ts";
import type { State } from "../playground/state.ts";
import type { OptionInfo, Trace } from "../playground/trace.ts";
import type { Extensions, Reply, Request, Source, VectorCase } from "../protocol.ts";

/** What a job tells. Nothing comes of a job that another has followed. */
export interface Listener {
  entries(entries: readonly Entry[]): void;
  /** In bytes. */
  progress(done: number, total: number): void;
  end(cancelled: boolean, errors: readonly string[]): void;
  payload(id: number, payload: Payload | undefined): void;
  /** The decoder itself has failed. */
  failed(text: string): void;
}

type Transcript = readonly (readonly string[])[];

export class Backend {
  readonly #worker: Promise<Worker>;
  #job = 0;
  #vectors = 0;
  #plays = 0;
  readonly #traces = new Map<number, (trace: Trace) => void>();
  readonly #transcripts = new Map<number, (reply: { readonly steps: Transcript; readonly error?: string }) => void>();
  /** The options of the engine, when the module is there. */
  readonly options: Promise<readonly OptionInfo[]>;
  /** The machines of a connection; none before the module is there. */
  machines: readonly Machine[] = [];

  constructor(readonly listener: Listener) {
    let isReady = (_options: readonly OptionInfo[]): void => {};
    this.options = new Promise((resolve) => (isReady = resolve));
    this.#worker = startWorker().then((worker) => {
      worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#receive(data, isReady));
      worker.addEventListener("error", ({ message }) => this.listener.failed(message));
      return worker;
    });
    this.#worker.catch((error: unknown) => this.listener.failed(error instanceof Error ? error.message : String(error)));
  }

  open(sources: readonly Source[], extensions: Extensions): void {
    this.#job += 1;
    this.#post({ kind: "open", job: this.#job, sources, extensions });
  }

  whole(id: number): void {
    this.#post({ kind: "whole", job: this.#job, id });
  }

  cancel(): void {
    this.#post({ kind: "cancel", job: this.#job });
  }

  replay(given: VectorCase): Promise<Transcript> {
    const number = (this.#vectors += 1);
    this.#post({ kind: "vector", number, given });
    return new Promise((resolve, reject) => {
      this.#transcripts.set(number, ({ steps, error }) => (error === undefined ? resolve(steps) : reject(new Error(error))));
    });
  }

  /** Plays a state of the playground. */
  play(state: State): Promise<Trace> {
    const number = (this.#plays += 1);
    this.#post({ kind: "play", number, state });
    return new Promise((resolve) => this.#traces.set(number, resolve));
  }

  #post(request: Request): void {
    this.#worker.then((worker) => worker.postMessage(request)).catch(() => {});
  }

  #receive(reply: Reply, isReady: (options: readonly OptionInfo[]) => void): void {
    if ("job" in reply && reply.job !== this.#job) return;
    switch (reply.kind) {
      case "ready":
        this.machines = reply.machines;
        isReady(reply.options);
        break;
      case "failed":
        this.listener.failed(reply.text);
        break;
      case "entries":
        this.listener.entries(reply.entries);
        break;
      case "progress":
        this.listener.progress(reply.done, reply.total);
        break;
      case "end":
        this.listener.end(reply.cancelled, reply.errors);
        break;
      case "payload":
        this.listener.payload(reply.id, reply.payload);
        break;
      case "played":
        this.#traces.get(reply.number)?.(reply.trace);
        this.#traces.delete(reply.number);
        break;
      case "transcript":
        this.#transcripts.get(reply.number)?.(reply);
        this.#transcripts.delete(reply.number);
        break;
    }
  }
}

/** Starts the worker, whose program and module the page carries. */
async function startWorker(): Promise<Worker> {
  const { worker: program, module } = globalThis.packed;
  const worker = new Worker(URL.createObjectURL(program));
  worker.postMessage({ kind: "start", module } satisfies Request, [module]);
  return worker;
}

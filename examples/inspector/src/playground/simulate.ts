/** Plays a state: two engines, their wire and their time, all of it computed at once. */
import { type End, type Entry, otherEnd } from "../entries.ts";
import type { Inspector } from "../worker/decoder.ts";
import { SansockError } from "../../../../bindings/js/dist/browser.js";
import { bytesOf, Host } from "./host.ts";
import { Link } from "./link.ts";
import type { Action, State } from "./state.ts";
import type { EndState, HostEntry, Step, Trace, WireEntry } from "./trace.ts";

/** How many steps are played at most. */
const MOST_STEPS = 5000;
const ENDS = ["client", "server"] as const;

type Timed = Extract<Action, { readonly at: number }>;

/** The trace of a state. `inspector` says what is on the wire. If an engine refuses an option there is none, but for the reason. */
export function simulate(state: State, inspector: Inspector): Trace {
  let simulation: Simulation;
  try {
    simulation = new Simulation(state, inspector);
  } catch (error) {
    if (!(error instanceof SansockError)) throw error;
    return { steps: [], refused: [error.message] };
  }
  try {
    return simulation.run();
  } finally {
    simulation.free();
  }
}

class Simulation {
  readonly #steps: Step[] = [];
  readonly #refused: string[] = [];
  readonly #hosts: Partial<Record<End, Host>> = {};
  readonly #links: Record<End, Link>;
  /** The ends that read nothing more. */
  readonly #stalled = new Set<End>();
  readonly #actions: Timed[];
  #now = 0;
  #ids = 0;

  constructor(
    readonly state: State,
    readonly inspector: Inspector,
  ) {
    const link = (from: End): Link =>
      new Link(from, state.wire[from], state.actions, (text) => this.#add({ type: "wire", from, text }));
    this.#links = { client: link("client"), server: link("server") };
    this.#actions = state.actions.filter((action): action is Timed => "at" in action).sort((one, other) => one.at - other.at);
    for (const end of ENDS) if (state.hostile !== end) this.#hosts[end] = this.#host(end);
  }

  #host(end: End): Host {
    const told = {
      event: (kind: string, text: string, fault?: string) =>
        this.#add({ type: "host", at: end, isAction: false, kind, text, ...(fault === undefined ? {} : { fault }) }),
      refused: (text: string) => this.#refused.push(text),
    };
    return new Host(end, this.state.options[end], this.state.seed, told);
  }

  run(): Trace {
    let stopped: string | undefined;
    for (const end of ENDS) this.#drain(end);
    while (stopped === undefined) {
      const next = this.#next();
      if (next === undefined) break;
      if (next.at > this.state.until) stopped = `stopped at ${this.state.until} ms`;
      else if (this.#steps.length > MOST_STEPS) stopped = `stopped after ${MOST_STEPS} steps`;
      else {
        this.#now = Math.max(this.#now, next.at);
        next.run();
      }
    }
    this.#endWith();
    const refused = this.#refused;
    return { steps: this.#steps, refused, ...(stopped === undefined ? {} : { stopped }) };
  }

  /** What the ends did last has no entry of its own: it is told with the last there is. */
  #endWith(): void {
    const last = this.#steps.pop();
    if (last === undefined) return;
    const rest = (end: End): EndState => {
      const now = this.#endState(end);
      return { ...now, steps: [...last.ends[end].steps, ...now.steps] };
    };
    this.#steps.push({ ...last, ends: { client: rest("client"), server: rest("server") } });
  }

  free(): void {
    for (const host of Object.values(this.#hosts)) host.free();
  }

  /** What happens next; what was sent earlier arrives before anything is done at the same time. */
  #next(): { at: number; run: () => void } | undefined {
    const choices: { at: number; run: () => void }[] = [];
    for (const end of ENDS) choices.push({ at: this.#links[end].next, run: () => this.#deliver(end) });
    const [action] = this.#actions;
    if (action !== undefined) choices.push({ at: action.at, run: () => this.#act(action) });
    for (const end of ENDS) {
      const host = this.#hosts[end];
      if (host !== undefined) choices.push({ at: host.deadline, run: () => this.#call(end, () => host.timeout(this.#now)) });
    }
    const first = choices.reduce((best, choice) => (choice.at < best.at ? choice : best));
    return first.at === Infinity ? undefined : first;
  }

  #deliver(from: End): void {
    const delivery = this.#links[from].take();
    const to = otherEnd(from);
    const host = this.#hosts[to];
    if (delivery?.bytes === undefined) {
      this.#add({ type: "wire", from, text: "the stream ends here" });
      this.#call(to, () => host?.receiveEof(this.#now));
      return;
    }
    const { bytes } = delivery;
    this.inspector.feed(1, from, bytes, this.#now);
    for (const entry of this.inspector.take()) if (isOnWire(entry)) this.#push({ ...entry, time: this.#now * 1000 });
    this.#call(to, () => host?.receive(bytes, this.#now));
  }

  #act(action: Timed): void {
    this.#actions.shift();
    this.#add({ type: "host", at: action.who, isAction: true, kind: action.do, text: textOf(action) });
    const { who } = action;
    if (action.do === "raw") this.#links[who].send(bytesOf(action.data, action.times ?? 1), this.#now);
    else if (action.do === "eof") this.#links[who].end(this.#now);
    else if (action.do === "stall") this.#stalled.add(who);
    else this.#call(who, () => this.#hosts[who]?.act(action, this.#now));
  }

  #call(end: End, call: () => void): void {
    call();
    this.#drain(end);
  }

  /** Writes what an engine has to send, unless nobody takes it, and obeys it about the transport. */
  #drain(end: End): void {
    const host = this.#hosts[end];
    if (host === undefined) return;
    if (!this.#stalled.has(otherEnd(end))) this.#write(end, host);
    if (host.transport !== "open") this.#links[end].end(this.#now);
  }

  #write(end: End, host: Host): void {
    for (let output = host.takeOutput(); output.length > 0; output = host.takeOutput())
      this.#links[end].send(output, this.#now);
  }

  #add(entry: Omit<HostEntry, "id" | "connection" | "time"> | Omit<WireEntry, "id" | "connection" | "time">): void {
    this.#push({ ...entry, id: 0, connection: 1, time: this.#now * 1000 });
  }

  #push(entry: Step["entry"]): void {
    // Ids of the decoder's entries stay: its faults refer to them. Others have some that it does not use.
    const numbered = entry.id === 0 ? { ...entry, id: -(this.#ids += 1) } : entry;
    this.#steps.push({
      at: this.#now,
      entry: numbered,
      ends: { client: this.#endState("client"), server: this.#endState("server") },
    });
  }

  #endState(end: End): EndState {
    const inFlight = this.#links[end].inFlight;
    const host = this.#hosts[end];
    if (host === undefined)
      return { state: "hostile", transport: "open", deadline: null, memory: 0, inFlight, steps: [], deadlines: [] };
    return { ...host.state, ...host.course(this.#now), inFlight };
  }
}

/** Whether an entry says what is on the wire: what hosts make of it they say themselves. */
function isOnWire(entry: Entry): boolean {
  return entry.type === "head" || entry.type === "frame" || entry.type === "fault" || entry.type === "note";
}

/** Bytes as text, if they are of a head. */
function asText(digits: string): string {
  const text = String.fromCharCode(...bytesOf(digits.slice(0, 400), 1));
  return /^[\x20-\x7e\r\n]+$/.test(text) ? text : digits.slice(0, 100);
}

function textOf(action: Timed): string {
  const times = "times" in action && action.times !== undefined ? `, ${action.times} times` : "";
  switch (action.do) {
    case "part":
      return `${action.data}${action.last ? " (last)" : ""}`;
    case "close":
      return `${action.code} ${action.data}`;
    case "compress":
      return action.on ? "on" : "off";
    case "eof":
    case "stall":
      return "";
    case "raw":
      return `${asText(action.data)}${times}`;
    default:
      return `${action.data.slice(0, 100)}${times}`;
  }
}

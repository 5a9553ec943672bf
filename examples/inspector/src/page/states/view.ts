/** The states of both ends at some moment: the machines with the way taken, the deadlines that run, and how it closes. */
import type { Deadline, End, Entry, Machine, Step } from "../../entries.ts";
import { button, make } from "../dom.ts";
import { count } from "../text.ts";
import type { Course, Courses } from "./course.ts";
import { diagram } from "./diagram.ts";

const NAMES = { handshake: "Opening handshake", message: "Messages", closing: "Connection" } as const;
const TRANSPORTS = ["open", "shut down writing", "close"];
/** How many transitions are listed, the last ones. */
const LISTED = 40;

/** The view. `show` leads to the entry that tells a step. */
export function statesView(machines: readonly Machine[], courses: Courses, show: (entry: Entry) => void): HTMLElement {
  const ends = (["client", "server"] as const).flatMap((end) => {
    const course = courses[end];
    return course === undefined ? [] : [endView(machines, end, course, courses.now)];
  });
  return make(
    "section",
    { class: "states" },
    make("h3", {}, "States of both ends, up to here"),
    ...ends,
    closingOrder(courses, show),
  );
}

function endView(machines: readonly Machine[], end: End, course: Course, now: number | undefined): HTMLElement {
  const { steps, deadlines, transports } = course;
  // An end whose beginning is not known is in no state before it has done something.
  const isBegun = deadlines.some(({ timer }) => timer === "handshake");
  const own = steps.map(({ step }) => step);
  const figures = machines.map((machine) => {
    const taken = own.filter((step) => step.machine === machine.name);
    return make(
      "figure",
      {},
      make("figcaption", {}, `${NAMES[machine.name]}`),
      diagram(machine, end, taken, isBegun),
      make("p", { class: "off-screen" }, `${NAMES[machine.name]} of the ${end}: ${inWords(taken)}`),
    );
  });
  return make(
    "div",
    { class: `end-states ${end}` },
    make("h4", {}, end),
    make(
      "div",
      { class: "machines" },
      ...figures,
      make("dl", {}, ...fact("Transport", transportView(transports)), ...fact("Deadlines", deadlineList(deadlines, now))),
    ),
  );
}

function fact(name: string, value: Node | string): HTMLElement[] {
  return [make("dt", {}, name), make("dd", {}, value)];
}

/** The path as a sentence, with what is repeated counted. */
function inWords(steps: readonly Step[]): string {
  const [first] = steps;
  if (first === undefined) return "nothing yet.";
  const parts: { text: string; times: number }[] = [];
  for (const { on, to } of steps) {
    const text = `${on} to ${to}`;
    const last = parts.at(-1);
    if (last?.text === text) last.times += 1;
    else parts.push({ text, times: 1 });
  }
  const said = parts.slice(-LISTED).map(({ text, times }) => (times === 1 ? text : `${text}, ${count(times)} times`));
  const left = parts.length > LISTED ? `${count(parts.length - LISTED)} steps, then ` : "";
  return `from ${first.from}: ${left}${said.join("; ")}.`;
}

/** The transport instruction: those that there were lead to the one in force. */
function transportView(transports: readonly string[]): HTMLElement {
  const seen = ["open", ...transports];
  const items = TRANSPORTS.map((name) => {
    const isCurrent = seen.at(-1) === name;
    const state = isCurrent ? "current" : seen.includes(name) ? "visited" : "";
    return make("li", { class: state, "aria-current": isCurrent ? "step" : undefined }, name);
  });
  return make("ol", { class: "transport" }, ...items);
}

function deadlineList(deadlines: readonly Deadline[], now: number | undefined): HTMLElement {
  if (deadlines.length === 0) return make("span", {}, "none");
  return make("ul", {}, ...deadlines.map((deadline) => make("li", {}, deadlineText(deadline, now))));
}

/** Such as "close: in 9,500 ms, at 12.0400 s (close_timeout)". */
export function deadlineText({ timer, option, after, at }: Deadline, now: number | undefined): string {
  if (at === undefined || now === undefined) return `${timer}: ${count(after)} ms after it began to run (${option})`;
  const left = Math.round((at - now) / 1000);
  const when = left > 0 ? `in ${count(left)} ms` : left === 0 ? "now" : `passed ${count(-left)} ms ago`;
  return `${timer}: ${when} (${option})`;
}

/** Which end did what, from the first step of closing on. */
function closingOrder({ client, server }: Courses, show: (entry: Entry) => void): HTMLElement | undefined {
  const all = [...(client?.steps ?? []), ...(server?.steps ?? [])];
  const closing = all
    .filter(({ step }) => step.machine === "closing" && step.on !== "handshake complete")
    .sort((one, other) => one.order - other.order);
  if (closing.length === 0) return undefined;
  const items = closing.map(({ step, entry }) => {
    const transport = step.transport === undefined ? "" : `, transport: ${step.transport}`;
    const text = `${step.end}: ${step.on}, ${step.from} \u2192 ${step.to}${transport}`;
    return make("li", {}, entry === undefined ? text : button(text, () => show(entry), { class: "link" }));
  });
  return make("div", {}, make("h4", {}, "Closing, in this order"), make("ol", { class: "closing" }, ...items));
}

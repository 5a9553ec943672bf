/** A machine as a drawing, with the way that was taken: thick, with what led along it, and the state that it is in filled. */
import type { End, Machine, Step } from "../../entries.ts";
import { shape } from "../ladder.ts";
import { count } from "../text.ts";
import { layOut, NODE, type Place } from "./layout.ts";

/** The drawing. What it shows is also said in words beside it. */
export function diagram(machine: Machine, end: End, steps: readonly Step[], isBegun: boolean): SVGElement {
  // A server's handshake begins in the second state.
  const begin = machine.begins[end === "server" ? machine.begins.length - 1 : 0] ?? "";
  const { places, width, height } = layOut(machine, begin);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, class: "machine", "aria-hidden": "true" });
  const taken = takenOf(steps);
  const first = steps[0]?.from ?? (isBegun ? begin : "");
  const visited = new Set([first, ...steps.map(({ to }) => to)]);
  const current = steps.at(-1)?.to ?? first;
  const arrows = new Map<string, string[]>();
  for (const { from, to, on } of machine.rows) {
    if (!places.has(from)) continue;
    const key = `${from}>${to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), on]);
  }
  const words: SVGElement[] = [];
  // Those that were taken lie above the others.
  for (const [key, inputs] of [...arrows].sort(([one], [other]) => Number(taken.has(one)) - Number(taken.has(other)))) {
    const [from, to] = key.split(">").map((state) => places.get(state));
    if (from === undefined || to === undefined) continue;
    const { path, tip, middle } = arrow(from, to, width);
    const mark = taken.get(key);
    const group = shape("g", { class: mark === undefined ? "arrow" : "arrow taken" });
    group.append(titled(inputs.join(", ")), shape("path", { d: path }), shape("path", { d: tip, class: "tip" }));
    svg.append(group);
    if (mark !== undefined) {
      const label = shape("text", { x: middle.x, y: middle.y, class: "on", "text-anchor": middle.anchor });
      label.textContent = wordsOf(mark);
      words.push(label);
    }
  }
  for (const [state, place] of places) svg.append(node(state, place, visited.has(state), state === current));
  svg.append(...words);
  return svg;
}

/** The arrows that were taken, with how often on which input. */
function takenOf(steps: readonly Step[]): Map<string, Map<string, number>> {
  const taken = new Map<string, Map<string, number>>();
  for (const { from, to, on } of steps) {
    const key = `${from}>${to}`;
    const inputs = taken.get(key) ?? new Map<string, number>();
    taken.set(key, inputs.set(on, (inputs.get(on) ?? 0) + 1));
  }
  return taken;
}

function wordsOf(inputs: ReadonlyMap<string, number>): string {
  return [...inputs].map(([on, times]) => (times > 1 ? `${on} \u00d7${count(times)}` : on)).join(", ");
}

function titled(text: string): SVGElement {
  const title = shape("title", {});
  title.textContent = text;
  return title;
}

function node(state: string, { x, y, width }: Place, isVisited: boolean, isCurrent: boolean): SVGElement {
  const group = shape("g", { class: `state${isVisited ? " visited" : ""}${isCurrent ? " current" : ""}` });
  const label = shape("text", { x, y: y + 4, "text-anchor": "middle" });
  label.textContent = state;
  group.append(shape("rect", { x: x - width / 2, y: y - NODE / 2, width, height: NODE, rx: NODE / 2 }), label);
  return group;
}

interface Arrow {
  readonly path: string;
  readonly tip: string;
  /** Where its words stand. */
  readonly middle: { readonly x: number; readonly y: number; readonly anchor: "start" | "middle" | "end" };
}

/** The arrow from one state to another, in a drawing of this width. */
function arrow(from: Place, to: Place, width: number): Arrow {
  const half = NODE / 2;
  if (from === to) {
    const x = from.x + from.width / 2;
    // Arrows come from above, but not to the first.
    const wordsBeside = from.layer === 0 ? -half - 5 : half + 10;
    const path = `M${x - 6} ${from.y - half + 2}C${x + 26} ${from.y - half - 12} ${x + 26} ${from.y + half + 12} ${x - 5} ${from.y + half - 1}`;
    return { path, tip: tipAt(x - 5, from.y + half - 1, -1, -0.5), middle: { x: from.x, y: from.y + wordsBeside, anchor: "middle" } };
  }
  const step = to.layer - from.layer;
  if (step === 1) {
    const [top, bottom] = [from.y + half, to.y - half];
    const middle = (top + bottom) / 2;
    const path = `M${from.x} ${top}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${bottom - 2}`;
    return { path, tip: tipAt(to.x, bottom, 0, 1), middle: { x: (from.x + to.x) / 2 + 7, y: middle + 4, anchor: "start" } };
  }
  // Past the layers between: at the left, or back at the right.
  const side = step > 0 && from.layer === 0 && to.isFirst ? -1 : 1;
  const edge = side < 0 ? 3 : width - 3;
  const [begin, end] = [from.x + (side * from.width) / 2, to.x + (side * to.width) / 2];
  const path = `M${begin} ${from.y}C${edge} ${from.y} ${edge} ${from.y} ${edge} ${(from.y + to.y) / 2}S${edge} ${to.y} ${end + 2 * side} ${to.y}`;
  return { path, tip: tipAt(end, to.y, -side, 0), middle: { x: edge - 5 * side, y: (from.y + to.y) / 2 + 4, anchor: side < 0 ? "start" : "end" } };
}

/** The head of an arrow that ends at a point, in this direction. */
function tipAt(x: number, y: number, right: number, down: number): string {
  const long = 7 / Math.hypot(right, down);
  const [back, up] = [right * long, down * long];
  return `M${x} ${y}L${x - back - up / 2} ${y - up + back / 2}L${x - back + up / 2} ${y - up - back / 2}Z`;
}

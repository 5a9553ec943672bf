/** The two sides of a conversation in a row: two lines, and an arrow from one to the other. */
import type { End, Entry } from "../entries.ts";
import { sideOf } from "./store.ts";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 84;
const HEIGHT = 28;
const LEFT = 21;
const RIGHT = WIDTH - LEFT;
const MIDDLE = HEIGHT / 2;

/** The two lines. */
function lines(): SVGSVGElement {
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "ladder",
    preserveAspectRatio: "xMidYMid slice",
    "aria-hidden": "true",
  }) as SVGSVGElement;
  for (const x of [LEFT, RIGHT]) svg.append(shape("path", { d: `M${x} 0V${HEIGHT}`, class: "life" }));
  return svg;
}

/** What a host does, or is told: a square, or a ring. */
export function hostDot(end: End, isAction: boolean): SVGSVGElement {
  const svg = lines();
  const x = end === "server" ? RIGHT : LEFT;
  svg.append(
    isAction
      ? shape("path", { d: `M${x - 3} ${MIDDLE - 3}h6v6h-6z`, class: "dot" })
      : shape("circle", { cx: x, cy: MIDDLE, r: 3.5, class: "open-dot" }),
  );
  return svg;
}

/** Something that happens between the ends. */
export function crossingLine(): SVGSVGElement {
  const svg = lines();
  svg.append(shape("path", { d: `M${WIDTH / 2 - 8} ${MIDDLE}l4 -5l8 10l4 -5`, class: "shaft" }));
  return svg;
}

/** The drawing for an entry. */
export function ladder(entry: Entry): SVGSVGElement {
  const svg = lines();
  const side = sideOf(entry);
  const at = side === "server" ? RIGHT : LEFT;
  switch (entry.type) {
    case "frame":
    case "head":
    case "eof":
    case "answer":
      svg.append(...arrow(at, entry.type));
      break;
    case "fault":
      svg.append(shape("path", { d: `M${at - 4} ${MIDDLE - 4}l8 8m0 -8l-8 8`, class: "cross" }));
      break;
    case "message":
    case "closed":
      svg.append(shape("circle", { cx: at, cy: MIDDLE, r: 3.5, class: entry.type === "closed" ? "open-dot" : "dot" }));
      break;
    default:
      break;
  }
  return svg;
}

function arrow(from: number, type: "frame" | "head" | "eof" | "answer"): SVGElement[] {
  const to = from === LEFT ? RIGHT : LEFT;
  const step = Math.sign(to - from);
  const head = `M${to - 7 * step} ${MIDDLE - 3.5}L${to - step} ${MIDDLE}L${to - 7 * step} ${MIDDLE + 3.5}`;
  const weight = type === "head" ? "shaft thick" : type === "answer" ? "shaft dashed" : "shaft";
  // Nothing comes behind the end of a stream: a bar closes it.
  const tip = type === "eof" ? `M${to - 4 * step} ${MIDDLE - 5}v10` : head;
  return [shape("path", { d: `M${from} ${MIDDLE}H${to - 2 * step}`, class: weight }), shape("path", { d: tip, class: "tip" })];
}

/** An element of a drawing. */
export function shape(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Where the states of a machine are drawn: in layers, each as far from the first as the longest way there. */
import type { Machine } from "../../entries.ts";

/** A state, with its middle and its width. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly layer: number;
  /** Whether it is the leftmost of its layer. */
  readonly isFirst: boolean;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
}

/** In the units of the drawing. */
export const NODE = 22;
const CHARACTER = 6.4;
const LAYER = 58;
/** Where the first layer is: above it there are words at arrows. */
const TOP = 30;
const GAP = 12;
/** What stays free at both sides, for arrows that pass by. */
const SIDE = 34;
const LEAST = 200;

/** The states that can be reached from where this end begins. */
export function layOut(machine: Machine, begin: string): Layout {
  const layers = new Map<string, number>();
  const visit = (state: string, way: readonly string[]): void => {
    if (way.includes(state)) return;
    layers.set(state, Math.max(layers.get(state) ?? 0, way.length));
    for (const row of machine.rows) if (row.from === state) visit(row.to, [...way, state]);
  };
  visit(begin, []);
  const rows: string[][] = [];
  for (const [state, layer] of layers) (rows[layer] ??= []).push(state);
  const widthOf = (state: string): number => state.length * CHARACTER + 16;
  const rowWidth = (states: readonly string[]): number => states.reduce((sum, state) => sum + widthOf(state) + GAP, -GAP);
  const width = Math.max(LEAST, ...rows.map(rowWidth)) + 2 * SIDE;
  const places = new Map<string, Place>();
  rows.forEach((states, layer) => {
    let left = (width - rowWidth(states)) / 2;
    for (const state of states) {
      const own = widthOf(state);
      const isFirst = state === states[0];
      places.set(state, { x: left + own / 2, y: TOP + layer * LAYER, width: own, layer, isFirst });
      left += own + GAP;
    }
  });
  return { places, width, height: TOP + NODE + (rows.length - 1) * LAYER };
}

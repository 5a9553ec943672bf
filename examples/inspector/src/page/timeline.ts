/** The conversation at a glance: how much each side sent when, and where faults are. A click goes there. */
import type { Store } from "./store.ts";

/** What of the page's style the drawing takes. */
interface Colours {
  readonly client: string;
  readonly server: string;
  readonly fault: string;
  readonly line: string;
  readonly selected: string;
}

/** What stays free on the left and the right, in pixels. */
const SIDE = 14;

export class Timeline {
  #selected = -1;
  #scheduled = 0;

  /** @param go Is called with the place of an entry. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly store: () => Store,
    go: (place: number) => void,
  ) {
    canvas.addEventListener("click", (event) => {
      const { entries } = this.store();
      const share = (event.offsetX - SIDE) / (canvas.clientWidth - 2 * SIDE);
      if (entries.length > 0) go(this.#placeAt(share));
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  set selected(place: number) {
    this.#selected = place;
    this.draw();
  }

  /** Draws it anew, soon. */
  draw(): void {
    if (this.#scheduled === 0) this.#scheduled = requestAnimationFrame(() => this.#draw());
  }

  /** Where an entry is, from 0 to 1: by its time, or without times by its place. */
  #share(place: number): number {
    const { entries, times } = this.store();
    const time = entries[place]?.time;
    if (times === undefined || time === undefined || times.last === times.first) return place / Math.max(1, entries.length - 1);
    return (time - times.first) / (times.last - times.first);
  }

  #placeAt(share: number): number {
    const { entries } = this.store();
    let [low, high] = [0, entries.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#share(middle) < share) low = middle + 1;
      else high = middle;
    }
    return low > 0 && share - this.#share(low - 1) < this.#share(low) - share ? low - 1 : low;
  }

  #draw(): void {
    this.#scheduled = 0;
    const { canvas } = this;
    const context = canvas.getContext("2d");
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (context === null || width === 0) return;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.scale(scale, scale);
    const colours = coloursOf(canvas);
    if (this.#selected >= 0) {
      context.fillStyle = colours.selected;
      context.fillRect(this.#x(this.#selected, width) - 4, 0, 8, height);
    }
    const middle = Math.round(height / 2) + 0.5;
    context.strokeStyle = colours.line;
    stroke(context, [
      [0, middle],
      [width, middle],
    ]);
    this.#drawBars(context, width, middle, colours);
    context.strokeStyle = colours.fault;
    context.lineWidth = 1.5;
    for (const place of this.store().faults) {
      const x = this.#x(place, width);
      stroke(context, [
        [x - 4, 3],
        [x + 4, 11],
      ]);
      stroke(context, [
        [x + 4, 3],
        [x - 4, 11],
      ]);
      stroke(context, [
        [x, 13],
        [x, height - 2],
      ]);
    }
  }

  /** Where an entry is drawn. */
  #x(place: number, width: number): number {
    return Math.round(SIDE + this.#share(place) * (width - 2 * SIDE)) + 0.5;
  }

  /** Bars of bytes, on a scale of powers: the client's above the line, the server's below. */
  #drawBars(context: CanvasRenderingContext2D, width: number, middle: number, colours: Colours): void {
    const step = 3;
    const columns = Math.max(1, Math.floor((width - 2 * SIDE) / step) + 1);
    const sums = { client: new Float64Array(columns), server: new Float64Array(columns) };
    let most = 1;
    this.store().entries.forEach((entry, place) => {
      if ((entry.type !== "frame" && entry.type !== "head") || entry.from === undefined) return;
      const column = Math.min(columns - 1, Math.round(this.#share(place) * (columns - 1)));
      const sum = (sums[entry.from][column] ?? 0) + (entry.length ?? 1);
      sums[entry.from][column] = sum;
      most = Math.max(most, sum);
    });
    for (const end of ["client", "server"] as const) {
      context.fillStyle = colours[end];
      sums[end].forEach((sum, column) => {
        if (sum === 0) return;
        const height = 3 + ((middle - 6) * Math.log1p(sum)) / Math.log1p(most);
        context.fillRect(SIDE - 1 + column * step, end === "client" ? middle - height : middle, 2, height - 0.5);
      });
    }
  }
}

function stroke(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.stroke();
}

function coloursOf(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  // Custom properties come as they are written; a colour property resolves `light-dark()`.
  const probe = (name: string): string => {
    canvas.style.outlineColor = `var(--${name})`;
    const colour = style.outlineColor;
    canvas.style.outlineColor = "";
    return colour;
  };
  return {
    client: probe("client"),
    server: probe("server"),
    fault: probe("fault"),
    line: probe("line"),
    selected: probe("selected"),
  };
}

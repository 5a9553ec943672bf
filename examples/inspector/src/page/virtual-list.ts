/** A list of any length of which only the rows in view exist. */

/** The tallest element, in pixels, that browsers lay out exactly. A longer list scrolls in proportion. */
const TALLEST = 8_000_000;
/** Rows above and below the view that exist too. */
const MARGIN = 6;

export interface RowSource {
  /** How many rows there are. */
  length(): number;
  /** Makes a row. */
  row(index: number): HTMLElement;
  /** What is selected has changed by a key or a click. */
  select(index: number): void;
  /** The row was entered: Enter, or a double click. */
  open(index: number): void;
}

export class VirtualList {
  readonly #content = document.createElement("div");
  #rows = new Map<number, HTMLElement>();
  #selected = -1;
  #frame = 0;

  /** @param element Scrolls, has the focus, and is a listbox. @param rowHeight In pixels. */
  constructor(
    readonly element: HTMLElement,
    readonly source: RowSource,
    readonly rowHeight: number,
  ) {
    this.#content.className = "rows";
    this.#content.setAttribute("role", "presentation");
    element.append(this.#content);
    element.addEventListener("scroll", () => this.#schedule());
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#click(event, (index) => this.source.select(index)));
    element.addEventListener("dblclick", (event) => this.#click(event, (index) => this.source.open(index)));
    new ResizeObserver(() => this.#schedule()).observe(element);
  }

  get selected(): number {
    return this.#selected;
  }

  /** Whether the last row is in view. */
  get isAtEnd(): boolean {
    return this.#top() + this.element.clientHeight / this.rowHeight >= this.source.length() - 0.5;
  }

  /** Scrolls to the last row. */
  toEnd(): void {
    this.#reveal(this.source.length() - 1);
  }

  /** The rows have changed: all are made anew, or only those that are new. */
  refresh(all = true): void {
    if (all) {
      for (const row of this.#rows.values()) row.remove();
      this.#rows.clear();
    }
    this.#schedule();
  }

  /** Selects a row, -1 for none, and scrolls to it. */
  select(index: number): void {
    this.#mark(this.#selected, false);
    this.#selected = Math.min(index, this.source.length() - 1);
    if (this.#selected >= 0) this.#reveal(this.#selected);
    this.#render();
    this.#mark(this.#selected, true);
  }

  #mark(index: number, on: boolean): void {
    const row = this.#rows.get(index);
    row?.setAttribute("aria-selected", String(on));
    if (on && row !== undefined) this.element.setAttribute("aria-activedescendant", row.id);
    if (index === this.#selected && (!on || row === undefined)) this.element.removeAttribute("aria-activedescendant");
  }

  /** How far the list is scrolled, in rows; a fraction counts. */
  #top(): number {
    const { scrollTop, clientHeight } = this.element;
    const full = this.source.length() * this.rowHeight;
    if (full <= TALLEST) return scrollTop / this.rowHeight;
    return ((scrollTop / (TALLEST - clientHeight)) * (full - clientHeight)) / this.rowHeight;
  }

  /** Scrolls so that a row is in view: no further than needed if it is near, else to the upper third. */
  #reveal(index: number): void {
    const { clientHeight } = this.element;
    const visible = clientHeight / this.rowHeight;
    const top = this.#top();
    if (index >= top && index + 1 <= top + visible) return;
    const isNear = Math.abs(index - top) < 2 * visible;
    const row = isNear ? (index < top ? index : index + 1 - visible) : index - visible / 3;
    const full = this.source.length() * this.rowHeight;
    this.#content.style.height = `${Math.min(full, TALLEST)}px`;
    const scale = full <= TALLEST ? 1 : (TALLEST - clientHeight) / (full - clientHeight);
    this.element.scrollTop = Math.max(0, row) * this.rowHeight * scale;
  }

  #schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#render());
  }

  #render(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const length = this.source.length();
    this.#content.style.height = `${Math.min(length * this.rowHeight, TALLEST)}px`;
    const top = this.#top();
    const first = Math.max(0, Math.floor(top) - MARGIN);
    const last = Math.min(length, Math.ceil(top + this.element.clientHeight / this.rowHeight) + MARGIN);
    for (const [index, row] of this.#rows) {
      if (index < first || index >= last) {
        row.remove();
        this.#rows.delete(index);
      }
    }
    const shift = this.element.scrollTop - top * this.rowHeight;
    for (let index = first; index < last; index += 1) {
      const row = this.#rows.get(index) ?? this.#add(index);
      row.style.transform = `translateY(${Math.round(shift + index * this.rowHeight)}px)`;
      row.setAttribute("aria-setsize", String(length));
    }
    this.#mark(this.#selected, true);
  }

  #add(index: number): HTMLElement {
    const row = this.source.row(index);
    row.setAttribute("role", "option");
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-selected", "false");
    row.id = `${this.element.id}-${index}`;
    row.dataset["index"] = String(index);
    this.#rows.set(index, row);
    this.#content.append(row);
    return row;
  }

  #click({ target }: MouseEvent, act: (index: number) => void): void {
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
    if (row !== null) act(Number(row.dataset["index"]));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined && event.key !== "Enter") return;
    event.preventDefault();
    if (step === undefined) this.source.open(this.#selected);
    else this.source.select(Math.max(0, Math.min(this.source.length() - 1, this.#selected + step)));
  }
}

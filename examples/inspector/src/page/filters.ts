/** The controls that say what is shown. */
import { byId, make } from "./dom.ts";
import { type Filter, KINDS, type Kind, NO_FILTER, type Store } from "./store.ts";
import { count } from "./text.ts";

/** How long typing may pause, in milliseconds, before what was typed is looked for. */
const PAUSE = 120;

export class Filters {
  readonly #search = byId("search", HTMLInputElement);
  readonly #from = byId("from", HTMLSelectElement);
  readonly #kind = byId("kind", HTMLSelectElement);
  readonly #connection = byId("connection", HTMLSelectElement);
  readonly #least = byId("least", HTMLInputElement);
  readonly #most = byId("most", HTMLInputElement);
  #timer = 0;

  /** @param changed Is called when another filter was chosen. */
  constructor(readonly changed: (filter: Filter) => void) {
    this.#kind.replaceChildren(...Object.entries(KINDS).map(([value, text]) => make("option", { value }, text)));
    for (const control of [this.#from, this.#kind, this.#connection])
      control.addEventListener("change", () => changed(this.filter));
    for (const control of [this.#search, this.#least, this.#most]) {
      control.addEventListener("input", () => {
        clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => changed(this.filter), PAUSE);
      });
    }
    byId("clear", HTMLButtonElement).addEventListener("click", () => {
      this.clear();
      changed(this.filter);
    });
  }

  get filter(): Filter {
    const bound = ({ value }: HTMLInputElement): number | undefined => (value === "" ? undefined : Number(value));
    return {
      connection: this.#connection.value === "all" ? "all" : Number(this.#connection.value),
      from: this.#from.value as Filter["from"],
      kind: this.#kind.value as Kind,
      least: bound(this.#least),
      most: bound(this.#most),
      search: this.#search.value.trim().toLowerCase(),
    };
  }

  /** Shows everything. */
  clear(): void {
    this.#from.value = NO_FILTER.from;
    this.#kind.value = NO_FILTER.kind;
    this.#connection.value = "all";
    for (const control of [this.#search, this.#least, this.#most]) control.value = "";
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Offers the connections of a capture. */
  offer({ connections }: Store): void {
    const chosen = this.#connection.value;
    const options = [...connections.values()].map(({ number, name, entries, faults }) =>
      make(
        "option",
        { value: String(number) },
        `${number}: ${name} (${count(entries)}${faults === 0 ? "" : `, ${count(faults)} \u2715`})`,
      ),
    );
    this.#connection.replaceChildren(
      make("option", { value: "all" }, `all connections (${count(connections.size)})`),
      ...options,
    );
    this.#connection.value = chosen;
    if (this.#connection.selectedIndex < 0) this.#connection.value = "all";
  }
}

/** The inspector: a conversation, and what is selected of it. */
import type { Entry, Payload } from "../entries.ts";
import type { Extensions, Source } from "../protocol.ts";
import { Backend } from "./backend.ts";
import { type Context, detail } from "./detail/index.ts";
import { button, byId, make } from "./dom.ts";
import { Filters } from "./filters.ts";
import { follow } from "./live.ts";
import { Intake } from "./intake.ts";
import { rowElement } from "./rows.ts";
import { sampleList } from "./samples.ts";
import { coursesOf } from "./states/course.ts";
import { statesView } from "./states/view.ts";
import { Store } from "./store.ts";
import { Talk, watchConnect } from "./talk.ts";
import { count, plural, size, visible } from "./text.ts";
import { Timeline } from "./timeline.ts";
import { VirtualList } from "./virtual-list.ts";

/** In pixels; the style sheet has the same. */
const ROW_HEIGHT = 28;
/** How often, in milliseconds, counts and the time line follow while a capture is being read. */
const FOLLOW = 200;

export class App {
  #store = new Store();
  /** Place of the selected entry; -1 for none. */
  #selected = -1;
  /** Whether the user has selected something, and not the page. */
  #isChosen = false;
  #isReading = false;
  /** Whether entries come from a relay: what is drawn follows them. */
  #isLive = false;
  /** The conversation of the page's own, while there is one. */
  #talk: Talk | undefined;
  #followed = 0;
  #following = 0;
  readonly #payloads = new Map<number, Payload>();
  readonly #list: VirtualList;
  readonly #timeline: Timeline;
  readonly #filters: Filters;
  readonly backend: Backend;
  /** Is called when a capture is being opened. */
  #opening = (): void => {};
  readonly #detail = byId("detail", HTMLElement);

  constructor() {
    this.backend = new Backend({
      entries: (entries) => this.#add(entries),
      progress: (done, total) => this.#progress(done, total),
      end: (cancelled, errors) => this.#end(cancelled, errors),
      payload: (id, payload) => this.#loaded(id, payload),
      failed: (text) => this.#end(false, [`the decoder has failed: ${text}`]),
    });
    const source = {
      length: () => this.#store.shown.length,
      row: (row: number) => this.#row(row),
      select: (row: number) => this.#choose(this.#store.shown[row] ?? -1),
      open: () => this.#detail.focus(),
    };
    this.#list = new VirtualList(byId("list", HTMLElement), source, ROW_HEIGHT);
    this.#timeline = new Timeline(
      byId("timeline", HTMLCanvasElement),
      () => this.#store,
      (place) => this.#choose(place),
    );
    this.#filters = new Filters((filter) => {
      this.#store.filter = filter;
      this.#refreshed();
    });
    const intake = new Intake((sources, extensions) => this.open(sources, extensions));
    byId("samples", HTMLElement).append(sampleList((text, name) => intake.takeText(text, name)));
    watchConnect((url, subprotocols) => this.talk(url, subprotocols));
    byId("cancel", HTMLButtonElement).addEventListener("click", () => this.backend.cancel());
    byId("previous-fault", HTMLButtonElement).addEventListener("click", () => this.#toFault(-1));
    byId("next-fault", HTMLButtonElement).addEventListener("click", () => this.#toFault(1));
    byId("list", HTMLElement).addEventListener("keydown", (event) => this.#key(event));
    this.#detail.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#list.element.focus();
    });
  }

  /** Has something called whenever a capture is opened. */
  opening(listener: () => void): void {
    this.#opening = listener;
  }

  /** Shows that something does not work. */
  fail(text: string): void {
    this.#showErrors([text]);
  }

  /** Shows what a relay sees, as it comes: the relay that this page is from. */
  live(token: string): void {
    if (!location.protocol.startsWith("http")) {
      this.fail("a page from disk has no relay to look at");
      return;
    }
    this.#begin();
    this.#isLive = true;
    follow(token, {
      entries: (entries) => this.#add(entries),
      end: (text) => {
        this.#end(false, text === undefined ? [] : [text]);
        this.say("the relay has ended");
      },
    });
    this.say("connected to the relay");
  }

  /** Connects to a server, and shows the messages of that connection. */
  talk(url: string, subprotocols: readonly string[]): void {
    this.#begin();
    byId("sources", HTMLUListElement).replaceChildren();
    this.#isLive = true;
    try {
      this.#talk = new Talk(url, subprotocols, {
        entries: (entries) => this.#add(entries),
        end: (text) => {
          this.#end(false, text === undefined ? [] : [text]);
          this.say("the connection is closed");
        },
      });
    } catch (error) {
      this.fail(`it is not possible to connect: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Reads captures. What was shown is gone. */
  open(sources: readonly Source[], extensions: Extensions): void {
    this.#begin();
    byId("progress-box", HTMLElement).hidden = false;
    this.#progress(0, 1);
    this.backend.open(sources, extensions);
    this.say(`reading ${sources.map(({ name }) => name).join(", ")}`);
  }

  /** What was shown is gone. */
  #begin(): void {
    this.#opening();
    this.#talk?.leave();
    this.#talk = undefined;
    this.#store = new Store();
    this.#filters.clear();
    this.#payloads.clear();
    [this.#selected, this.#isChosen, this.#isReading, this.#isLive] = [-1, false, true, false];
    document.body.classList.add("opened");
    delete document.body.dataset["read"];
    this.#showErrors([]);
    this.#detail.replaceChildren();
    this.#list.select(-1);
    this.#refreshed();
  }

  #add(entries: readonly Entry[]): void {
    const before = this.#store.entries.length;
    const isAtEnd = this.#list.isAtEnd;
    this.#store.add(entries);
    this.#list.refresh(false);
    if (this.#isLive && isAtEnd) this.#list.toEnd();
    if (!this.#isChosen && this.#selected < 0 && this.#store.faults.length > 0) this.#select(this.#store.faults[0] ?? -1);
    if (before === 0 || performance.now() - this.#followed > FOLLOW) this.#follow();
    else if (this.#isLive) this.#followLater();
  }

  /** Brings up to date what need not be so at each batch. */
  #follow(): void {
    this.#followed = performance.now();
    this.#filters.offer(this.#store);
    this.#timeline.draw();
    const { shown, entries, faults, totals } = this.#store;
    const ends = (["client", "server"] as const).map(
      (end) => `${end} ${plural(totals[end].frames, "frame")}, ${size(totals[end].bytes)}`,
    );
    const part =
      shown.length === entries.length
        ? plural(entries.length, "entry", "entries")
        : `${count(shown.length)} of ${plural(entries.length, "entry", "entries")}`;
    byId("counts", HTMLElement).textContent = [part, ...ends].join(" \u00b7 ");
    this.#showFaultPlace();
    byId("workspace", HTMLElement).classList.toggle("timeless", this.#store.times === undefined);
    const isMany = this.#store.connections.size > 1;
    const hasBeen = byId("workspace", HTMLElement).classList.contains("many");
    byId("workspace", HTMLElement).classList.toggle("many", isMany);
    if (isMany !== hasBeen) this.#list.refresh();
    const assumption = document.getElementById("assumption");
    if (assumption !== null) assumption.hidden = !this.#store.lacksHandshake;
    byId("none", HTMLElement).hidden = shown.length > 0 || this.#isReading;
    if (faults.length === 0) byId("fault-place", HTMLElement).textContent = this.#isReading ? "" : "no faults";
  }

  #followLater(): void {
    clearTimeout(this.#following);
    this.#following = window.setTimeout(() => this.#follow(), FOLLOW);
  }

  #showFaultPlace(): void {
    const { faults } = this.#store;
    const at = faults.indexOf(this.#selected);
    if (faults.length > 0)
      byId("fault-place", HTMLElement).textContent =
        at < 0 ? plural(faults.length, "fault") : `fault ${count(at + 1)} of ${count(faults.length)}`;
    for (const id of ["previous-fault", "next-fault"]) byId(id, HTMLButtonElement).disabled = faults.length === 0;
  }

  #end(cancelled: boolean, errors: readonly string[]): void {
    this.#isReading = false;
    byId("progress-box", HTMLElement).hidden = true;
    this.#follow();
    const { entries, faults } = this.#store;
    if (this.#selected < 0 && entries.length > 0) this.#select(0);
    this.#showErrors(
      entries.length === 0 && errors.length === 0 && !cancelled ? ["nothing of WebSocket was found in it"] : errors,
    );
    const found = `${plural(entries.length, "entry", "entries")}, ${plural(faults.length, "fault")}`;
    this.say(cancelled ? `stopped: ${found} so far` : found);
    // For whoever waits for it.
    document.body.dataset["read"] = String(entries.length);
  }

  #progress(done: number, total: number): void {
    const bar = byId("progress", HTMLProgressElement);
    bar.value = total === 0 ? 1 : done / total;
    byId("progress-text", HTMLElement).textContent = total <= 1 ? "" : `${size(done)} of ${size(total)}`;
  }

  #showErrors(errors: readonly string[]): void {
    const box = byId("errors", HTMLElement);
    box.hidden = errors.length === 0;
    box.replaceChildren(...errors.map((error) => make("p", {}, `\u2715 ${visible(error)}`)));
  }

  #row(row: number): HTMLElement {
    const entry = this.#store.atRow(row);
    if (entry === undefined) return make("div");
    return rowElement(entry, this.#store.atRow(row - 1), this.#store.times?.first ?? 0, this.#store.connections.size > 1);
  }

  /** The rows are others. */
  #refreshed(): void {
    this.#list.refresh();
    const row = this.#store.shown.indexOf(this.#selected);
    this.#list.select(row);
    this.#follow();
  }

  #choose(place: number): void {
    this.#isChosen = true;
    this.#select(place);
  }

  #select(place: number): void {
    const entry = this.#store.entries[place];
    if (entry === undefined) return;
    if (this.#store.shown[this.#store.rowOf(place)] !== place) {
      this.#filters.clear();
      this.#store.filter = this.#filters.filter;
      this.#list.refresh();
    }
    this.#selected = place;
    this.#list.select(this.#store.rowOf(place));
    this.#timeline.selected = place;
    this.#showFaultPlace();
    this.#showDetail(entry);
  }

  #showDetail(entry: Entry): void {
    const courses = coursesOf(this.#store.entries, this.#selected);
    const show = ({ id }: Entry): void => this.#choose(this.#store.placeOf(id) ?? -1);
    const states = statesView(this.backend.machines, courses, show);
    const parts = detail(entry, this.#context);
    parts[0]?.append(button("States of both ends", () => states.scrollIntoView(), { class: "link" }));
    this.#detail.replaceChildren(...parts, states);
    this.#detail.scrollTop = 0;
  }

  #toFault(step: 1 | -1): void {
    const place = this.#store.faultBeside(this.#selected, step);
    if (place === undefined) this.say(step === 1 ? "no fault follows" : "no fault comes before");
    else this.#choose(place);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") this.#toFault(1);
    else if (event.key === "p") this.#toFault(-1);
    else if (event.key === "/") this.#filters.focusSearch();
    else if (event.key === "c") this.#detail.querySelector<HTMLButtonElement>(".copy-bar button")?.click();
    else return;
    event.preventDefault();
  }

  #loaded(id: number, payload: Payload | undefined): void {
    if (payload === undefined) {
      this.say("the payload was not found again");
      const shown = this.#store.entries[this.#selected];
      if (shown?.id === id) this.#showDetail(shown);
      return;
    }
    this.#payloads.set(id, payload);
    const entry = this.#store.entries[this.#selected];
    if (entry?.id === id) this.#showDetail(entry);
  }

  /** Says something in a line, to all. */
  say(text: string): void {
    byId("status", HTMLElement).textContent = text;
  }

  get #context(): Context {
    return {
      store: this.#store,
      show: (id) => this.#choose(this.#store.placeOf(id) ?? -1),
      whole: (id) =>
        this.#isLive ? this.say("the relay sends beginnings: its --preview says how much") : this.backend.whole(id),
      payloadOf: (entry) => this.#payloads.get(entry.id) ?? entry.payload,
      replay: (given) => this.backend.replay(given),
      say: (text) => this.say(text),
    };
  }
}

/** The playground: two engines, a wire between them, and time as a slider. */
import { type Scenario, SCENARIOS } from "../../playground/scenarios/index.ts";
import { EMPTY, fromFragment, type State, toFragment } from "../../playground/state.ts";
import type { EndState, OptionInfo, Step, Trace } from "../../playground/trace.ts";
import type { Backend } from "../backend.ts";
import { toClipboard } from "../detail/copy.ts";
import { type Context, detail } from "../detail/index.ts";
import { tabs } from "../detail/tabs.ts";
import { button, make, withLinks } from "../dom.ts";
import { coursesOfPlay } from "../states/course.ts";
import { deadlineText, statesView } from "../states/view.ts";
import { Store } from "../store.ts";
import { count, plural, seconds, size, visible, visibleLines } from "../text.ts";
import { VirtualList } from "../virtual-list.ts";
import { deadlineMarks } from "./marks.ts";
import { optionsForm } from "./options.ts";
import { isDecoded, stepRow } from "./rows.ts";
import { scriptView } from "./script.ts";

const ROW_HEIGHT = 28;
/** How long changes are gathered, in milliseconds, before they are played. */
const PAUSE = 60;

export class Playground {
  #state: State = SCENARIOS[0]?.state ?? EMPTY;
  #trace: Trace = { steps: [], refused: [] };
  #store = new Store();
  #at = 0;
  #played = 0;
  #timer = 0;
  /** Whether something is played, or is going to be. */
  #isBegun = false;
  #options: readonly OptionInfo[] = [];
  readonly #list: VirtualList;
  readonly #select = make("select", { id: "scenario" });
  readonly #about = make("p", { class: "about" });
  readonly #slider = make("input", { id: "time", type: "range", "aria-label": "Time" });
  /** The deadlines on the slider. */
  readonly #marks = make("div", { class: "marks", "aria-hidden": "true" });
  readonly #clock = make("output", { for: "time", class: "clock" });
  readonly #ends = make("div", { class: "ends" });
  readonly #refused = make("div", { class: "refused", role: "status" });
  readonly #side = make("div", { class: "side" });
  readonly #detail = make("article", { class: "detail", tabindex: "-1", "aria-label": "Selected step" });

  constructor(
    root: HTMLElement,
    readonly backend: Backend,
    readonly say: (text: string) => void,
  ) {
    const listElement = make("div", { id: "steps", class: "list", role: "listbox", tabindex: "0", "aria-label": "Steps" });
    const back = button("\u2190", () => this.#go(this.#at - 1), { "aria-label": "One step back" });
    const on = button("\u2192", () => this.#go(this.#at + 1), { "aria-label": "One step on" });
    const link = button("Copy link", () => this.#copyLink());
    const head = make("div", { class: "play-head" }, make("label", { for: "scenario" }, "Scenario"), this.#select, link);
    const line = make("div", { class: "time-line" }, this.#slider, this.#marks);
    const time = make("div", { class: "time-bar" }, back, line, on, this.#clock);
    const names = make(
      "span",
      { class: "ladder-head" },
      make("b", { class: "client" }, "client"),
      make("b", { class: "server" }, "server"),
    );
    const left = make(
      "div",
      { class: "conversation" },
      make("div", { class: "row columns", "aria-hidden": "true" }, make("span", { class: "time" }, "time, s"), names),
      listElement,
    );
    root.append(head, this.#about, time, this.#ends, this.#refused, make("div", { class: "split" }, left, this.#side));
    this.#list = new VirtualList(
      listElement,
      {
        length: () => this.#trace.steps.length,
        row: (row) => this.#row(row),
        select: (row) => this.#go(row),
        open: () => this.#detail.focus(),
      },
      ROW_HEIGHT,
    );
    this.#offerScenarios();
    this.#slider.addEventListener("input", () => this.#go(Number(this.#slider.value)));
    backend.options
      .then((options) => {
        this.#options = options;
        this.#showSide();
      })
      .catch(() => {});
  }

  /** Plays what a link holds, if it is one. Returns whether it is. */
  async openLink(fragment: string): Promise<boolean> {
    const state = await fromFragment(fragment);
    if (state === undefined) return false;
    this.#select.value = "";
    this.#about.replaceChildren("From a link.");
    this.#change(state, false);
    return true;
  }

  /** Begins, unless something is being played. */
  show(): void {
    if (!this.#isBegun) this.#open(0);
    else this.#list.refresh();
  }

  #offerScenarios(): void {
    const groups = new Map<string, HTMLElement>();
    SCENARIOS.forEach(({ group, name }, index) => {
      const element = groups.get(group) ?? make("optgroup");
      element.setAttribute("label", group);
      groups.set(group, element);
      element.append(make("option", { value: String(index) }, name));
    });
    this.#select.append(make("option", { value: "" }, "your own"), ...groups.values());
    this.#select.addEventListener("change", () => {
      if (this.#select.value !== "") this.#open(Number(this.#select.value));
    });
  }

  #open(index: number): void {
    const scenario: Scenario | undefined = SCENARIOS[index];
    if (scenario === undefined) return;
    this.#select.value = String(index);
    this.#about.replaceChildren(withLinks(scenario.text));
    this.#change(scenario.state, false);
  }

  /** Plays another state. One that the user has made is no scenario any more, and stays where it was. */
  #change(state: State, isOwn = true): void {
    this.#state = state;
    this.#isBegun = true;
    if (isOwn && this.#select.value !== "") {
      this.#select.value = "";
      this.#about.prepend("Changed by you. ");
    }
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#play(isOwn).catch((error: unknown) => this.say(String(error)));
    }, PAUSE);
  }

  async #play(isOwn: boolean): Promise<void> {
    const number = (this.#played += 1);
    const trace = await this.backend.play(this.#state);
    if (number !== this.#played) return;
    const isAtEnd = this.#at >= this.#trace.steps.length - 1;
    this.#trace = trace;
    this.#store = new Store();
    this.#store.times = { first: 0, last: 0 };
    this.#store.add(trace.steps.map(({ entry }) => entry).filter(isDecoded));
    this.#slider.max = String(Math.max(0, trace.steps.length - 1));
    const notes = [...trace.refused.map((text) => `refused: ${text}`), ...(trace.stopped === undefined ? [] : [trace.stopped])];
    this.#refused.replaceChildren(...notes.slice(0, 5).map((text) => make("p", {}, visible(text))));
    this.#list.refresh();
    const fault = trace.steps.findIndex(
      ({ entry }) => entry.type === "fault" || (entry.type === "host" && entry.fault !== undefined),
    );
    const kept = isAtEnd ? trace.steps.length - 1 : this.#at;
    this.#go(isOwn ? kept : Math.max(0, fault));
    history.replaceState(null, "", `#${await toFragment(this.#state)}`);
    document.body.dataset["played"] = String(number);
  }

  #row(row: number): HTMLElement {
    const step = this.#trace.steps[row];
    return step === undefined ? make("div") : stepRow(step, this.#trace.steps[row - 1]);
  }

  /** Shows the state behind a step. */
  #go(row: number): void {
    const { steps } = this.#trace;
    this.#at = Math.max(0, Math.min(steps.length - 1, row));
    this.#list.select(steps.length === 0 ? -1 : this.#at);
    const step: Step | undefined = steps[this.#at];
    this.#slider.value = String(this.#at);
    const time = step === undefined ? "" : `${seconds(step.at * 1000)} s`;
    this.#slider.setAttribute("aria-valuetext", `${time}, step ${this.#at + 1} of ${steps.length}`);
    this.#clock.textContent = `${time}, step ${steps.length === 0 ? 0 : count(this.#at + 1)} of ${count(steps.length)}`;
    this.#marks.replaceChildren(...(step === undefined ? [] : deadlineMarks(steps, step)));
    this.#ends.replaceChildren(
      ...(step === undefined ? [] : [endBox("client", step.ends.client, step.at), endBox("server", step.ends.server, step.at)]),
    );
    this.#showSide();
  }

  #showSide(): void {
    const step = this.#trace.steps[this.#at];
    const forms = (end: "client" | "server") => (): HTMLElement =>
      optionsForm(end, this.#options, this.#state.options[end], (options) =>
        this.#change({ ...this.#state, options: { ...this.#state.options, [end]: options } }),
      );
    this.#side.replaceChildren(
      tabs("Playground", [
        ["Step", () => this.#stepDetail(step)],
        ["States", () => statesView(this.backend.machines, coursesOfPlay(this.#trace.steps, this.#at), () => {})],
        ["Script", () => scriptView(this.#state, step?.at ?? 0, (state) => this.#change(state))],
        ["Client options", forms("client")],
        ["Server options", forms("server")],
      ]),
    );
  }

  #stepDetail(step: Step | undefined): HTMLElement {
    if (step === undefined) return this.#detail;
    const { entry } = step;
    if (isDecoded(entry)) {
      this.#detail.replaceChildren(...detail(entry, this.#context));
    } else {
      const title =
        entry.type === "wire"
          ? `The wire from the ${entry.from}`
          : entry.isAction
            ? `The host of the ${entry.at}: ${entry.kind}`
            : `The host of the ${entry.at} is told: ${entry.kind}`;
      this.#detail.replaceChildren(make("h2", {}, title), make("pre", { tabindex: "0" }, visibleLines(entry.text)));
    }
    return this.#detail;
  }

  #copyLink(): void {
    toClipboard(location.href).then(
      () => this.say("the link is in the clipboard"),
      () => this.say("the link is in the address bar"),
    );
  }

  get #context(): Context {
    return {
      store: this.#store,
      show: (id) => this.#go(this.#trace.steps.findIndex(({ entry }) => entry.id === id)),
      whole: () => this.say("the playground shows the beginning of payloads"),
      payloadOf: (entry) => entry.payload,
      flip: (who, byte, bit) =>
        this.#change({ ...this.#state, actions: [...this.#state.actions, { who, do: "corrupt", byte, bit }] }),
      replay: (given) => this.backend.replay(given),
      say: this.say,
    };
  }
}

function endBox(end: "client" | "server", state: EndState, now: number): HTMLElement {
  const texts = state.deadlines.map((each) => deadlineText(each, now * 1000));
  // The engine asks for a call at once where it has something to deliver or to answer, which is no timer.
  const isDue = state.deadline !== null && state.deadline <= now && !state.deadlines.some(({ at }) => at === now * 1000);
  const deadline = [...(isDue ? ["due"] : []), ...texts].join("; ") || "none";
  const facts: readonly (readonly [string, string])[] =
    state.state === "hostile"
      ? [
          ["engine", "none: its bytes are raw"],
          ["on the way", plural(state.inFlight, "byte")],
        ]
      : [
          ["state", state.state],
          ["transport", state.transport],
          ["deadline", deadline],
          ["memory", size(state.memory)],
          ["on the way", plural(state.inFlight, "byte")],
        ];
  const list = facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return make("section", { class: `end ${end}` }, make("h2", {}, end), make("dl", {}, ...list));
}

/** What happens in the playground: a list of steps, and a form that adds one. */
import type { End } from "../../entries.ts";
import type { Action, State, Wire } from "../../playground/state.ts";
import { button, make } from "../dom.ts";
import { visible } from "../text.ts";

/** What can be done, in words. */
const KINDS: Readonly<Record<Action["do"], string>> = {
  text: "send a text",
  binary: "send bytes (hex)",
  part: "send a fragment of a text",
  ping: "ping",
  pong: "pong unasked",
  close: "close",
  compress: "turn compression on or off",
  raw: "send raw bytes (hex), past the engine",
  eof: "end the stream",
  stall: "stop reading",
  corrupt: "flip a bit on the wire",
  drop: "lose bytes on the wire",
};

/** What the text of a step is, where it is none. */
const DATA: Partial<Record<Action["do"], string>> = {
  binary: "Hex",
  raw: "Hex",
  part: "Text; ends with | if it is the last",
  compress: "On or off",
};

/** How much of a payload the list shows, in characters. */
const SHOWN = 60;

/** The list and the form. `changed` gets the state as it is to be. */
export function scriptView(state: State, now: number, changed: (state: State) => void): HTMLElement {
  const items = state.actions.map((action, index) => {
    const text = actionText(action);
    const remove = button("Remove", () => changed({ ...state, actions: state.actions.filter((_, each) => each !== index) }), {
      "aria-label": `Remove: ${text}`,
    });
    return make("li", {}, make("span", {}, text), remove);
  });
  const list =
    items.length === 0
      ? make("p", { class: "muted" }, "Nothing happens yet but the opening handshake.")
      : make("ol", { class: "script" }, ...items);
  return make("div", { class: "script-view" }, list, addForm(state, now, changed), wireForm(state, changed));
}

function actionText(action: Action): string {
  const when = "at" in action ? `${action.at} ms, ` : "";
  return `${when}${action.who}: ${KINDS[action.do]}${argumentsText(action)}`;
}

function argumentsText(action: Action): string {
  switch (action.do) {
    case "corrupt":
      return `: bit ${action.bit} of byte ${action.byte}`;
    case "drop":
      return `: ${action.count} from byte ${action.byte} on`;
    case "compress":
      return action.on ? ": on" : ": off";
    case "eof":
    case "stall":
      return "";
    case "close":
      return ` with ${action.code}${shortened(action.data)}`;
    case "part":
      return `${action.last ? ", the last" : ""}${shortened(action.data)}`;
    case "ping":
    case "pong":
      return shortened(action.data);
    default:
      return `${shortened(action.data)}${action.times === undefined ? "" : ` \u00d7 ${action.times}`}`;
  }
}

function shortened(data: string): string {
  return data === "" ? "" : `: ${visible(data.slice(0, SHOWN))}${data.length > SHOWN ? "\u2026" : ""}`;
}

/** What was added last: the form begins with the same end and the same kind. */
let last: Given | undefined;

/** The form, and what it says. */
function addForm(state: State, now: number, changed: (state: State) => void): HTMLElement {
  const fields = stepFields(now);
  const { who, what, at, data, times, first, second } = fields;
  const boxes = [who, what, at, data, times, first, second].map(({ box }) => box);
  const add = make("button", { type: "submit", class: "primary" }, "Add");
  const form = make("form", { class: "add-step", "aria-label": "Add a step" }, ...boxes, add);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    last = {
      who: who.control.value as End,
      kind: what.control.value as Action["do"],
      at: Number(at.control.value),
      data: data.control.value,
      times: Number(times.control.value),
      first: Number(first.control.value),
      second: Number(second.control.value),
    };
    changed({ ...state, actions: [...state.actions, actionOf(last)] });
  });
  what.control.addEventListener("change", () => showFields(fields));
  if (last !== undefined) [who.control.value, what.control.value] = [last.who, last.kind];
  showFields(fields);
  return form;
}

type Fields = ReturnType<typeof stepFields>;

function stepFields(now: number) {
  const control = make("input", { id: "step-data", type: "text" });
  const name = make("span", {}, "Text");
  return {
    who: select("step-who", "Who", { client: "client", server: "server" }),
    what: select("step-do", "Does", KINDS),
    at: number("step-at", "At, ms", now),
    data: { box: make("label", { class: "grow" }, name, control), control, name },
    times: number("step-times", "Times", 1),
    first: number("step-first", "Code", 1000),
    second: number("step-second", "Bit", 7),
  };
}

/** Shows the fields that what is chosen has. */
function showFields({ what, at, data, times, first, second }: Fields): void {
  const kind = what.control.value as Action["do"];
  const isWire = kind === "corrupt" || kind === "drop";
  at.box.hidden = isWire;
  data.box.hidden = isWire || kind === "eof" || kind === "stall";
  times.box.hidden = !["text", "binary", "raw"].includes(kind);
  first.box.hidden = !isWire && kind !== "close";
  second.box.hidden = !isWire;
  first.name.textContent = isWire ? "Byte" : "Code";
  second.name.textContent = kind === "drop" ? "How many" : "Bit";
  data.name.textContent = DATA[kind] ?? "Text";
}

interface Given {
  readonly who: End;
  readonly kind: Action["do"];
  readonly at: number;
  readonly data: string;
  readonly times: number;
  readonly first: number;
  readonly second: number;
}

function actionOf({ who, kind, at, data, times, first, second }: Given): Action {
  switch (kind) {
    case "text":
    case "binary":
    case "raw":
      return { at, who, do: kind, data, ...(times > 1 ? { times } : {}) };
    case "part":
      return { at, who, do: kind, data: data.replace(/\|$/, ""), last: data.endsWith("|") };
    case "ping":
    case "pong":
      return { at, who, do: kind, data };
    case "close":
      return { at, who, do: kind, code: first, data };
    case "compress":
      return { at, who, do: kind, on: data.trim() !== "off" };
    case "eof":
    case "stall":
      return { at, who, do: kind };
    case "corrupt":
      return { who, do: kind, byte: first, bit: Math.min(7, second) };
    case "drop":
      return { who, do: kind, byte: first, count: Math.max(1, second) };
  }
}

/** How the wire is in each direction. */
function wireForm(state: State, changed: (state: State) => void): HTMLElement {
  const fields = (["client", "server"] as const).map((end) => {
    const set = (change: Partial<Wire>): void =>
      changed({ ...state, wire: { ...state.wire, [end]: { ...state.wire[end], ...change } } });
    const delay = number(`${end}-delay`, "Delay, ms", state.wire[end].delay);
    const split = number(`${end}-split`, "Cut into pieces of, bytes (0: never)", state.wire[end].split);
    delay.control.addEventListener("change", () => set({ delay: Number(delay.control.value) }));
    split.control.addEventListener("change", () => set({ split: Number(split.control.value) }));
    return make("fieldset", { class: "wire-form" }, make("legend", {}, `The wire from the ${end}`), delay.box, split.box);
  });
  return make("div", { class: "wires" }, ...fields);
}

function number(id: string, text: string, value: number): { box: HTMLElement; control: HTMLInputElement; name: HTMLElement } {
  const control = make("input", { id, type: "number" });
  control.min = "0";
  control.value = String(value);
  const name = make("span", {}, text);
  return { box: make("label", {}, name, control), control, name };
}

function select(
  id: string,
  text: string,
  choices: Readonly<Record<string, string>>,
): { box: HTMLElement; control: HTMLSelectElement } {
  const control = make("select", { id }, ...Object.entries(choices).map(([value, name]) => make("option", { value }, name)));
  return { box: make("label", {}, make("span", {}, text), control), control };
}

/** The options of an engine, each with what it does. */
import type { EndOptions } from "../../playground/state.ts";
import type { OptionInfo } from "../../playground/trace.ts";
import type { End } from "../../entries.ts";
import { make, withLinks } from "../dom.ts";

/** A form for the options of one end. `changed` gets those that are not left as they are. */
export function optionsForm(
  end: End,
  infos: readonly OptionInfo[],
  chosen: EndOptions,
  changed: (options: EndOptions) => void,
): HTMLElement {
  const current: Record<string, number | boolean> = { ...chosen };
  const set = (name: string, value: number | boolean | undefined): void => {
    if (value === undefined) delete current[name];
    else current[name] = value;
    changed({ ...current });
  };
  const rows = infos.map((info) => {
    const id = `${end}-${info.name}`;
    const control =
      info.type === "boolean"
        ? choice(id, current[info.name], (value) => set(info.name, value))
        : field(id, current[info.name], (value) => set(info.name, value));
    control.setAttribute("aria-describedby", `${id}-text`);
    return make(
      "div",
      { class: "option" },
      make("label", { for: id }, words(info.name)),
      control,
      make("p", { id: `${id}-text`, class: "muted" }, withLinks(info.text.replace("section ", "\u00a7"))),
    );
  });
  return make("div", { class: "options" }, ...rows);
}

function choice(id: string, value: number | boolean | undefined, changed: (value: boolean | undefined) => void): HTMLElement {
  const select = make(
    "select",
    { id },
    make("option", { value: "" }, "default"),
    make("option", { value: "1" }, "on"),
    make("option", { value: "0" }, "off"),
  );
  select.value = value === undefined ? "" : value === true ? "1" : "0";
  select.addEventListener("change", () => changed(select.value === "" ? undefined : select.value === "1"));
  return select;
}

function field(id: string, value: number | boolean | undefined, changed: (value: number | undefined) => void): HTMLElement {
  const input = make("input", { id, type: "number" });
  input.min = "0";
  input.placeholder = "default";
  if (typeof value === "number") input.value = String(value);
  input.addEventListener("change", () => changed(input.value === "" ? undefined : Number(input.value)));
  return input;
}

/** "maxMessageSize" as "max message size". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

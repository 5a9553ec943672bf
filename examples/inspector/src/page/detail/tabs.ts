/** Tabs: one of several views of the same thing. */
import { make } from "../dom.ts";

let made = 0;
/** The view that was chosen last under each label: the next entry begins with it. */
const chosen = new Map<string, string>();

/** The views by their names. Only the one in front is made. */
export function tabs(label: string, choices: readonly (readonly [name: string, make: () => HTMLElement])[]): HTMLElement {
  const id = `tabs-${(made += 1)}`;
  const panel = make("div", { role: "tabpanel", id: `${id}-panel`, class: "panel" });
  const list = make("div", { role: "tablist", "aria-label": label, class: "tabs" });
  const select = (index: number, focus: boolean): void => {
    [...list.children].forEach((tab, each) => {
      tab.setAttribute("aria-selected", String(each === index));
      tab.setAttribute("tabindex", each === index ? "0" : "-1");
    });
    const choice = choices[index];
    if (choice === undefined) return;
    panel.setAttribute("aria-labelledby", `${id}-${index}`);
    panel.replaceChildren(choice[1]());
    if (focus) (list.children[index] as HTMLElement).focus();
  };
  choices.forEach(([name], index) => {
    const click = (): void => {
      chosen.set(label, name);
      select(index, false);
    };
    list.append(make("button", { type: "button", role: "tab", id: `${id}-${index}`, "aria-controls": panel.id, click }, name));
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const current = [...list.children].findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    if (step !== undefined) select((current + step + choices.length) % choices.length, true);
  });
  select(
    Math.max(
      0,
      choices.findIndex(([name]) => name === chosen.get(label)),
    ),
    false,
  );
  return make("div", { class: "tabbed" }, list, panel);
}

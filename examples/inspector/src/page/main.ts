import { App } from "./app.ts";
import { byId } from "./dom.ts";
import { Playground } from "./play/view.ts";

const app = new App();
const views = ["inspector", "playground"] as const;
const playground = new Playground(byId("playground", HTMLElement), app.backend, (text) => app.say(text));

/** Shows one of the two views. */
function show(view: (typeof views)[number], focus = false): void {
  for (const each of views) {
    const tab = byId(`tab-${each}`, HTMLButtonElement);
    tab.setAttribute("aria-selected", String(each === view));
    tab.tabIndex = each === view ? 0 : -1;
    byId(each, HTMLElement).hidden = each !== view;
    if (focus && each === view) tab.focus();
  }
  if (view === "playground") playground.show();
}

views.forEach((view, index) => {
  const tab = byId(`tab-${view}`, HTMLButtonElement);
  tab.addEventListener("click", () => show(view));
  tab.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowRight" || key === "ArrowLeft") show(views[1 - index] ?? "inspector", true);
  });
});
app.opening(() => show("inspector"));
const follow = (): void => {
  const token = /^#live=(\w+)$/.exec(location.hash)?.[1];
  if (token !== undefined) app.live(token);
  playground.openLink(location.hash).then(
    (isLink) => isLink && show("playground"),
    (error: unknown) => app.fail(`the link cannot be followed: ${error instanceof Error ? error.message : String(error)}`),
  );
};
addEventListener("hashchange", follow);
follow();

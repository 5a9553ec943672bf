/** The deadlines that run, on the slider: where the step is at or behind which each would pass. */
import type { Step } from "../../playground/trace.ts";
import { make } from "../dom.ts";

/** A mark for each; those that no step reaches stand at the end, with an arrow. */
export function deadlineMarks(steps: readonly Step[], { ends }: Step): HTMLElement[] {
  return (["client", "server"] as const).flatMap((end) =>
    ends[end].deadlines.map(({ timer, at = 0 }) => {
      const place = steps.findIndex((step) => step.at * 1000 >= at);
      const share = place < 0 ? 1 : place / Math.max(1, steps.length - 1);
      const mark = make("span", { class: `mark ${end}`, "data-late": share > 0.7 ? "true" : undefined });
      mark.append(`${end} ${timer}${place < 0 ? " \u2192" : ""}`);
      mark.style.setProperty("--share", String(share));
      return mark;
    }),
  );
}

/** Copies of a frame or a head, for other tools. */
import type { FrameEntry, HeadEntry } from "../../entries.ts";
import { button, make } from "../dom.ts";
import { commandLine, hexDigits, vector } from "../formats.ts";
import type { Context } from "./index.ts";

/** The buttons. */
export function copyBar(entry: FrameEntry | HeadEntry, context: Context): HTMLElement {
  const copy = (name: string, text: () => Promise<string> | string): HTMLElement =>
    button(name, () => {
      Promise.resolve(text())
        .then(async (copied) => {
          await toClipboard(copied);
          context.say(`${name}: ${copied.length > 60 ? `${copied.slice(0, 60)}\u2026` : copied} is in the clipboard`);
        })
        .catch((error: unknown) => context.say(`not copied: ${error instanceof Error ? error.message : String(error)}`));
    });
  return make(
    "div",
    { class: "copy-bar", role: "group", "aria-label": "Copy" },
    copy("Copy hex", () => hexDigits(entry, context)),
    copy("Copy as vector", () => vector(entry, context)),
    copy("Copy as command", () => commandLine(entry, context)),
  );
}

/** Writes to the clipboard by way of a selection, which also works from disk, or else by the newer way, which asks first. */
export async function toClipboard(text: string): Promise<void> {
  const area = make("textarea", { "aria-hidden": "true", class: "off-screen" });
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isCopied) await navigator.clipboard.writeText(text);
}

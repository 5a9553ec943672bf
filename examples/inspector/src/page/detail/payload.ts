/** A payload as text, JSON or bytes. */
import type { FrameEntry, MessageEntry, Payload } from "../../entries.ts";
import { button, make } from "../dom.ts";
import { count, fromHex, plural, size, visibleLines } from "../text.ts";
import { tabs } from "./tabs.ts";
import { hexView } from "./hex.ts";

/** How many characters are shown at once, and added by each press of a button. */
const PAGE = 20_000;

/** The longest text that is read as JSON, in characters. */
const LONGEST = 8_000_000;

/** The view, and how to ask for the rest of a payload that is cut. */
export function payloadView(entry: FrameEntry | MessageEntry, payload: Payload, whole: () => void): HTMLElement {
  const view = make("section", { class: "payload" }, make("h3", {}, "Payload"));
  if (payload.size === 0) {
    view.append(make("p", { class: "muted" }, "Empty."));
    return view;
  }
  const choices: [string, () => HTMLElement][] = [];
  const { text, wire } = payload;
  const json = text === undefined || payload.cut ? undefined : pretty(text);
  if (json !== undefined) choices.push(["JSON", () => textView(json, "JSON")]);
  if (text !== undefined) choices.push(["Text", () => textView(text, "Text")]);
  choices.push(["Hex", () => hexView(bytesOf(entry, payload), "Payload")]);
  const isMasked = entry.type === "frame" && entry.masked;
  const how = [isMasked ? "masked" : "", entry.compressed ? "compressed" : ""].filter(Boolean).join(", ");
  if (wire !== undefined && how !== "") choices.push([`Wire (${how})`, () => hexView(fromHex(wire), "Payload on the wire")]);
  view.append(tabs("Payload as", choices));
  if (payload.cut) view.append(rest(payload, bytesOf(entry, payload).length, whole));
  return view;
}

function rest(payload: Payload, shown: number, whole: () => void): HTMLElement {
  const load = button(`Read the whole payload (${size(payload.size)})`, () => {
    load.disabled = true;
    load.textContent = "Reading the capture again\u2026";
    whole();
  });
  return make("p", { class: "rest" }, `The first ${plural(shown, "byte")} of ${count(payload.size)}. `, load);
}

function textView(text: string, label: string): HTMLElement {
  const content = make("pre", { tabindex: "0", role: "group", "aria-label": `Payload as ${label}` });
  const view = make("div", { class: "text-view" }, content);
  let shown = 0;
  const more = (): void => {
    content.append(visibleLines(text.slice(shown, shown + PAGE)));
    shown = Math.min(text.length, shown + PAGE);
    view.querySelector("button")?.remove();
    if (shown < text.length) view.append(button(`Show more: ${count(text.length - shown)} characters follow`, more));
  };
  more();
  return view;
}

/** JSON with indentation, if it is an object or a list. */
function pretty(text: string): string | undefined {
  if (text.length > LONGEST || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}

/** The bytes of a payload; those of a text from the wire, unmasked (RFC 6455 §5.3), unless they are compressed. */
function bytesOf(entry: FrameEntry | MessageEntry, { text, hex, wire }: Payload): Uint8Array {
  if (hex !== undefined) return fromHex(hex);
  if (entry.type === "message" || entry.compressed || wire === undefined) return new TextEncoder().encode(text ?? "");
  const key = fromHex(entry.key ?? "00000000");
  return fromHex(wire).map((byte, index) => byte ^ (key[index % 4] ?? 0));
}

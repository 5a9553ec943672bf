/** Bytes in rows of sixteen, or of eight where there is little room: where, what, and as ASCII. Some of them can be marked. */
import { button, make } from "../dom.ts";
import { count, hexByte, plural } from "../text.ts";

/** Bytes that belong together. */
export interface Mark {
  /** The first byte, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** "header", "key" or "fault". */
  readonly class: string;
}

const ROW = 16;
const NARROW_ROW = 8;
const narrow = matchMedia("(max-width: 559px)");
/** How many bytes are shown at once, and added by each press of a button. */
const PAGE = 4096;

/** The view. `origin` is the number of the first byte. Later marks win over earlier ones. */
export function hexView(bytes: Uint8Array, label: string, marks: readonly Mark[] = [], origin = 0): HTMLElement {
  const view = make("div", {
    class: "hex",
    tabindex: "0",
    role: "group",
    "aria-label": `${label}, ${plural(bytes.length, "byte")} in hexadecimal`,
  });
  const width = narrow.matches ? NARROW_ROW : ROW;
  let shown = 0;
  const more = (): void => {
    const end = Math.min(bytes.length, shown + PAGE);
    view.querySelector("button")?.remove();
    for (let at = shown; at < end; at += width)
      view.append(hexRow(bytes.subarray(0, Math.min(at + width, bytes.length)), at, marks, origin));
    shown = end;
    if (shown < bytes.length) view.append(button(`Show more: ${count(bytes.length - shown)} bytes follow`, more));
  };
  more();
  return view;
}

/** The last bytes, from `at` on. */
function hexRow(bytes: Uint8Array, at: number, marks: readonly Mark[], origin: number): HTMLElement {
  const places = Array.from({ length: bytes.length - at }, (_, index) => at + index);
  const digits = make("span", { class: "digits" });
  const characters = make("span", { class: "ascii", "aria-hidden": "true" });
  for (const group of groups(places, marks)) {
    const gapBefore = (place: number): string => (place === at ? "" : (place - at) % 8 === 0 ? "\u00a0\u00a0" : " ");
    const [first] = group.places;
    if (first === undefined) continue;
    digits.append(gapBefore(first));
    const text = group.places.map((place) => (place === first ? "" : gapBefore(place)) + hexByte(bytes[place] ?? 0)).join("");
    digits.append(marked(group.class, text));
    characters.append(marked(group.class, group.places.map((place) => printable(bytes[place] ?? 0)).join("")));
  }
  return make(
    "div",
    { class: "hex-row" },
    make("span", { class: "offset" }, (origin + at).toString(16).padStart(6, "0")),
    digits,
    characters,
  );
}

function marked(mark: string, text: string): Node {
  if (mark === "") return document.createTextNode(text);
  const element =
    mark === "fault" ? make("mark", { title: "the byte at fault" }, text) : make("span", { class: `part-${mark}` }, text);
  return element;
}

/** Neighbours with the same mark. */
function groups(places: readonly number[], marks: readonly Mark[]): { class: string; places: number[] }[] {
  const found: { class: string; places: number[] }[] = [];
  for (const place of places) {
    const mark = marks.findLast(({ start, end }) => place >= start && place < end)?.class ?? "";
    const last = found.at(-1);
    if (last?.class === mark) last.places.push(place);
    else found.push({ class: mark, places: [place] });
  }
  return found;
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "\u00b7";
}

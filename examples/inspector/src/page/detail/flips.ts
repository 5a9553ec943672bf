/** The first two bytes of a frame as bits that can be flipped on their way: in the playground. */
import type { FrameEntry } from "../../entries.ts";
import { button, make } from "../dom.ts";
import { fromHex } from "../text.ts";

const NAMES = ["FIN", "RSV1", "RSV2", "RSV3", "opcode 8", "opcode 4", "opcode 2", "opcode 1", "MASK"];

/** A button for each bit. `flip` gets the byte, counted from the frame's first, and the bit, 7 being the highest. */
export function flipBar(frame: FrameEntry, flip: (byte: number, bit: number) => void): HTMLElement {
  const bytes = [...fromHex(frame.header).subarray(0, 2)];
  const bits = bytes.flatMap((byte, at) =>
    Array.from({ length: 8 }, (_, index) => {
      const bit = 7 - index;
      const name = NAMES[8 * at + index] ?? `length ${1 << bit}`;
      const text = String((byte >> bit) & 1);
      return button(text, () => flip(at, bit), { title: name, "aria-label": `Flip ${name}, which is ${text}` });
    }),
  );
  return make("div", { class: "flips", role: "group", "aria-label": "Flip a bit of this frame on its way" }, ...bits);
}

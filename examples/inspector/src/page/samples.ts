/** The broken captures, to look at without having one. */
import badText from "../../captures/bad-text.b64";
import insideMessage from "../../captures/message-inside-message.tcpdump";
import lonely from "../../captures/lonely-continuation.c";
import ping from "../../captures/fragmented-ping.xxd";
import reserved from "../../captures/reserved-bits.txt";
import shortKey from "../../captures/short-key.http";
import { button, make } from "./dom.ts";

const SAMPLES: readonly (readonly [name: string, format: string, text: string])[] = [
  ["A message that begins inside another", "tcpdump -X", insideMessage],
  ["A client that compresses although nobody agreed on it", "marked lines", reserved],
  ["A ping in two frames", "xxd", ping],
  ["A continuation of nothing", "C arrays, as of Wireshark", lonely],
  ["A text that ends inside a character", "base64", badText],
  ["A key that is too short", "a request", shortKey],
];

/** The list, and what to do with the text of one. */
export function sampleList(take: (text: string, name: string) => void): HTMLElement {
  const items = SAMPLES.map(([name, format, text]) =>
    make(
      "li",
      {},
      button(name, () => take(text, name), { class: "link" }),
      make("span", { class: "muted" }, ` ${format}`),
    ),
  );
  return make("ul", {}, ...items);
}

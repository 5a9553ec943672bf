/** What a wire does to bytes without meaning to. */
import { type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("A bad wire");

export const WIRE: readonly Scenario[] = [
  scenario(
    "A flipped bit",
    "One bit of the client's text frame changes on its way. TCP's checksum misses some of these; here it hits the FIN bit, so the next message begins inside another.",
    {
      actions: [
        { at: 100, who: "client", do: "text", data: "the first message" },
        { at: 200, who: "client", do: "text", data: "the second message" },
        { who: "client", do: "corrupt", byte: 157, bit: 7 },
      ],
    },
  ),
  scenario("Byte by byte", "Every byte arrives alone. The same bytes, however they are cut, give the same events.", {
    wire: { client: { delay: 20, split: 1 }, server: { delay: 20, split: 1 } },
    actions: [{ at: 100, who: "client", do: "text", data: "drop by drop" }],
  }),
  scenario(
    "Lost bytes",
    "Four bytes are missing: the reader takes payload for headers. What it finds there is rarely a frame.",
    {
      actions: [
        { at: 100, who: "client", do: "text", data: "the first message" },
        { at: 200, who: "client", do: "text", data: "the second message" },
        { who: "client", do: "drop", byte: 160, count: 4 },
      ],
    },
  ),
];

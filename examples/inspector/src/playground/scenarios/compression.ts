/** Attacks on permessage-deflate. */
import type { EndOptions } from "../state.ts";
import { HEAD, hex, hostileClient, masked, raw, type Changes, type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Attacks on compression");

/** Messages of a client that has offered compression with some parameters, to a server with some options. */
function compressed(parameters: string, server: EndOptions, ...data: readonly string[]): Changes {
  return hostileClient(
    { deflate: true, ...server },
    raw(0, "client", hex(`${HEAD}Sec-WebSocket-Extensions: permessage-deflate${parameters}\r\n\r\n`)),
    ...data.map((each, index) => raw(100 + 100 * index, "client", each)),
  );
}

/** "Hello" in one block (RFC 7692 §7.2.3.1). */
const HELLO = masked("c1", "f248cdc9c90700");
/** A byte that begins no character, and 65,535 times "0": what zlib makes of it at level 9, without the four bytes at the end. */
const NO_TEXT = `ecc18100000000c320a5f9cbfd22d502${"00".repeat(62)}803a00`;

/** "x" 1001 times, as zlib makes it, cut where 260 of them are inflated. */
const CUT = ["aaa81805a3", "60140c7b0000"] as const;
/** "first half, " in a final block (RFC 7692 §7.2.3.4), and "second half" in another stream behind it. */
const HALVES = "4bcb2c2a2e51c848cc49d3510000" + "2a4e4dcecf4b51c848cc490300";
/** "Hello" as a reference to the message before (RFC 7692 §7.2.3.2). */
const AGAIN = "f200110000";
/** Bytes in which nothing is found again. */
const RANDOM = Array.from({ length: 1000 }, (_, at) => (Math.imul(at + 1, 0x9e3779b1) ^ Math.imul(at * at, 0x85ebca6b)) >>> 24)
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("");

export const COMPRESSION: readonly Scenario[] = [
  scenario(
    "A bomb",
    "A million equal characters are about a thousand bytes on the wire. The limit, 100,000 bytes here, counts what is inflated, while it is inflated; the rest never is.",
    {
      options: { client: { deflate: true }, server: { deflate: true, maxMessageSize: 100_000 } },
      actions: [{ at: 100, who: "client", do: "text", data: "0", times: 1_000_000 }],
    },
  ),
  scenario(
    "A bomb in two pieces",
    "Two fragments of a few bytes, neither of which inflates to more than the limit of 1000 bytes; together they inflate to one byte more. The limit counts what is inflated, over the whole message (RFC 7692 §8): 1009.",
    compressed("", { maxMessageSize: 1000 }, masked("42", CUT[0]), masked("80", CUT[1])),
  ),
  scenario(
    "A bomb that is no text",
    "It inflates to more than the limit of 60,000 bytes, and already the first is impossible in a text. Who validates what is whole inflates as much as may be; here a text is validated as it is inflated (RFC 6455 §8.1), so the close code is 1007, and not 1009.",
    compressed("", { maxMessageSize: 60_000 }, masked("c1", NO_TEXT)),
  ),
  scenario(
    "Broken data in a message that goes on",
    "The first fragment begins with a block of a type that there is not. Who looks at the end of the message has kept and inflated for nothing what came until then; here the first error ends the connection with 1007 (RFC 7692 §7.2.2). The message before it is delivered.",
    compressed("", {}, HELLO, masked("41", "0700")),
  ),
  scenario(
    "A buffer that is exactly full",
    "A message of 16,384 bytes, as many as a buffer often has. Who takes a full buffer for the end loses what is still to come, and the next message is broken; inflating goes on until there is neither input nor more output (RFC 7692 §7.2.2).",
    {
      options: { client: { deflate: true }, server: { deflate: true } },
      actions: [
        { at: 100, who: "client", do: "text", data: "0", times: 16_384 },
        { at: 200, who: "client", do: "text", data: "0123456789".repeat(10) },
      ],
    },
  ),
  scenario(
    "A message that does not shrink",
    "Who can choose what a server compresses chooses bytes in which nothing is found again: compressed they are more than before. Who makes a buffer of the size of the message writes beyond it; here room for the most that it can become is made before (RFC 7692 §7.2.1), and it arrives whole.",
    {
      options: { client: { deflate: true }, server: { deflate: true } },
      actions: [{ at: 100, who: "server", do: "binary", data: RANDOM }],
    },
  ),
  scenario(
    "A last block in the middle",
    "Deflate marks the last block of a stream, and here a message goes on behind it (RFC 7692 §7.2.3.4). Who stops there loses the second half, and the next message with it; the engine reads on, and bounds what such blocks may cost.",
    compressed("", {}, masked("c1", HALVES), HELLO),
  ),
  scenario(
    "A look at the message before",
    "The client has said that it compresses each message alone (RFC 7692 §7.1.1.2), and then refers to the one before. A server that kept it would agree; one that did not might read what is somebody else's. What is forgotten cannot be referred to: 1007.",
    compressed("; client_no_context_takeover", {}, HELLO, masked("c1", AGAIN)),
  ),
  scenario(
    "A compressed message of no bytes",
    "There is nothing to inflate, at which inflaters report an error, and programs have believed them. It is a message of no bytes, and so is one of a single empty block (RFC 7692 §7.2.3.6); the third is read as ever.",
    compressed("", {}, masked("c1", ""), masked("c1", "00"), HELLO),
  ),
  scenario(
    "A secret beside a guess",
    "Two messages hold a secret and what an attacker guessed: with the right guess the frame is shorter, and its length is not hidden by TLS (RFC 7692 §8). Compression is off by default, and can be turned off for such messages, as for the last two, which are of one length.",
    {
      options: {
        client: { deflate: true },
        server: { deflate: true, deflateThreshold: 1, serverNoContextTakeover: true },
      },
      actions: [
        { at: 100, who: "server", do: "text", data: "token=K7PX4Q, you searched for token=ZWBVYJ" },
        { at: 200, who: "server", do: "text", data: "token=K7PX4Q, you searched for token=K7PX4Q" },
        { at: 290, who: "server", do: "compress", on: false },
        { at: 300, who: "server", do: "text", data: "token=K7PX4Q, you searched for token=ZWBVYJ" },
        { at: 400, who: "server", do: "text", data: "token=K7PX4Q, you searched for token=K7PX4Q" },
      ],
    },
  ),
];

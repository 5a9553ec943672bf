/** Attacks on frames. */
import { frames, hex, hostileClient, KEY, masked, OPEN, raw, type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Attacks on frames");

export const FRAMES: readonly Scenario[] = [
  scenario(
    "A length of 2\u2076\u00b3 bytes",
    "The top bit of a 64-bit length must be 0 (RFC 6455 §5.2). Implementations that add such a length before they compare it have crashed.",
    frames(`82ff8000000000000000${KEY}`),
  ),
  scenario(
    "A gigabyte is announced",
    "Fourteen bytes announce a frame of a gigabyte. Who allocates it in advance can be emptied by a handful of connections; the engine refuses at the header, before a byte of it came.",
    frames(`82ff0000000040000000${KEY}`),
  ),
  scenario(
    "A length in disguise",
    "Five bytes with a length of 64 bits. Two readers that treat it differently can be told apart, or be made to disagree; RFC 6455 §5.2 asks for the shortest form.",
    frames(`81ff0000000000000005${KEY}48656c6c6f`),
  ),
  scenario(
    "A client that does not mask",
    "Masking keeps a script from choosing the bytes on the wire, with which it could poison caches (RFC 6455 §10.3). An unmasked frame is refused.",
    frames(`8105${hex("GET /")}`),
  ),
  scenario(
    "The same text twice",
    "A script that knows the masking key of the next frame chooses the bytes on the wire after all (RFC 6455 §10.3). Each frame has a key of its own (§5.3): the frames differ though their texts do not. Here the keys follow from the link, elsewhere from random bytes of the system.",
    {
      actions: [100, 200].map((at) => ({ at, who: "client", do: "text", data: "GET /script.js HTTP/1.1" })),
    },
  ),
  scenario(
    "A bit of an extension nobody agreed on",
    "RSV2 is set. To pass over it would be to read what it changes as if it changed nothing.",
    frames(`a185${KEY}${hex("hello")}`),
  ),
  scenario(
    "An opcode without a meaning",
    "Opcodes 3 to 7 and 11 to 15 are kept for later versions (RFC 6455 §5.2). Who passes over such a frame drops what the peer said without either of them knowing; it is refused at its first byte.",
    frames(masked("83", hex("hello"))),
  ),
  scenario(
    "A ping of 126 bytes",
    "A control frame has 125 bytes at most, and is never cut (RFC 6455 §5.5), so programs keep a buffer of that size, and have written beyond it. Refused at the header, before a byte of the payload comes.",
    frames(`89fe007e${KEY}`),
  ),
  scenario(
    "A message inside an empty one",
    "The first fragment has no bytes, and then another message begins. Who tells by an empty buffer that there is no message under way takes the second for the first (RFC 6455 §5.4). Here it is a state of its own, and the second is refused.",
    frames(masked("01", ""), masked("81", hex("hello"))),
  ),
  scenario(
    "A thousand empty fragments",
    "A fragment without a byte costs a sender six bytes, and a receiver work for each. They are counted; here the limit is 1000, and the close code 1008.",
    hostileClient({ ...OPEN, maxFragments: 1000 }, raw(0, "client", `0180${KEY}`), raw(10, "client", `0080${KEY}`, 1200)),
  ),
  scenario(
    "A thousand fragments of a byte",
    "Who joins all that there is with each fragment that comes does work that grows with the square of their number (RFC 6455 §5.4). Here each is put behind those before it, in one buffer, and the message is delivered.",
    hostileClient(
      OPEN,
      raw(0, "client", masked("01", "61")),
      raw(10, "client", masked("00", "61"), 1000),
      raw(20, "client", masked("80", "")),
    ),
  ),
  scenario(
    "A large message in small frames",
    "No frame is larger than 100 bytes, and the message goes on for ever. A limit for frames does not help: the one of the engine, 1000 bytes here, is for the whole message (RFC 6455 §10.4), and the close code is 1009.",
    hostileClient(
      { ...OPEN, maxMessageSize: 1000 },
      raw(0, "client", masked("02", "61".repeat(100))),
      raw(10, "client", masked("00", "61".repeat(100)), 20),
    ),
  ),
  scenario(
    "A message in eight thousand packets",
    "A frame of 8000 bytes, each of which comes alone. Who keeps every piece in a buffer of its own holds many times the size of the message (RFC 6455 §10.4); here they are put together, and the memory of the server stays at a few times what has come.",
    {
      ...hostileClient(
        OPEN,
        raw(0, "client", `82fe1f40${KEY}`),
        ...[100, 200, 300, 400].map((at) => raw(at, "client", "61", 2000)),
      ),
      wire: { client: { delay: 20, split: 1 }, server: { delay: 20, split: 0 } },
    },
  ),
  scenario(
    "A flood of pings",
    "Each ping asks for an answer of its own size, and who sends them need not read. From some output on, 30 bytes here, only the newest is answered (RFC 6455 §5.5.3): the last of these two hundred. When that is written, nothing is left to write.",
    hostileClient(
      { ...OPEN, outputSoftLimit: 30 },
      raw(0, "client", masked("89", "61").repeat(199) + masked("89", hex("last"))),
    ),
  ),
  scenario(
    "A ping behind a Close",
    "A ping, a Close and another ping in one packet. Where answers are queued apart, a pong may come behind the Close, which is the last frame there is (RFC 6455 §5.5.1). The first ping is answered, then the Close, then nothing.",
    frames(masked("89", hex("first")) + masked("88", "03e8") + masked("89", hex("second"))),
  ),
  scenario(
    "A stream that ends in a frame",
    "Half a message, and the end of the stream. Hosts have delivered such a half, or waited for the rest; the engine tells of an end that was not clean, 1006, and tells it once (RFC 6455 §7.1.5).",
    hostileClient(OPEN, raw(0, "client", masked("81", hex("hello")).slice(0, 18)), { at: 100, who: "client", do: "eof" }),
  ),
];

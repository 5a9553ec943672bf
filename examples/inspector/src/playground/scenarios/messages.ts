/** Attacks on text and on closing. */
import { frames, hex, hostileClient, hostileServer, masked, OPEN, raw, type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Attacks on messages and closing");

export const MESSAGES: readonly Scenario[] = [
  scenario(
    "Half a character",
    "The first two bytes of a character of three in one fragment, and an impossible third in the next. Who validates each frame by itself lets it through; the state of the validation is carried (RFC 6455 §8.1).",
    frames(masked("01", "e282"), masked("80", "41")),
  ),
  scenario(
    "Half of a pair",
    "UTF-16 writes some characters as pairs, and no half of one may stand in UTF-8 (RFC 3629 §3). Where it passes, a filter and the program behind it read two texts. Refused with 1007.",
    frames(masked("81", "eda080")),
  ),
  scenario(
    "A text that ends too early",
    "Two bytes of a character of three, and the message is over. Who passes it on lets the next text complete it; the end of a text is checked as well (RFC 6455 §8.1), and the close code is 1007.",
    frames(masked("81", "e282")),
  ),
  scenario(
    "A Close of one byte",
    "A close code has two bytes, and there is one (RFC 6455 §5.5.1). Who takes two all the same reads what is not there. Refused with 1002.",
    frames(masked("88", "03")),
  ),
  scenario(
    "A close code that must not be sent",
    "1006 stands for a connection that ended without a Close frame: on the wire it would lie to whoever logs it (RFC 6455 §7.4.1).",
    frames(masked("88", "03ee")),
  ),
  scenario(
    "A reason that is no text",
    "The reason of a Close is UTF-8 (RFC 6455 §5.5.1), and goes into logs, often by a way on which nothing has validated it. This one has an impossible byte, and the close code is 1007.",
    frames(masked("88", "03e8ff")),
  ),
  scenario(
    "Messages behind a Close",
    "What follows a Close frame is not read (RFC 6455 §5.5.1): neither delivered nor answered.",
    hostileClient(OPEN, raw(0, "client", masked("88", "03e8")), raw(0, "client", masked("81", hex("hello")))),
  ),
  scenario(
    "A peer that never closes",
    "The client starts the closing handshake, and the other end does not answer. After ten seconds the connection is over.",
    hostileServer(OPEN, { at: 100, who: "client", do: "close", code: 1000, data: "" }),
  ),
  scenario(
    "A peer that is gone",
    "No FIN, no reset: the other machine lost its power. Only a ping that nobody answers finds out.",
    hostileClient({ ...OPEN, pingInterval: 5000, pongTimeout: 4000 }),
  ),
  scenario(
    "A peer that does not read",
    "The client reads nothing more, and goes on to ask: what the server answers stays in the memory of the server (RFC 6455 §10.4). Above a hard limit, 50,000 bytes here, nothing more is taken to be sent; and if none of it is written in five seconds, the connection is over, whatever the client sends.",
    hostileClient(
      { ...OPEN, writeTimeout: 5000, outputHardLimit: 50_000 },
      { at: 100, who: "client", do: "stall" },
      { at: 200, who: "server", do: "text", data: "more ", times: 8000 },
      raw(200, "client", masked("81", hex("more"))),
      { at: 300, who: "server", do: "text", data: "more ", times: 8000 },
      raw(3000, "client", masked("81", hex("more"))),
    ),
  ),
];

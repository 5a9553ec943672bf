/** Conversations to begin with, and attacks to look at: one for each of several classes of conformance/attacks.md. */
import { EMPTY, type State } from "./state.ts";

export interface Scenario {
  readonly name: string;
  readonly group:
    | "Conversations"
    | "Attacks on the handshake"
    | "Attacks on frames"
    | "Attacks on messages and closing"
    | "A bad wire";
  /** What happens, why it is dangerous, and what the engine does. */
  readonly text: string;
  readonly state: State;
}

type Changes = Partial<State>;

/** The bytes of a text, in hexadecimal digits. */
function hex(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function scenario(group: Scenario["group"], name: string, text: string, changes: Changes): Scenario {
  return { group, name, text, state: { ...EMPTY, ...changes } };
}

/** A client that is no engine, before the handshake or, with `startOpen`, behind it. */
function hostileClient(server: State["options"]["server"], ...actions: State["actions"]): Changes {
  return { hostile: "client", options: { client: {}, server }, actions };
}

function raw(at: number, who: "client" | "server", data: string, times?: number): State["actions"][number] {
  return { at, who, do: "raw", data, ...(times === undefined ? {} : { times }) };
}

const OPEN = { startOpen: true };
const HEAD =
  "GET / HTTP/1.1\r\nHost: playground.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const KEY = "00000000";

const CONVERSATIONS: readonly Scenario[] = [
  scenario(
    "Conversations",
    "A greeting",
    "Two engines shake hands, say hello and close. Everything that they send is on the wire in the middle; what their hosts are told stands at their sides.",
    {
      actions: [
        { at: 100, who: "client", do: "text", data: "Hello, server" },
        { at: 200, who: "server", do: "text", data: "Hello, client" },
        { at: 300, who: "client", do: "close", code: 1000, data: "bye" },
      ],
    },
  ),
  scenario(
    "Conversations",
    "Fragments with a ping between them",
    "A message in three frames. Control frames may stand between fragments (RFC 6455 §5.4), and the ping is answered before the message is whole.",
    {
      actions: [
        { at: 100, who: "client", do: "part", data: "one, ", last: false },
        { at: 150, who: "client", do: "ping", data: "still there?" },
        { at: 200, who: "client", do: "part", data: "two, ", last: false },
        { at: 250, who: "client", do: "part", data: "three", last: true },
      ],
    },
  ),
  scenario(
    "Conversations",
    "Compression",
    "Both ends agree on permessage-deflate (RFC 7692). The second message repeats the first: with the window kept between messages it takes a few bytes.",
    {
      options: { client: { deflate: true, deflateThreshold: 1 }, server: { deflate: true, deflateThreshold: 1 } },
      actions: [
        { at: 100, who: "client", do: "text", data: "The quick brown fox jumps over the lazy dog, and over it again." },
        { at: 200, who: "client", do: "text", data: "The quick brown fox jumps over the lazy dog, and over it again." },
      ],
    },
  ),
  scenario(
    "Conversations",
    "Keepalive",
    "The server pings after five seconds of silence. The deadline for the pong starts when the ping has been written.",
    {
      options: { client: {}, server: { pingInterval: 5000 } },
      until: 16_000,
    },
  ),
];

const HANDSHAKE: readonly Scenario[] = [
  scenario(
    "Attacks on the handshake",
    "A head that never ends",
    "A client sends half a request and then nothing, many thousand times over: each connection would cost a server memory for ever. The deadline for the handshake is moved by no byte; then comes 408.",
    hostileClient(
      {},
      raw(0, "client", hex(HEAD.slice(0, 60))),
      raw(3000, "client", hex("X-Drip: 1\r\n")),
      raw(6000, "client", hex("X-Drip: 2\r\n")),
    ),
  ),
  scenario(
    "Attacks on the handshake",
    "More headers than there is room for",
    "Two hundred headers, in the hope that those behind some limit vanish, or are joined at a cost that grows with their square. The limit is 128, and the answer is 431.",
    hostileClient({}, raw(0, "client", hex(HEAD)), raw(10, "client", hex("X-Many: many\r\n"), 200)),
  ),
  scenario(
    "Attacks on the handshake",
    "A request in the body of a request",
    "A Content-Length on the opening request: a proxy that reads the body and a server that does not disagree about where the next request begins (RFC 9112 §6). Refused with 400.",
    hostileClient({}, raw(0, "client", hex(`${HEAD}Content-Length: 4\r\n\r\nGET `))),
  ),
  scenario(
    "Attacks on the handshake",
    "A page of another site",
    "A browser sends cookies with an opening request wherever the page comes from (RFC 6455 §10.2). The engine says that the origin is of another site; the host of this playground accepts all the same, as many servers do. A real one rejects it.",
    hostileClient({}, raw(0, "client", hex(`${HEAD}Origin: https://evil.example\r\nCookie: session=secret\r\n\r\n`))),
  ),
  scenario(
    "Attacks on the handshake",
    "A server that does not know the key",
    "A 101 with an accept value of another key: something answered that never read the request, such as a cache (RFC 6455 §4.1). The client refuses it.",
    {
      hostile: "server",
      actions: [
        raw(
          50,
          "server",
          hex(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          ),
        ),
      ],
    },
  ),
];

const FRAMES: readonly Scenario[] = [
  scenario(
    "Attacks on frames",
    "A length of 2\u2076\u00b3 bytes",
    "The top bit of a 64-bit length must be 0 (RFC 6455 §5.2). Implementations that add such a length before they compare it have crashed.",
    hostileClient(OPEN, raw(0, "client", `82ff8000000000000000${KEY}`)),
  ),
  scenario(
    "Attacks on frames",
    "A gigabyte is announced",
    "Fourteen bytes announce a frame of a gigabyte. Who allocates it in advance can be emptied by a handful of connections; the engine refuses at the header, before a byte of it came.",
    hostileClient(OPEN, raw(0, "client", `82ff0000000040000000${KEY}`)),
  ),
  scenario(
    "Attacks on frames",
    "A length in disguise",
    "Five bytes with a length of 64 bits. Two readers that treat it differently can be told apart, or be made to disagree; RFC 6455 §5.2 asks for the shortest form.",
    hostileClient(OPEN, raw(0, "client", `81ff0000000000000005${KEY}48656c6c6f`)),
  ),
  scenario(
    "Attacks on frames",
    "A client that does not mask",
    "Masking keeps a script from choosing the bytes on the wire, with which it could poison caches (RFC 6455 §10.3). An unmasked frame is refused.",
    hostileClient(OPEN, raw(0, "client", `8105${hex("GET /")}`)),
  ),
  scenario(
    "Attacks on frames",
    "A bit of an extension nobody agreed on",
    "RSV2 is set. To pass over it would be to read what it changes as if it changed nothing.",
    hostileClient(OPEN, raw(0, "client", `a185${KEY}${hex("hello")}`)),
  ),
  scenario(
    "Attacks on frames",
    "A thousand empty fragments",
    "A fragment without a byte costs a sender six bytes, and a receiver work for each. They are counted; here the limit is 1000, and the close code 1008.",
    hostileClient({ ...OPEN, maxFragments: 1000 }, raw(0, "client", `0180${KEY}`), raw(10, "client", `0080${KEY}`, 1200)),
  ),
];

const MESSAGES: readonly Scenario[] = [
  scenario(
    "Attacks on messages and closing",
    "A bomb",
    "A million equal characters are about a thousand bytes on the wire. The limit, 100,000 bytes here, counts what is inflated, while it is inflated; the rest never is.",
    {
      options: { client: { deflate: true }, server: { deflate: true, maxMessageSize: 100_000 } },
      actions: [{ at: 100, who: "client", do: "text", data: "0", times: 1_000_000 }],
    },
  ),
  scenario(
    "Attacks on messages and closing",
    "Half a character",
    "The first two bytes of a character of three in one fragment, and an impossible third in the next. Who validates each frame by itself lets it through; the state of the validation is carried (RFC 6455 §8.1).",
    hostileClient(OPEN, raw(0, "client", `0182${KEY}e282`), raw(100, "client", `8081${KEY}41`)),
  ),
  scenario(
    "Attacks on messages and closing",
    "A close code that must not be sent",
    "1006 stands for a connection that ended without a Close frame: on the wire it would lie to whoever logs it (RFC 6455 §7.4.1).",
    hostileClient(OPEN, raw(0, "client", `8882${KEY}03ee`)),
  ),
  scenario(
    "Attacks on messages and closing",
    "Messages behind a Close",
    "What follows a Close frame is not read (RFC 6455 §5.5.1): neither delivered nor answered.",
    hostileClient(OPEN, raw(0, "client", `8882${KEY}03e8`), raw(0, "client", `8185${KEY}${hex("hello")}`)),
  ),
  scenario(
    "Attacks on messages and closing",
    "A peer that never closes",
    "The client starts the closing handshake, and the other end does not answer. After ten seconds the connection is over.",
    {
      hostile: "server",
      options: { client: OPEN, server: {} },
      actions: [{ at: 100, who: "client", do: "close", code: 1000, data: "" }],
    },
  ),
  scenario(
    "Attacks on messages and closing",
    "A peer that is gone",
    "No FIN, no reset: the other machine lost its power. Only a ping that nobody answers finds out.",
    {
      hostile: "client",
      options: { client: {}, server: { ...OPEN, pingInterval: 5000, pongTimeout: 4000 } },
    },
  ),
];

const WIRE: readonly Scenario[] = [
  scenario(
    "A bad wire",
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
  scenario(
    "A bad wire",
    "Byte by byte",
    "Every byte arrives alone. The same bytes, however they are cut, give the same events.",
    {
      wire: { client: { delay: 20, split: 1 }, server: { delay: 20, split: 1 } },
      actions: [{ at: 100, who: "client", do: "text", data: "drop by drop" }],
    },
  ),
  scenario(
    "A bad wire",
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

export const SCENARIOS: readonly Scenario[] = [...CONVERSATIONS, ...HANDSHAKE, ...FRAMES, ...MESSAGES, ...WIRE];

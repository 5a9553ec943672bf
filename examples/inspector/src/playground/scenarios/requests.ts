/** Attacks on the opening handshake by a client, and by those who speak through it. */
import { HEAD, hex, hostileClient, masked, raw, type Changes, type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Attacks on the handshake");

/** A whole request with more headers, and bytes behind it in hexadecimal digits. */
function request(headers: string, behind = ""): Changes {
  return hostileClient({}, raw(0, "client", hex(`${HEAD}${headers}\r\n`) + behind));
}

/** A whole request in which something is replaced. */
function changed(from: string, to: string): Changes {
  return hostileClient({}, raw(0, "client", hex(`${HEAD.replace(from, to)}\r\n`)));
}

/** How much there is of it and how it comes: what costs a server time or memory. */
const COSTS: readonly Scenario[] = [
  scenario(
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
    "A long head byte by byte",
    "A header of 7000 bytes, each of which arrives alone. Who begins anew with every byte does work that grows with the square of the length; the engine looks at each byte once, and the request is served.",
    {
      ...hostileClient(
        {},
        raw(0, "client", hex(`${HEAD}X-Long: `)),
        raw(0, "client", hex("a"), 7000),
        raw(0, "client", hex("\r\n\r\n")),
      ),
      wire: { client: { delay: 20, split: 1 }, server: { delay: 20, split: 0 } },
    },
  ),
  scenario(
    "A line that never ends",
    "A header whose value goes on and on, for as long as somebody keeps it. A line may have 8 KiB and a head 16 KiB; the answer is 431 (RFC 6585 §5).",
    hostileClient({}, raw(0, "client", hex(`${HEAD}X-Long: `)), raw(10, "client", hex("a"), 20_000)),
  ),
  scenario(
    "More headers than there is room for",
    "Two hundred headers, in the hope that those behind some limit vanish, or are joined at a cost that grows with their square. The limit is 128, and the answer is 431.",
    hostileClient({}, raw(0, "client", hex(HEAD)), raw(10, "client", hex("X-Many: many\r\n"), 200)),
  ),
  scenario(
    "The same header a hundred times",
    "Headers of one name mean a list (RFC 9110 §5.3). Who joins them as they come copies the first of them a hundred times; here each stays where it is in the head, and the request is served.",
    hostileClient(
      {},
      raw(0, "client", hex(HEAD)),
      raw(10, "client", hex("X-Same: again and again\r\n"), 100),
      raw(20, "client", hex("\r\n")),
    ),
  ),
  scenario(
    "Seven thousand spaces in a list",
    "A list of subprotocols in which a comma is missing behind 7000 spaces: a regular expression that tries every way to cut them is busy for minutes. Here a list is read once, from its beginning on (RFC 9110 §5.6.1), and the answer is 400.",
    request(`Sec-WebSocket-Protocol: chat${" ".repeat(7000)}chat\r\n`),
  ),
  scenario(
    "More extensions than slots",
    "Seventeen offers of an extension, for an array in which there is room for sixteen. The engine takes no more than that, and the answer is 400.",
    request(`Sec-WebSocket-Extensions: ${Array(17).fill("permessage-deflate").join(", ")}\r\n`),
  ),
  scenario(
    "An extension called constructor",
    "Every object of JavaScript has something of that name, so a server that looks offers up in an object finds what nobody put there. Nothing is looked up by what a peer says: the engine passes over an extension that it does not know (RFC 6455 §9.1).",
    request("Sec-WebSocket-Extensions: constructor; constructor=constructor\r\n"),
  ),
];

/** Heads that two readers understand in two ways. */
const DISAGREEMENTS: readonly Scenario[] = [
  scenario(
    "A request in the body of a request",
    "A Content-Length on the opening request: a proxy that reads the body and a server that does not disagree about where the next request begins (RFC 9112 §6). Refused with 400.",
    hostileClient({}, raw(0, "client", hex(`${HEAD}Content-Length: 4\r\n\r\nGET `))),
  ),
  scenario(
    "A refusal taken for a tunnel",
    "A version that nobody speaks, and a second request behind the first. A proxy that takes every answer for consent passes on what follows, and past its own rules. The answer is 426, and nothing behind a refusal is read (RFC 6455 §4.2.2).",
    hostileClient(
      {},
      raw(0, "client", hex(`${HEAD.replace(": 13", ": 1338")}\r\nGET /internal HTTP/1.1\r\nHost: playground.example\r\n\r\n`)),
    ),
  ),
  scenario(
    "A letter beyond ASCII in the host",
    "A program that takes the bytes of a head for text fails where they are none, and not where it expects to. Here values are bytes (RFC 9110 §5.5), and those that the handshake reads must be what they should: 400.",
    changed("playground", "pl\u00e4yground"),
  ),
  scenario(
    "A zero in a value",
    "One reader ends a text at a byte of zero, the next one does not, and so they read two requests. Of the control characters only a tab may stand in a value (RFC 9110 §5.5): 400.",
    request("X-Cut: here\u0000and not here\r\n"),
  ),
  scenario(
    "Half the end of a line",
    "A line feed without a carriage return: to some the line ends there, and a header of the attacker's begins; to others it is part of a value. A line ends with both (RFC 9112 §2.2): 400.",
    request("X-Note: a\nX-Admin: yes\r\n"),
  ),
  scenario(
    "A folded line",
    "A line that begins with a space once continued the line above it. Who still reads it so has one header less than who does not (RFC 9112 §5.2): 400.",
    request("X-Note: a\r\n Content-Length: 4\r\n"),
  ),
  scenario(
    "A space before the colon",
    "Is this a Content-Length? If a proxy says no and the server says yes, they disagree about where the request ends (RFC 9112 §5.1): 400.",
    request("Content-Length : 4\r\n"),
  ),
  scenario(
    "Two hosts",
    "A proxy may choose the server by the first, and the server its rules by the second. There is exactly one Host (RFC 9112 §3.2): 400.",
    request("Host: internal.example\r\n"),
  ),
  scenario(
    "A target at another host",
    "The target names one host, and the Host header another, that of the page: who goes by the header takes the page for one of its own. If both are there the target counts (RFC 9112 §3.2.2), so the engine says that the origin is of another site.",
    hostileClient(
      {},
      raw(0, "client", hex(`${HEAD.replace("/", "http://internal.example/")}Origin: http://playground.example\r\n\r\n`)),
    ),
  ),
];

/** Requests that are not what RFC 6455 asks for. */
const BREACHES: readonly Scenario[] = [
  scenario(
    "A method that is not GET",
    "A WebSocket is opened by GET (RFC 6455 §4.2.1), and rules of proxies and servers are written for that: what comes by another method may pass them. The answer to POST is 405, with Allow.",
    changed("GET", "POST"),
  ),
  scenario(
    "A client that speaks HTTP/2",
    "Its preface looks like a request on purpose, so that who does not know it refuses it (RFC 9113 §3.4). A reader that goes on finds frames where it expects headers; the answer is 505.",
    hostileClient({}, raw(0, "client", hex("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))),
  ),
  scenario(
    "A header that is not there",
    "A request without Upgrade: servers that read a header without asking whether there is one have crashed. The answer is 426 (RFC 6455 §4.2.1).",
    changed("Upgrade: websocket\r\n", ""),
  ),
  scenario(
    "A key that is none",
    "The key makes the answer one to this very request; it is 16 bytes in base64 (RFC 6455 §4.2.1). This one is shorter, as it comes from something that is no WebSocket client: 400.",
    changed("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
  ),
  scenario(
    "A version of the future",
    "To answer version 14 as if it were 13 would be to guess what it means. The answer is 426, and names the version that is spoken (RFC 6455 §4.4).",
    changed(": 13", ": 14"),
  ),
  scenario(
    "A client of a draft",
    "Drafts before RFC 6455 had a handshake with two keys, and frames with lengths of any number of bytes, which overflow where they are still read. The engine speaks version 13 alone (RFC 6455 §4.4): 400.",
    hostileClient(
      {},
      raw(
        0,
        "client",
        hex(`${HEAD.split("Sec-")[0]}Sec-WebSocket-Key1: 1 8a3 60\r\nSec-WebSocket-Key2: 2b 70 4 9\r\n\r\n8 bytes.`),
      ),
    ),
  ),
  scenario(
    "A head that is cut off",
    "The stream ends inside the request. Who takes what there is for all of it serves a request that nobody made (RFC 9112 §8); the engine says once that the stream has ended, and answers nothing.",
    hostileClient({}, raw(0, "client", hex(HEAD)), { at: 100, who: "client", do: "eof" }),
  ),
  scenario(
    "A frame before the answer",
    "A message comes with the request, when the server has agreed to nothing (RFC 6455 §4.1). Who drops it begins in the middle of the frames, who keeps all that comes can be filled up; the engine keeps 64 KiB, and reads them when the host has accepted.",
    request("", masked("81", hex("hello"))),
  ),
  scenario(
    "A page of another site",
    "A browser sends cookies with an opening request wherever the page comes from (RFC 6455 §10.2). The engine says that the origin is of another site; the host of this playground accepts all the same, as many servers do. A real one rejects it.",
    hostileClient({}, raw(0, "client", hex(`${HEAD}Origin: https://evil.example\r\nCookie: session=secret\r\n\r\n`))),
  ),
];

export const REQUESTS: readonly Scenario[] = [...COSTS, ...DISAGREEMENTS, ...BREACHES];

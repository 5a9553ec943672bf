/** Attacks on the opening handshake by a server. */
import type { EndOptions } from "../state.ts";
import { ANSWER, hex, hostileServer, raw, type Changes, type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Attacks on the handshake");

/** What a server says to the request of a client with these options. `times` is how often. */
function says(text: string, client: EndOptions = {}, times?: number): Changes {
  return hostileServer(client, raw(50, "server", hex(text), times));
}

export const ANSWERS: readonly Scenario[] = [
  scenario(
    "A server that does not know the key",
    "A 101 with an accept value of another key: something answered that never read the request, such as a cache (RFC 6455 §4.1). The client refuses it.",
    says(`${ANSWER.replace(/Accept: .*/, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")}\r\n`),
  ),
  scenario(
    "A redirect to another place",
    "The server sends the client on, to a host of its choice. Who follows sends there what was meant for the first, such as cookies; the engine follows nothing, and tells the host the status (RFC 6455 §4.1).",
    says("HTTP/1.1 302 Found\r\nLocation: ws://evil.example/\r\nContent-Length: 0\r\n\r\n"),
  ),
  scenario(
    "Interim responses without end",
    "Behind a 100 another response must come (RFC 9110 §15.2). If it is always another 100, a client that waits for the last one waits for ever; the engine reads eight of them.",
    says("HTTP/1.1 100 Continue\r\n\r\n", {}, 20),
  ),
  scenario(
    "An acceptance with a body",
    "Are the five bytes behind the head its body, or a frame? A 101 has no body, so one with a length is refused (RFC 9110 §8.6).",
    hostileServer({}, raw(50, "server", `${hex(`${ANSWER}Content-Length: 5\r\n\r\n`)}8103616263`)),
  ),
  scenario(
    "A chunk of 2\u2076\u2078 bytes",
    "A refusal whose body comes in chunks, and the size of one does not fit into 64 bits. A reader in which it overflows takes the rest of the body for another response (RFC 9112 §7.1); here the body is refused.",
    says("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello"),
  ),
  scenario(
    "A window of a thousand bits",
    "The server asks for a window of 2\u00b9\u2070\u2070\u2070 bytes, and clients that handed the number to their inflater have crashed. It is a number from 8 to 15 (RFC 7692 §7.1.2.1); the client refuses the answer.",
    says(`${ANSWER}Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=1000\r\n\r\n`, { deflate: true }),
  ),
  scenario(
    "A subprotocol that nobody asked for",
    "The server chooses one that the client did not offer, so each would read the messages of the other as something that they are not (RFC 6455 §4.1). The client refuses it.",
    says(`${ANSWER}Sec-WebSocket-Protocol: admin\r\n\r\n`),
  ),
  scenario(
    "A message in the packet of the answer",
    "The first frame comes together with the 101. Where a library for HTTP has read the head, its buffer may have swallowed the frame as well, and the client waits for ever; here the message is delivered in the same call.",
    hostileServer({}, raw(50, "server", `${hex(`${ANSWER}\r\n`)}8105${hex("hello")}`)),
  ),
];

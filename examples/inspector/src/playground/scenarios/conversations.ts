/** Conversations to begin with. */
import { type Scenario, scenariosOf } from "./scenario.ts";

const scenario = scenariosOf("Conversations");

export const CONVERSATIONS: readonly Scenario[] = [
  scenario(
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
    "Keepalive",
    "The server pings after five seconds of silence. The deadline for the pong starts when the ping has been written.",
    {
      options: { client: {}, server: { pingInterval: 5000 } },
      until: 16_000,
    },
  ),
];

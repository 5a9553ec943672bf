/** Conversations to begin with, and attacks to look at: one for each class of conformance/attacks.md that a peer can play. */
import { ANSWERS } from "./answers.ts";
import { COMPRESSION } from "./compression.ts";
import { CONVERSATIONS } from "./conversations.ts";
import { FRAMES } from "./frames.ts";
import { MESSAGES } from "./messages.ts";
import { REQUESTS } from "./requests.ts";
import type { Scenario } from "./scenario.ts";
import { WIRE } from "./wire.ts";

export type { Scenario };

export const SCENARIOS: readonly Scenario[] = [
  ...CONVERSATIONS,
  ...REQUESTS,
  ...ANSWERS,
  ...FRAMES,
  ...MESSAGES,
  ...COMPRESSION,
  ...WIRE,
];

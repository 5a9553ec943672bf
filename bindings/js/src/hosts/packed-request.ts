import type { RequestEvent } from "../events.js";

/** The properties of a request, in the order in which they are packed. */
const NAMES = Object.keys({
  type: true,
  method: true,
  target: true,
  authority: true,
  origin: true,
  originRelation: true,
  sameOrigin: true,
  subprotocols: true,
  subprotocol: true,
  extensions: true,
  headers: true,
  fault: true,
} satisfies Record<keyof RequestEvent, true>) as (keyof RequestEvent)[];

/**
 * A request that nobody has seen, as one string: arrays and strings for each of its headers would be memory for as long as the
 * connection lives, and few look at them.
 */
export class PackedRequest {
  readonly #text: string;

  constructor(request: RequestEvent) {
    this.#text = JSON.stringify(NAMES.map((name) => request[name]));
  }

  unpacked(): RequestEvent {
    const values = JSON.parse(this.#text) as unknown[];
    return Object.fromEntries(NAMES.map((name, index) => [name, values[index]])) as unknown as RequestEvent;
  }
}

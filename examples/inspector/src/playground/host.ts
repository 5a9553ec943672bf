/** One end: an engine and the least that a host does with it. It reads, writes, waits, and accepts every request. */
import { Connection, SansockError } from "../../../../bindings/js/dist/browser.js";
import type { ConnectionEvent } from "../../../../bindings/js/dist/events.js";
import type { End } from "../entries.ts";
import { courseOf } from "./course.ts";
import type { Action, EndOptions } from "./state.ts";
import type { EndState } from "./trace.ts";

const URL_OF_SERVER = "ws://playground.example/";
/** How much of a payload is told, in characters. */
const SHOWN = 200;

/** What an end tells. */
export interface Told {
  event(kind: string, text: string, fault?: string): void;
  refused(text: string): void;
}

export class Host {
  readonly #connection: Connection;
  readonly #told: Told;
  #isClosed = false;

  constructor(
    readonly end: End,
    options: EndOptions,
    seed: number,
    told: Told,
  ) {
    this.#told = told;
    // The engines differ, and are the same each time.
    const bytes = Uint8Array.from(
      { length: 32 },
      (_, index) => (seed >>> (8 * (index % 4))) ^ (index * 37) ^ (end === "client" ? 0 : 91),
    );
    const all = { ...options, seed: bytes, now: 0 };
    this.#connection =
      end === "client" ? Connection.client(options["startOpen"] === true ? null : URL_OF_SERVER, all) : Connection.server(all);
    this.course(0);
  }

  get state(): Omit<EndState, "inFlight" | "steps" | "deadlines"> {
    const { state, transport, nextDeadline } = this.#connection;
    return { state, transport, deadline: nextDeadline, memory: this.#connection.memoryUsage() };
  }

  /** What the machines of the engine have done since this was last asked, and which deadlines run. */
  course(now: number): Pick<EndState, "steps" | "deadlines"> {
    return courseOf(this.#connection, this.end, now);
  }

  get deadline(): number {
    return this.#isClosed ? Infinity : (this.#connection.nextDeadline ?? Infinity);
  }

  get transport(): string {
    return this.#connection.transport;
  }

  receive(bytes: Uint8Array, now: number): void {
    this.#handle(this.#connection.receive(bytes, now), now);
  }

  receiveEof(now: number): void {
    this.#handle(this.#connection.receiveEof(now), now);
  }

  timeout(now: number): void {
    this.#handle(this.#connection.timeout(now), now);
  }

  takeOutput(): Uint8Array {
    return this.#connection.takeOutput();
  }

  /** Does what the host is told to. What the engine refuses is told, and changes nothing. */
  act(action: Action, now: number): void {
    try {
      this.#act(action, now);
    } catch (error) {
      if (!(error instanceof SansockError)) throw error;
      this.#told.refused(`${this.end}, ${action.do}: ${error.message}`);
    }
  }

  free(): void {
    this.#connection.free();
  }

  #act(action: Action, now: number): void {
    const connection = this.#connection;
    switch (action.do) {
      case "text":
        connection.sendText(action.data.repeat(action.times ?? 1));
        break;
      case "binary":
        connection.sendBinary(bytesOf(action.data, action.times ?? 1));
        break;
      case "part":
        connection.sendPart(action.data, action.last);
        break;
      case "ping":
        connection.ping(action.data, now);
        break;
      case "pong":
        connection.pong(action.data);
        break;
      case "close":
        connection.close(action.code, action.data, now);
        break;
      case "compress":
        connection.setCompression(action.on);
        break;
      default:
        break;
    }
  }

  #handle(events: readonly ConnectionEvent[], now: number): void {
    let isAsked = false;
    for (const event of events) {
      isAsked ||= event.type === "request" && event.fault === null;
      this.#isClosed ||= event.type === "closed";
      const { kind, text, fault } = describeEvent(event);
      this.#told.event(kind, text, fault);
    }
    if (isAsked) this.#handle(this.#connection.accept(null, [], now), now);
    else if (this.#connection.more) this.#handle(this.#connection.timeout(now), now);
  }
}

/** Bytes of hexadecimal digits, over and over. */
export function bytesOf(digits: string, times: number): Uint8Array {
  const clean = digits.replace(/[^0-9a-f]/gi, "");
  const once = clean.length >> 1;
  const bytes = new Uint8Array(once * times);
  for (let at = 0; at < once; at += 1) bytes[at] = Number.parseInt(clean.slice(2 * at, 2 * at + 2), 16);
  for (let filled = once; filled < bytes.length; filled += once) bytes.copyWithin(filled, 0, once);
  return bytes;
}

function describeEvent(event: ConnectionEvent): { kind: string; text: string; fault?: string } {
  switch (event.type) {
    case "request":
      return { kind: "request", text: `${event.method} ${event.target}, origin ${event.originRelation}` };
    case "open":
      return { kind: "open", text: event.extensions.join(", ") };
    case "rejected":
      return { kind: "rejected", text: `${event.status} ${event.reason}` };
    case "text":
      return {
        kind: event.first && event.last ? "text" : "part of a text",
        text: `${event.data.length} characters: ${event.data.slice(0, SHOWN)}`,
      };
    case "binary":
    case "frame":
      return {
        kind: event.type === "binary" ? "binary" : `frame of a ${event.kind}`,
        text: `${event.data.length} bytes: ${hex(event.data)}`,
      };
    case "ping":
      return { kind: "ping", text: hex(event.payload) };
    case "pong":
      return { kind: "pong", text: event.roundTripTime === null ? hex(event.payload) : `after ${event.roundTripTime} ms` };
    case "closing":
      return { kind: "closing", text: `${event.code} ${event.reason}` };
    case "fault":
      return { kind: "fault", text: event.fault.text, fault: event.fault.name };
    case "closed": {
      const sent = event.sentCode === null ? "nothing sent" : `sent ${event.sentCode}`;
      const why = event.fault === null ? "" : `, ${event.fault.name}: ${event.fault.text}`;
      const text = `${`${event.code} ${event.reason}`.trim()}, ${event.clean ? "clean" : "not clean"}, begun by ${event.byPeer ? "the peer" : "this end"}, ${sent}${why}`;
      return { kind: "closed", text, ...(event.fault === null ? {} : { fault: event.fault.name }) };
    }
    default:
      return { kind: event.type, text: "" };
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, SHOWN / 2), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

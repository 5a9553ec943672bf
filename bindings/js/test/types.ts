// What the types promise. Checked by `npm run check`, never run.

import {
  type ClientOptions,
  Connection,
  type ConnectionEvent,
  type DeflateLimits,
  type EngineOptions,
  type ErrorCode,
  type Fault,
  type FaultName,
  type HeadersInput,
  type HttpVersion,
  init,
  type RequestEvent,
  SansockError,
  Tunnel,
  type TunnelEvent,
  type TunnelOptions,
} from "sansock";

import type { OPTIONS } from "../dist/options.js";

/** `type` distinguishes all events, and there is no other. */
export function narrow(event: ConnectionEvent): string | number | boolean | Uint8Array | null {
  switch (event.type) {
    case "request":
      return event.originRelation === "cross" ? event.origin : event.target;
    case "open":
      return event.subprotocol;
    case "rejected":
      return event.reason === "" ? event.status : event.reason;
    case "head":
      return event.status ?? event.body;
    case "text":
      return event.data.toUpperCase();
    case "text-bytes":
    case "binary":
      return event.data.byteLength;
    case "frame":
      return event.kind === "text" ? event.data : event.frameLength;
    case "ping":
      return event.payload;
    case "pong":
      return event.roundTripTime;
    case "closing":
      return event.reason;
    case "fault":
      return event.fault.position ?? event.code;
    case "closed":
      return event.fault === null ? event.clean : event.fault.name;
    default:
      return event satisfies never;
  }
}

export function dispose(): void {
  using connection = Connection.server({ maxMessageSize: undefined, parts: true });
  const deadline: number | null = connection.nextDeadline;
  const transport: "open" | "shutdown-write" | "close" = connection.transport;
  console.log(deadline, transport);
}

export function mistakes(connection: Connection): void {
  // @ts-expect-error: no such option
  Connection.server({ maxMesageSize: 1 });
  // @ts-expect-error: only a client has an origin to name
  Connection.server({ origin: "https://example.com" } satisfies Parameters<typeof Connection.server>[0]);
  // @ts-expect-error: not a string, not bytes
  connection.send(1);
  // @ts-expect-error: cut into characters, these would be headers
  Connection.server({ headers: ["AB"] });
  // @ts-expect-error: a value that is no string
  Connection.server({ headers: [["X", 42]] });
  // @ts-expect-error: a value that is no string
  Connection.server({ headers: { X: 42 } });
  // @ts-expect-error: not headers
  connection.accept(null, "X: y");
  // @ts-expect-error: a value that is no string
  connection.respond(200, "OK", { X: ["y", 42] });
  // @ts-expect-error: the reason comes before the headers
  connection.respond(200, [["A", "b"]]);
  // @ts-expect-error: no such limit
  connection.accept(null, [], 0, { deflateLevel: 1 });
  // @ts-expect-error: a limit declines, and turns nothing on
  connection.accept(null, [], 0, { deflate: true });
  // @ts-expect-error: a string, as node:http has it
  connection.receiveRequest(2, []);
  // @ts-expect-error: a flat list, as request.rawHeaders of node:http
  connection.receiveRequest("1.1", [":method", "GET"]);
  // @ts-expect-error: only a client has a key to name
  Connection.server({ key: "dGhlIHNhbXBsZSBub25jZQ==" } satisfies Parameters<typeof Connection.server>[0]);
  // @ts-expect-error: not a string
  Connection.server({ subprotocols: [42] });
  // @ts-expect-error: made by `server` and `client`
  new Connection(0, null, {});
  // @ts-expect-error: read only
  connection.state = "open";
}

/** The types of the options are those of the table, and both have the same names. */
type Tabled = {
  readonly [Name in keyof typeof OPTIONS]?:
    | ((typeof OPTIONS)[Name]["type"] extends "boolean" ? boolean : number)
    | undefined;
};
export const fromTable = (table: Required<Tabled>): Required<EngineOptions> => table;
export const toTable = (declared: Required<EngineOptions>): Required<Tabled> => declared;

export function origins(event: RequestEvent): boolean {
  // @ts-expect-error: a boolean, not one of the three words
  event.sameOrigin satisfies string;
  // @ts-expect-error: not one of the three words
  console.log(event.originRelation === "none");
  return event.sameOrigin;
}

export function requests(event: RequestEvent): boolean {
  event.fault satisfies FaultName | null;
  // @ts-expect-error: no such fault
  return event.fault === "BAD_WEATHER" || event.method === "GET";
}

export function faults({ actual, limit, position }: Fault): (number | null)[] {
  return [actual, limit, position];
}

export const limits: DeflateLimits[] = [{}, { deflate: false }, { serverNoContextTakeover: true, serverMaxWindowBits: 9 }];
export const versions: HttpVersion[] = ["1.1", "2", "3"];
export const subprotocols: ClientOptions[] = [{ subprotocols: "chat" }, { subprotocols: new Set(["chat"]) }];
export const headers: HeadersInput[] = [
  [["A", "b"]],
  new Map([["A", "b"]]),
  new Headers({ A: "b" }),
  { A: "b" },
  { A: ["b", "c"], ":path": "/" },
  new Set<readonly [string, string]>([["A", "b"]]),
];
export const options: ClientOptions = { origin: "https://example.com", headers: [["A", "b"]], key: undefined };
export const code: ErrorCode = new SansockError("INVALID_STATE", "text").code;
export const started: Promise<void> = init();

/** A tunnel has three kinds of events. */
export function outcome(event: TunnelEvent): string | number | null {
  switch (event.type) {
    case "open":
      return event.subprotocol;
    case "rejected":
      return event.status;
    case "closed":
      return event.fault === null ? null : event.fault.name;
    default:
      return event satisfies never;
  }
}

export function tunnel(options: TunnelOptions): readonly TunnelEvent[] {
  using through = new Tunnel(new URL("http://proxy"), "example.com", 443, { ...options, timeout: undefined, headers: {} });
  // @ts-expect-error: there is no such option.
  new Tunnel("http://proxy", "example.com", 443, { maxMessageSize: 1 }).free();
  // @ts-expect-error: the port is a number.
  new Tunnel("http://proxy", "example.com", "443").free();
  return through.receive(new Uint8Array(1));
}

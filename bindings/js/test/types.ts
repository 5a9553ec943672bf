// What the types promise. Checked by `npm run check`, never run.

import { type ClientOptions, Connection, type ConnectionEvent, type ErrorCode, init, SansockError } from "sansock";

/** Every kind of event is told apart by `type`, and there is no other. */
export function narrow(event: ConnectionEvent): string | number | boolean | Uint8Array | null {
  switch (event.type) {
    case "request":
      return event.originRelation === "cross" ? event.origin : event.target;
    case "open":
      return event.subprotocol;
    case "rejected":
      return event.status;
    case "text":
      return event.data.toUpperCase();
    case "binary":
      return event.data.byteLength;
    case "ping":
      return event.payload;
    case "pong":
      return event.roundTripTime;
    case "closing":
      return event.reason;
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
  // @ts-expect-error: made by `server` and `client`
  new Connection(0, null, {});
  // @ts-expect-error: read only
  connection.state = "open";
}

export const options: ClientOptions = { origin: "https://example.com", headers: [["A", "b"]] };
export const code: ErrorCode = new SansockError("INVALID_STATE", "text").code;
export const started: Promise<void> = init();

/** The connection is closed (WHATWG WebSockets). Where the runtime has a class `CloseEvent`, events are instances of that. */
export interface CloseEvent extends Event {
  /** The code of the peer's Close frame; 1005 if the frame had none, 1006 if there was no such frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether a Close frame was sent and one received. */
  readonly wasClean: boolean;
}

interface CloseEventInit {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

class OwnCloseEvent extends Event implements CloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code, reason, wasClean }: CloseEventInit) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

const { CloseEvent: RuntimeCloseEvent = OwnCloseEvent } = globalThis as {
  CloseEvent?: new (type: string, init: CloseEventInit) => CloseEvent;
};

/** Makes the event `close`. */
export function closeEvent(init: CloseEventInit): CloseEvent {
  return new RuntimeCloseEvent("close", init);
}

/** The connection failed. The standard says no more than that; `error` is why. */
export class WebSocketErrorEvent extends Event {
  readonly error: Error;
  readonly message: string;

  constructor(error: Error) {
    super("error");
    this.error = error;
    this.message = error.message;
  }
}

/** The event of each type. */
export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
  /** More can be sent, after `writable` was false. In no standard. */
  drain: Event;
}

/** The value of a property such as `onmessage`. */
export type EventHandler<Target, Type extends keyof WebSocketEventMap> =
  | ((this: Target, event: WebSocketEventMap[Type]) => unknown)
  | null;

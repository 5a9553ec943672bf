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

/** Under the name that it has elsewhere. */
const OwnCloseEvent = class CloseEvent extends Event implements CloseEventInit {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code, reason, wasClean }: CloseEventInit) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
};

/** What an event `error` says beyond the standard. Where the runtime has a class `ErrorEvent`, events are instances of that. */
export interface WebSocketErrorEvent extends Event {
  /** Why the connection failed. */
  readonly error: Error;
  readonly message: string;
}

interface ErrorEventInit {
  readonly error: Error;
  readonly message: string;
}

const OwnErrorEvent = class ErrorEvent extends Event implements ErrorEventInit {
  readonly error: Error;
  readonly message: string;

  constructor(type: string, { error, message }: ErrorEventInit) {
    super(type);
    this.error = error;
    this.message = message;
  }
};

const { CloseEvent: RuntimeCloseEvent = OwnCloseEvent, ErrorEvent: RuntimeErrorEvent = OwnErrorEvent } = globalThis as {
  CloseEvent?: new (type: string, init: CloseEventInit) => CloseEvent;
  ErrorEvent?: new (type: string, init: ErrorEventInit) => WebSocketErrorEvent;
};

/** Makes the event `close`. */
export function closeEvent(init: CloseEventInit): CloseEvent {
  return new RuntimeCloseEvent("close", init);
}

/** Makes the event `error`, which tells why the connection failed. */
export function errorEvent(error: Error): WebSocketErrorEvent {
  return new RuntimeErrorEvent("error", { error, message: error.message });
}

/** The event of each type. */
export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: WebSocketErrorEvent;
  close: CloseEvent;
  /** More can be sent, after `writable` was false. In no standard. */
  drain: Event;
}

/** The value of a property such as `onmessage`. */
export type EventHandler<Target, Type extends keyof WebSocketEventMap> =
  | ((this: Target, event: WebSocketEventMap[Type]) => unknown)
  | null;

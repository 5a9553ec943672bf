import type { WebSocket } from "./websocket.js";

/** An event for a listener that `addEventListener` has added, or a property such as `onmessage`. */
export class Event {
  readonly type: string;
  readonly target: WebSocket;

  constructor(type: string, target: WebSocket) {
    this.type = type;
    this.target = target;
  }
}

/** The connection is closed. */
export class CloseEvent extends Event {
  /** The code of the peer's Close frame; 1005 if the frame had none, 1006 if there was no such frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether a Close frame was sent and one received. */
  readonly wasClean: boolean;

  constructor(target: WebSocket, code: number, reason: string, wasClean: boolean) {
    super("close", target);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** The opening handshake failed, or the peer broke a rule. */
export class ErrorEvent extends Event {
  readonly error: Error;
  readonly message: string;

  constructor(target: WebSocket, error: Error) {
    super("error", target);
    this.error = error;
    this.message = error.message;
  }
}

/** A message: a string if it is text, else what `binaryType` says. */
export class MessageEvent extends Event {
  readonly data: Data;

  constructor(target: WebSocket, data: Data) {
    super("message", target);
    this.data = data;
  }
}

/** The payload of a message, as `binaryType` says: what the event `message` of the `EventEmitter` carries. */
export type RawData = Buffer | ArrayBuffer | Buffer[] | Blob;

/** What a `MessageEvent` carries: a string if the message is text. */
export type Data = string | RawData;

/** How a listener is added. */
export interface EventListenerOptions {
  /** Whether it is called once only. */
  once?: boolean | undefined;
}

/** The event of each type. */
export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  close: CloseEvent;
  error: ErrorEvent;
}

type Listener<Type extends keyof WebSocketEventMap> =
  | ((event: WebSocketEventMap[Type]) => void)
  | { handleEvent(event: WebSocketEventMap[Type]): void };

/** Makes an event of what an `EventEmitter` passes. */
const MAKE: { [Type in keyof WebSocketEventMap]: (target: WebSocket, ...emitted: never[]) => WebSocketEventMap[Type] } = {
  open: (target) => new Event("open", target),
  message: (target, data: RawData, isBinary: boolean) =>
    new MessageEvent(target, isBinary ? data : Buffer.isBuffer(data) ? data.toString() : textOf(data)),
  close: (target, code: number, reason: Buffer) =>
    new CloseEvent(target, code, reason.toString(), target.wasClean),
  error: (target, error: Error) => new ErrorEvent(target, error),
};

function textOf(data: RawData): string {
  return Buffer.concat([data].flat().map((part) => Buffer.from(part as ArrayBuffer))).toString();
}

interface Added {
  readonly type: string;
  readonly listener: unknown;
  /** Whether it is the value of a property such as `onmessage`. */
  readonly isProperty: boolean;
  readonly emitted: (...args: unknown[]) => void;
}

/** The listeners of a WebSocket that get events: they stand among those of the `EventEmitter`. */
export class EventListeners {
  readonly #target: WebSocket;
  #added: Added[] = [];

  constructor(target: WebSocket) {
    this.#target = target;
  }

  /** Adds a listener, unless it is there already. Events of other types than those of a WebSocket never come. */
  add<Type extends keyof WebSocketEventMap>(type: Type, listener: Listener<Type>, once = false, isProperty = false): void {
    if (!Object.hasOwn(MAKE, type) || this.#find(type, listener, isProperty) !== undefined) {
      return;
    }
    const emitted = (...args: unknown[]): void => {
      if (once) {
        this.remove(type, listener);
      }
      const event = (MAKE[type] as (target: WebSocket, ...args: unknown[]) => WebSocketEventMap[Type])(this.#target, ...args);
      if (typeof listener === "function") {
        listener.call(this.#target, event);
      } else {
        listener.handleEvent(event);
      }
    };
    this.#added.push({ type, listener, isProperty, emitted });
    this.#target.on(type as never, emitted as never);
  }

  /** Removes a listener that `add` has added. */
  remove(type: string, listener: unknown, isProperty = false): void {
    const found = this.#find(type, listener, isProperty);
    if (found !== undefined) {
      this.#added = this.#added.filter((each) => each !== found);
      this.#target.off(type as never, found.emitted as never);
    }
  }

  /** The value of a property such as `onmessage`. */
  property<Type extends keyof WebSocketEventMap>(type: Type): ((event: WebSocketEventMap[Type]) => void) | null {
    const found = this.#added.find((each) => each.type === type && each.isProperty);
    return (found?.listener as (event: WebSocketEventMap[Type]) => void) ?? null;
  }

  /** Sets a property such as `onmessage`. */
  setProperty<Type extends keyof WebSocketEventMap>(type: Type, listener: ((event: WebSocketEventMap[Type]) => void) | null): void {
    this.remove(type, this.property(type), true);
    if (typeof listener === "function") {
      this.add(type, listener, false, true);
    }
  }

  #find(type: string, listener: unknown, isProperty: boolean): Added | undefined {
    return this.#added.find(
      (each) => each.type === type && each.listener === listener && each.isProperty === isProperty,
    );
  }
}

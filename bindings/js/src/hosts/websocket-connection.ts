import type { Bytes } from "../bytes.js";
import type { ClosedEvent, ClosingEvent, ConnectionEvent, FaultEvent, Header, OpenEvent, RequestEvent } from "../events.js";
import { invalid, SansockError } from "../errors.js";
import type { PreparedMessage } from "../prepared-message.js";
import { DEFAULTS } from "./defaults.js";
import { Deferred } from "./deferred.js";
import { ConnectionClosedError, isNormal } from "./errors.js";
import { MessageQueue, type QueueOwner } from "./message-queue.js";
import { PackedRequest } from "./packed-request.js";
import { concatenated, type Message, type PeerAddress, type Sendable, type SendOptions } from "./messages.js";
import type { Session, SessionUser } from "./session.js";
import type { Settings } from "./settings.js";

/** What a broadcast does with each connection. */
export const OFFER: unique symbol = Symbol("offer");

const NEXT: unique symbol = Symbol("next");

/** Who has a connection among others. */
interface Owner {
  forget(session: Session): void;
}

/** The code that stands for a Close frame without one (RFC 6455 section 7.1.5). */
const NO_CODE = 1005;
/** The longest reason, in bytes (RFC 6455 section 5.5). Texts of faults are ASCII. */
const MAX_REASON = 123;
const DONE = Promise.resolve();
const OWNED = { owned: true };

/**
 * A connection that is open, or has been.
 *
 * Messages are received by `for await (const message of connection)`, or with `receive`. One may receive at a time, and any
 * number may send.
 */
export class WebSocketConnection implements AsyncIterable<Message>, SessionUser, QueueOwner {
  readonly #session: Session;
  readonly #queue: MessageQueue;
  readonly #isInParts: boolean;
  /** In milliseconds. */
  readonly #closeTimeout: number;
  /** The timer for an answer that waits. */
  #patience: unknown;
  /** Whether the Close frame for a fault says which it is. */
  readonly #saysWhy: boolean;
  // What most connections do not need most of the time is made when it is needed: each object is memory for each connection.
  /** For who waits for the end. */
  #end: Deferred<ClosedEvent> | undefined;
  #closed: ClosedEvent | undefined;
  /** Pings that are not answered. */
  #pings: { readonly payload: string; readonly answer: Deferred<number> }[] | undefined;
  /** Who waits for room in the output. */
  #waiting: (() => void)[] | undefined;
  /** Ends when the message that is sent in parts is sent. */
  #turn: Promise<void> | undefined;
  /** The peer's Close or fault, which has not been answered. */
  #unanswered: ClosingEvent | FaultEvent | undefined;
  #pingCount = 0;
  #request: RequestEvent | PackedRequest | null;
  /** Who is told of the end. */
  readonly #owner: Owner | undefined;
  /** What was agreed on, and on a client the headers of the response. */
  readonly opened: OpenEvent;
  /** Where the peer is; null if the transport does not know. */
  readonly remoteAddress: PeerAddress | null;
  /** The last round-trip time of a ping, in milliseconds; null before the first. */
  latency: number | null = null;

  /** @internal */
  constructor(
    session: Session,
    opened: OpenEvent,
    request: RequestEvent | PackedRequest | null,
    remoteAddress: PeerAddress | null,
    { maxQueue, engine }: Settings,
    owner?: Owner,
  ) {
    this.#session = session;
    this.#queue = new MessageQueue(maxQueue, session, this);
    this.#isInParts = engine.parts === true;
    this.#saysWhy = engine.closeReason !== false;
    this.#closeTimeout = engine.closeTimeout ?? DEFAULTS.closeTimeout;
    this.opened = opened;
    this.#request = request;
    this.#owner = owner;
    this.remoteAddress = remoteAddress;
  }

  /** The request of the client; null on a client. */
  get request(): RequestEvent | null {
    if (this.#request instanceof PackedRequest) {
      this.#request = this.#request.unpacked();
    }
    return this.#request;
  }

  /** The subprotocol agreed on; null if none. */
  get subprotocol(): string | null {
    return this.opened.subprotocol;
  }

  /** The headers of the server's response on a client, of the client's request on a server. */
  get headers(): readonly Header[] {
    return this.request?.headers ?? this.opened.headers;
  }

  /** Resolves to how the connection ended, once it has. A server's handler that waits for it handles no message any more. */
  get closed(): Promise<ClosedEvent> {
    this.#queue.isInHand = false;
    this.#answerEnd();
    if (this.#end === undefined) {
      this.#end = new Deferred();
      if (this.#closed !== undefined) {
        this.#end.resolve(this.#closed);
      }
    }
    return this.#end.promise;
  }

  /** How many bytes wait to be written. */
  get bufferedAmount(): number {
    return this.#session.pending;
  }

  // --- Receiving. ---

  /**
   * Resolves to the next message.
   *
   * @throws {ConnectionClosedError} The connection has ended, and all messages have been received.
   * @throws {SansockError} `INVALID_STATE` if somebody else is receiving.
   */
  async receive(): Promise<Message> {
    if (!this.#isInParts) {
      return (await this.#next()).data;
    }
    const parts: Message[] = [];
    for await (const part of this.receiveParts()) {
      parts.push(part);
    }
    return parts.length > 0 && typeof parts[0] === "string" ? parts.join("") : concatenated(parts as Uint8Array[]);
  }

  /**
   * Yields the next message as it arrives, in parts that need no memory for the whole: with the option `parts`. Take all of them
   * before the next message.
   *
   * @throws {ConnectionClosedError} The connection has ended.
   */
  async *receiveParts(): AsyncGenerator<Message, void> {
    if (!this.#isInParts) {
      throw new SansockError("INVALID_STATE", "messages are received in parts with the option parts: true");
    }
    for (;;) {
      const { data, last } = await this.#next();
      yield data;
      if (last) {
        return;
      }
    }
  }

  /**
   * Yields messages until the connection ends.
   *
   * @throws {ConnectionClosedError} It ended in another way than by a closing handshake with 1000 or 1001.
   */
  [Symbol.asyncIterator](): AsyncIterator<Message, void> {
    return new Messages(this);
  }

  /** @internal What an iteration gets next. */
  [NEXT](): Promise<IteratorResult<Message, void>> {
    return this.#isInParts ? this.#received(this.receive()) : this.#queue.nextResult(onEnd);
  }

  // --- Sending. ---

  /**
   * Sends a message: a string as text, bytes as binary. An iterable or an async iterable of those is sent as one message in
   * fragments, each as it comes. Resolves when there is room for more: wait for it, and a peer that does not read cannot make you
   * hold much. Bytes must stay as they are until then.
   *
   * @throws {ConnectionClosedError} The connection has ended, or is closing.
   * @throws {SansockError} `TOO_LARGE` if the message is larger than `outputHardLimit`; `WOULD_BLOCK` if you did not wait;
   *   `INVALID_ARGUMENT` if it is none of these.
   */
  send(message: Sendable, options?: SendOptions): Promise<void> {
    this.#noteAnswer();
    const isWhole = typeof message === "string" || message instanceof ArrayBuffer || ArrayBuffer.isView(message);
    if (!isWhole || this.#turn !== undefined) {
      return this.#sendLater(message, isWhole, options);
    }
    try {
      this.#session.send(message, options === undefined ? OWNED : { ...options, owned: true });
    } catch (error) {
      return this.#refuse(error);
    }
    return this.#session.writable ? DONE : this.#untilWritable();
  }

  /** @internal Sends a message, unless that has to wait. Returns whether it need not be sent any more. */
  [OFFER](payload: Uint8Array, kind: "text" | "binary", prepared: () => PreparedMessage): boolean {
    const session = this.#session;
    if (session.ended) {
      return true;
    }
    if (this.#turn !== undefined || !session.writable) {
      return false;
    }
    try {
      session.send(payload, { kind, valid: true, owned: true, prepared });
    } catch (error) {
      if (!(error instanceof SansockError) || error.code !== "INVALID_STATE") {
        throw error;
      }
      // It is closing.
    }
    return true;
  }

  /**
   * Sends a ping, and resolves to the round-trip time in milliseconds when its pong has come.
   *
   * @throws {ConnectionClosedError} The connection has ended.
   */
  async ping(): Promise<number> {
    this.#pingCount += 1;
    const payload = `sansock ${this.#pingCount}`;
    try {
      this.#session.act((connection, now) => connection.ping(payload, now));
    } catch (error) {
      return this.#refuse(error);
    }
    const answer = new Deferred<number>();
    this.#pings ??= [];
    this.#pings.push({ payload, answer });
    return answer.promise;
  }

  /**
   * Starts the closing handshake, and resolves to how the connection ended when it has. Messages that arrive meanwhile are dropped.
   *
   * @throws {SansockError} `INVALID_ARGUMENT` if the code or the reason is not allowed.
   */
  async close(code = 1000, reason = ""): Promise<ClosedEvent> {
    if (this.#unanswered?.type === "fault") {
      this.#answer(this.#unanswered);
    } else if (!this.#session.ended) {
      this.#session.act((connection, now) => connection.close(code, reason, now));
    }
    return this.closed;
  }

  /** Closes the transport at once, without a Close frame. */
  terminate(): void {
    this.#session.terminate();
  }

  // --- For the session. ---

  /** @internal */
  get answersLater(): boolean {
    return this.#unanswered !== undefined;
  }

  /** @internal */
  onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case "text":
      case "binary":
        this.#queue.put(event);
        break;
      case "pong":
        this.#onPong(event.payload, event.roundTripTime);
        break;
      case "closing":
      case "fault":
        this.#unanswered = event;
        this.#answerEnd();
        break;
    }
  }

  /** @internal */
  onIdle(): void {
    this.#answerEnd();
  }

  /** @internal */
  onDrain(): void {
    this.#wake();
  }

  /** @internal */
  onEnd(closed: ClosedEvent): void {
    this.#session.clock.clearTimer(this.#patience);
    this.#queue.end(new ConnectionClosedError(closed));
    this.#wake();
    this.#pings?.splice(0).forEach(({ answer }) => answer.reject(new ConnectionClosedError(closed)));
    this.#closed = closed;
    this.#end?.resolve(closed);
    this.#owner?.forget(this.#session);
  }

  // --- Private. ---

  async #received(message: Promise<Message>): Promise<IteratorResult<Message, void>> {
    try {
      return { value: await message, done: false };
    } catch (error) {
      return onEnd(error);
    }
  }

  #next(): Promise<{ readonly data: Message; readonly last: boolean }> {
    return this.#queue.next();
  }

  #onPong(payload: Uint8Array, roundTripTime: number | null): void {
    this.latency = roundTripTime ?? this.latency;
    const text = String.fromCharCode(...payload);
    const pings = this.#pings ?? [];
    const index = pings.findIndex((ping) => ping.payload === text);
    // It answers the pings before its own as well (RFC 6455 section 5.5.3).
    pings.splice(0, index + 1).forEach(({ answer }) => answer.resolve(roundTripTime ?? 0));
  }

  /** Who has been sent something counts as answered, so that a feed without end does not keep the peer from closing. */
  #noteAnswer(): void {
    if (this.#unanswered === undefined) {
      this.#queue.isInHand = false;
    }
  }

  /**
   * Answers the peer's Close or fault once the messages that came before it have been handled, so that they can be answered (RFC 6455
   * section 5.5.1 allows the delay). That is so when no message waits that somebody receives; and when a server's handler that has taken
   * one has sent something since, or receives on, waits for `closed`, or ends. The peer, whose time for closing is about the same, is to
   * get the answer in time: it waits for half of `closeTimeout`.
   */
  #answerEnd(): void {
    const end = this.#unanswered;
    if (end === undefined || this.#session.ended) {
      return;
    }
    const isServer = this.#request !== null;
    const isReceived = !this.#queue.isEmpty && (isServer || this.#queue.wasAsked);
    if (!isReceived && !(isServer && this.#queue.isInHand)) {
      this.#answer(end);
    } else {
      this.#patience ??= this.#session.clock.setTimer({ onTimer: () => this.#answer(end) }, this.#closeTimeout / 2);
    }
  }

  #answer(end: ClosingEvent | FaultEvent): void {
    this.#unanswered = undefined;
    this.#session.clock.clearTimer(this.#patience);
    if (this.#session.ended) {
      return;
    }
    this.#session.act((connection, now) => {
      if (end.type === "fault") {
        connection.fail(end.code, this.#saysWhy ? end.fault.text.slice(0, MAX_REASON) : "", now);
      } else {
        connection.close(end.code === NO_CODE ? 0 : end.code, end.reason, now);
      }
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.forEach((wake) => wake());
  }

  #untilWritable(): Promise<void> {
    return this.#session.ended ? DONE : new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }

  async #sendLater(message: Sendable, isWhole: boolean, options?: SendOptions): Promise<void> {
    while (this.#turn !== undefined) {
      await this.#turn;
    }
    if (isWhole) {
      return this.send(message, options);
    }
    const turn = new Deferred<void>();
    this.#turn = turn.promise;
    try {
      await this.#sendParts(message as AsyncIterable<string | Bytes>);
    } finally {
      this.#turn = undefined;
      turn.resolve();
    }
  }

  async #sendParts(parts: Iterable<string | Bytes> | AsyncIterable<string | Bytes>): Promise<void> {
    if (parts === null || typeof parts !== "object" || !(Symbol.iterator in parts || Symbol.asyncIterator in parts)) {
      throw invalid("message", "must be a string, bytes, or an iterable of those");
    }
    let kind: "text" | "binary" | undefined;
    try {
      for await (const part of parts) {
        const kindOfPart = typeof part === "string" ? "text" : "binary";
        this.#sendPart(part, false, kind ?? kindOfPart);
        kind ??= kindOfPart;
        await (this.#session.writable ? DONE : this.#untilWritable());
      }
      if (kind !== undefined) {
        this.#sendPart("", true, kind);
      }
    } catch (error) {
      if (kind !== undefined && !this.#session.ended) {
        // The message can neither be taken back nor completed (RFC 6455 section 5.4).
        this.#session.act((connection, now) => connection.close(1011, "", now));
      }
      return this.#refuse(error);
    }
  }

  #sendPart(part: string | Bytes, last: boolean, kind: "text" | "binary"): void {
    this.#session.act((connection) => connection.sendPart(part, last, kind));
  }

  /** Rejects what cannot be sent: with how the connection ended, for which it waits while it is closing. */
  async #refuse(error: unknown): Promise<never> {
    const isState = error instanceof SansockError && (error.code === "INVALID_STATE" || error.code === "BAD_HANDLE");
    throw isState ? new ConnectionClosedError(await this.closed) : error;
  }
}

/** An iteration over the messages. An async generator would take several turns for each. */
class Messages implements AsyncIterator<Message, void> {
  readonly #connection: WebSocketConnection;

  constructor(connection: WebSocketConnection) {
    this.#connection = connection;
  }

  next(): Promise<IteratorResult<Message, void>> {
    return this.#connection[NEXT]();
  }
}

/** What an iteration gets when there is no message: its end, or the error. */
function onEnd(error: unknown): IteratorReturnResult<void> {
  if (error instanceof ConnectionClosedError && isNormal(error.closed)) {
    return { value: undefined, done: true };
  }
  throw error;
}

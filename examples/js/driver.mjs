// What every host does after every call: write the output, handle the events, set one timer, obey the transport.

/** How much is written at once. What a transport has not accepted yet stays in the engine, where it counts towards the limits. */
const WRITE_SIZE = 256 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Drives one connection over one transport.
 *
 * The transport has:
 * - `write(bytes)`: true if they are written at once; else false, and `written()` is to be called when they are;
 * - `pause()` and `resume()`: stop and go on reading;
 * - `shutdownWrite()`: end the writing side, go on reading;
 * - `close()`: close both sides;
 * - `sendHead(event)`: only where the handshake is made of fields: write the head of the event `head`, and its body.
 */
export class Driver {
  #connection;
  #transport;
  #handle;
  #mayRead;
  #inFlight = 0;
  #paused = false;
  #shut = false;
  #ended = false;
  #deadline = null;
  #timer;
  #waiting = [];

  /**
   * `handle(event)` may use the connection, and returns the events of `accept` or `reject` if it calls them.
   * `mayRead()` says whether to read. By default not from a peer that does not read.
   */
  constructor(connection, transport, handle, mayRead = () => connection.writable) {
    this.#connection = connection;
    this.#transport = transport;
    this.#handle = handle;
    this.#mayRead = mayRead;
  }

  /** The transport is connected. */
  start() {
    this.#afterCall([]);
  }

  /** Whether the connection can be written to, or has ended. */
  get writable() {
    return this.#ended || this.#connection.writable;
  }

  /** A head has arrived as fields. `call(connection)` passes it on, and returns the events. */
  receiveHead(call) {
    if (!this.#ended) {
      this.#afterCall(call(this.#connection));
    }
  }

  /** Bytes have arrived. */
  receive(chunk) {
    if (this.#ended) {
      return;
    }
    this.#deliver(this.#connection.receive(chunk));
    const { unconsumed } = this.#connection;
    // These bytes waited for the answer to the request, which has been given meanwhile.
    this.#afterCall(unconsumed > 0 ? this.#connection.receive(chunk.subarray(chunk.length - unconsumed)) : []);
  }

  /** The peer has ended its side, or the transport is lost: for the connection that is the same. */
  receiveEof() {
    if (!this.#ended) {
      this.#afterCall(this.#connection.receiveEof());
    }
  }

  /** The transport is gone. */
  lost() {
    this.receiveEof();
    this.#end();
  }

  /** The bytes that `write` did not write at once are written now. */
  written() {
    if (!this.#ended) {
      this.#reportWritten();
      this.#afterCall([]);
    }
  }

  /** Makes a call on the connection, unless it has ended. It returns the events of `accept` or `reject` if it calls them. */
  act(call) {
    if (!this.#ended) {
      this.#afterCall(call(this.#connection) ?? []);
    }
  }

  /** Stops and goes on reading, as `mayRead` says: call it when that has changed. */
  regulate() {
    if (!this.#ended) {
      this.#regulate();
    }
  }

  /** Waits for something to be true of the connection. False if that can no longer be. */
  until(condition) {
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve });
      this.#wake();
    });
  }

  #afterCall(events) {
    this.#deliver(events);
    this.#write();
    while (this.#connection.more) {
      this.#deliver(this.#connection.timeout());
      this.#write();
    }
    this.#regulate();
    this.#schedule();
    this.#obey();
    this.#wake();
  }

  #deliver(events) {
    for (const event of events) {
      if (event.type === "head") {
        this.#transport.sendHead(event);
      } else {
        this.#deliver(this.#handle(event) ?? []);
      }
    }
  }

  #write() {
    while (this.#inFlight === 0 && this.#connection.pendingOutput > 0) {
      const bytes = this.#connection.output(WRITE_SIZE);
      this.#inFlight = bytes.length;
      if (this.#transport.write(bytes)) {
        this.#reportWritten();
      }
    }
  }

  #reportWritten() {
    this.#connection.written(this.#inFlight);
    this.#inFlight = 0;
  }

  #regulate() {
    const pause = !this.#mayRead();
    if (pause !== this.#paused) {
      this.#paused = pause;
      if (pause) {
        this.#transport.pause();
        this.#connection.pause();
      } else {
        this.#connection.resume();
        this.#transport.resume();
      }
    }
  }

  #schedule() {
    const deadline = this.#connection.nextDeadline;
    if (deadline !== this.#deadline) {
      this.#deadline = deadline;
      clearTimeout(this.#timer);
      if (deadline !== null) {
        const delay = Math.min(Math.max(deadline - performance.now(), 0), LONGEST_TIMER);
        this.#timer = setTimeout(() => this.#onDeadline(), delay);
      }
    }
  }

  #onDeadline() {
    this.#deadline = null;
    this.#afterCall(this.#connection.timeout());
  }

  #obey() {
    const { pendingOutput, transport } = this.#connection;
    if (pendingOutput > 0 || transport === "open") {
      return;
    }
    if (transport === "close") {
      this.#end();
    } else if (!this.#shut) {
      this.#shut = true;
      this.#transport.shutdownWrite();
    }
  }

  #end() {
    if (!this.#ended) {
      this.#ended = true;
      clearTimeout(this.#timer);
      this.#connection.free();
      this.#transport.close();
      this.#wake();
    }
  }

  #wake() {
    this.#waiting = this.#waiting.filter(({ condition, resolve }) => {
      const isMet = this.#ended || condition(this.#connection);
      if (isMet) {
        resolve(!this.#ended);
      }
      return !isMet;
    });
  }
}

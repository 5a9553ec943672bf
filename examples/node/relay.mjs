// A relay on node:net, and an inspector. Usage: node relay.mjs PORT URL [--print]
//
// For each client it connects to the server at the ws: URL, with the client's target, subprotocols, origin and key, and
// answers the client as the server answers. Then it passes on what arrives, in both directions: the data of each frame,
// as it arrives, as a frame of its own; pings, pongs and Close. It answers none of them itself, and keeps no more than
// its last read. A side that breaks a rule is failed with the code of that fault, and the other is closed with 1014.
//
// With --print it prints a line for each frame: the number of the client, the direction (`>` is from the client), the
// opcode, the length of the payload, and `fin` if the frame ends a message. Of Close it prints code and reason.

import { connect, createServer } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";

import { Driver } from "../js/driver.mjs";
import { Connection, parseUrl } from "../js/sansock.mjs";
import { transport } from "./transport.mjs";

const BAD_GATEWAY = 1014;
const NO_CODE = 1005;
const LONGEST_REASON = 123;
// The size of a message matters to the ends alone.
const OPTIONS = { frames: true, maxMessageSize: Number.POSITIVE_INFINITY };

/** One of the two connections of a relay: passes on to the other side what arrives. */
class Side {
  /** The other side, once there is one. */
  other;
  #connection;
  #awaitsRoom = false;

  constructor(connection, socket, log) {
    this.#connection = connection;
    this.log = log;
    const handle = (event) => this.handle(event);
    this.driver = new Driver(connection, transport(socket, () => this.driver), handle, () => this.mayRead());
  }

  handle(event) {
    this.log.show(event);
    switch (event.type) {
      case "frame":
        return this.passOn((other) => other.sendPart(event.data, event.last, event.kind));
      case "ping":
        return this.passOn((other) => other.ping(event.payload));
      case "pong":
        return this.passOn((other) => other.pong(event.payload));
      case "closing":
        return this.passOn((other) => other.close(event.code === NO_CODE ? 0 : event.code, event.reason));
      case "fault":
        this.#connection.fail(event.code, inWords(event.fault));
        return;
      case "closed":
        if (event.fault !== null) {
          this.passOn((other) => other.close(BAD_GATEWAY, inWords(event.fault)));
        }
    }
  }

  /** Makes a call on the other connection, when the calls on this one are over: each may make events. */
  passOn(call) {
    queueMicrotask(() => {
      this.other?.driver.act((connection) => {
        try {
          return call(connection);
        } catch (error) {
          // After our Close nothing is sent to that side, and it is sent no second one.
          if (error.code !== "INVALID_STATE") {
            throw error;
          }
        }
      });
      this.driver.regulate();
    });
  }

  /** Reads no faster than the other side can be written to. */
  mayRead() {
    const isWritable = this.other?.driver.writable ?? true;
    if (!isWritable && !this.#awaitsRoom) {
      this.#awaitsRoom = true;
      this.other.driver.until(({ writable }) => writable).then(() => {
        this.#awaitsRoom = false;
        this.driver.regulate();
      });
    }
    return isWritable;
  }
}

/** The client's side. */
class Front extends Side {
  /** Whether a request is to be answered. */
  waits = false;

  constructor(socket, log) {
    super(Connection.server(OPTIONS), socket, log);
  }

  handle(event) {
    switch (event.type) {
      case "request":
        this.waits = true;
        return this.#connect(event);
      case "closed":
        this.waits = false;
    }
    super.handle(event);
  }

  /** Connects to the server as the client would. Returns the events of a refusal. */
  #connect({ target, subprotocols, origin, headers }) {
    const [, key] = headers.find(([name]) => name.toLowerCase() === "sec-websocket-key");
    let connection;
    try {
      connection = Connection.client(upstream + target, { ...OPTIONS, subprotocols, origin: origin ?? undefined, key });
    } catch {
      return this.respond(400);
    }
    this.other = new Back(connection, this);
  }

  accept(subprotocol) {
    this.#answer((connection) => connection.accept(subprotocol));
  }

  respond(status, reason = "", body = "") {
    this.#answer((connection) => connection.respond(status, reason, [], body));
  }

  #answer(call) {
    this.waits = false;
    queueMicrotask(() => this.driver.act(call));
  }

  /** Reads nothing before the request is answered. */
  mayRead() {
    return !this.waits && super.mayRead();
  }
}

/** The server's side. */
class Back extends Side {
  constructor(connection, front) {
    const { host, port } = parseUrl(upstream);
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    super(connection, socket, new Log(front.log.number, "<"));
    this.other = front;
    socket.on("connect", () => this.driver.start());
  }

  /** Answers the client as the server has answered. */
  handle(event) {
    if (!this.other.waits) {
      return super.handle(event);
    }
    switch (event.type) {
      case "open":
        return this.other.accept(event.subprotocol);
      case "rejected":
        if (event.status >= 200 && event.status < 600) {
          this.other.respond(event.status, event.reason, [204, 304].includes(event.status) ? "" : event.body);
        }
        return;
      case "closed":
        this.other.respond(502);
    }
  }
}

/** Prints the frames of one direction, if that is wanted. */
class Log {
  #direction;
  #opcode = "";

  constructor(number, direction) {
    this.number = number;
    this.#direction = direction;
  }

  /** Prints a line at the end of a frame. */
  show(event) {
    if (!values.print) {
      return;
    }
    switch (event.type) {
      case "frame":
        // Its data may come in several events.
        this.#opcode = event.first ? event.kind : this.#opcode || "continuation";
        if (event.frameEnd) {
          this.#line(this.#opcode, event.frameLength, ...(event.last ? ["fin"] : []));
          this.#opcode = "";
        }
        return;
      case "ping":
      case "pong":
        return this.#line(event.type, event.payload.length);
      case "closing":
        return this.#line("close", event.code, JSON.stringify(event.reason));
      case "fault":
        return this.#line("fault", event.code, event.fault.name);
    }
  }

  #line(...words) {
    console.log(this.number, this.#direction, ...words);
  }
}

/** A fault in words, for a Close frame. */
function inWords({ text }) {
  return text.slice(0, LONGEST_REASON);
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { print: { type: "boolean" } } });
const [listen, url] = positionals;
if (url === undefined || parseUrl(url).secure) {
  console.error("usage: node relay.mjs PORT ws://HOST:PORT [--print]");
  process.exit(2);
}
const upstream = url.replace(/\/$/, "");
let clients = 0;
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  clients += 1;
  new Front(socket, new Log(clients, ">")).driver.start();
});
server.listen(Number(listen), "127.0.0.1", () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));

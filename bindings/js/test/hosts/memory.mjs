// A client and a server that are joined in memory: the parts of the package that users call, without sockets.

import { connectionOf, establish } from "../../dist/hosts/connecting.js";
import { Serving } from "../../dist/hosts/serving.js";
import { atEnd } from "./cleanup.mjs";

/** One end of a pipe: what arrives waits while it is paused, and the other end's writes do not end before it is read. */
class End {
  session;
  other;
  #inbox = [];
  #paused = false;
  #runs = false;

  write(bytes, payload = new Uint8Array()) {
    const chunk = new Uint8Array(bytes.length + payload.length);
    chunk.set(bytes);
    chunk.set(payload, bytes.length);
    this.other.#put(() => {
      this.other.session.receive(chunk);
      this.session.written();
    });
    return false;
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#run();
  }

  shutdownWrite() {
    this.other.#put(() => this.other.session.receiveEof());
  }

  close() {
    this.other.#put(() => this.other.session.receiveEof());
    this.other.#put(() => this.other.session.lost());
  }

  abort() {
    this.other.#inbox = [];
    this.other.#put(() => this.other.session.lost());
  }

  #put(step) {
    this.#inbox.push(step);
    this.#run();
  }

  #run() {
    if (!this.#runs) {
      this.#runs = true;
      queueMicrotask(() => {
        this.#runs = false;
        const step = this.#paused ? undefined : this.#inbox.shift();
        if (step !== undefined) {
          step();
          this.#run();
        }
      });
    }
  }
}

/** A server without a listener. `connect` makes a client of it. */
export class MemoryServer {
  errors = [];

  constructor(handler, options = {}) {
    const onError = (error) => this.errors.push(error.message);
    this.serving = new Serving(handler, { onError, pingInterval: null, ...options }, undefined, []);
  }

  async connect(options = {}, url = "ws://example.com/chat") {
    const dial = async (_, session) => {
      const [client, server] = [new End(), new End()];
      client.other = server;
      server.other = client;
      client.session = session;
      server.session = this.serving.serve({ address: "192.0.2.1", port: 4 }, false);
      server.session.start(server);
      session.start(client);
      return { address: "192.0.2.2", port: 80 };
    };
    const connection = await establish(url, { pingInterval: null, ...options }, [], dial, connectionOf);
    return atEnd(() => connection.terminate(), connection);
  }
}

/** A client and the server's connection to it. The handler waits for the end. */
export async function pair({ client = {}, server = {} } = {}) {
  let opened;
  const atServer = new Promise((resolve) => (opened = resolve));
  const memory = new MemoryServer(async (connection) => {
    opened(connection);
    await connection.closed;
  }, server);
  const atClient = await memory.connect(client);
  return { client: atClient, server: await atServer, memory };
}

/** Lets everything happen that waits for nothing from outside. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Whether a promise waits for somebody else: it has not settled although there was time for everything that was due. */
export async function isBlocked(promise) {
  let done = false;
  const mark = () => {
    done = true;
  };
  promise.then(mark, mark);
  for (let turns = 0; turns < 30 && !done; turns++) {
    await settled();
  }
  return !done;
}

/** The error that a promise rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the promise was not rejected");
}

/** Collects what an async iterable yields. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) {
    items.push(item);
  }
  return items;
}

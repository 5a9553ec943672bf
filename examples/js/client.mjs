// The client program, without its transport: the command line, commands in, events out.
// With --echo nothing is read or printed, and each message is sent back.
// DEFLATE=1 in the environment offers compression.

import process from "node:process";

import { Connection, parseUrl } from "./sansock.mjs";

const utf8 = new TextEncoder();
const lossy = new TextDecoder();

/** Reads the arguments, and prints how to use the program if they are wrong. */
export function parseArguments(args) {
  const subprotocols = [];
  let commands = false;
  let echo = false;
  let url;
  for (const rest = [...args]; rest.length > 0; ) {
    const argument = rest.shift();
    if (argument === "--subprotocol" && rest.length > 0) {
      subprotocols.push(rest.shift());
    } else if (argument === "--commands") {
      commands = true;
    } else if (argument === "--echo") {
      echo = true;
    } else if (url === undefined && !argument.startsWith("--")) {
      url = argument;
    } else {
      return undefined;
    }
  }
  return url === undefined ? undefined : { url, subprotocols, commands, echo };
}

export const USAGE = "usage: client URL [--subprotocol NAME]... [--commands | --echo]";

/** One run of the client. Give `handle` to the driver, then `run`. */
export class Client {
  #commands;
  #echo;
  #print;
  #seen = new Map();
  #waited = new Map();
  #status = 1;

  constructor({ url, subprotocols, commands, echo }, print) {
    const { host, port, secure } = parseUrl(url);
    if (secure) {
      throw new Error("this example speaks ws: only");
    }
    this.host = host;
    this.port = port;
    const deflate = process.env.DEFLATE === "1";
    this.connection = Connection.client(url, { subprotocols, receiveWhileClosing: true, deflate });
    this.#commands = commands;
    this.#echo = echo;
    this.#print = print;
  }

  /** What the program ends with: 0 after a clean close. */
  get status() {
    return this.#status;
  }

  handle = (event) => {
    this.#seen.set(event.type, (this.#seen.get(event.type) ?? 0) + 1);
    if (event.type === "closed") {
      this.#status = event.clean ? 0 : 1;
    }
    if (this.#commands || event.type === "closed") {
      this.#print(describe(event));
    } else if (event.type === "text" || event.type === "binary") {
      this.#message(event);
    }
  };

  #message(event) {
    if (!this.#echo) {
      this.#print(content(event));
    } else if (this.connection.state !== "closed") {
      this.connection.send(event.data);
    }
  }

  /** Carries out the lines, one after the other, as fast as the connection takes them; closes after the last. */
  async run(driver, chunks) {
    if (this.#echo || !(await driver.until(({ state }) => state !== "connecting"))) {
      return;
    }
    for await (const line of lines(chunks)) {
      const goOn = this.#commands ? await this.#command(driver, line) : await this.#send(driver, (c) => c.send(line));
      if (!goOn) {
        return;
      }
    }
    driver.act((connection) => connection.close(1000));
  }

  async #command(driver, line) {
    const [name, rest] = splitWord(line);
    switch (name) {
      case "text":
        return this.#send(driver, (connection) => connection.send(rest));
      case "binary":
        return this.#send(driver, (connection) => connection.send(fromHex(rest)));
      case "parts":
        return this.#sendParts(driver, rest);
      case "ping":
        return this.#send(driver, (connection) => connection.ping(rest));
      case "pong":
        return this.#send(driver, (connection) => connection.pong(rest));
      case "close": {
        const [code, reason] = splitWord(rest);
        driver.act((connection) => connection.close(Number(code), reason));
        return true;
      }
      case "wait": {
        const count = (this.#waited.get(rest) ?? 0) + 1;
        this.#waited.set(rest, count);
        return driver.until(() => (this.#seen.get(rest) ?? 0) >= count);
      }
      default:
        throw new Error(`unknown command: ${name}`);
    }
  }

  async #sendParts(driver, rest) {
    const [kind, countAndText] = splitWord(rest);
    const [count, text] = splitWord(countAndText);
    const bytes = utf8.encode(text);
    const cut = (index) => Math.floor((index * bytes.length) / Number(count));
    for (let index = 0; index < Number(count); index++) {
      const part = bytes.subarray(cut(index), cut(index + 1));
      const last = index === Number(count) - 1;
      if (!(await this.#send(driver, (connection) => connection.sendPart(part, last, kind)))) {
        return false;
      }
    }
    return true;
  }

  /** Waits until the connection is writable, and sends. False once it takes no more. */
  async #send(driver, send) {
    const writable = await driver.until((connection) => connection.writable || connection.state !== "open");
    let sent = false;
    driver.act((connection) => {
      if (writable && connection.state === "open") {
        send(connection);
        sent = true;
      }
    });
    return sent;
  }
}

function describe(event) {
  switch (event.type) {
    case "open":
      return words("open", event.subprotocol ?? "");
    case "rejected":
      return `rejected ${event.status}`;
    case "text":
    case "binary":
      return `${event.type} ${content(event)}`;
    case "ping":
    case "pong":
      return `${event.type} ${lossy.decode(event.payload)}`;
    default:
      return words(event.type, event.code, event.reason);
  }
}

function content({ data }) {
  return typeof data === "string" ? data : toHex(data);
}

function words(...list) {
  return list.filter((word) => word !== "").join(" ");
}

/** The lines of a stream of bytes, however long. Only a line feed ends a line. */
async function* lines(chunks) {
  const decoder = new TextDecoder();
  let pieces = [];
  for await (const chunk of chunks) {
    const [rest, ...begun] = decoder.decode(chunk, { stream: true }).split("\n");
    pieces.push(rest);
    for (const piece of begun) {
      yield pieces.join("");
      pieces = [piece];
    }
  }
  const last = pieces.join("") + decoder.decode();
  if (last !== "") {
    yield last;
  }
}

function splitWord(line) {
  const end = line.indexOf(" ");
  return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
}

function fromHex(text) {
  const digits = (index) => text.slice(2 * index, 2 * index + 2);
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(digits(index), 16));
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

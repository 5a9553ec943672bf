// The command client (see ../README.md) in JavaScript, without its transport: line_client.mjs with every call and
// every event.

import { Client, toHex } from "./line_client.mjs";

const utf8 = new TextEncoder();
const lossy = new TextDecoder();

/** The client for these arguments: `URL [--subprotocol NAME]... [--echo]`. */
export function commandClient(args, print) {
  const [url, ...rest] = args;
  const subprotocols = [];
  let Kind = CommandClient;
  while (rest.length > 0) {
    const argument = rest.shift();
    if (argument === "--subprotocol" && rest.length > 0) {
      subprotocols.push(rest.shift());
    } else if (argument === "--echo") {
      Kind = EchoClient;
    } else {
      throw new Error(`unknown argument: ${argument}`);
    }
  }
  return new Kind(url, print, { subprotocols });
}

/** Prints every event, and carries out what it reads. */
class CommandClient extends Client {
  #printed = new Map();
  #awaited = new Map();

  handle = (event) => {
    this.#printed.set(event.type, count(this.#printed, event.type) + 1);
    if (event.type === "closed") {
      this.closed(event);
    } else {
      this.print(event.type, ...details(event));
    }
  };

  async sendLine(driver, line) {
    const [name, rest] = splitWord(line);
    switch (name) {
      case "text":
        return this.send(driver, (connection) => connection.send(rest));
      case "binary":
        return this.send(driver, (connection) => connection.send(fromHex(rest)));
      case "parts":
        return this.#sendParts(driver, rest);
      case "ping":
        return this.send(driver, (connection) => connection.ping(rest));
      case "pong":
        return this.send(driver, (connection) => connection.pong(rest));
      case "close": {
        const [code, reason] = splitWord(rest);
        driver.act((connection) => connection.close(Number(code), reason));
        return true;
      }
      case "wait": {
        const wanted = count(this.#awaited, rest) + 1;
        this.#awaited.set(rest, wanted);
        return driver.until(() => count(this.#printed, rest) >= wanted);
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
      if (!(await this.send(driver, (connection) => connection.sendPart(part, last, kind)))) {
        return false;
      }
    }
    return true;
  }
}

/** Sends every message back, and reads and prints nothing but how the connection was closed. */
class EchoClient extends Client {
  handle = (event) => {
    if (event.type === "closed") {
      this.closed(event);
    } else if ((event.type === "text" || event.type === "binary") && this.connection.state !== "closed") {
      this.connection.send(event.data);
    }
  };

  async sendLines() {}
}

/** What is printed of an event, behind its name. */
function details(event) {
  switch (event.type) {
    case "open":
      return [event.subprotocol ?? ""];
    case "rejected":
      return [event.status];
    case "text":
      return [event.data];
    case "binary":
      return [toHex(event.data)];
    case "ping":
    case "pong":
      return [lossy.decode(event.payload)];
    default:
      return [event.code, event.reason];
  }
}

function count(map, name) {
  return map.get(name) ?? 0;
}

function splitWord(line) {
  const end = line.indexOf(" ");
  return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
}

function fromHex(text) {
  const digits = (index) => text.slice(2 * index, 2 * index + 2);
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(digits(index), 16));
}

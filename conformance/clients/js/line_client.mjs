// The client program, without its transport: lines of standard input in, messages out.
// DEFLATE=1 in the environment offers compression.

import process from "node:process";

import { lines } from "../../../examples/js/client.mjs";
import { Connection, parseUrl } from "../../../examples/js/sansock.mjs";

/** One run of the client over one driver. */
export class Client {
  #print;
  #status = 1;

  /** `print` writes a line to standard output. `options` are more options of the connection. `tls`: whether wss: is spoken. */
  constructor(url, print, options = {}, tls = false) {
    const { host, port, secure } = parseUrl(url);
    if (secure && !tls) {
      throw new Error("this example speaks ws: only");
    }
    this.host = host;
    this.port = port;
    this.secure = secure;
    this.connection = Connection.client(url, {
      receiveWhileClosing: true, // for the echoes of what was sent before the end of the input
      deflate: process.env.DEFLATE === "1",
      ...options,
    });
    this.#print = print;
  }

  /** For the driver: prints a message, or how the connection was closed. */
  handle = (event) => {
    switch (event.type) {
      case "text":
        return this.print(event.data);
      case "binary":
        return this.print(toHex(event.data));
      case "closed":
        return this.closed(event);
    }
  };

  print(...words) {
    this.#print(words.filter((word) => word !== "").join(" "));
  }

  closed({ clean, code, reason }) {
    this.#status = clean ? 0 : 1;
    this.print("closed", code, reason);
  }

  /** Runs to the end of the connection. Returns what the program ends with: 0 after a clean close. */
  async run(driver, chunks) {
    this.sendLines(driver, chunks);
    await driver.until(() => false);
    return this.#status;
  }

  /** Sends the lines, one after the other, as fast as the connection takes them; closes after the last. */
  async sendLines(driver, chunks) {
    if (!(await driver.until(({ state }) => state !== "connecting"))) {
      return;
    }
    for await (const line of lines(chunks)) {
      if (!(await this.sendLine(driver, line))) {
        return;
      }
    }
    driver.act((connection) => connection.close(1000));
  }

  sendLine(driver, line) {
    return this.send(driver, (connection) => connection.send(line));
  }

  /** Waits until the connection is writable, and makes a call that sends. False once it takes no more. */
  async send(driver, call) {
    const writable = await driver.until((connection) => connection.writable || connection.state !== "open");
    let sent = false;
    driver.act((connection) => {
      if (writable && connection.state === "open") {
        call(connection);
        sent = true;
      }
    });
    return sent;
  }
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

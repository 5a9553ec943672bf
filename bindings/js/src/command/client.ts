import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { stdout } from "node:process";

import type { ClosedEvent } from "../events.js";
import { ConnectionClosedError, isNormal } from "../hosts/errors.js";
import type { Message } from "../hosts/messages.js";
import type { WebSocketConnection } from "../hosts/websocket-connection.js";
import { parseProxy, parseUrl } from "../index.js";
import { type ClientOptions, connect } from "../node/connect.js";
import { header, parse, seconds, WrongArguments } from "./arguments.js";
import { Terminal } from "./terminal.js";
import { version } from "./version.js";

const HELP = `usage: sansock [options] URL

A WebSocket client for terminals and pipes.

  URL                       where to connect, such as wss://example.com/path; without a scheme it is ws:
  -H, --header 'NAME: VALUE'  a request header; may be repeated
  -s, --subprotocol NAME    a subprotocol, the preferred first
  -o, --origin ORIGIN       the Origin header
      --send TEXT           send this instead of standard input; may be repeated
  -b, --binary              send lines, and what --send says, as binary messages
  -w, --wait S              seconds to go on receiving after the last line; default: 1
      --proxy URL           a proxy, http: or socks5:; default: what the environment names
      --insecure            accept any certificate
      --ca FILE             certificates to trust instead of the system's
      --no-compression      offer no compression
      --ping-interval S     seconds between pings; 0: none; default: 20
      --timeout S           seconds to connect in; default: 10
      --version             print the version
  -h, --help                print this

lines of standard input are sent as text messages, but for these:
  /binary HEX        a binary message, in hexadecimal; or of a file: /binary @FILE
  /ping              a ping; goes on when its pong has come
  /close [CODE [REASON]]
  //TEXT             a text message that begins with a slash
The end of the input closes the connection with 1000.

Each message is printed as one line: a line feed in a text as \\n, a binary message in hexadecimal. What is no message
is printed on standard error. The exit status is 0 only if the connection was closed cleanly, with 1000 or 1001.

other commands; --help says more:
  sansock serve      a server that echoes
  sansock inspect    shows what is in a capture
  sansock relay      passes connections on, and shows what is on them
`;

const OPTIONS = {
  header: { type: "string", short: "H", multiple: true },
  subprotocol: { type: "string", short: "s", multiple: true },
  origin: { type: "string", short: "o" },
  send: { type: "string", multiple: true },
  binary: { type: "boolean", short: "b" },
  wait: { type: "string", short: "w" },
  proxy: { type: "string" },
  insecure: { type: "boolean" },
  ca: { type: "string" },
  "no-compression": { type: "boolean" },
  "ping-interval": { type: "string", default: "20" },
  timeout: { type: "string", default: "10" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Connects, sends lines, prints messages. Returns the status. */
export async function runClient(given: readonly string[]): Promise<number> {
  const { values, positionals } = parse({ args: [...given], options: OPTIONS, allowPositionals: true });
  if (values.help || values.version) {
    stdout.write(values.help ? HELP : `sansock ${version}\n`);
    return 0;
  }
  const [text] = positionals;
  if (text === undefined || positionals.length > 1) {
    throw new WrongArguments("one URL is needed; sansock --help says more");
  }
  const url = checkedUrl(text);
  const ping = seconds("ping-interval", values["ping-interval"]);
  const options: ClientOptions = {
    headers: (values.header ?? []).map(header),
    subprotocols: values.subprotocol ?? [],
    origin: values.origin,
    proxy: checkedProxy(values.proxy) ?? true,
    deflate: values["no-compression"] !== true,
    pingInterval: ping === 0 ? null : ping,
    handshakeTimeout: Math.max(seconds("timeout", values.timeout), 1),
    // What the peer sends before it answers our Close is printed too.
    receiveWhileClosing: true,
    tls: {
      ...(values.insecure === true ? { rejectUnauthorized: false } : {}),
      ...(values.ca === undefined ? {} : { ca: readFileSync(values.ca) }),
    },
  };
  const wait = values.wait === undefined ? undefined : seconds("wait", values.wait);
  const connection = await connect(url, options);
  return new Client(connection, { send: values.send, isBinary: values.binary === true, wait }).run(url);
}

interface Choices {
  readonly send: readonly string[] | undefined;
  readonly isBinary: boolean;
  /** In milliseconds. */
  readonly wait: number | undefined;
}

class Client {
  readonly #connection: WebSocketConnection;
  readonly #choices: Choices;
  readonly #terminal = new Terminal();
  #hasFailed = false;

  constructor(connection: WebSocketConnection, choices: Choices) {
    this.#connection = connection;
    this.#choices = choices;
  }

  async run(url: string): Promise<number> {
    if (this.#terminal.isInteractive) {
      this.#terminal.note(`connected to ${url}`);
    }
    const receiving = this.#receive();
    const sending = this.#send();
    await Promise.race([receiving, sending.then(() => this.#wait(receiving))]);
    void this.#connection.close();
    const closed = await receiving;
    const isClean = isNormal(closed);
    if (!isClean || this.#terminal.isInteractive) {
      this.#terminal.note(new ConnectionClosedError(closed).message);
    }
    this.#terminal.close();
    return isClean && !this.#hasFailed ? 0 : 1;
  }

  async #receive(): Promise<ClosedEvent> {
    for (;;) {
      let message: Message;
      try {
        message = await this.#connection.receive();
      } catch (error) {
        if (error instanceof ConnectionClosedError) {
          return error.closed;
        }
        throw error;
      }
      await this.#terminal.message(typeof message === "string" ? message : Buffer.from(message).toString("hex"));
    }
  }

  /** Answers to the last message need some time. Who sits at a terminal has seen them. */
  async #wait(receiving: Promise<unknown>): Promise<void> {
    const wait = this.#choices.wait ?? (this.#terminal.isInteractive ? 0 : 1000);
    const ended = new AbortController();
    const timer = new Promise((resolve) => {
      const timeout = setTimeout(resolve, wait);
      ended.signal.addEventListener("abort", () => clearTimeout(timeout));
    });
    await Promise.race([receiving, timer]);
    ended.abort();
  }

  async #send(): Promise<void> {
    try {
      for (const text of this.#choices.send ?? []) {
        await this.#sendText(text);
      }
      for await (const line of this.#choices.send === undefined ? this.#terminal.lines() : []) {
        await this.#do(line);
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) {
        throw error;
      }
    }
  }

  /** Does what a line says. */
  async #do(line: string): Promise<void> {
    try {
      if (!line.startsWith("/") || line.startsWith("//")) {
        await this.#sendText(line.startsWith("//") ? line.slice(1) : line);
      } else {
        await this.#command(line.slice(1));
      }
    } catch (error) {
      if (error instanceof ConnectionClosedError) {
        throw error;
      }
      this.#terminal.note((error as Error).message);
      this.#hasFailed = !this.#terminal.isInteractive;
    }
  }

  async #sendText(text: string): Promise<void> {
    await this.#connection.send(this.#choices.isBinary ? Buffer.from(text) : text);
  }

  async #command(line: string): Promise<void> {
    const [, name, rest = ""] = /^(\S*)(?: (.*))?$/.exec(line) ?? [];
    if (name === "binary") {
      await this.#connection.send(rest.startsWith("@") ? await readFile(rest.slice(1)) : fromHex(rest));
    } else if (name === "ping") {
      this.#terminal.note(`pong after ${(await this.#connection.ping()).toFixed(1)} ms`);
    } else if (name === "close") {
      const [, code = "", reason = ""] = /^(\S*) ?(.*)$/.exec(rest) ?? [];
      await this.#connection.close(code === "" ? 1000 : Number(code), reason);
    } else {
      throw new Error(`there is no command /${name}: use /binary, /ping, /close, or // for a text with a slash`);
    }
  }
}

function fromHex(text: string): Buffer {
  const digits = text.replaceAll(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw new Error(`${JSON.stringify(text)} is not hexadecimal`);
  }
  return Buffer.from(digits, "hex");
}

function checkedUrl(text: string): string {
  const url = text.includes("://") ? text : `ws://${text}`;
  try {
    parseUrl(url);
  } catch {
    throw new WrongArguments(`${JSON.stringify(text)} is no WebSocket URL`);
  }
  return url;
}

function checkedProxy(url: string | undefined): string | undefined {
  try {
    if (url !== undefined) {
      parseProxy(url);
    }
  } catch {
    throw new WrongArguments(`--proxy: ${JSON.stringify(url)} is no URL of a proxy`);
  }
  return url;
}

import { createReadStream } from "node:fs";
import process, { stdin, stdout } from "node:process";
import { once } from "node:events";

import { Inspector, loadModule } from "../inspect/index.js";
import { parse, WrongArguments } from "./arguments.js";

const HELP = `usage: sansock inspect [options] FILE
       sansock inspect [options] --client FILE --server FILE

Shows what is in a capture: the opening handshake, frames, messages, the rules that are broken, and what answers them.

  FILE is pcap, pcapng or HAR; a dump as of xxd, hexdump -C, tcpdump -X, or Wireshark (C arrays); hexadecimal, base64, or the
  bytes themselves; - is standard input. Lines of hexadecimal may begin with > if the client sent them, and with < if the server
  did. Otherwise it is seen from how it begins whose bytes they are.

      --client FILE         what the client sent
      --server FILE         what the server sent
      --json                write each entry as a line of JSON, with its whole payload
      --extensions VALUE    what had been agreed on, if the opening handshake is not in the capture: the value of
                            Sec-WebSocket-Extensions in the response, "" without compression
  -h, --help                print this

The exit status is 1 if a rule is broken, or if the capture ends inside something.
`;

const OPTIONS = {
  client: { type: "string" },
  server: { type: "string" },
  json: { type: "boolean", default: false },
  extensions: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** More than any payload: the whole of it is written, which the inspector limits to 64 MiB. */
const WHOLE = 64 * 1024 * 1024;

/** Shows a capture. Returns the status. */
export async function runInspect(given: readonly string[]): Promise<number> {
  const { values, positionals } = parse({ args: [...given], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    stdout.write(HELP);
    return 0;
  }
  const { client, server, json, extensions } = values;
  const hasHalves = client !== undefined || server !== undefined;
  if (positionals.length !== (hasHalves ? 0 : 1)) {
    throw new WrongArguments("name one FILE, or --client, --server or both");
  }
  // A reader of the first lines, such as head, ends the pipe: that is no error.
  stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const options = { ...(json ? { preview: WHOLE } : {}), ...(extensions === undefined ? {} : { extensions }) };
  const inspector = new Inspector(loadModule(), options);
  if (client !== undefined) await read(client, (bytes) => inspector.pushFrom("client", bytes));
  if (server !== undefined) await read(server, (bytes) => inspector.pushFrom("server", bytes));
  if (positionals[0] !== undefined) {
    await read(positionals[0], async (bytes) => {
      inspector.push(bytes);
      await write(inspector, json);
    });
  }
  try {
    inspector.finish();
  } finally {
    await write(inspector, json);
  }
  return inspector.faults > 0 ? 1 : 0;
}

async function read(name: string, take: (bytes: Uint8Array) => void | Promise<void>): Promise<void> {
  const stream = name === "-" ? stdin : createReadStream(name, { highWaterMark: 1 << 20 });
  for await (const bytes of stream) await take(bytes as Uint8Array);
}

async function write(inspector: Inspector, json: boolean): Promise<void> {
  for (const lines of json ? inspector.takeJson() : inspector.takeLines()) {
    if (!stdout.write(lines)) await once(stdout, "drain");
  }
}

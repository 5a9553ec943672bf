import { once } from "node:events";
import { readFileSync } from "node:fs";
import process, { stdout } from "node:process";

import { parseUrl } from "../index.js";
import { Relay } from "./relaying.js";
import { Viewers } from "./viewers.js";
import { Watch } from "./watching.js";
import { parse, WrongArguments } from "./arguments.js";

const HELP = `usage: sansock relay --to URL [options]

Passes connections on to a server, unchanged, and shows what is on them: on standard output, and in a browser at the address
that it prints. It ends by SIGINT or SIGTERM.

      --to URL              where to pass them on to: ws://HOST:PORT, or wss: to speak TLS to it
      --listen PORT         the port for clients; 0: a free one; default: 9000
      --host ADDRESS        the address to listen on; default: 127.0.0.1
      --view PORT           the port for the browser, always on 127.0.0.1; 0: a free one; default: 0
      --preview BYTES       how much of each payload is shown; default: 4096
      --all                 show the browser everything: connections wait for that. Without it looking takes a small share
                            of the time, and what does not fit is passed over, which the page says
      --insecure            accept any certificate of the server
      --ca FILE             certificates to trust instead of the system's
      --json                write entries as lines of JSON
  -q, --quiet               write no entries
  -h, --help                print this

The address has a token, without which nobody may look; pages of other sites are refused as well.
`;

const OPTIONS = {
  to: { type: "string" },
  listen: { type: "string", default: "9000" },
  host: { type: "string", default: "127.0.0.1" },
  view: { type: "string", default: "0" },
  preview: { type: "string", default: "4096" },
  all: { type: "boolean", default: false },
  insecure: { type: "boolean", default: false },
  ca: { type: "string" },
  json: { type: "boolean", default: false },
  quiet: { type: "boolean", short: "q", default: false },
  help: { type: "boolean", short: "h" },
} as const;

/** Relays until a signal comes. Returns the status. */
export async function runRelay(given: readonly string[]): Promise<number> {
  const { values } = parse({ args: [...given], options: OPTIONS });
  if (values.help) {
    stdout.write(HELP);
    return 0;
  }
  if (values.to === undefined) {
    throw new WrongArguments("--to URL is missing");
  }
  const { host, port, secure } = parseUrl(values.to.includes("://") ? values.to : `ws://${values.to}`);
  const ca = values.ca === undefined ? {} : { ca: readFileSync(values.ca) };
  const watch = new Watch({
    preview: whole("preview", values.preview, 1 << 26),
    lines: !values.quiet && !values.json,
    onEntries: (json, text) => {
      viewers.show(json);
      if (!values.quiet) stdout.write(values.json ? json : text);
    },
    onError: (error) => console.error(`sansock: nothing more is shown: ${String(error)}`),
  });
  const viewers = await Viewers.listen(whole("view", values.view, 65_535), watch, values.all);
  if (!values.quiet) watch.watch(true);
  const relay = await Relay.listen({
    hostname: values.host,
    port: whole("listen", values.listen, 65_535),
    target: { host, port, tls: secure ? { rejectUnauthorized: !values.insecure, ...ca } : undefined },
    watch,
  });
  stdout.write(`listening on ${relay.address}, for ${values.to}\nlook at ${viewers.url}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await Promise.all([relay.close(), viewers.close()]);
  return 0;
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new WrongArguments(`--${name}: ${JSON.stringify(text)} is no whole number from 0 to ${most}`);
  }
  return value;
}

import { readFileSync } from "node:fs";
import { once } from "node:events";
import process, { stdout } from "node:process";

import type { HttpResponse } from "../hosts/serving.js";
import { serve } from "../node/serve.js";
import { parse, WrongArguments } from "./arguments.js";

const HELP = `usage: sansock serve [options]

A WebSocket server that sends back what it receives. It ends by SIGINT or SIGTERM.

      --host ADDRESS        the address to listen on; default: 127.0.0.1
      --port PORT           the port; 0: a free one; default: 8080
      --path PATH           answer requests for this path only, and others with 404
      --cert FILE --key FILE  serve wss: with this certificate and its key, both in PEM
      --any-origin          accept pages of other sites too
      --subprotocol NAME    a subprotocol, the preferred one first
      --greeting TEXT       a text to send to each client first
  -h, --help                print this
`;

const OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8080" },
  path: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  "any-origin": { type: "boolean", default: false },
  subprotocol: { type: "string", multiple: true, default: [] as string[] },
  greeting: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Serves until a signal comes. Returns the status. */
export async function runServer(given: readonly string[]): Promise<number> {
  const { values } = parse({ args: [...given], options: OPTIONS });
  if (values.help) {
    stdout.write(HELP);
    return 0;
  }
  const { host, path, cert, key, greeting } = values;
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new WrongArguments(`--port: ${JSON.stringify(values.port)} is no port`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new WrongArguments("--cert and --key go together");
  }
  const notFound: HttpResponse = { status: 404, headers: { "Content-Type": "text/plain" }, body: "Not Found\n" };
  const server = await serve(
    {
      hostname: host,
      port,
      tls: cert === undefined || key === undefined ? undefined : { cert: readFileSync(cert), key: readFileSync(key) },
      subprotocols: [...values.subprotocol],
      origins: values["any-origin"] ? "any" : "same",
      onRequest: ({ target }) => (path === undefined || path === target.split("?", 1)[0] ? undefined : notFound),
    },
    async (connection) => {
      if (greeting !== undefined) {
        await connection.send(greeting);
      }
      for await (const message of connection) {
        await connection.send(message);
      }
    },
  );
  stdout.write(`listening on ${server.url?.replace(/\/$/, path ?? "/")}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await server.close();
  return 0;
}

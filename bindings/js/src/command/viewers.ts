import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { broadcast } from "../hosts/broadcast.js";
import type { HttpResponse } from "../hosts/serving.js";
import type { WebSocketConnection } from "../hosts/websocket-connection.js";
import { serve } from "../node/serve.js";
import type { Watch } from "./watching.js";

/** How much is kept for those who look later, in characters. What is older is dropped. */
const KEPT = 16 << 20;
const TEXT = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
const PAGE = new URL("../inspector.html", import.meta.url);

/** Serves the page of the inspector on this machine, and shows it entries as they come. */
export class Viewers {
  readonly #token = randomBytes(16).toString("hex");
  readonly #connections = new Set<WebSocketConnection>();
  #kept: string[] = [];
  #size = 0;
  /** How many were kept once and are no longer. */
  #dropped = 0;
  #server: Awaited<ReturnType<typeof serve>> | undefined;

  readonly #watch: Watch;
  readonly #all: boolean;

  private constructor(watch: Watch, all: boolean) {
    this.#watch = watch;
    this.#all = all;
  }

  /** Listens for browsers, which see all, or what fits in the time that there is. */
  static async listen(port: number, watch: Watch, all: boolean): Promise<Viewers> {
    const viewers = new Viewers(watch, all);
    viewers.#server = await serve(
      { hostname: "127.0.0.1", port, deflate: false, onRequest: ({ target }) => viewers.#answer(target) },
      (connection) => viewers.#look(connection),
    );
    return viewers;
  }

  /** The address for a browser. Only who has it may look. */
  get url(): string {
    return `${this.#server?.url?.replace(/^ws/, "http")}#live=${this.#token}`;
  }

  /** Shows entries: lines of JSON. */
  show(lines: string): void {
    this.#kept.push(lines);
    this.#size += lines.length;
    while (this.#size > KEPT && this.#kept.length > 1) {
      this.#size -= this.#kept.shift()?.length ?? 0;
      this.#dropped += 1;
    }
    for (const behind of broadcast(this.#connections, lines)) {
      // It can look again, and gets what is kept.
      void behind.close(1013, "it does not keep up");
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #answer(target: string): HttpResponse | undefined {
    const { pathname, searchParams } = new URL(target, "http://localhost");
    if (pathname === "/entries") {
      return this.#isToken(searchParams.get("token") ?? "") ? undefined : { status: 403, headers: TEXT, body: "Forbidden\n" };
    }
    if (pathname !== "/") return { status: 404, headers: TEXT, body: "Not Found\n" };
    if (!existsSync(PAGE)) return { status: 404, headers: TEXT, body: "this package was built without the page\n" };
    return { status: 200, headers: { ...TEXT, "Content-Type": "text/html; charset=utf-8" }, body: readFileSync(PAGE) };
  }

  #isToken(given: string): boolean {
    const [one, other] = [Buffer.from(given), Buffer.from(this.#token)];
    return one.length === other.length && timingSafeEqual(one, other);
  }

  async #look(connection: WebSocketConnection): Promise<void> {
    this.#watch.watch(this.#all);
    try {
      await this.#sendKept(connection);
      this.#connections.add(connection);
      // It says nothing; this waits for its end.
      for await (const _ of connection);
    } finally {
      this.#connections.delete(connection);
      this.#watch.unwatch(this.#all);
    }
  }

  /** Sends what is kept, also what comes meanwhile. */
  async #sendKept(connection: WebSocketConnection): Promise<void> {
    for (let next = 0; next < this.#dropped + this.#kept.length; next++) {
      next = Math.max(next, this.#dropped);
      await connection.send(this.#kept[next - this.#dropped] ?? "");
    }
  }
}

/** A conversation of this page's own, through the browser's WebSocket: messages, for a browser shows no frames. */
import type { Entry } from "../entries.ts";
import type { LiveListener } from "./live.ts";
import { button, byId, make } from "./dom.ts";

/** How much of a message is shown: there is no capture to read the rest from. */
const SHOWN = 1 << 20;
const encoder = new TextEncoder();

/** Asks for a URL, and calls back with it and the subprotocols to offer. */
export function watchConnect(connect: (url: string, subprotocols: readonly string[]) => void): void {
  const dialog = byId("connect-dialog", HTMLDialogElement);
  byId("connect", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  byId("connect-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());
  byId("connect-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const words = byId("connect-subprotocols", HTMLInputElement).value.split(/[\s,]+/);
    connect(
      byId("connect-url", HTMLInputElement).value.trim(),
      words.filter((word) => word !== ""),
    );
  });
}

export class Talk {
  readonly #listener: LiveListener;
  readonly #socket: WebSocket;
  readonly #began = performance.now();
  #entries = 0;
  #isClosing = false;

  /** @throws `SyntaxError` if the URL, or a subprotocol, is not allowed. */
  constructor(url: string, subprotocols: readonly string[], listener: LiveListener) {
    this.#listener = listener;
    this.#socket = new WebSocket(url, [...subprotocols]);
    this.#socket.binaryType = "arraybuffer";
    this.#tell({ type: "connection", server: this.#socket.url });
    this.#socket.addEventListener("open", () => {
      const { protocol } = this.#socket;
      this.#tell({ type: "note", text: protocol === "" ? "open" : `open, with the subprotocol ${protocol}` });
    });
    this.#socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => this.#message("server", data));
    this.#socket.addEventListener("close", ({ code, reason, wasClean }) => {
      this.#tell({ type: "closed", from: "server", code, reason, clean: wasClean, by_peer: !this.#isClosing });
      byId("sources", HTMLUListElement).replaceChildren();
      listener.end(code === 1006 ? "the connection failed, or was cut; the browser does not say why" : undefined);
    });
    this.#show();
  }

  /** Ends it, and tells nothing more. */
  leave(): void {
    this.#listener.entries = () => {};
    this.#listener.end = () => {};
    this.#socket.close();
  }

  /** A line to type messages in. */
  #show(): void {
    const text = make("input", { type: "text", id: "message", "aria-label": "Message" });
    const send = (): void => {
      if (this.#socket.readyState !== WebSocket.OPEN) return;
      this.#socket.send(text.value);
      this.#message("client", text.value);
      text.value = "";
    };
    const form = make("form", {}, text, make("button", { type: "submit" }, "Send"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    const close = button("Close", () => {
      this.#isClosing = true;
      this.#socket.close(1000);
    });
    const name = make("span", { class: "file-name" }, this.#socket.url);
    byId("sources", HTMLUListElement).replaceChildren(make("li", { id: "talk" }, name, form, close));
  }

  #message(from: "client" | "server", data: string | ArrayBuffer): void {
    const bytes = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data);
    const shown = bytes.subarray(0, SHOWN);
    const kind = typeof data === "string" ? "text" : "binary";
    const cut = shown.length < bytes.length;
    const hex = (): string => Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const payload = { size: bytes.length, cut, ...(kind === "text" ? { text: new TextDecoder().decode(shown) } : { hex: hex() }) };
    this.#tell({ type: "message", from, kind, frames: 0, size: bytes.length, wire: bytes.length, compressed: false, payload });
  }

  #tell(entry: Record<string, unknown>): void {
    const time = Math.round((performance.now() - this.#began) * 1000);
    this.#entries += 1;
    this.#listener.entries([{ id: this.#entries, connection: 1, time, ...entry } as unknown as Entry]);
  }
}

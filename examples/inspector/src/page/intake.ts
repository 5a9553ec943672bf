/** How captures get in: dropped, chosen or pasted. */
import type { Extensions, Source } from "../protocol.ts";
import { byId, make } from "./dom.ts";
import { size } from "./text.ts";

/** What files may be, with the words for it. */
const AS: Readonly<Record<Source["as"], string>> = {
  capture: "capture (format is found out)",
  client: "bytes of the client",
  server: "bytes of the server",
};

/** What may have been agreed on. */
const EXTENSIONS: readonly { readonly text: string; readonly value: Extensions }[] = [
  { text: "compression, perhaps", value: undefined },
  { text: "no compression", value: "" },
  { text: "permessage-deflate", value: "permessage-deflate" },
];

export class Intake {
  #sources: Source[] = [];
  #assumed = 0;
  readonly #list = byId("sources", HTMLUListElement);

  /** @param open Opens what was given. */
  constructor(readonly open: (sources: readonly Source[], extensions: Extensions) => void) {
    const chooser = byId("file", HTMLInputElement);
    chooser.addEventListener("change", () => {
      this.take([...(chooser.files ?? [])]);
      chooser.value = "";
    });
    for (const id of ["choose", "choose-first"]) byId(id, HTMLButtonElement).addEventListener("click", () => chooser.click());
    this.#watchDrops();
    this.#watchPastes();
  }

  /** Opens files: a file whose name tells is taken as the bytes of one end. */
  take(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#sources = files.map((file) => ({ blob: file, name: file.name, as: guess(file.name, files.length) }));
    this.#opened();
  }

  /** Opens a text, as if it were a file. */
  takeText(text: string, name = "pasted text"): void {
    this.#sources = [{ blob: new Blob([text]), name, as: "capture" }];
    this.#opened();
  }

  #opened(): void {
    this.#list.replaceChildren(...this.#sources.map((source, index) => this.#item(source, index)), this.#assumption());
    this.#open();
  }

  #open(): void {
    this.open(this.#sources, EXTENSIONS[this.#assumed]?.value);
  }

  /** What to take as agreed on where there is no handshake. */
  #assumption(): HTMLElement {
    const choice = make(
      "select",
      { id: "assumed" },
      ...EXTENSIONS.map(({ text }, index) => make("option", { value: String(index) }, text)),
    );
    choice.value = String(this.#assumed);
    choice.addEventListener("change", () => {
      this.#assumed = Number(choice.value);
      this.#open();
    });
    return make(
      "li",
      { id: "assumption" },
      make("label", { for: "assumed", class: "muted" }, "If the handshake is missing:"),
      choice,
    );
  }

  #item(source: Source, index: number): HTMLElement {
    const choice = make("select", { "aria-label": `What ${source.name} is` });
    for (const [as, text] of Object.entries(AS)) choice.append(make("option", { value: as }, text));
    choice.value = source.as;
    choice.addEventListener("change", () => {
      this.#sources[index] = { ...source, as: choice.value as Source["as"] };
      this.#open();
    });
    return make(
      "li",
      {},
      make("span", { class: "file-name" }, source.name),
      make("span", { class: "muted" }, ` ${size(source.blob.size)} `),
      choice,
    );
  }

  #watchDrops(): void {
    const mark = (on: boolean): boolean => document.body.classList.toggle("dropping", on);
    addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) mark(false);
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      const text = event.dataTransfer?.getData("text/plain") ?? "";
      if (files.length > 0) this.take(files);
      else if (text !== "") this.takeText(text);
    });
  }

  #watchPastes(): void {
    const dialog = byId("paste-dialog", HTMLDialogElement);
    const area = byId("paste-text", HTMLTextAreaElement);
    for (const id of ["paste", "paste-first"]) {
      byId(id, HTMLButtonElement).addEventListener("click", () => {
        dialog.showModal();
        area.focus();
      });
    }
    byId("paste-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close();
      if (area.value.trim() !== "") this.takeText(area.value);
      area.value = "";
    });
    byId("paste-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());
    addEventListener("paste", (event) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      const files = [...(event.clipboardData?.files ?? [])];
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (files.length > 0) this.take(files);
      else if (text.trim() !== "") this.takeText(text);
    });
  }
}

/** What a file is, by its name, if there are several: "client.bin" has the bytes of the client. */
function guess(name: string, files: number): Source["as"] {
  if (files < 2 || !/\.(?:bin|raw|dat)$/i.test(name)) return "capture";
  if (/client|c2s|request/i.test(name)) return "client";
  return /server|s2c|response/i.test(name) ? "server" : "capture";
}

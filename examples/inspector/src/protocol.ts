/** What the page and its worker say to each other. A job is what one opening of files is called. */
import type { End, Entry, Machine, Payload } from "./entries.ts";
import type { State } from "./playground/state.ts";
import type { OptionInfo, Trace } from "./playground/trace.ts";

/** A file, and what it is: a capture, whose format is found out; or the bytes that one end sent, and nothing else. */
export interface Source {
  readonly blob: Blob;
  readonly name: string;
  readonly as: "capture" | End;
}

/** What had been agreed on where a capture has no opening handshake, as the inspector takes it; undefined: it is found out. */
export type Extensions = string | undefined;

/** A case of core/vectors with one step that receives. */
export interface VectorCase {
  /** The lines before the first step. */
  readonly setup: readonly string[];
  /** What is received, in hexadecimal digits. */
  readonly bytes: string;
}

/** From the page. */
export type Request =
  | { readonly kind: "start"; readonly module: ArrayBuffer }
  | { readonly kind: "open"; readonly job: number; readonly sources: readonly Source[]; readonly extensions: Extensions }
  | { readonly kind: "whole"; readonly job: number; readonly id: number }
  | { readonly kind: "cancel"; readonly job: number }
  | { readonly kind: "play"; readonly number: number; readonly state: State }
  | { readonly kind: "vector"; readonly number: number; readonly given: VectorCase };

/** To the page. */
export type Reply =
  | { readonly kind: "ready"; readonly options: readonly OptionInfo[]; readonly machines: readonly Machine[] }
  | { readonly kind: "failed"; readonly text: string }
  | { readonly kind: "entries"; readonly job: number; readonly entries: readonly Entry[] }
  /** In bytes. */
  | { readonly kind: "progress"; readonly job: number; readonly done: number; readonly total: number }
  | { readonly kind: "end"; readonly job: number; readonly cancelled: boolean; readonly errors: readonly string[] }
  | { readonly kind: "played"; readonly number: number; readonly trace: Trace }
  /** For each step what the engine did. */
  | {
      readonly kind: "transcript";
      readonly number: number;
      readonly steps: readonly (readonly string[])[];
      readonly error?: string;
    }
  /** `payload` is absent if the entry was not found again. */
  | { readonly kind: "payload"; readonly job: number; readonly id: number; readonly payload?: Payload };

/** Frames and heads as other tools take them. */
import type { Entry, FrameEntry, HeadEntry } from "../entries.ts";
import { otherEnd } from "../entries.ts";
import type { VectorCase } from "../protocol.ts";
import type { Context } from "./detail/index.ts";
import { frameBytes, headBytes } from "./detail/wire.ts";
import { hexByte } from "./text.ts";

/** The bytes as hexadecimal digits. */
export function hexDigits(entry: FrameEntry | HeadEntry, context: Context): string {
  return Array.from(wireBytes(entry, context), hexByte).join("");
}

/** A command that has the frame explained in a terminal. */
export function commandLine(entry: FrameEntry | HeadEntry, context: Context): string {
  const mark = entry.from === "server" ? "<" : ">";
  return `printf '${mark} ${hexDigits(entry, context)}\\n' | npx sansock inspect -`;
}

/** A case for core/vectors: what the receiving end does with it. A fragment comes with those before it. */
export async function vector(entry: FrameEntry | HeadEntry, context: Context): Promise<string> {
  const { name, setup, bytes } = vectorCase(entry, context);
  const transcript = await context.replay({ setup, bytes });
  const lines = [`case ${name}`, ...setup, "> start"];
  transcript.forEach((step, index) => {
    if (index > 0) lines.push(`> receive ${bytes}`);
    lines.push(...step);
  });
  return `${lines.join("\n")}\n`;
}

function vectorCase(entry: FrameEntry | HeadEntry, context: Context): VectorCase & { name: string } {
  const { store } = context;
  const role = otherEnd(entry.from ?? "client");
  const fault = store.faultOf(entry.id);
  const about = fault === undefined ? [] : [`rfc ${fault.rule.replace(/^RFC /, "")}`];
  const name = `${fault === undefined ? entry.kind : fault.fault.toLowerCase().replaceAll("_", "-")}-from-${entry.from ?? "client"}`;
  if (entry.type === "head") {
    return { name, setup: [...about, `role ${role}`, ...handshakeSetup(entry, store.entries)], bytes: hexDigits(entry, context) };
  }
  const frames = entry.opcode === 0 ? store.framesOf(entry).filter((frame) => frame.type === "frame") : [entry];
  const isCompressed = frames.some(({ compressed }) => compressed);
  // The window of earlier messages is not in a case of one message.
  const note = isCompressed ? ["about the first compressed message, or one that refers to none before it"] : [];
  const deflate = isCompressed ? ["option deflate 1"] : [];
  const setup = [...about, ...note, `role ${role}`, "option start_open 1", ...deflate];
  return { name, setup, bytes: frames.map((frame) => hexDigits(frame, context)).join(" ") };
}

/** What a client must have asked for, to judge a response. */
function handshakeSetup(entry: HeadEntry, entries: readonly Entry[]): string[] {
  const asked = entries.find((each) => each.type === "head" && each.kind === "request" && each.connection === entry.connection);
  const lines = (asked?.type === "head" ? asked : entry).lines.map(({ text }) => text);
  const values = (name: string): string[] =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const offersDeflate = values("sec-websocket-extensions").some((value) => value.includes("permessage-deflate"));
  const deflate = offersDeflate ? ["option deflate 1"] : [];
  if (entry.kind === "request") return deflate;
  const target = lines[0]?.split(" ")[1] ?? "/";
  const [key] = values("sec-websocket-key");
  const subprotocols = values("sec-websocket-protocol").flatMap((value) => value.split(",").map((each) => each.trim()));
  return [
    ...deflate,
    `url ${quoted(`ws://${values("host")[0] ?? "example.com"}${target}`)}`,
    ...(key === undefined ? [] : [`key ${quoted(key)}`]),
    ...subprotocols.map((subprotocol) => `subprotocol ${quoted(subprotocol)}`),
  ];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** What was sent, as far as it was read: of a frame at fault that may be the header. */
function wireBytes(entry: FrameEntry | HeadEntry, context: Context): Uint8Array {
  if (entry.type === "head") {
    const bytes = headBytes(entry);
    if (bytes === undefined) throw new Error("the bytes of this head cannot be told from its lines");
    return bytes;
  }
  const payload = context.payloadOf(entry);
  if (payload.cut) throw new Error("the payload is not here whole: read it first");
  return frameBytes(entry, payload);
}

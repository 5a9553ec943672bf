/** An end of a connection: the client is the one that masks its frames. */
export type Side = "client" | "server";

/** What every entry has. */
interface Common {
  /** Its number: 1, 2, 3 and so on over the whole capture, the same each time that it is read. */
  readonly id: number;
  /** The number of its connection, from 1. */
  readonly connection: number;
  /** Who sent it. Of a connection, and of notes on it as a whole, nobody. */
  readonly from?: Side;
  /** When its last byte came, in microseconds from the begin of the capture, if that has times. */
  readonly time?: number;
  /** Where it begins in what its sender sent, in bytes. */
  readonly offset?: number;
  /** How many bytes it has on the wire. */
  readonly length?: number;
  /** What it makes the machines of the ends do: those of the receiver, and of the sender where it tells of them. */
  readonly steps?: readonly Step[];
  /** Of each end where others run behind it than before, the deadlines that run: as if it had the engine's default options. */
  readonly deadlines?: { readonly client?: readonly Deadline[]; readonly server?: readonly Deadline[] };
}

/** A transition of one of the machines of an end: a row of its table, which {@link Inspector.machines} has. */
export interface Step {
  readonly end: Side;
  readonly machine: MachineName;
  /** The state before. */
  readonly from: string;
  /** The input: `peer close`. */
  readonly on: string;
  /** The state behind. */
  readonly to: string;
  /** What the end's host is to do with the transport from here on, if that is something else than before. */
  readonly transport?: "open" | "shut down writing" | "close";
}

/** A deadline that runs. */
export interface Deadline {
  /**
   * What for. A pong is waited for as if the ping were the keepalive's; what is to be written is the answer that an engine gives.
   */
  readonly timer: "handshake" | "ping" | "pong" | "close" | "write";
  /** The option that says how long: `close_timeout`. */
  readonly option: string;
  /** How long it still runs, in milliseconds. */
  readonly after: number;
  /** When it ends, in microseconds on the clock of `time`, if the capture has times. */
  readonly at?: number;
}

/** The opening handshake, frames to messages, and the states of the connection. */
export type MachineName = "handshake" | "message" | "closing";

/** A machine of a connection, with all transitions that there are. What is not listed changes nothing. */
export interface Machine {
  readonly name: MachineName;
  /** The states that it begins in: the handshake in the first as a client, in the second as a server. */
  readonly begins: readonly string[];
  readonly rows: readonly MachineRow[];
}

/** In the state `from`, on the input `on`, do what `does` says, in this order, and go to the state `to`. */
export interface MachineRow {
  readonly from: string;
  readonly on: string;
  readonly to: string;
  readonly does: readonly string[];
}

/** The payload of a frame or a message: text, or else bytes. */
export interface Payload {
  /** How many bytes it has, inflated. */
  readonly size: number;
  /** As text. Bytes that are no UTF-8, also of a code point that ends in another frame, are escaped as `\xNN`. */
  readonly text?: string;
  /** As bytes, in hexadecimal. */
  readonly hex?: string;
  /** As it is on the wire, masked and compressed, in hexadecimal. */
  readonly wire?: string;
  /** Whether the end of it is left out here. */
  readonly cut: boolean;
}

/** A connection begins. */
export interface ConnectionEntry extends Common {
  readonly type: "connection";
  /** Address and port, if the capture has them. */
  readonly client?: string;
  readonly server?: string;
}

/** A line of a head, with what it is for the opening handshake. */
export interface HeadLine {
  readonly text: string;
  /** There is no WebSocket without it; it means something to WebSocket; it means nothing to it; it breaks a rule. */
  readonly verdict: "needed" | "known" | "unknown" | "fault";
  /** What it does, or what is wrong. */
  readonly note?: string;
  /** Where that is written: `RFC 6455 §4.1`. */
  readonly rule?: string;
}

/** The head of an HTTP message. */
export interface HeadEntry extends Common {
  readonly type: "head";
  readonly kind: "request" | "response";
  readonly lines: readonly HeadLine[];
}

/** A frame, field by field (RFC 6455 §5.2). */
export interface FrameEntry extends Common {
  readonly type: "frame";
  /** What is before the payload, in hexadecimal: 2 to 14 bytes, fewer if the capture ends in it. */
  readonly header: string;
  readonly fin: boolean;
  /** The message is compressed (RFC 7692 §6). */
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  readonly opcode: number;
  readonly kind: "continuation" | "text" | "binary" | "close" | "ping" | "pong" | "reserved";
  /** Of the message that a data frame belongs to. */
  readonly message_kind?: "text" | "binary";
  readonly masked: boolean;
  /** How many bits say the length. */
  readonly length_form: 7 | 16 | 64;
  /** On the wire, in bytes. */
  readonly payload_length: number;
  /** The masking key, in hexadecimal. */
  readonly key?: string;
  /** Whether the message that it belongs to is compressed. */
  readonly compressed: boolean;
  readonly payload: Payload;
  /** The code of a Close frame; 1005 if it has none. */
  readonly code?: number;
  readonly reason?: string;
}

/** A message, as the host at the receiving end gets it. */
export interface MessageEntry extends Common {
  readonly type: "message";
  readonly kind: "text" | "binary";
  /** How many frames it has; 0 where the capture is one of messages. */
  readonly frames: number;
  /** How many bytes it has for the host. */
  readonly size: number;
  /** How many bytes its payload has on the wire. */
  readonly wire: number;
  readonly compressed: boolean;
  readonly payload: Payload;
}

/** A rule is broken. */
export interface FaultEntry extends Common {
  readonly type: "fault";
  /** Its name, the same in every language: `RESERVED_BITS`. */
  readonly fault: string;
  readonly number: number;
  /** Where the rule is written: `RFC 6455 §5.2`. */
  readonly rule: string;
  /** What happened. */
  readonly text: string;
  /** The byte at fault, counted in what its sender sent; where that cannot be told, where the frame or the head begins. */
  readonly position: number;
  /** The number of the entry that it is in. */
  readonly frame?: number;
  /** The close code that it calls for. */
  readonly code?: number;
  /** The HTTP status that it calls for. */
  readonly status?: number;
  /** What its sender is answered: a frame in hexadecimal, or the text of a response. */
  readonly answer?: string;
}

/** What an engine that receives this sends. */
export interface AnswerEntry extends Common {
  readonly type: "answer";
  readonly what: "pong" | "close";
  /** The frame, in hexadecimal. */
  readonly hex: string;
}

/** What the host at the receiving end is told at last. */
export interface ClosedEntry extends Common {
  readonly type: "closed";
  /** The code of the Close frame received; 1005 if it had none, 1006 if there was no such frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether a Close frame was sent and one received. */
  readonly clean: boolean;
  /** Whether the sender began it. */
  readonly by_peer: boolean;
}

/** What the sender sends ends here: in TCP, with a FIN. */
export interface EofEntry extends Common {
  readonly type: "eof";
}

/** The capture ends inside something; or something to know when one reads the rest. */
export interface TextEntry extends Common {
  readonly type: "incomplete" | "note";
  readonly text: string;
}

/** One thing that is on the wire, or that follows from it. */
export type Entry =
  | ConnectionEntry
  | HeadEntry
  | FrameEntry
  | MessageEntry
  | FaultEntry
  | AnswerEntry
  | ClosedEntry
  | EofEntry
  | TextEntry;

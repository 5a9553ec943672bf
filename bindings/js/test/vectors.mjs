// Replays the cases of core/vectors through the public interface. The format is described in core/vectors/README.md.

import { encodeLimits } from "../dist/deflate-limits.js";
import { OPTIONS } from "../dist/options.js";
import { drained } from "./pair.mjs";

const utf8 = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** The cases of one file. */
export function parseCases(text) {
  const cases = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) {
      continue;
    }
    const [keyword, rest] = splitWord(line);
    const current = cases.at(-1);
    if (keyword === "case") {
      cases.push({ name: rest, setup: [], steps: [] });
    } else if (keyword === ">") {
      current.steps.push({ call: rest, expected: [] });
    } else if (current.steps.length > 0) {
      current.steps.at(-1).expected.push(line);
    } else {
      current.setup.push([keyword, rest]);
    }
  }
  return cases;
}

/** Whether the case runs only with its receives as they stand. */
export function isWhole({ setup }) {
  return setup.some(([keyword]) => keyword === "whole");
}

/** Whether the case asks for compression, which a build may not have. */
export function needsDeflate({ setup }) {
  return setup.some(([keyword, rest]) => keyword === "option" && rest === "deflate 1");
}

/** Whether the case has a handshake made of fields or limits compression, which a build may not. */
export function needsFields({ steps }) {
  return steps.some(({ call }) => /^(?:receive-request|request-fields|limit-deflate) /.test(call));
}

/** Whether the case leads through a proxy, which a build may not. */
export function needsTunnel({ setup }) {
  return setup.some(([keyword, rest]) => keyword === "role" && rest === "tunnel");
}

/** Replays a case and returns its transcript, one list of lines for each step. */
export function replay({ setup, steps }, { Connection, PreparedMessage, SansockError, Tunnel }, byteByByte) {
  const shows = setup.filter(([keyword]) => keyword === "show").map(([, what]) => what);
  const held = setup.some(([keyword]) => keyword === "hold");
  const replayed = { PreparedMessage, connection: undefined, now: 0, held, shows, fields: [], limits: {} };
  const shown = { transport: "open", deadline: null, writable: true, fault: "" };
  const transcripts = [];
  for (const { call } of steps) {
    const events = [];
    let left = 0;
    const lines = [];
    try {
      if (call === "start") {
        replayed.connection = needsTunnel({ setup }) ? through(Tunnel, setup) : connect(Connection, setup);
      } else {
        left = run(replayed, call, byteByByte, events);
      }
    } catch (error) {
      if (!(error instanceof SansockError)) {
        throw error;
      }
      lines.push(`error ${error.code}`);
    }
    const { connection, now } = replayed;
    if (connection !== undefined) {
      while (connection.more) {
        events.push(...connection.receive(EMPTY, now));
      }
      lines.push(...events.flatMap(describe));
      lines.push(...(left > 0 ? [`left ${left}`] : []));
      lines.push(...changes(replayed, shown));
    }
    transcripts.push(lines);
  }
  replayed.connection?.free();
  return transcripts;
}

function sendPrepared(connection, message) {
  try {
    connection.sendPrepared(message);
  } finally {
    message.free();
  }
}

function connect(Connection, setup) {
  const options = { seed: Uint8Array.from({ length: 32 }, (_, index) => index), now: 0, subprotocols: [], headers: [] };
  let role;
  let url = null;
  for (const [keyword, rest] of setup) {
    switch (keyword) {
      case "role":
        role = rest;
        break;
      case "option": {
        const [word, value] = splitWord(rest);
        options[camel(word)] = optionValue(word, value);
        break;
      }
      case "url":
        url = latin1(bytes(rest));
        break;
      case "origin":
      case "key":
        options[keyword] = latin1(bytes(rest));
        break;
      case "subprotocol":
        options.subprotocols.push(latin1(bytes(rest)));
        break;
      case "header":
        options.headers.push(strings(rest));
        break;
      case "rfc":
      case "about":
      case "show":
      case "whole":
      case "hold":
        break;
      default:
        throw new Error(`unknown set-up line: ${keyword}`);
    }
  }
  return role === "server" ? Connection.server(options) : Connection.client(url, options);
}

/** `max_message_size` as `maxMessageSize`. */
function camel(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function optionValue(name, value) {
  return OPTIONS[camel(name)].type === "boolean" ? value === "1" : Number(value);
}

/** A tunnel, which takes the place of the connection. */
function through(Tunnel, setup) {
  const names = { handshake_timeout: "timeout", max_head_size: "maxHeadSize", max_line_size: "maxLineSize", max_headers: "maxHeaders" };
  const options = { now: 0, headers: [] };
  let proxy;
  let target;
  for (const [keyword, rest] of setup) {
    const [word, value] = splitWord(rest);
    switch (keyword) {
      case "option":
        options[names[word]] = Number(value);
        break;
      case "url":
        proxy = latin1(bytes(rest));
        break;
      case "target":
        target = [strings(rest)[0], Number(rest.slice(rest.lastIndexOf(" ")))];
        break;
      case "header":
        options.headers.push(strings(rest));
        break;
    }
  }
  return new Tunnel(proxy, ...target, options);
}

/** Runs a step. Returns how many bytes were not consumed. */
function run(replayed, call, byteByByte, events) {
  const { connection, now } = replayed;
  const [verb, rest] = splitWord(call);
  const [word, after] = splitWord(rest);
  const isLast = after.endsWith("last");
  const beforeLast = isLast ? after.slice(0, -"last".length) : after;
  switch (verb) {
    case "receive":
      return receive(replayed, bytes(rest), byteByByte, events);
    case "eof":
      events.push(...connection.receiveEof(now));
      break;
    case "time":
      replayed.now = Number(rest);
      break;
    case "timeout":
      events.push(...connection.timeout(now));
      break;
    case "accept":
      events.push(...connection.accept(rest === "" ? null : latin1(bytes(rest)), [], now, replayed.limits));
      break;
    case "respond": {
      const [, reason, body] = /^("(?:[^"\\]|\\.)*")(.*)$/.exec(after);
      events.push(...connection.respond(Number(word), latin1(bytes(reason)), [], bytes(body), now));
      break;
    }
    case "limit-deflate": {
      const limits = { ...replayed.limits, [camel(word)]: optionValue(word, after) };
      // They are passed to accept, which would refuse all of them.
      encodeLimits(limits);
      replayed.limits = limits;
      break;
    }
    case "field":
      replayed.fields.push(strings(rest));
      break;
    case "receive-request":
      events.push(...connection.receiveRequest(rest, takeFields(replayed), now));
      break;
    case "request-fields":
      events.push(...connection.requestFields(rest, now));
      break;
    case "receive-response":
      events.push(...connection.receiveResponse(Number(rest), takeFields(replayed), now));
      break;
    case "response-header":
      connection.addResponseHeader(...strings(rest));
      break;
    case "reject":
      events.push(...connection.reject(Number(word), [], bytes(after), now));
      break;
    case "text":
      connection.sendText(bytes(rest));
      break;
    case "binary":
      connection.sendBinary(bytes(rest));
      break;
    case "part":
      connection.sendPart(bytes(beforeLast), isLast, word);
      break;
    case "prepared":
      sendPrepared(connection, new replayed.PreparedMessage(bytes(after), word));
      break;
    case "header":
      connection.sendHeader(word, Number(beforeLast), isLast);
      break;
    case "ping":
      connection.ping(bytes(rest), now);
      break;
    case "pong":
      connection.pong(bytes(rest));
      break;
    case "close":
      connection.close(Number(word), bytes(after), now);
      break;
    case "fail":
      connection.fail(Number(word), bytes(after), now);
      break;
    case "pause":
      connection.pause(now);
      break;
    case "resume":
      connection.resume(now);
      break;
    case "hold":
      replayed.held = true;
      break;
    case "drain":
      replayed.held = false;
      break;
    default:
      throw new Error(`unknown step: ${verb}`);
  }
  return 0;
}

function takeFields(replayed) {
  const { fields } = replayed;
  replayed.fields = [];
  return fields;
}

function receive(replayed, input, byteByByte, events) {
  const { connection, now } = replayed;
  const size = byteByByte ? 1 : Math.max(input.length, 1);
  for (let at = 0; at < Math.max(input.length, 1); at += size) {
    const piece = input.subarray(at, at + size);
    events.push(...connection.receive(piece, now));
    if (connection.unconsumed > 0) {
      return connection.unconsumed + input.length - at - piece.length;
    }
    if (!replayed.held) {
      replayed.output = join(replayed.output ?? EMPTY, drained(connection));
    }
  }
  return 0;
}

/** The lines that come after the events. */
function changes(replayed, shown) {
  const { connection, shows } = replayed;
  const lines = [];
  if (!replayed.held) {
    const output = join(replayed.output ?? EMPTY, drained(connection));
    replayed.output = EMPTY;
    lines.push(...(output.length > 0 ? [`out ${show(output)}`] : []));
  }
  if (connection.transport !== shown.transport) {
    shown.transport = connection.transport;
    lines.push(`transport ${shown.transport}`);
  }
  if (shows.includes("deadline") && connection.nextDeadline !== shown.deadline) {
    shown.deadline = connection.nextDeadline;
    lines.push(`deadline ${shown.deadline ?? "never"}`);
  }
  if (shows.includes("writable") && connection.writable !== shown.writable) {
    shown.writable = connection.writable;
    lines.push(`writable ${shown.writable ? "yes" : "no"}`);
  }
  const fault = shows.includes("fault") ? describeFault(connection.fault) : "";
  if (fault !== shown.fault) {
    shown.fault = fault;
    lines.push(fault);
  }
  return lines;
}

/** An event as lines of the transcript. */
function describe(event) {
  switch (event.type) {
    case "request":
      return [
        `request ${show(event.target)} origin=${event.originRelation}${event.fault === null ? "" : ` fault=${event.fault}`}`,
        ...(event.method === "GET" ? [] : [`method ${show(event.method)}`]),
        ...(event.authority === "" ? [] : [`authority ${show(event.authority)}`]),
        ...(event.origin === null ? [] : [`origin ${show(event.origin)}`]),
        ...event.subprotocols.map((name) => `subprotocol ${show(name)}${name === event.subprotocol ? " chosen" : ""}`),
        ...event.extensions.map((extension) => `extension ${show(extension)}`),
        ...event.headers.map(describeHeader),
      ];
    case "open":
      return [
        "open",
        ...(event.subprotocol === null ? [] : [`subprotocol ${show(event.subprotocol)}`]),
        ...event.extensions.map((extension) => `extension ${show(extension)}`),
        ...event.headers.map(describeHeader),
      ];
    case "rejected":
      return [
        `rejected ${event.status} ${show(event.body)}${event.truncated ? " truncated" : ""}`,
        ...(event.reason === "" ? [] : [`reason ${show(event.reason)}`]),
        ...event.headers.map(describeHeader),
      ];
    case "head":
      return [`head ${event.status ?? 0} ${show(event.body)}`, ...event.headers.map(describeHeader)];
    case "text":
      return [`text ${show(utf8.encode(event.data))}${describePart(event)}`];
    case "binary":
      return [`binary ${show(event.data)}${describePart(event)}`];
    case "frame": {
      const words = [event.frameEnd ? " end" : "", event.compressed ? " compressed" : "", ` of=${event.frameLength}`];
      return [`frame ${event.kind} ${show(event.data)}${describePart(event)}${words.join("")}`];
    }
    case "ping":
      return [`ping ${show(event.payload)}`];
    case "pong":
      return [`pong ${show(event.payload)}${event.roundTripTime === null ? "" : ` rtt=${event.roundTripTime}`}`];
    case "closing":
      return [`closing ${event.code} ${show(utf8.encode(event.reason))}`];
    case "fault":
      return [`fault ${event.fault.name} ${event.code}`];
    case "closed": {
      const words = [event.clean ? "clean" : "unclean", event.byPeer ? "by-peer" : "by-us"];
      words.push(...(event.sentCode === null ? [] : [`sent=${event.sentCode}`]));
      words.push(...(event.fault === null ? [] : [`fault=${event.fault.name}`]));
      return [`closed ${event.code} ${show(utf8.encode(event.reason))} ${words.join(" ")}`];
    }
    default:
      throw new Error(`unknown event: ${event.type}`);
  }
}

function describeHeader([name, value]) {
  return `header ${show(name)} ${show(value)}`;
}

/** The fault of a connection, with its numbers; nothing if there is none. */
function describeFault(fault) {
  const number = (name) => (fault[name] === null ? "" : ` ${name}=${fault[name]}`);
  return fault === null ? "" : `fault ${fault.name}${["actual", "limit", "position"].map(number).join("")}`;
}

function describePart({ first, last }) {
  return first && last ? "" : first ? " first" : last ? " last" : " middle";
}

/** Bytes, or a string of one character for each, as a transcript shows them. */
function show(data) {
  const list = typeof data === "string" ? fromLatin1(data) : data;
  if (list.length > 512) {
    return `bytes ${list.length} fnv1a=${fnv1a(list).toString(16).padStart(8, "0")}`;
  }
  return `"${Array.from(list, showByte).join("")}"`;
}

const ESCAPES = new Map([[0x0d, "\\r"], [0x0a, "\\n"], [0x09, "\\t"], [0x22, '\\"'], [0x5c, "\\\\"]]);

function showByte(byte) {
  const visible = byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  return ESCAPES.get(byte) ?? visible;
}

function fnv1a(list) {
  return list.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}

/** Atoms: runs of hexadecimal digits and quoted strings, each perhaps repeated. */
function bytes(text) {
  const pieces = [];
  for (const [, quoted, digits, count] of text.matchAll(/(?:"((?:[^"\\]|\\.)*)"|([0-9a-fA-F]+))(?:\*(\d+))?/g)) {
    const piece = quoted === undefined ? fromHex(digits) : fromLatin1(unescape(quoted));
    for (let times = Number(count ?? 1); times > 0; times--) {
      pieces.push(piece);
    }
  }
  return concatenate(pieces);
}

/** Two quoted strings. */
function strings(text) {
  return Array.from(text.matchAll(/"(?:[^"\\]|\\.)*"/g), ([quoted]) => latin1(bytes(quoted)));
}

function unescape(quoted) {
  const named = { r: "\r", n: "\n", t: "\t" };
  return quoted.replace(/\\(?:x(..)|(.))/g, (_, digits, letter) =>
    digits === undefined ? (named[letter] ?? letter) : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

function splitWord(line) {
  const end = line.search(/\s/);
  return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end).trim()];
}

function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
}

function fromLatin1(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function latin1(list) {
  return Array.from(list, (byte) => String.fromCharCode(byte)).join("");
}

function join(first, second) {
  return second.length === 0 ? first : concatenate([first, second]);
}

function concatenate(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

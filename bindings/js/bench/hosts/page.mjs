// The page of the servers, made from what is on record: `node page.mjs`.

import { writeFileSync } from "node:fs";

import { results } from "./results.mjs";

/** Which of ours is measured against which of theirs. */
const PAIRS = [
  ["sansock/ws", "ws"],
  ["sansock/node", "ws"],
  ["sansock/bun", "Bun.serve"],
  ["sansock/deno", "Deno.serve"],
];
const SIZES = { 20: "20 B", 125: "125 B", 1024: "1 KiB", 16384: "16 KiB", 1048576: "1 MiB" };

/** The parts of conformance/common/spent.py. */
const PARTS = {
  receiving: "kernel: receiving",
  sending: "kernel: sending",
  memory: "kernel: fresh memory",
  kernel: "kernel: the rest",
  copies: "copies",
  zlib: "zlib of the runtime",
  javascript: "JavaScript",
  wasm: "WebAssembly",
  program: "the runtime, the rest",
};

const { machine, versions, rounds, rows, idle, profiles } = results();

function table(chosen) {
  const names = Object.keys(rows[0].nanoseconds);
  const figures = ({ nanoseconds }) => names.map((name) => (name in nanoseconds ? (nanoseconds[name] / 1000).toFixed(1) : ""));
  const ratios = ({ nanoseconds }) =>
    PAIRS.map(([ours, theirs]) => (theirs in nanoseconds ? `**${(nanoseconds[ours] / nanoseconds[theirs]).toFixed(2)}**` : ""));
  return [
    `| message | connections | on their way, each | ${names.join(" | ")} | ${PAIRS.map((pair) => pair.join(" : ")).join(" | ")} |`,
    `| --- | ${Array.from({ length: 2 + names.length + PAIRS.length }, () => "---:").join(" | ")} |`,
    ...chosen.map((row) => `| ${[SIZES[row.size], row.connections, row.inFlight, ...figures(row), ...ratios(row)].join(" | ")} |`),
  ];
}

/** Microseconds of each part, for each message. */
function profileTable({ servers }) {
  const parts = Object.keys(PARTS).filter((part) => Object.values(servers).some(({ shares }) => part in shares));
  const microseconds = (nanoseconds) => Number((nanoseconds / 1000).toPrecision(2)).toLocaleString("en");
  const figure = ({ nanoseconds, shares }, part) => (part in shares ? microseconds((nanoseconds * shares[part]) / 100) : "");
  return [
    `| | all | ${parts.map((part) => PARTS[part]).join(" | ")} |`,
    `| --- | ---: | ${parts.map(() => "---:").join(" | ")} |`,
    ...Object.entries(servers).map(
      ([name, server]) => `| ${name} | ${microseconds(server.nanoseconds)} | ${parts.map((part) => figure(server, part)).join(" | ")} |`,
    ),
  ];
}

const titleOf = ({ size, connections, inFlight, kind, deflate }) =>
  `${kind === "text" ? "Text" : "Binary"} of ${SIZES[size]}${deflate ? " with permessage-deflate" : ""}, ` +
  `${connections === 1 ? "1 connection" : `${connections} connections`}, ${inFlight} on their way`;

/** Of what the peer takes: all that ours takes beyond its own code and copies. Bun does not tell that code from the runtime's. */
function restTable(cells) {
  const rest = ({ nanoseconds, shares }) =>
    (nanoseconds * (100 - ["copies", "javascript", "wasm"].reduce((sum, part) => sum + (shares[part] ?? 0), 0))) / 100;
  const ratio = ({ servers }, [ours, theirs]) =>
    theirs in servers ? (rest(servers[ours]) / servers[theirs].nanoseconds).toFixed(2) : "";
  return [
    `| | ${PAIRS.map((pair) => pair.join(" : ")).join(" | ")} |`,
    `| --- | ${PAIRS.map(() => "---:").join(" | ")} |`,
    ...cells.map((cell) => `| ${titleOf(cell)} | ${PAIRS.map((pair) => ratio(cell, pair)).join(" | ")} |`),
  ];
}

const isOf = (kind, deflate) => (row) => row.kind === kind && row.deflate === deflate;
const { connections, bytes } = idle;
const lines = `# Servers in JavaScript

Echo servers over loopback, each in a process of its own on one processor, and one client program on another. What counts is the
processor time of the server, of all its threads as the system tells it, for each message that it receives and sends back: system
calls and the event loop are in it. The client sends frames that are made before, and counts what comes back. The median of
${rounds} rounds counts, in which the servers take turns; each server has had five times as many messages before, for its code to be
compiled. From run to run figures differ by a tenth, and those of 1 MiB by up to a half.

Ratios are of processor time: below 1, ours takes less. The allocator is the system's, at its defaults. \`make bench-node-hosts\`
and \`make bench-node-idle\` run all of it again and write this page; \`CELLS=20x100x1,16384 ROUNDS=1 make bench-node-hosts\` runs a part
and prints it.

Measured on ${machine}: ${Object.entries(versions).map((each) => each.join(" ")).join(", ")}. All of them with \`noDelay\`; \`ws\` with bufferutil.

## Binary

Microseconds for each message.

${table(rows.filter(isOf("binary", false))).join("\n")}

## Text

${table(rows.filter(isOf("text", false))).join("\n")}

## Text with permessage-deflate

Both sides compress each message alone (RFC 7692 section 7.1.1), so that all servers can be sent the same frames. Deno's own server
does not compress.

${table(rows.filter(isOf("text", true))).join("\n")}

## Idle connections

Bytes of resident memory for each of ${connections.toLocaleString("en")} connections of one process, after one message each way; the median of ${idle.rounds} rounds.

| | ${Object.keys(bytes).join(" | ")} |
| --- | ${Object.keys(bytes).map(() => "---:").join(" | ")} |
| without compression | ${Object.values(bytes).map(({ plain }) => plain.toLocaleString("en")).join(" | ")} |
| with compression | ${Object.values(bytes).map(({ deflate }) => deflate.toLocaleString("en")).join(" | ")} |

## Where the time goes

Microseconds for each message, in the parts in which \`perf\` sees the processor of the server. The kernel's time is named after the call
in which it is spent, and fresh memory is that which it maps and unmaps. Bun tells \`perf\` nothing of what it has compiled, so that its
JavaScript and WebAssembly are one. These runs are not those above. \`make bench-node-profiles\` makes them anew.

${profiles.map((cell) => [`### ${titleOf(cell)}`, "", ...profileTable(cell)].join("\n")).join("\n\n")}

### Without our code

What ratios would be if JavaScript, WebAssembly and copies of memory took ours no time: the kernel's and the runtime's part of ours, of
all that the other server takes.

${restTable(profiles).join("\n")}

`;

const LIMITS = `## What limits the rest

- **One message at a time on many connections.**
  In Node nine tenths are the kernel's and Node's, which reads a chunk into memory of its own, calls back, and makes a request of each
  write: for both servers the same. With no time at all of its own, ours would take 0.9 of what it does. Deno reads by an operation that
  is awaited each time. Bun's own server is compiled, calls the application from within the read, and has no promise to wait for; ours
  resumes the application's loop, which waits for the next message, and for room after each send.
- **Several on their way on one connection.** Ours handles all messages of a read and answers them in one write; \`ws\` and Deno's own
  server make a call of the system for each. Bun's answers a read in one write, too, and its time for a message is less than what an
  application's loop takes that waits for each message, and for room after each send.
- **Large messages.** A server receives them masked: the engine unmasks into its memory and the message is copied out of
  it, where \`ws\` and the compiled servers unmask what they have read in its place. Of 1 MiB of binary that is the time in WebAssembly
  and up to two thirds of the copies; the rest of ours takes about what theirs does. A text is validated when it arrives and when it is
  sent (RFC 6455 section 8.1), unless the application says that it is; \`ws\` does not look at what is sent.
  Ours makes a string of it for the application, and bytes of the string, in Node, Bun and Deno alike; \`ws\` and sansock/ws pass bytes on,
  and the compiled servers make strings by the runtime's own means: what that takes is in the runtime's part, and for Deno in fresh memory.
- **Compression.** \`ws\` hands each message to a thread of zlib, whose time counts here: for a kilobyte that is most of it, for a
  megabyte zlib, compiled for the processor, takes half of what zlib-rs takes in WebAssembly, where four fifths of our time are. Bun's own server has it compiled, too; what it sends is
  as long as what ours sends.
- **Memory of idle connections.** sansock/ws holds what ws does, and the state of the engine in linear memory; it is smaller because it
  makes less in JavaScript. sansock/node holds the request, a timer for its keepalive, and an application that waits: the promises and
  the frame of its loop.
`;

writeFileSync(new URL("README.md", import.meta.url), lines + LIMITS);

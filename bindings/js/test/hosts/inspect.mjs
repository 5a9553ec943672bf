// The inspector through its module: what the crate's own tests show of captures is not repeated here.

import { deepEqual as equal, throws } from "node:assert/strict";

import { Inspector, loadModule } from "../../dist/inspect/index.js";

const bytes = (text) => new TextEncoder().encode(text);
const LINES = "> 81 82 00000000 6869\n< 81 02 6869\n< c1 00\n> 89 80 01020304\n> 88 82 00000000 03e8\n";

function inspect(capture, options) {
  const inspector = new Inspector(loadModule(), options);
  inspector.push(bytes(capture));
  inspector.finish();
  return inspector;
}

const types = (entries) => entries.map(({ type, from, kind }) => [type, from, kind].filter(Boolean).join(" "));

export const inspection = [
  {
    name: "a capture gives heads, frames, messages and answers, in order",
    run() {
      const entries = inspect(LINES).take();
      equal(types(entries).slice(0, 5), [
        "connection",
        "frame client text",
        "message client text",
        "frame server text",
        "message server text",
      ]);
      equal(entries.map(({ id }) => id), entries.map((_, at) => at + 1));
      equal(entries[1].header, "818200000000");
      equal([entries[1].masked, entries[1].key, entries[1].payload.text], [true, "00000000", "hi"]);
    },
  },
  {
    name: "pieces of any size give the same entries",
    run() {
      const inspector = new Inspector(loadModule());
      for (const byte of bytes(LINES)) inspector.push(Uint8Array.of(byte));
      inspector.finish();
      equal([...inspector.takeJson()].join(""), [...inspect(LINES).takeJson()].join(""));
    },
  },
  {
    name: "entries come in both forms if that is asked for",
    run() {
      const both = [...inspect(LINES).takeBoth()];
      equal(both.map(({ json }) => json).join(""), [...inspect(LINES).takeJson()].join(""));
      equal(both.map(({ text }) => text).join(""), [...inspect(LINES).takeLines()].join(""));
      equal(both[0].text.split("\n")[1], "  1 > text, masked, 2 bytes: hi");
    },
  },
  {
    name: "a fault names the rule, the byte, and what answers it",
    run() {
      const inspector = inspect("< 81 02 6869\n< 83 00");
      const fault = inspector.take().find(({ type }) => type === "fault");
      equal([fault.fault, fault.rule, fault.position, fault.code], ["RESERVED_OPCODE", "RFC 6455 §5.2", 4, 1002]);
      equal([typeof fault.answer, inspector.faults], ["string", 1]);
    },
  },
  {
    name: "entries tell steps of the machines, and the deadlines that run behind them",
    run() {
      const inspector = new Inspector(loadModule(), { extensions: "" });
      inspector.feed(1, "client", Uint8Array.of(0x88, 0x80, 0, 0, 0, 0), 5);
      inspector.end(1, "client", 6);
      const [frame, end] = inspector.take().filter(({ type }) => type === "frame" || type === "eof");
      const rows = inspector.machines.flatMap(({ name, rows }) => rows.map(({ from, on, to }) => [name, from, on, to]));
      const steps = [...frame.steps, ...end.steps].map(({ machine, from, on, to }) => [machine, from, on, to]);
      const isRow = (step) => rows.some((row) => row.join() === step.join());
      equal([steps.length, steps.every(isRow)], [4, true]);
      equal(frame.deadlines.server.map(({ timer, at }) => [timer, at]), [["close", 10_005_000], ["write", 60_005_000]]);
      equal([end.steps[0].on, end.steps[0].transport, end.deadlines.server], ["close reply", "close", []]);
    },
  },
  {
    name: "payloads are cut at the preview, but for the entries that are asked for",
    run() {
      const text = `< 82 7e 0800 ${"61".repeat(2048)}`;
      const [, frame, message] = inspect(text, { preview: 4 }).take();
      equal([frame.payload, message.payload.cut], [{ size: 2048, hex: "61616161", wire: "61616161", cut: true }, true]);
      const again = inspect(text, { preview: 4, whole: [message.id] }).take();
      equal([again[1].payload.hex.length, again[2].payload.hex.length, again[2].payload.cut], [8, 4096, false]);
    },
  },
  {
    name: "what was agreed on can be told where the capture has no opening handshake",
    run() {
      const capture = "< c1 07 f248cdc9c90700";
      equal(inspect(capture).take()[2].payload.text, "Hello");
      const [, , fault] = inspect(capture, { extensions: "" }).take();
      equal([fault.type, fault.fault], ["fault", "RESERVED_BITS"]);
    },
  },
  {
    name: "files of both ends are read as one conversation",
    run() {
      const inspector = new Inspector(loadModule());
      inspector.pushFrom("client", bytes("8182000000006869"));
      inspector.pushFrom("server", bytes("81026869"));
      inspector.finish();
      equal(types(inspector.take()).filter((type) => type.startsWith("message")), ["message client text", "message server text"]);
    },
  },
  {
    name: "connections that are under way are read as they come",
    run() {
      const inspector = new Inspector(loadModule());
      equal([inspector.begin("a:1", "b:2", 0), inspector.begin("c:3", "b:2", 1)], [1, 2]);
      inspector.feed(2, "client", bytes("GET / HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"), 2);
      equal(types(inspector.take()), ["connection", "connection"]);
      inspector.feed(2, "client", bytes("Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n"), 3.5);
      const [head, fault] = inspector.take();
      equal([head.connection, head.time, head.lines[4].verdict, fault.fault], [2, 3500, "fault", "BAD_KEY"]);
      inspector.end(2, "client", 4);
    },
  },
  {
    name: "a file that is broken says what is wrong, and what came before it stays",
    run() {
      const inspector = new Inspector(loadModule());
      inspector.push(bytes("> 81 80 00000000\nrubbish"));
      throws(() => inspector.finish(), /line 2/);
    },
  },
];

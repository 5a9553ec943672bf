// Serve the root of the repository with any static file server, and open examples/browser/.

import { Connection, init } from "../../bindings/js/dist/browser.js";

const trace = document.getElementById("trace");
const result = document.getElementById("result");

/** The conversation, and what each end must have seen. */
const EXPECTED = [
  "server request /chat",
  "server open chat",
  "client open chat",
  "server text Hello from the client",
  "server binary 3 bytes",
  "client text Hello from the client",
  "client binary 3 bytes",
  "client ping are you there?",
  "server pong are you there?",
  "server closing 1000 goodbye",
  "server closed 1000 clean",
  "client closing 1000 goodbye",
  "client closed 1000 clean",
];

try {
  await init();
  const seen = converse();
  const passed = JSON.stringify(seen) === JSON.stringify(EXPECTED);
  finish(passed ? "passed" : `failed: the events were ${seen.join(", ")}`);
} catch (error) {
  finish(`failed: ${error}`);
}

function converse() {
  const ends = {
    client: Connection.client("ws://example.com/chat", { subprotocols: ["chat"] }),
    server: Connection.server({ subprotocols: ["chat"] }),
  };
  const seen = [];

  const deliver = (from, to) => {
    const bytes = ends[from].takeOutput();
    const events = ends[to].receive(bytes);
    const due = ends[to].more ? () => ends[to].timeout() : () => [];
    events.push(...events.flatMap((event) => react(to, event)), ...due());
    const lines = events.map(describe);
    seen.push(...lines.map((line) => `${to} ${line}`));
    show(from, bytes, lines);
  };

  /** What the applications at both ends do. */
  const react = (end, event) => {
    switch (`${end} ${event.type}`) {
      case "server request":
        return event.sameOrigin ? ends.server.accept() : ends.server.reject(403);
      case "server text":
      case "server binary":
        ends.server.send(event.data);
    }
    return [];
  };

  deliver("client", "server");
  deliver("server", "client");
  ends.client.send("Hello from the client");
  ends.client.send(Uint8Array.of(1, 2, 3));
  deliver("client", "server");
  deliver("server", "client");
  ends.server.ping("are you there?");
  deliver("server", "client");
  deliver("client", "server");
  ends.client.close(1000, "goodbye");
  deliver("client", "server");
  deliver("server", "client");
  ends.client.free();
  ends.server.free();
  return seen;
}

function describe(event) {
  switch (event.type) {
    case "request":
      return `request ${event.target}`;
    case "open":
      return `open ${event.subprotocol}`;
    case "text":
      return `text ${event.data}`;
    case "binary":
      return `binary ${event.data.length} bytes`;
    case "ping":
    case "pong":
      return `${event.type} ${new TextDecoder().decode(event.payload)}`;
    case "closing":
      return `closing ${event.code} ${event.reason}`;
    case "closed":
      return `closed ${event.code} ${event.clean ? "clean" : "not clean"}`;
    default:
      return event.type;
  }
}

function show(from, bytes, lines) {
  const row = document.createElement("tr");
  row.className = from;
  for (const text of [from, readable(bytes), lines.join("\n")]) {
    row.append(Object.assign(document.createElement("td"), { textContent: text }));
  }
  trace.append(row);
}

/** HTTP as text, frames as hexadecimal numbers. */
function readable(bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  if (/^(GET|HTTP)/.test(text)) {
    return text.trimEnd();
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function finish(text) {
  result.textContent = text;
  document.title = text.startsWith("passed") ? "passed" : "failed";
}

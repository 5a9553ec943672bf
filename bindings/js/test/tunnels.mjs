// Tunnels through proxies: what is refused, what stays for the next layer, and freeing.

import { equal, ok, refused } from "./assert.mjs";

const utf8 = new TextEncoder();
const text = (bytes) => String.fromCharCode(...bytes);

const CALLS = {
  receive: (tunnel) => tunnel.receive(new Uint8Array(1)),
  receiveEof: (tunnel) => tunnel.receiveEof(),
  timeout: (tunnel) => tunnel.timeout(),
  output: (tunnel) => tunnel.output(),
  written: (tunnel) => tunnel.written(0),
  takeOutput: (tunnel) => tunnel.takeOutput(),
  nextDeadline: (tunnel) => tunnel.nextDeadline,
  transport: (tunnel) => tunnel.transport,
  state: (tunnel) => tunnel.state,
  pendingOutput: (tunnel) => tunnel.pendingOutput,
  unconsumed: (tunnel) => tunnel.unconsumed,
  fault: (tunnel) => tunnel.fault,
};

export function tunnels(sansock) {
  return [
    { name: "URLs of proxies are parsed", run: () => urls(sansock) },
    { name: "a tunnel leaves what follows the answer", run: () => leaves(sansock) },
    { name: "a tunnel that is refused", run: () => refusal(sansock) },
    { name: "a tunnel whose proxy does not answer", run: () => timeout(sansock) },
    { name: "arguments of a tunnel", run: () => wrong(sansock) },
    { name: "a tunnel that was freed", run: () => freed(sansock) },
    { name: "a connection behind a tunnel", run: () => composed(sansock) },
    { name: "handles of tunnels come back after many", run: () => many(sansock) },
  ];
}

function urls({ parseProxy }) {
  const parsed = { secure: true, host: "::1", port: 8443, resolvesNames: true };
  equal(parseProxy("https://me:secret@[::1]:8443/"), parsed);
  equal(parseProxy(new URL("https://me:secret@[::1]:8443/")), parsed);
  equal(parseProxy("socks5://a"), { secure: false, host: "a", port: 1080, resolvesNames: false });
  equal(parseProxy("socks5h://a:65535"), { secure: false, host: "a", port: 65535, resolvesNames: true });
  for (const url of ["", "a", "ws://a", "http://a/b", "http://a?b", "socks5://me@a", "http://\u00fc", 1, null]) {
    ok(refused("INVALID_ARGUMENT", () => parseProxy(url)).message.startsWith("url: "), "it is named");
  }
}

function leaves({ Tunnel }) {
  const tunnel = new Tunnel("http://proxy", "example.com", 443, { headers: { "User-Agent": "test" }, now: 5 });
  equal([tunnel.state, tunnel.transport, tunnel.nextDeadline, tunnel.fault], ["connecting", "open", 10_005, null]);
  const request = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nUser-Agent: test\r\n\r\n";
  equal(text(tunnel.output(7)), "CONNECT");
  tunnel.written(7);
  equal([text(tunnel.takeOutput()), tunnel.pendingOutput], [request.slice(7), 0]);
  refused("INVALID_ARGUMENT", () => tunnel.written(1));
  const chunk = utf8.encode(`HTTP/1.1 200 OK\r\nVia: ${"a".repeat(5000)}\r\n\r\n${"b".repeat(9000)}`);
  const [open, ...others] = tunnel.receive(chunk, 6);
  equal([open.type, open.headers[0][1].length, others, tunnel.unconsumed], ["open", 5000, [], 9000]);
  equal([tunnel.receive(utf8.encode("next"), 7), tunnel.unconsumed], [[], 4]);
  equal([tunnel.receiveEof(8), tunnel.timeout(9), tunnel.state, tunnel.nextDeadline], [[], [], "open", null]);
  tunnel.free();
}

function refusal({ Tunnel }) {
  const http = new Tunnel("http://me:secret@proxy", "example.com", 443);
  const [rejected, closed] = http.receive(utf8.encode("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n"));
  equal([rejected.type, rejected.status, rejected.headers], ["rejected", 407, [["Proxy-Authenticate", "Basic"]]]);
  equal([closed.type, closed.code, closed.byPeer, closed.fault.name], ["closed", 1006, true, "TUNNEL_AUTHENTICATION"]);
  equal([http.state, http.transport, http.pendingOutput], ["closed", "close", 0]);
  const socks = new Tunnel("socks4a://proxy", "example.com", 443);
  const events = socks.receive(Uint8Array.of(0, 91, 0, 0, 0, 0, 0, 0));
  equal(events.map(({ type }) => type), ["rejected", "closed"]);
  equal([events[0].status, events[0].headers, socks.fault.name], [91, [], "TUNNEL_REFUSED"]);
  equal(socks.fault.text, "the proxy refused the tunnel: 91");
}

function timeout({ Tunnel }) {
  const tunnel = new Tunnel("socks5h://proxy", "example.com", 443, { timeout: 100, now: 1000 });
  equal([tunnel.nextDeadline, tunnel.timeout(1099)], [1100, []]);
  equal(tunnel.timeout(1100).map(({ fault }) => fault.name), ["TUNNEL_TIMEOUT"]);
  const other = new Tunnel("socks5h://proxy", "example.com", 443);
  equal(other.receiveEof().map(({ fault }) => fault.name), ["TUNNEL_EOF"]);
}

function wrong({ Tunnel }) {
  const named = (name, call) => {
    const { message } = refused("INVALID_ARGUMENT", call);
    ok(message.startsWith(name), `${message} does not begin with ${name}`);
  };
  const make = (...args) => () => new Tunnel(...args);
  named("proxy: ", make(1, "a", 1));
  named("proxy", make("ws://a", "a", 1));
  named("host: ", make("http://a", null, 1));
  named("proxy, host: ", make("http://a", "b c", 1));
  named("proxy, host: ", make("socks5://a", "example.com", 1));
  named("proxy, host: ", make("socks4a://a", "::1", 1));
  for (const port of [0, 65_536, 1.5, "80", undefined]) {
    named("port: ", make("http://a", "b", port));
  }
  const option = (options) => make("http://me@a", "b", 1, options);
  named("options: ", option(null));
  named("timeout: ", option({ timeout: 0 }));
  named("timeout: ", option({ timeout: "1" }));
  named("maxHeadSize: ", option({ maxHeadSize: 0 }));
  named("maxLineSize: ", option({ maxLineSize: Number.POSITIVE_INFINITY }));
  named("maxHeaders: ", option({ maxHeaders: 1.5 }));
  named("parts: ", option({ parts: true }));
  named("now: ", option({ now: -1 }));
  named("headers[0]: ", option({ headers: [["Host", "c"]] }));
  named("headers[0]: ", option({ headers: [["Proxy-Authorization", "c"]] }));
  named("headers[0]: ", option({ headers: [["A", "b\r\nc"]] }));
  named("headers", make("socks5h://a", "b", 1, { headers: [["A", "b"]] }));
  const tunnel = new Tunnel("http://a", "b", 1);
  named("chunk: ", () => tunnel.receive("text"));
  named("now: ", () => tunnel.receive(new Uint8Array(1), Number.NaN));
  named("now: ", () => tunnel.timeout("1"));
  named("count: ", () => tunnel.written(-1));
  named("limit: ", () => tunnel.output(-1));
  tunnel.free();
}

function freed({ Tunnel }) {
  const members = Object.getOwnPropertyNames(Tunnel.prototype).filter((name) => name !== "constructor" && name !== "free");
  equal(members.sort(), Object.keys(CALLS).sort());
  const tunnel = new Tunnel("http://a", "b", 1);
  tunnel.free();
  tunnel.free();
  for (const call of Object.values(CALLS)) {
    ok(refused("BAD_HANDLE", () => call(tunnel)).message.includes("tunnel was freed"), "it says so");
  }
}

function composed({ Connection, Tunnel }) {
  const tunnel = new Tunnel("socks5h://proxy", "example.com", 80);
  const client = Connection.client("ws://example.com/");
  const server = Connection.server();
  tunnel.takeOutput();
  tunnel.receive(Uint8Array.of(5, 0));
  tunnel.takeOutput();
  server.receive(client.takeOutput());
  server.accept();
  const reply = Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...server.takeOutput());
  equal(tunnel.receive(reply).map(({ type }) => type), ["open"]);
  const rest = reply.subarray(reply.length - tunnel.unconsumed);
  equal(client.receive(rest).map(({ type }) => type), ["open"]);
  [tunnel, client, server].forEach((each) => each.free());
}

function many({ Connection, Tunnel }) {
  for (let index = 0; index < 3000; index++) {
    const tunnel = new Tunnel("http://a", "b", 1);
    const connection = Connection.server();
    equal([tunnel.state, connection.state], ["connecting", "connecting"]);
    tunnel.free();
    connection.free();
  }
}

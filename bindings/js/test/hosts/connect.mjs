// The client: redirects, refusals, failures, giving up, TLS, proxies.

import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import process from "node:process";

import { equal, ok } from "../assert.mjs";
import { atEnd } from "./cleanup.mjs";
import { rejection, settled } from "./memory.mjs";
import { host } from "./runtime.mjs";
import { answering, connecting, echo, pem, rawServer, serving } from "./sockets.mjs";

const redirect = (location, status = 302) => `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
const pathOf = (head) => head.split(" ")[1];
const headerOf = (head, name) => new RegExp(`\r\n${name}: ([^\r]*)`, "i").exec(head)?.[1];
/** Waits for the end of a socket of a bare server. */
const gone = (socket) => (socket.destroyed || socket.readableEnded ? undefined : Promise.race([once(socket, "end"), once(socket, "close")]));

const redirects = [
  {
    name: "redirects are followed, of each status, relative and absolute",
    run: async () => {
      const end = await serving(echo);
      for (const status of [301, 302, 303, 307, 308]) {
        const server = await answering((head) => (pathOf(head) === "/" ? redirect("next?x=1#y", status) : redirect(end.url)));
        const client = await connecting(server.url, { headers: { "X-Kept": "1" } });
        await client.send("x");
        equal(await client.receive(), "x");
        equal(server.requests.map(pathOf), ["/", "/next?x=1"]);
        equal(server.requests.map((head) => headerOf(head, "X-Kept")), ["1", "1"]);
        await client.close();
      }
    },
  },
  {
    name: "another origin sees no credentials, the same one does, and nobody after another",
    run: async () => {
      const last = await answering(() => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
      const other = await answering(() => redirect(last.url));
      const first = await answering((head) => (pathOf(head) === "/" ? redirect("/again") : redirect(other.url)));
      const headers = new Headers({ Authorization: "secret", Cookie: "a=b", "Proxy-Authorization": "c", "X-Kept": "1" });
      equal((await rejection(host.connect(first.url, { headers }))).status, 404);
      const sent = ({ requests }) => requests.map((head) => ["Authorization", "Cookie", "Proxy-Authorization", "X-Kept"].map((name) => headerOf(head, name) ?? ""));
      equal(sent(first), [["secret", "a=b", "c", "1"], ["secret", "a=b", "c", "1"]]);
      equal([sent(other), sent(last)], [[["", "", "", "1"]], [["", "", "", "1"]]]);
    },
  },
  {
    name: "name and password of the URL go to the same origin only",
    run: async () => {
      const last = await answering(() => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
      const first = await answering((head) => (pathOf(head) === "/" ? redirect("/again") : redirect(last.url)));
      await rejection(host.connect(first.url.replace("//", "//user:pass@")));
      const basic = "Basic dXNlcjpwYXNz";
      equal([first, last].map(({ requests }) => requests.map((head) => headerOf(head, "Authorization") ?? "")), [[basic, basic], [""]]);
    },
  },
  {
    name: "redirects end: at the limit, in a loop, where they lead nowhere, and from TLS to no TLS",
    run: async () => {
      const loop = await answering(() => redirect("/"));
      equal((await rejection(host.connect(loop.url))).status, 302);
      equal(loop.requests.length, 11);
      equal((await rejection(host.connect(loop.url, { maxRedirects: 0 }))).status, 302);
      equal(loop.requests.length, 12);
      for (const location of ["http://[", "ftp://example.com/", "mailto:x", ""]) {
        const server = await answering((_, count) => (count === 1 ? redirect(location) : undefined));
        const outcome = rejection(host.connect(server.url, { handshakeTimeout: 300 }));
        equal([location, (await outcome).status ?? "followed"], [location, location === "" ? "followed" : 302]);
      }
      const plain = await serving(echo);
      const secure = await serving(echo, { tls: pem(), onRequest: () => ({ status: 302, headers: { Location: plain.url } }) });
      equal((await rejection(host.connect(secure.url, { tls: { ca: pem().cert } }))).status, 302);
      const up = await answering(() => redirect(tls.url));
      const tls = await serving(echo, { tls: pem() });
      await connecting(up.url, { tls: { ca: pem().cert } });
    },
  },
];

const failures = [
  {
    name: "nobody listens, over TCP and over TLS",
    run: async () => {
      const { port } = await new Promise((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
          const address = server.address();
          server.close(() => resolve(address));
        });
      });
      for (const scheme of ["ws", "wss"]) {
        for (const name of ["127.0.0.1", "localhost"]) {
          const error = await rejection(host.connect(`${scheme}://${name}:${port}/`));
          ok(error instanceof Error && !(error instanceof TypeError), String(error));
        }
      }
    },
  },
  {
    name: "a server whose certificate nobody has signed, or that has another name",
    run: async () => {
      const server = await serving(echo, { tls: pem() });
      ok((await rejection(host.connect(server.url))) instanceof Error, "it was trusted");
      await connecting(server.url, { tls: { rejectUnauthorized: false } });
    },
  },
  {
    name: "a server that breaks the rules of the handshake",
    run: async () => {
      const wrong = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n";
      for (const [answer, fault] of [[wrong, "BAD_ACCEPT"], ["nonsense\r\n\r\n", "BAD_STATUS_LINE"], ["", "CLOSED_EARLY"]]) {
        const server = await answering(() => answer);
        const error = await rejection(host.connect(server.url));
        equal(error.name, "HandshakeError");
        ok(fault === "CLOSED_EARLY" || error.fault.name === fault, `${fault}: ${error.fault?.name}`);
        ok(error.message.length > 10, error.message);
      }
    },
  },
  {
    name: "the beginning of the body of a refusal is kept, up to maxBodySize",
    run: async () => {
      const body = "x".repeat(5000);
      const server = await answering(() => `HTTP/1.1 500 Oh\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      equal((await rejection(host.connect(server.url))).body.length, 5000);
      equal((await rejection(host.connect(server.url, { maxBodySize: 100 }))).body.length, 100);
    },
  },
  {
    name: "URLs that are none",
    run: async () => {
      for (const url of ["http://example.com/", "ws://", "", "ws://a/#b", null, 5, "example.com"]) {
        equal([url, (await rejection(host.connect(url))).code], [url, "INVALID_ARGUMENT"]);
      }
    },
  },
  {
    name: "a server that says nothing is given up after handshakeTimeout, over TCP, in TLS, and behind a proxy",
    run: async () => {
      const { url, sockets, port } = await rawServer((socket) => socket.resume());
      const attempts = [[url, {}], [url.replace("ws", "wss"), {}], [url, { proxy: `http://127.0.0.1:${port}` }],
        [url, { proxy: `https://127.0.0.1:${port}` }], [url, { proxy: `socks5h://127.0.0.1:${port}` }]];
      for (const [target, options] of attempts) {
        const error = await rejection(host.connect(target, { handshakeTimeout: 40, ...options }));
        equal([target, options, error.name], [target, options, "HandshakeError"]);
        await gone(sockets.at(-1));
      }
      equal(sockets.length, attempts.length);
    },
  },
  {
    name: "a signal ends the attempt with its reason, whenever it comes, and leaves no socket",
    run: async () => {
      const { url, sockets, port } = await rawServer((socket) => socket.resume());
      for (const [target, options] of [[url, {}], [url.replace("ws", "wss"), {}], [url, { proxy: `http://127.0.0.1:${port}` }],
        [url.replace("ws", "wss"), { proxy: `http://127.0.0.1:${port}` }]]) {
        const before = sockets.length;
        const controller = new AbortController();
        const attempt = rejection(host.connect(target, { ...options, signal: controller.signal }));
        while (sockets.length === before) {
          await settled();
        }
        controller.abort(new Error("enough"));
        equal([target, options, (await attempt).message], [target, options, "enough"]);
        await gone(sockets.at(-1));
      }
      const early = await rejection(host.connect(url, { signal: AbortSignal.abort() }));
      equal(early.name, "AbortError");
      const count = sockets.length;
      const last = await rawServer();
      await rejection(host.connect(url, { signal: AbortSignal.abort() }));
      await once(connectTcp(last.port, "127.0.0.1"), "connect");
      equal(sockets.length, count, "an attempt that was given up before has dialled");
    },
  },
  {
    name: "a signal that comes while createConnection takes its time closes what it makes",
    run: async () => {
      const { url, sockets, port } = await rawServer((socket) => socket.resume());
      const controller = new AbortController();
      let made;
      const createConnection = async () => {
        made = connectTcp({ port, host: "127.0.0.1" });
        await once(made, "connect");
        controller.abort(new Error("enough"));
        return made;
      };
      equal((await rejection(host.connect(url, { createConnection, signal: controller.signal }))).message, "enough");
      while (!made.destroyed) {
        await settled();
      }
      equal(sockets.length, 1);
    },
  },
  {
    name: "a signal does nothing to a connection that is open",
    run: async () => {
      const server = await serving(echo);
      const controller = new AbortController();
      const client = await connecting(server.url, { signal: controller.signal, handshakeTimeout: 100 });
      controller.abort();
      await client.send("x");
      equal(await client.receive(), "x");
    },
  },
];

/** A proxy for CONNECT, SOCKS4a and SOCKS5. `targets` has where it was asked for. */
async function proxying({ refusal, user } = {}) {
  const targets = [];
  const through = (socket, port, answer) => {
    const onward = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true }, () => {
      socket.write(answer);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    atEnd(() => onward.destroy());
  };
  const connectMethod = (socket, head) => {
    targets.push(pathOf(head));
    const isAllowed = user === undefined || headerOf(head, "Proxy-Authorization") === `Basic ${btoa(user)}`;
    if (refusal !== undefined || !isAllowed) {
      socket.end(`HTTP/1.1 ${refusal ?? 407} No\r\nContent-Length: 0\r\n\r\n`);
    } else {
      through(socket, Number(pathOf(head).split(":").at(-1)), "HTTP/1.1 200 OK\r\n\r\n");
    }
  };
  const socks5 = async (socket, greeting) => {
    socket.write(Uint8Array.of(5, 0));
    const [request] = await once(socket, "data");
    const port = request.readUInt16BE(request.length - 2);
    targets.push(request[3] === 3 ? `${request.subarray(5, 5 + request[4])}:${port}` : `${request.subarray(4, 8).join(".")}:${port}`);
    ok(greeting[0] === 5 && request[1] === 1, "a request to connect");
    socket.removeAllListeners("data");
    if (refusal !== undefined) {
      socket.end(Uint8Array.of(5, refusal, 0, 1, 0, 0, 0, 0, 0, 0));
    } else {
      through(socket, port, Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
    }
  };
  const socks4 = (socket, request) => {
    const [, name] = request.subarray(8).toString("latin1").split("\0");
    targets.push(`${name}:${request.readUInt16BE(2)}`);
    through(socket, request.readUInt16BE(2), Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0));
  };
  const server = await rawServer((socket) => {
    socket.once("data", (first) => {
      if (first[0] === 5) {
        void socks5(socket, first);
      } else if (first[0] === 4) {
        socks4(socket, first);
      } else {
        connectMethod(socket, first.toString("latin1"));
      }
    });
  });
  return { ...server, targets };
}

/** Runs with variables in the environment. */
async function withEnvironment(variables, run) {
  const names = ["ws", "wss", "http", "https", "all", "socks", "no"].flatMap((each) => [`${each}_proxy`, `${each.toUpperCase()}_PROXY`]);
  const before = [...names, "REQUEST_METHOD"].map((name) => [name, process.env[name]]);
  const set = (pairs) => pairs.forEach(([name, value]) => (value === undefined ? delete process.env[name] : (process.env[name] = value)));
  set(before.map(([name]) => [name, variables[name]]));
  try {
    await run();
  } finally {
    set(before);
  }
}

async function works(client) {
  await client.send("x".repeat(100_000));
  equal((await client.receive()).length, 100_000);
  await client.close();
}

const proxies = [
  {
    name: "through a proxy of each kind, plain and over TLS",
    run: async () => {
      const plain = await serving(echo);
      const secure = await serving(echo, { tls: pem() });
      const tls = { ca: pem().cert };
      for (const scheme of ["http", "socks5h", "socks5", "socks4a"]) {
        const proxy = await proxying();
        await works(await connecting(`ws://localhost:${plain.port}/`, { proxy: `${scheme}://127.0.0.1:${proxy.port}` }));
        await works(await connecting(`wss://localhost:${secure.port}/`, { proxy: `${scheme}://127.0.0.1:${proxy.port}`, tls }));
        if (scheme !== "socks5") {
          equal([scheme, proxy.targets], [scheme, [`localhost:${plain.port}`, `localhost:${secure.port}`]]);
        }
        equal(proxy.targets.length, 2);
      }
    },
  },
  {
    name: "a proxy that wants a name and a password",
    run: async () => {
      const server = await serving(echo);
      const proxy = await proxying({ user: "me:secret" });
      await works(await connecting(server.url, { proxy: `http://me:secret@127.0.0.1:${proxy.port}` }));
      const error = await rejection(host.connect(server.url, { proxy: `http://127.0.0.1:${proxy.port}` }));
      equal([error.name, error.status], ["ProxyError", 407]);
      ok(error instanceof host.HandshakeError, "the class");
    },
  },
  {
    name: "a proxy that refuses, is not there, or breaks off",
    run: async () => {
      const server = await serving(echo);
      const http = await proxying({ refusal: 502 });
      equal((await rejection(host.connect(server.url, { proxy: `http://127.0.0.1:${http.port}` }))).status, 502);
      const socks = await proxying({ refusal: 5 });
      const refused = await rejection(host.connect(server.url, { proxy: `socks5h://127.0.0.1:${socks.port}` }));
      equal([refused.name, refused.status], ["ProxyError", 5]);
      for (const scheme of ["http", "socks5h", "socks4a"]) {
        const silent = await rawServer((socket) => socket.end());
        equal((await rejection(host.connect(server.url, { proxy: `${scheme}://127.0.0.1:${silent.port}` }))).name, "ProxyError");
      }
      for (const wrong of ["ftp://a", "nonsense", "http://"]) {
        equal((await rejection(host.connect(server.url, { proxy: wrong }))).code, "INVALID_ARGUMENT");
      }
    },
  },
  {
    name: "the proxy that the environment names",
    run: async () => {
      const server = await serving(echo);
      const proxy = await proxying();
      const url = `http://127.0.0.1:${proxy.port}`;
      const cases = [
        [{ ws_proxy: url }, 1], [{ WS_PROXY: url }, 1], [{ http_proxy: url }, 1], [{ ALL_PROXY: url }, 1], [{ wss_proxy: url }, 0],
        [{ all_proxy: `127.0.0.1:${proxy.port}` }, 1], [{}, 0], [{ http_proxy: "" }, 0],
        [{ all_proxy: url, no_proxy: "127.0.0.1" }, 0], [{ all_proxy: url, NO_PROXY: "a, *" }, 0], [{ all_proxy: url, no_proxy: "0.0.1" }, 0],
        [{ all_proxy: url, no_proxy: "127.0.0.1:1" }, 1], [{ all_proxy: url, no_proxy: `.1:${server.port}` }, 0],
        [{ HTTP_PROXY: url, REQUEST_METHOD: "GET" }, 0],
      ];
      for (const [variables, expected] of cases) {
        const before = proxy.targets.length;
        await withEnvironment(variables, async () => works(await connecting(server.url, { proxy: true })));
        equal([variables, proxy.targets.length - before], [variables, expected]);
      }
      await withEnvironment({ all_proxy: url }, async () => works(await connecting(server.url)));
      equal(proxy.targets.length, cases.filter(([, count]) => count === 1).length);
    },
  },
];

export const connect = [...redirects, ...failures, ...proxies];

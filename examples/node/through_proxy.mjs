// A WebSocket client behind a proxy. Usage: node through_proxy.mjs PROXY URL TEXT
// It sends one text message, prints the answer, and closes. The proxy is given by a URL: http:, https:, socks4a:, socks5: or
// socks5h:, perhaps with `user:password@`. The status is 0 only for a clean close.
//
// Three layers, none of which knows of another: the tunnel through the proxy, TLS, and the WebSocket. What arrived behind the
// proxy's answer is put back into the socket, and what comes next reads it from there.

import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import process from "node:process";
import { connect as connectTls } from "node:tls";

import { Driver } from "../js/driver.mjs";
import { Connection, parseProxy, parseUrl, Tunnel } from "../js/sansock.mjs";
import { transport } from "./transport.mjs";

/** Makes the tunnel. The socket then leads to the server. */
function lead(socket, tunnel) {
  return new Promise((resolve, reject) => {
    let timer;
    const end = (settle, value) => {
      clearTimeout(timer);
      socket.pause();
      socket.off("data", onData).off("end", onEnd).off("error", reject);
      tunnel.free();
      settle(value);
    };
    const afterCall = (events, chunk) => {
      socket.write(tunnel.takeOutput());
      for (const event of events) {
        if (event.type === "rejected") {
          console.error(`the proxy refused: ${event.status}`);
        } else if (event.type === "closed") {
          return end(reject, new Error(`${event.fault.name}: ${event.fault.text}`));
        } else if (event.type === "open") {
          const rest = chunk.subarray(chunk.length - tunnel.unconsumed);
          end(resolve, socket);
          return rest.length > 0 && socket.unshift(rest);
        }
      }
      clearTimeout(timer);
      timer = setTimeout(() => afterCall(tunnel.timeout()), Math.max(tunnel.nextDeadline - performance.now(), 0));
    };
    const onData = (chunk) => afterCall(tunnel.receive(chunk), chunk);
    const onEnd = () => afterCall(tunnel.receiveEof());
    socket.on("data", onData).on("end", onEnd).on("error", reject);
    afterCall([]);
  });
}

/** Talks to the server over a socket that leads to it. Returns whether the connection was closed cleanly. */
async function talk(socket, url, text) {
  const connection = Connection.client(url);
  let clean = false;
  const driver = new Driver(connection, transport(socket, () => driver), (event) => {
    switch (event.type) {
      case "open":
        return connection.send(text) ?? [];
      case "text":
        console.log(event.data);
        return connection.close() ?? [];
      case "closed":
        clean = event.clean;
        console.log(["closed", event.code, event.reason].filter((word) => word !== "").join(" "));
    }
  });
  driver.start();
  socket.resume();
  await driver.until(() => false);
  return clean;
}

async function main(proxyUrl, url, text) {
  const proxy = parseProxy(proxyUrl);
  const { secure, host, port } = parseUrl(url);
  const target = proxy.resolvesNames ? host : (await lookup(host)).address;
  const to = { host: proxy.host, port: proxy.port, servername: proxy.host, noDelay: true };
  const socket = await connected(proxy.secure ? connectTls(to) : connect({ ...to, allowHalfOpen: true }));
  await lead(socket, new Tunnel(proxyUrl, target, port));
  return talk(secure ? await connected(connectTls({ socket, servername: host })) : socket, url, text);
}

function connected(socket) {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => resolve(socket.off("error", reject)));
  });
}

const clean = await main(...process.argv.slice(2)).catch((error) => console.error(error.message));
process.stdout.write("", () => process.exit(clean ? 0 : 1));

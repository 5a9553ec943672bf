import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import type { RejectedEvent } from "../events.js";
import type { Dial } from "../hosts/connecting.js";
import { ProxyError } from "../hosts/errors.js";
import { parseProxy, parseUrl, Tunnel } from "../index.js";
import { environmentProxy } from "./environment.js";
import { join } from "./stream.js";

/** How a client reaches its server. */
export interface DialOptions {
  /** Options of `tls.connect`, such as `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: ConnectionOptions | undefined;
  /** Makes the connection instead: to a Unix socket, through an agent of yours. TLS, if the URL has it, is spoken over it. */
  readonly createConnection?: ((place: { host: string; port: number }) => Socket | Promise<Socket>) | undefined;
  readonly proxy?: string | boolean | undefined;
}

/** Dials with sockets of Node's. */
export function dialler({ tls, createConnection, proxy = false }: DialOptions): Dial {
  return async (url, session, signal) => {
    const { secure, host, port } = parseUrl(url);
    const through = proxy === true ? environmentProxy(secure, host, port) : proxy || undefined;
    let socket: Socket;
    if (createConnection !== undefined) {
      socket = await createConnection({ host, port });
    } else if (through === undefined) {
      socket = connectTcp({ host, port, allowHalfOpen: true, noDelay: true });
    } else {
      socket = await throughProxy(through, host, port, signal);
    }
    const stream = secure ? overTls(socket, host, tls) : socket;
    await connected(stream, secure, signal);
    join(stream, session);
    const { remoteAddress = "", remotePort = 0 } = socket;
    return { address: remoteAddress, port: remotePort };
  };
}

function overTls(socket: Socket, host: string, options: ConnectionOptions = {}): Socket {
  // An address is no name of a server (RFC 6066 section 3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, ...name, ALPNProtocols: ["http/1.1"], ...options, socket });
}

/** Resolves when a socket is connected, and its TLS is ready. */
function connected(socket: Socket, secure: boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!secure && !socket.connecting) {
      resolve();
      return;
    }
    const abort = (): void => {
      socket.destroy();
    };
    const settle = (error?: Error): void => {
      signal.removeEventListener("abort", abort);
      socket.off("error", settle);
      socket.off("close", close);
      if (error === undefined) {
        resolve();
      } else {
        socket.on("error", () => {});
        reject(error);
      }
    };
    const close = (): void => settle(new Error("the connection was closed before it was open"));
    socket.once(secure ? "secureConnect" : "connect", () => settle());
    socket.once("error", settle);
    socket.once("close", close);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) {
      abort();
    }
  });
}

/** A socket through a proxy, of which nothing is read beyond the proxy's answer. */
async function throughProxy(proxy: string, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const place = parseProxy(proxy);
  const address = place.resolvesNames || isIP(host) !== 0 ? host : (await lookup(host)).address;
  const tunnel = new Tunnel(proxy, address, port);
  const tcp = connectTcp({ host: place.host, port: place.port, allowHalfOpen: true, noDelay: true });
  const socket = place.secure ? overTls(tcp, place.host) : tcp;
  const abort = (): void => {
    socket.destroy();
  };
  try {
    await connected(socket, place.secure, signal);
    signal.addEventListener("abort", abort, { once: true });
    await new Promise<void>((resolve, reject) => drive(tunnel, socket, resolve, reject));
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    tunnel.free();
  }
}

/** Drives a tunnel until it is open. */
function drive(tunnel: Tunnel, socket: Socket, resolve: () => void, reject: (error: Error) => void): void {
  let rejected: RejectedEvent | undefined;
  const settle = (events: ReturnType<Tunnel["receive"]>): boolean => {
    for (const event of events) {
      if (event.type === "rejected") {
        rejected = event;
      } else {
        socket.off("data", onData).off("end", onEnd).off("close", onEnd).pause();
        if (event.type === "open") {
          resolve();
        } else {
          reject(new ProxyError(event.fault, rejected?.status ?? null));
        }
        return true;
      }
    }
    return false;
  };
  const onData = (chunk: Uint8Array): void => {
    if (settle(tunnel.receive(chunk))) {
      if (tunnel.unconsumed > 0) {
        socket.unshift(chunk.subarray(chunk.length - tunnel.unconsumed));
      }
    } else {
      socket.write(tunnel.takeOutput());
    }
  };
  const onEnd = (): void => {
    settle(tunnel.receiveEof());
  };
  socket.on("data", onData).on("end", onEnd).on("close", onEnd);
  socket.on("error", () => {});
  socket.write(tunnel.takeOutput());
}


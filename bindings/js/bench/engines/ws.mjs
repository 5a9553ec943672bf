// ws: its Receiver and Sender fed directly, and for the opening handshake its own classes over node:http in memory.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Duplex } from "node:stream";
import WebSocket, { PerMessageDeflate, Receiver, Sender, WebSocketServer } from "ws";

export const { version } = createRequire(import.meta.url)("ws/package.json");

/** The extension as both peers have agreed on it without parameters. */
function agreed(spec) {
  const isServer = spec.role === "server";
  const deflate = new PerMessageDeflate({ isServer, threshold: 0, zlibDeflateOptions: { level: 6 } });
  deflate.accept([{}]);
  return { "permessage-deflate": deflate };
}

function extensionsOf(spec) {
  return spec.deflate === 1 ? agreed(spec) : {};
}

function receiverOf(spec, extensions) {
  const receiver = new Receiver({ isServer: spec.role === "server", extensions });
  receiver.on("error", (error) => {
    throw error;
  });
  return receiver;
}

export function receiver(spec, sink) {
  const receiver = receiverOf(spec, extensionsOf(spec));
  receiver.on("message", (data, isBinary) => {
    if (isBinary) {
      sink.binary(data);
    } else {
      sink.text(data.toString());
    }
  });
  return (chunk) => {
    receiver.write(chunk);
  };
}

/** What Sender needs of a socket. Strings would be encoded by the socket. */
class Socket {
  constructor(wire) {
    this.wire = wire;
  }

  cork() {}

  uncork() {}

  write(chunk, written) {
    this.wire.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    written?.();
  }
}

export function sender(spec, wire) {
  const sender = new Sender(new Socket(wire), extensionsOf(spec));
  const mask = spec.role === "client";
  const options = { binary: spec.kind === "binary", compress: spec.deflate === 1, fin: true, mask };
  const end = () => wire.end();
  return (payload) => {
    sender.send(payload, options, end);
  };
}

export function connection(spec, done) {
  const extensions = extensionsOf(spec);
  const receiver = receiverOf(spec, extensions);
  const wire = { write() {} };
  const sender = new Sender(new Socket(wire), extensions);
  receiver.on("message", (data, binary) => {
    sender.send(data, { binary, compress: spec.deflate === 1, fin: true, mask: false }, done);
  });
  return (chunk) => {
    receiver.write(chunk);
  };
}

/** A socket in memory: `push` is what arrives, `onWrite` gets what is written. */
class Transport extends Duplex {
  onWrite = () => {};

  constructor() {
    super();
    this.remoteAddress = "127.0.0.1";
  }

  _read() {}

  _write(chunk, _, written) {
    this.onWrite(chunk);
    written();
  }

  setTimeout() {
    return this;
  }

  setNoDelay() {
    return this;
  }

  setKeepAlive() {
    return this;
  }
}

let server;

function serverOnce() {
  if (server === undefined) {
    const upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server = createServer();
    server.on("upgrade", (request, socket, head) => {
      upgrader.handleUpgrade(request, socket, head, (webSocket) => socket.opened(webSocket));
    });
  }
  return server;
}

export function serverHandshake(request) {
  return new Promise((resolve) => {
    const transport = new Transport();
    let response;
    transport.onWrite = (chunk) => {
      response = chunk;
    };
    transport.opened = (webSocket) => resolve({ response, close: () => webSocket.terminate() });
    serverOnce().emit("connection", transport);
    transport.push(request);
  });
}

export function clientHandshake({ url, origin, headers }) {
  return new Promise((resolve) => {
    const transport = new Transport();
    const webSocket = new WebSocket(url, {
      origin,
      headers: Object.fromEntries(headers),
      perMessageDeflate: false,
      createConnection: () => transport,
    });
    const receive = (response) =>
      new Promise((opened) => {
        webSocket.on("open", () => opened(true));
        transport.push(response);
      });
    transport.onWrite = (request) => resolve({ request, receive, close: () => webSocket.terminate() });
  });
}

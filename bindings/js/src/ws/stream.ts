import { Duplex, type DuplexOptions } from "node:stream";

import type { RawData } from "./events.js";
import type { WebSocket } from "./websocket.js";

/**
 * A duplex stream over a WebSocket. What is written is sent as messages; reading stops the socket while nobody reads.
 *
 * @param options Those of `stream.Duplex`.
 */
export function createWebSocketStream(websocket: WebSocket, options: DuplexOptions = {}): Duplex {
  return new WebSocketDuplex(websocket, options);
}

class WebSocketDuplex extends Duplex {
  readonly #websocket: WebSocket;
  /** Whether to destroy the socket, if the stream is. */
  #terminates = true;

  constructor(websocket: WebSocket, options: DuplexOptions) {
    super({ ...options, autoDestroy: false, emitClose: false, objectMode: false, writableObjectMode: false });
    this.#websocket = websocket;
    websocket.on("message", (data: RawData, isBinary: boolean) => {
      const isText = !isBinary && this.readableObjectMode;
      if (!this.push(isText ? String(data) : data)) {
        websocket.pause();
      }
    });
    websocket.once("error", (error) => {
      if (!this.destroyed) {
        // A peer that breaks a rule gets its Close frame.
        this.#terminates = false;
        this.destroy(error);
      }
    });
    websocket.once("close", () => {
      if (!this.destroyed) {
        this.push(null);
      }
    });
    this.on("end", () => this.#endIfIdle());
    this.on("finish", () => this.#endIfIdle());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const websocket = this.#websocket;
    const end = (): void => {
      callback(error);
      process.nextTick(() => this.emit("close"));
    };
    if (websocket.readyState === websocket.CLOSED) {
      end();
      return;
    }
    websocket.once("close", end);
    if (websocket.listenerCount("error") === 0) {
      websocket.on("error", () => {});
    }
    if (this.#terminates) {
      websocket.terminate();
    }
  }

  override _final(callback: (error?: Error | null) => void): void {
    const websocket = this.#websocket;
    if (websocket.readyState === websocket.CONNECTING) {
      websocket.once("open", () => this._final(callback));
      return;
    }
    if (websocket.readyState !== websocket.CLOSED) {
      websocket.close();
    }
    callback();
  }

  override _read(): void {
    if (this.#websocket.isPaused) {
      this.#websocket.resume();
    }
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const websocket = this.#websocket;
    if (websocket.readyState === websocket.CONNECTING) {
      websocket.once("open", () => this._write(chunk, encoding, callback));
    } else {
      websocket.send(chunk, (error) => (error === undefined ? callback() : this.destroy(error)));
    }
  }

  #endIfIdle(): void {
    const websocket = this.#websocket;
    if (this.readableEnded && this.writableFinished && !this.destroyed) {
      if (websocket.readyState === websocket.CLOSED) {
        this.destroy();
      } else {
        websocket.once("close", () => this.destroy());
      }
    }
  }
}

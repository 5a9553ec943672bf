// A page in a browser that talks over HTTP/2 (RFC 8441) to the example server behind node:http2.

import assert from "node:assert/strict";

import { makeCertificate, startServer } from "./programs.mjs";

const MESSAGES = ["one", "", "é 世界", "x".repeat(100_000)];

/** What is tested, by name: calls that take the browser, and throw if it fails. */
export const overHttp2 = {
  "messages over HTTP/2": (browser) =>
    withPage(browser, "127.0.0.1", async ({ page, url, streams }) => {
      const { messages, protocol, extensions, code, reason, wasClean } = await page.evaluate(talk, { url, texts: MESSAGES });
      assert.deepEqual(messages, [...MESSAGES, "1,2,3"]);
      assert.deepEqual([protocol, extensions], ["chat", ""]);
      assert.deepEqual([code, reason, wasClean], [1000, "bye", true]);
      assert.deepEqual(streams.slice(-1), ["h2 CONNECT websocket"]);
    }),
  "a page of another site, refused over HTTP/2": (browser) =>
    withPage(browser, "localhost", async ({ page, url, streams }) => {
      const { messages, code, wasClean } = await page.evaluate(talk, { url, texts: MESSAGES });
      assert.deepEqual([messages, code, wasClean], [[], 1006, false]);
      assert.deepEqual(streams.slice(-1), ["h2 CONNECT websocket"]);
    }),
};

/** Runs with a server, and a page of it that was opened under this name of the machine. */
async function withPage(browser, host, run) {
  const { cert, key, remove } = makeCertificate();
  const server = await startServer("http2_server.mjs", ["--cert", cert, "--key", key]);
  try {
    const page = await browser.newPage();
    await page.goto(server.url.replace("wss://127.0.0.1", `https://${host}`));
    await run({ page, ...server });
    await page.close();
  } finally {
    await server.stop();
    remove();
  }
}

/** In the page: sends messages and reads as many, then closes. Returns what there was to see. */
async function talk({ url, texts }) {
  // A WebSocket goes over a session of HTTP/2 that there is already.
  await fetch(url.replace("wss:", "https:"), { mode: "no-cors", credentials: "include" });
  const socket = new WebSocket(`${url}/chat`, ["other", "chat"]);
  socket.binaryType = "arraybuffer";
  const messages = [];
  return new Promise((resolve) => {
    socket.onopen = () => {
      texts.forEach((text) => socket.send(text));
      socket.send(Uint8Array.of(1, 2, 3));
    };
    socket.onmessage = ({ data }) => {
      messages.push(typeof data === "string" ? data : new Uint8Array(data).join());
      if (messages.length === texts.length + 1) {
        socket.close(1000, "bye");
      }
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      resolve({ messages, protocol: socket.protocol, extensions: socket.extensions, code, reason, wasClean });
    };
  });
}

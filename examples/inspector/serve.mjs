// Serves the page on this machine only, for those who do not open it from disk: node serve.mjs [PORT]. Port 0 is any free one.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";

const PAGE = new URL("dist/inspector.html", import.meta.url);

const server = createServer(async ({ method, url }, response) => {
  if (url !== "/" || (method !== "GET" && method !== "HEAD")) {
    response.writeHead(url === "/favicon.ico" ? 204 : 404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  });
  response.end(await readFile(PAGE));
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));

// Loaded ahead of a server: says on standard error which streams of HTTP/2 its node:http2 gets.

import http2 from "node:http2";
import { syncBuiltinESMExports } from "node:module";

for (const name of ["createServer", "createSecureServer"]) {
  const create = http2[name];
  http2[name] = (...args) =>
    create(...args).on("stream", ({ session }, headers) => {
      console.error(`stream ${session.alpnProtocol} ${headers[":method"]} ${headers[":protocol"] ?? headers[":path"]}`);
    });
}
syncBuiltinESMExports();

// A server that does not keep its process.

import { host } from "./runtime.mjs";

const server = await host.serve({ hostname: "127.0.0.1" }, () => {});
console.log("listening");
server.unref();

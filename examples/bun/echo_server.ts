// An echo server. Usage: bun run echo_server.ts PORT

import { echo, options } from "../js/echo.mjs";
import { serve } from "./sansock.mjs";

const server = await serve({ ...options, port: Number(Bun.argv[2] ?? 0) }, echo);
console.log(`listening on ws://127.0.0.1:${server.port}`);
process.on("SIGTERM", () => process.exit(0));

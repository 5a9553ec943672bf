// An echo server. Usage: deno run --allow-net --allow-read --allow-env echo_server.ts PORT

import { echo, options } from "../js/echo.mjs";
import { serve } from "./sansock.mjs";

const server = await serve({ ...options, port: Number(Deno.args[0] ?? 0) }, echo);
console.log(`listening on ws://127.0.0.1:${server.port}`);
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));

// Clients written with the `WebSocket` of the package `undici`, which Node has as a global in some version of it.
import { WebSocket } from "undici";

globalThis.WebSocket = WebSocket;
await import("./standard_client.mjs");

/** What `require("sansock/ws")` returns: the class, whose properties are all the rest, as `require("ws")` does. */
import { WebSocket } from "./index.js";

export = WebSocket;

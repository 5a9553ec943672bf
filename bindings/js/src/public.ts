export type { Bytes } from "./bytes.js";
export { Connection, parseUrl } from "./connection.js";
export type { ConnectionState, ParsedUrl, TransportInstruction } from "./connection.js";
export { SansockError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export type * from "./events.js";
export type { ModuleSource } from "./module.js";
export type { ClientOptions, Options } from "./options.js";

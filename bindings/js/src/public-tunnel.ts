export { parseProxy, Tunnel } from "./tunnel.js";
export type { ParsedProxy, TunnelEvent, TunnelOptions } from "./tunnel.js";

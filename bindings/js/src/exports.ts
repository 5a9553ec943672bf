/**
 * The exports of the WebAssembly module; the build keeps only these. Handles, addresses and lengths are unsigned but
 * arrive signed: use `>>> 0`.
 */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  abi_version(): number;
  record_size(): number;
  block_size(): number;
  last_status(): number;
  last_count(): number;
  transfer_reserve(len: number): number;
  error_text(status: number): number;
  fault_name(fault: number): number;
  fault_text(fault: number): number;
  url_parse(len: number): number;
  config_new(role: number): number;
  config_free(config: number): void;
  config_set(config: number, option: number, value: number): number;
  config_set_text(config: number, text: number, len: number): number;
  config_add_header(config: number, nameLen: number, valueLen: number): number;
  conn_new(config: number, now: number): number;
  conn_free(connection: number): void;
  conn_block(connection: number): number;
  conn_receive(connection: number, offset: number, len: number, now: number): number;
  conn_receive_header(connection: number, len: number, minPayload: number, now: number): number;
  conn_receive_eof(connection: number, now: number): number;
  conn_timeout(connection: number, now: number): number;
  conn_add_response_header(connection: number, nameLen: number, valueLen: number): number;
  conn_clear_response(connection: number): number;
  conn_accept(connection: number, len: number, now: number): number;
  conn_respond(connection: number, status: number, reasonLen: number, len: number, now: number): number;
  conn_release(connection: number): number;
  conn_send(connection: number, kind: number, len: number, now: number): number;
  conn_send_part(connection: number, kind: number, len: number, last: number): number;
  conn_send_batch(connection: number, count: number, dataLen: number): number;
  frame_encode(first: number, masked: number, len: number): number;
  prepared_new(kind: number, len: number): number;
  conn_send_prepared(connection: number, prepared: number): number;
  conn_send_header(connection: number, kind: number, len: number, last: number): number;
  conn_payload_written(connection: number): number;
  conn_close(connection: number, code: number, len: number, now: number): number;
  conn_fail(connection: number, code: number, len: number, now: number): number;
  conn_set_compression(connection: number, on: number): number;
  conn_pause(connection: number, on: number, now: number): number;
  conn_written(connection: number, n: number): number;
  conn_memory_usage(connection: number): number;
  conn_fault_text(connection: number): number;
}

/** The exports for compression and for handshakes made of fields, which only the default module has. */
export interface DefaultExports {
  conn_limit_deflate(connection: number, option: number, value: number): number;
  conn_receive_request(connection: number, version: number, count: number, now: number): number;
  conn_request_fields(connection: number, version: number, now: number): number;
  conn_receive_response(connection: number, status: number, count: number, now: number): number;
}

/** The exports for tunnels, which only the default module has. `conn_free` and `conn_fault_text` take tunnels too. */
export interface TunnelExports {
  proxy_parse(len: number): number;
  tunnel_config_new(proxyLen: number, hostLen: number, port: number): number;
  tunnel_config_free(config: number): void;
  tunnel_config_set(config: number, option: number, value: number): number;
  tunnel_config_add_header(config: number, nameLen: number, valueLen: number): number;
  tunnel_new(config: number, now: number): number;
  tunnel_block(tunnel: number): number;
  tunnel_receive(tunnel: number, len: number, now: number): number;
  tunnel_receive_eof(tunnel: number, now: number): number;
  tunnel_timeout(tunnel: number, now: number): number;
  tunnel_written(tunnel: number, n: number): number;
}

/** The calls among the exports. Those of the default module are missing in another. */
export type Calls = Omit<Exports, "memory"> & Partial<DefaultExports>;

/** Those of the module with the inspector: see src/inspect. */
export interface InspectExports {
  inspector_new(preview: number, wholeLen: number): number;
  inspector_free(inspector: number): void;
  inspector_push(inspector: number, len: number): number;
  inspector_push_from(inspector: number, side: number, len: number): number;
  inspector_finish(inspector: number): number;
  inspector_assume(inspector: number, len: number): number;
  inspector_begin(inspector: number, clientLen: number, serverLen: number, now: number): number;
  inspector_feed(inspector: number, connection: number, side: number, len: number, now: number): number;
  inspector_skip(inspector: number, connection: number, side: number, len: number, now: number): number;
  inspector_tell_skipped(inspector: number, now: number): number;
  inspector_end(inspector: number, connection: number, side: number, now: number): number;
  inspector_faults(inspector: number): number;
  inspector_take(inspector: number, form: number, limit: number): number;
  inspector_machines(): number;
  inspector_course(connection: number, side: number, now: number): number;
}

# frozen_string_literal: true

require "fiddle/import"

module Sansock
  # The functions of the C library, as sansock.h declares them; and its numbers, without their prefix. The test of the
  # vectors compares both with the header. Calls leave Ruby's lock, so that other threads run meanwhile.
  module Library
    extend Fiddle::Importer

    BUILT = "../../target/release/libsansock.#{RbConfig::CONFIG['SOEXT']}"
    dlload ENV.fetch("SANSOCK_LIBRARY") { File.expand_path(BUILT, __dir__) }

    FUNCTIONS = <<~C.lines(chomp: true).freeze
      int32_t sansock_config_new(uint32_t role, struct sansock_config **out)
      void sansock_config_free(struct sansock_config *config)
      int32_t sansock_config_set(struct sansock_config *config, uint32_t option, uint64_t value)
      int32_t sansock_config_set_text(struct sansock_config *config, uint32_t text, const char *data, size_t len)
      int32_t sansock_config_add_header(struct sansock_config *config, const char *name, size_t name_len, const char *value, size_t value_len)
      int32_t sansock_conn_new(const struct sansock_config *config, const uint8_t *seed, uint64_t now, struct sansock_conn **out)
      void sansock_conn_free(struct sansock_conn *conn)
      struct sansock_block *sansock_conn_block(const struct sansock_conn *conn)
      int32_t sansock_conn_receive(struct sansock_conn *conn, uint8_t *data, size_t len, uint64_t now)
      int32_t sansock_conn_receive_eof(struct sansock_conn *conn, uint64_t now)
      int32_t sansock_conn_timeout(struct sansock_conn *conn, uint64_t now)
      int32_t sansock_conn_send_text(struct sansock_conn *conn, const char *text, size_t len)
      int32_t sansock_conn_send_binary(struct sansock_conn *conn, const uint8_t *data, size_t len)
      int32_t sansock_conn_send_part(struct sansock_conn *conn, uint8_t kind, const uint8_t *data, size_t len, uint8_t last)
      int32_t sansock_prepared_new(uint8_t kind, const uint8_t *data, size_t len, struct sansock_prepared **out)
      void sansock_prepared_free(struct sansock_prepared *prepared)
      int32_t sansock_conn_send_prepared(struct sansock_conn *conn, const struct sansock_prepared *prepared)
      int32_t sansock_conn_send_header(struct sansock_conn *conn, uint8_t kind, uint64_t payload_len, uint8_t last)
      int32_t sansock_conn_ping(struct sansock_conn *conn, const uint8_t *data, size_t len, uint64_t now)
      int32_t sansock_conn_pong(struct sansock_conn *conn, const uint8_t *data, size_t len)
      int32_t sansock_conn_close(struct sansock_conn *conn, uint16_t code, const char *reason, size_t len, uint64_t now)
      int32_t sansock_conn_fail(struct sansock_conn *conn, uint16_t code, const char *reason, size_t len, uint64_t now)
      int32_t sansock_conn_pause(struct sansock_conn *conn, uint64_t now)
      int32_t sansock_conn_resume(struct sansock_conn *conn, uint64_t now)
      int32_t sansock_conn_written(struct sansock_conn *conn, size_t n)
      int32_t sansock_conn_add_response_header(struct sansock_conn *conn, const char *name, size_t name_len, const char *value, size_t value_len)
      int32_t sansock_conn_limit_deflate(struct sansock_conn *conn, uint32_t option, uint64_t value)
      int32_t sansock_conn_accept(struct sansock_conn *conn, const char *subprotocol, size_t len, uint64_t now)
      int32_t sansock_conn_reject(struct sansock_conn *conn, uint16_t http_status, const char *body, size_t len, uint64_t now)
      int32_t sansock_conn_respond(struct sansock_conn *conn, uint16_t http_status, const char *reason, size_t reason_len, const char *body, size_t len, uint64_t now)
      int32_t sansock_conn_receive_request(struct sansock_conn *conn, uint32_t version, const struct sansock_field *fields, size_t count, uint64_t now)
      int32_t sansock_conn_request_fields(struct sansock_conn *conn, uint32_t version, uint64_t now)
      int32_t sansock_conn_receive_response(struct sansock_conn *conn, uint16_t http_status, const struct sansock_field *fields, size_t count, uint64_t now)
      int32_t sansock_tunnel_config_new(const char *proxy, size_t proxy_len, const char *host, size_t host_len, uint16_t port, struct sansock_tunnel_config **out)
      void sansock_tunnel_config_free(struct sansock_tunnel_config *config)
      int32_t sansock_tunnel_config_set(struct sansock_tunnel_config *config, uint32_t option, uint64_t value)
      int32_t sansock_tunnel_config_add_header(struct sansock_tunnel_config *config, const char *name, size_t name_len, const char *value, size_t value_len)
      int32_t sansock_tunnel_new(const struct sansock_tunnel_config *config, uint64_t now, struct sansock_tunnel **out)
      void sansock_tunnel_free(struct sansock_tunnel *tunnel)
      const struct sansock_block *sansock_tunnel_block(const struct sansock_tunnel *tunnel)
      int32_t sansock_tunnel_receive(struct sansock_tunnel *tunnel, const uint8_t *data, size_t len, uint64_t now)
      int32_t sansock_tunnel_receive_eof(struct sansock_tunnel *tunnel, uint64_t now)
      int32_t sansock_tunnel_timeout(struct sansock_tunnel *tunnel, uint64_t now)
      int32_t sansock_tunnel_written(struct sansock_tunnel *tunnel, size_t n)
      uint32_t sansock_abi_version(void)
      size_t sansock_record_size(void)
      size_t sansock_block_size(void)
      const char *sansock_error_text(int32_t status)
      const char *sansock_fault_name(uint32_t fault)
      int32_t sansock_url_parse(const char *url, size_t len, struct sansock_url *out)
    C
    FUNCTIONS.each { |declaration| extern declaration }
  end

  ABI_VERSION = 1
  NEVER = 0xffff_ffff_ffff_ffff

  # ROLE_*
  ROLES = { client: 0, server: 1 }.freeze
  # TEXT_*
  TEXTS = { url: 1, origin: 2, subprotocol: 3, key: 4 }.freeze
  # OPTION_*: those that the examples set
  OPTIONS = { receive_while_closing: 18, deflate: 20, deliver_http: 30 }.freeze
  # KIND_*
  KINDS = {
    request: 1, open: 2, rejected: 3, text: 4, binary: 5, ping: 6, pong: 7, closing: 8, closed: 9, head: 10, frame: 11,
    fault: 12, header: 16, authority: 17, origin: 18, subprotocol: 19, extension: 20, method: 21, reason: 22
  }.freeze
  # FLAG_*
  FLAGS = {
    region: 3, first: 4, last: 8, clean: 16, by_peer: 32, frame_end: 16, compressed: 32, truncated: 16, chosen: 16
  }.freeze
  # ORIGIN_*, TRANSPORT_*, STATE_*: their numbers count from 0
  ORIGINS = %i[absent same cross].freeze
  TRANSPORTS = %i[open shutdown_write close].freeze
  STATES = %i[connecting open closing closed].freeze
  # BLOCK_*
  BLOCKS = { more: 1, writable: 2 }.freeze
  # ERR_*: their numbers count from -1 down
  ERRORS = %i[
    invalid_argument invalid_state would_block too_large no_memory bad_handle busy poisoned entropy
  ].freeze
end

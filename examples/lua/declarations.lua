-- What sansock.h declares, as far as it is used here. The test of the vectors compares each line with the header.

return [[
typedef struct sansock_config sansock_config;
typedef struct sansock_conn sansock_conn;
typedef struct sansock_prepared sansock_prepared;
typedef struct sansock_tunnel sansock_tunnel;
typedef struct sansock_tunnel_config sansock_tunnel_config;

typedef struct sansock_record {
    uint8_t kind;
    uint8_t flags;
    uint16_t code;
    uint32_t aux;
    uint64_t offset;
    uint64_t len;
    uint64_t extra;
} sansock_record;

typedef struct sansock_block {
    int32_t status;
    uint32_t event_count;
    uint8_t transport;
    uint8_t state;
    uint16_t flags;
    uint32_t fault;
    uint64_t consumed;
    uint64_t next_deadline;
    uint64_t payload_remaining;
    uint64_t fault_actual;
    uint64_t fault_limit;
    uint64_t fault_position;
    const struct sansock_record *events;
    const uint8_t *regions[3];
    size_t region_lens[3];
    const uint8_t *output;
    size_t output_len;
    uint64_t written;
} sansock_block;

typedef struct sansock_field {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
} sansock_field;

typedef struct sansock_url {
    uint8_t secure;
    uint16_t port;
    size_t host_offset;
    size_t host_len;
} sansock_url;

int32_t sansock_config_new(uint32_t role, struct sansock_config **out);
void sansock_config_free(struct sansock_config *config);
int32_t sansock_config_set(struct sansock_config *config, uint32_t option, uint64_t value);
int32_t sansock_config_set_text(struct sansock_config *config, uint32_t text, const char *data, size_t len);
int32_t sansock_config_add_header(struct sansock_config *config, const char *name, size_t name_len, const char *value, size_t value_len);
int32_t sansock_conn_new(const struct sansock_config *config, const uint8_t *seed, uint64_t now, struct sansock_conn **out);
void sansock_conn_free(struct sansock_conn *conn);
struct sansock_block *sansock_conn_block(const struct sansock_conn *conn);
int32_t sansock_conn_receive(struct sansock_conn *conn, uint8_t *data, size_t len, uint64_t now);
int32_t sansock_conn_receive_eof(struct sansock_conn *conn, uint64_t now);
int32_t sansock_conn_timeout(struct sansock_conn *conn, uint64_t now);
int32_t sansock_conn_send_text(struct sansock_conn *conn, const char *text, size_t len);
int32_t sansock_conn_send_binary(struct sansock_conn *conn, const uint8_t *data, size_t len);
int32_t sansock_conn_send_part(struct sansock_conn *conn, uint8_t kind, const uint8_t *data, size_t len, uint8_t last);
int32_t sansock_prepared_new(uint8_t kind, const uint8_t *data, size_t len, struct sansock_prepared **out);
void sansock_prepared_free(struct sansock_prepared *prepared);
int32_t sansock_conn_send_prepared(struct sansock_conn *conn, const struct sansock_prepared *prepared);
int32_t sansock_conn_send_header(struct sansock_conn *conn, uint8_t kind, uint64_t payload_len, uint8_t last);
int32_t sansock_conn_ping(struct sansock_conn *conn, const uint8_t *data, size_t len, uint64_t now);
int32_t sansock_conn_pong(struct sansock_conn *conn, const uint8_t *data, size_t len);
int32_t sansock_conn_close(struct sansock_conn *conn, uint16_t code, const char *reason, size_t len, uint64_t now);
int32_t sansock_conn_fail(struct sansock_conn *conn, uint16_t code, const char *reason, size_t len, uint64_t now);
int32_t sansock_conn_pause(struct sansock_conn *conn, uint64_t now);
int32_t sansock_conn_resume(struct sansock_conn *conn, uint64_t now);
int32_t sansock_conn_written(struct sansock_conn *conn, size_t n);
int32_t sansock_conn_add_response_header(struct sansock_conn *conn, const char *name, size_t name_len, const char *value, size_t value_len);
int32_t sansock_conn_limit_deflate(struct sansock_conn *conn, uint32_t option, uint64_t value);
int32_t sansock_conn_accept(struct sansock_conn *conn, const char *subprotocol, size_t len, uint64_t now);
int32_t sansock_conn_reject(struct sansock_conn *conn, uint16_t http_status, const char *body, size_t len, uint64_t now);
int32_t sansock_conn_respond(struct sansock_conn *conn, uint16_t http_status, const char *reason, size_t reason_len, const char *body, size_t len, uint64_t now);
int32_t sansock_conn_receive_request(struct sansock_conn *conn, uint32_t version, const struct sansock_field *fields, size_t count, uint64_t now);
int32_t sansock_conn_request_fields(struct sansock_conn *conn, uint32_t version, uint64_t now);
int32_t sansock_conn_receive_response(struct sansock_conn *conn, uint16_t http_status, const struct sansock_field *fields, size_t count, uint64_t now);
int32_t sansock_tunnel_config_new(const char *proxy, size_t proxy_len, const char *host, size_t host_len, uint16_t port, struct sansock_tunnel_config **out);
void sansock_tunnel_config_free(struct sansock_tunnel_config *config);
int32_t sansock_tunnel_config_set(struct sansock_tunnel_config *config, uint32_t option, uint64_t value);
int32_t sansock_tunnel_config_add_header(struct sansock_tunnel_config *config, const char *name, size_t name_len, const char *value, size_t value_len);
int32_t sansock_tunnel_new(const struct sansock_tunnel_config *config, uint64_t now, struct sansock_tunnel **out);
void sansock_tunnel_free(struct sansock_tunnel *tunnel);
const struct sansock_block *sansock_tunnel_block(const struct sansock_tunnel *tunnel);
int32_t sansock_tunnel_receive(struct sansock_tunnel *tunnel, const uint8_t *data, size_t len, uint64_t now);
int32_t sansock_tunnel_receive_eof(struct sansock_tunnel *tunnel, uint64_t now);
int32_t sansock_tunnel_timeout(struct sansock_tunnel *tunnel, uint64_t now);
int32_t sansock_tunnel_written(struct sansock_tunnel *tunnel, size_t n);
uint32_t sansock_abi_version(void);
size_t sansock_record_size(void);
size_t sansock_block_size(void);
const char *sansock_error_text(int32_t status);
const char *sansock_fault_name(uint32_t fault);
int32_t sansock_url_parse(const char *url, size_t len, struct sansock_url *out);
]]

/* Connections for the tests of the C ABI. */
#ifndef CONNECT_H
#define CONNECT_H

#include <sansock.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define LITERAL(text) (text), (sizeof(text) - 1)

/* A request that a browser could send, offering two subprotocols. */
#define REQUEST                                                                                   \
    "GET /chat?a=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"                \
    "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, echo\r\n\r\n"

static const uint8_t SEED[32] = {1, 2, 3};

static inline sansock_config *new_config(uint32_t role) {
    sansock_config *config = NULL;
    CHECK_EQUAL(sansock_config_new(role, &config), SANSOCK_OK);
    return config;
}

/* A connection of a configuration, which it frees. */
static inline sansock_conn *connection_of(sansock_config *config) {
    sansock_conn *conn = NULL;
    CHECK_EQUAL(sansock_conn_new(config, SEED, 0, &conn), SANSOCK_OK);
    sansock_config_free(config);
    return conn;
}

/* A server with its opening handshake still to come. */
static inline sansock_conn *new_server(void) {
    return connection_of(new_config(SANSOCK_ROLE_SERVER));
}

/* A connection on a stream that is upgraded already. */
static inline sansock_conn *new_open(uint32_t role) {
    sansock_config *config = new_config(role);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    return connection_of(config);
}

static inline const sansock_block *block_of(const sansock_conn *conn) {
    return sansock_conn_block(conn);
}

/* What an accessor gives must lie inside the region of its record. */
static inline void check_inside(const sansock_block *block, const sansock_record *r, const void *data, size_t len) {
    unsigned region = r->flags & SANSOCK_FLAG_REGION;
    size_t offset = (size_t)((const uint8_t *)data - block->regions[region]);
    CHECK(offset <= block->region_lens[region] && len <= block->region_lens[region] - offset);
}

static inline const uint8_t *payload(const sansock_block *block, const sansock_record *r, size_t *len) {
    const uint8_t *data = sansock_record_payload(block, r, len);
    check_inside(block, r, data, *len);
    return data;
}

#define CHECK_PAYLOAD(block, record, expected) \
    check_payload((block), (record), (expected), sizeof(expected) - 1, #record, __FILE__, __LINE__)

static inline void check_payload(const sansock_block *block, const sansock_record *r, const void *expected,
                                 size_t expected_len, const char *what, const char *file, int line) {
    size_t len;
    const uint8_t *data = payload(block, r, &len);
    check_bytes(data, len, expected, expected_len, what, file, line);
}

/* A buffer of exactly this size on the heap, so that a sanitizer sees each byte read or kept beyond it. */
static inline uint8_t *copy_of(const void *data, size_t len) {
    uint8_t *copy = (uint8_t *)malloc(len ? len : 1);
    if (len > 0) memcpy(copy, data, len);
    return copy;
}

/* Receives bytes; the caller frees them when it has read the events. */
static inline uint8_t *receive(sansock_conn *conn, const void *data, size_t len, uint64_t now) {
    uint8_t *copy = copy_of(data, len);
    CHECK_EQUAL(sansock_conn_receive(conn, copy, len, now), SANSOCK_OK);
    return copy;
}

/* Passes all output of one connection to another. */
static inline void pass_output(sansock_conn *from, sansock_conn *to, uint8_t **input, uint64_t now) {
    const sansock_block *b = block_of(from);
    free(*input);
    size_t len = b->output_len;
    *input = receive(to, b->output, len, now);
    CHECK_EQUAL(block_of(to)->consumed, len);
    CHECK_EQUAL(sansock_conn_written(from, len), SANSOCK_OK);
}

#endif

/* permessage-deflate: a message that is too large once inflated is refused, and never held in full. */
#include "connect.h"

#define LIMIT ((size_t)16 << 20)

static sansock_conn *new_compressing(uint32_t role) {
    sansock_config *config = new_config(role);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1), SANSOCK_OK);
    return connection_of(config);
}

/* A client with one byte more than a message may have in its output: zeros, sent in parts of `part` bytes. */
static sansock_conn *bomb_of(size_t part) {
    sansock_conn *client = new_compressing(SANSOCK_ROLE_CLIENT);
    uint8_t *zeros = (uint8_t *)calloc(LIMIT + 1, 1);
    for (size_t at = 0; at <= LIMIT; at += part) {
        size_t left = LIMIT + 1 - at;
        int last = left <= part;
        CHECK_EQUAL(sansock_conn_send_part(client, SANSOCK_KIND_BINARY, zeros + at, last ? left : part, last), SANSOCK_OK);
    }
    free(zeros);
    return client;
}

static void a_bomb_is_refused(size_t part, size_t read) {
    sansock_conn *client = bomb_of(part);
    sansock_conn *server = new_compressing(SANSOCK_ROLE_SERVER);
    const sansock_block *sent = block_of(client), *b = block_of(server);
    CHECK(sent->output_len < LIMIT / 700);
    uint32_t closed = 0;
    for (size_t at = 0; at < sent->output_len || sansock_block_has_more(b); at += b->consumed) {
        size_t left = sent->output_len - at;
        uint8_t *input = receive(server, sent->output + at, left < read ? left : read, 0);
        CHECK(sansock_conn_memory_usage(server) <= LIMIT + 65536);
        for (uint32_t i = 0; i < b->event_count; i++, closed++) {
            CHECK_EQUAL(b->events[i].kind, SANSOCK_KIND_CLOSED);
            CHECK(strcmp(sansock_fault_name(sansock_record_fault(&b->events[i])), "MESSAGE_TOO_BIG") == 0);
            CHECK_EQUAL(sansock_record_close_sent(&b->events[i]), 1009);
        }
        free(input);
    }
    CHECK_EQUAL(closed, 1);
    sansock_conn_free(client);
    sansock_conn_free(server);
}

static void a_connection_that_does_not_compress_has_no_codec(void) {
    sansock_conn *plain = new_open(SANSOCK_ROLE_SERVER), *conn = new_compressing(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_conn_memory_usage(conn), sansock_conn_memory_usage(plain));
    sansock_conn_free(plain);
    sansock_conn_free(conn);
}

int main(void) {
    a_bomb_is_refused(LIMIT + 1, (size_t)1 << 20);
    a_bomb_is_refused(LIMIT + 1, 1000);
    a_bomb_is_refused(100000, (size_t)1 << 20);
    a_bomb_is_refused(100000, 1000);
    a_connection_that_does_not_compress_has_no_codec();
    return check_end("compression");
}

/* A mistake of the host makes the call fail, and changes nothing: wrong state, wrong handle, two threads. */
#include <pthread.h>

#include "connect.h"

static void calls_out_of_order_are_refused(void) {
    sansock_conn *conn = new_server();
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("x")), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(b->status, SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_accept(conn, NULL, 0, 0), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_reject(conn, 403, NULL, 0, 0), SANSOCK_ERR_INVALID_STATE);
    uint8_t *input = receive(conn, LITERAL(REQUEST), 0);
    CHECK_EQUAL(sansock_conn_accept(conn, LITERAL("not-offered"), 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_REQUEST); /* the events are as they were */
    CHECK_EQUAL(b->output_len, 0);
    CHECK_EQUAL(sansock_conn_reject(conn, 99, NULL, 0, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_accept(conn, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_accept(conn, NULL, 0, 0), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, NULL, 0, 0), SANSOCK_OK);
    size_t pending = b->output_len;
    CHECK_EQUAL(sansock_conn_send_binary(conn, (const uint8_t *)"x", 1), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, NULL, 0, 0), SANSOCK_OK); /* twice does nothing */
    CHECK_EQUAL(b->output_len, pending);
    free(input);
    sansock_conn_free(conn);
}

static void arguments_are_checked(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    const uint8_t *bytes = (const uint8_t *)"x";
    char long_reason[124];
    memset(long_reason, 'a', sizeof long_reason);
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("\xff")), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_PING, bytes, 1, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, bytes, 1, 2), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_header(conn, 99, 1, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_ping(conn, (const uint8_t *)long_reason, 126 - 2, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_written(conn, b->output_len + 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_written(conn, b->output_len), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_close(conn, 1005, NULL, 0, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_close(conn, 0, LITERAL("a reason"), 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, long_reason, sizeof long_reason, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, LITERAL("\xc3"), 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(b->state, SANSOCK_STATE_OPEN);
    CHECK_EQUAL(b->output_len, 0);
    sansock_conn_free(conn);
}

static void options_are_checked(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 2), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set(config, 0, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set(config, UINT32_MAX, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set_text(config, 99, LITERAL("x")), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://a")), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, LITERAL("a b")),
                SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_add_header(config, LITERAL("Upgrade"), LITERAL("x")), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_add_header(config, LITERAL("X-A"), LITERAL("a\r\nB: c")), SANSOCK_ERR_INVALID_ARGUMENT);
    sansock_config_free(config);

    sansock_conn *conn = NULL;
    config = new_config(SANSOCK_ROLE_CLIENT); /* no URL */
    CHECK(sansock_conn_new(config, SEED, 0, &conn) < 0);
    CHECK(conn == NULL);
    sansock_config_free(config);
}

static void a_full_output_refuses_and_keeps(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_SOFT_LIMIT, 16), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_HARD_LIMIT, 32), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    const sansock_block *b = block_of(conn);
    uint8_t data[64] = {0};
    CHECK_EQUAL(sansock_conn_send_binary(conn, data, 64), SANSOCK_ERR_TOO_LARGE);
    CHECK_EQUAL(sansock_conn_send_binary(conn, data, 20), SANSOCK_OK);
    CHECK(!sansock_block_is_writable(b));
    CHECK_EQUAL(sansock_conn_send_binary(conn, data, 20), SANSOCK_ERR_WOULD_BLOCK);
    CHECK_EQUAL(b->output_len, 22);
    CHECK_EQUAL(sansock_conn_written(conn, 22), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_binary(conn, data, 20), SANSOCK_OK);
    sansock_conn_free(conn);
}

static void handles_of_another_type_are_recognised(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER), *none = NULL;
    uint8_t *memory = (uint8_t *)calloc(1, 4096);
    CHECK_EQUAL(sansock_conn_timeout((sansock_conn *)memory, 0), SANSOCK_ERR_BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_timeout((sansock_conn *)(memory + 1), 0), SANSOCK_ERR_BAD_HANDLE);
    CHECK_EQUAL(sansock_config_set((sansock_config *)memory, SANSOCK_OPTION_PARTS, 1), SANSOCK_ERR_BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_new((sansock_config *)memory, SEED, 0, &none), SANSOCK_ERR_BAD_HANDLE);
    CHECK(none == NULL);
    CHECK(sansock_conn_block((sansock_conn *)memory) == NULL);
    CHECK_EQUAL(sansock_conn_memory_usage((sansock_conn *)memory), 0);
    sansock_conn_free((sansock_conn *)memory); /* left alone */
    sansock_config_free((sansock_config *)memory);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 1), SANSOCK_OK);
    free(memory);
    sansock_config_free(config);
    sansock_conn_free(conn);
}

/* ---- Two threads on one connection: each call is carried out or answered with BUSY, none is half done ---- */

enum { CALLS = 20000 };

typedef struct sender {
    sansock_conn *conn;
    size_t sent, busy, other;
} sender;

static void *send_many(void *argument) {
    sender *s = (sender *)argument;
    for (int i = 0; i < CALLS; i++) {
        int32_t status = sansock_conn_send_text(s->conn, LITERAL("12345678"));
        if (status == SANSOCK_OK)
            s->sent++;
        else if (status == SANSOCK_ERR_BUSY)
            s->busy++;
        else
            s->other++;
    }
    return NULL;
}

static void two_threads_at_once_are_recognised(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    sender senders[2] = {{.conn = conn}, {.conn = conn}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    size_t sent = senders[0].sent + senders[1].sent;
    CHECK_EQUAL(senders[0].other + senders[1].other, 0);
    CHECK_EQUAL(sent + senders[0].busy + senders[1].busy, 2 * CALLS);
    CHECK(sent > 0);
    /* The handle can be used again, and no message was lost or torn. */
    CHECK_EQUAL(sansock_conn_pause(conn, 0), SANSOCK_OK);
    CHECK_EQUAL(block_of(conn)->output_len, sent * 10);
    for (size_t i = 0; i < sent; i++)
        if (memcmp(block_of(conn)->output + i * 10, "\x81\x08" "12345678", 10) != 0) CHECK(!"a whole frame");
    sansock_conn_free(conn);
}

typedef struct maker {
    const sansock_config *config;
    size_t made;
} maker;

static void *make_many(void *argument) {
    maker *m = (maker *)argument;
    for (int i = 0; i < 1000; i++) {
        sansock_conn *conn = NULL;
        if (sansock_conn_new(m->config, SEED, 0, &conn) == SANSOCK_OK) m->made++;
        sansock_conn_free(conn);
    }
    return NULL;
}

static void threads_may_share_a_configuration(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    maker makers[2] = {{.config = config}, {.config = config}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, make_many, &makers[i]), 0);
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    CHECK_EQUAL(makers[0].made, 1000);
    CHECK_EQUAL(makers[1].made, 1000);
    sansock_config_free(config);
}

int main(void) {
    calls_out_of_order_are_refused();
    arguments_are_checked();
    options_are_checked();
    a_full_output_refuses_and_keeps();
    handles_of_another_type_are_recognised();
    two_threads_at_once_are_recognised();
    threads_may_share_a_configuration();
    return check_end("misuse");
}

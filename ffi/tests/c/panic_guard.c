/* A panic in the engine stops at the C interface and poisons its handle. The library must be built with `panic-hook`. */
#include "connect.h"

/* Makes the next guarded call panic. */
void sansock_panic_next(void);

#define POISONED SANSOCK_ERR_POISONED

/* Each call that takes a connection. */
enum { CALLS = 36 };

static int32_t call(sansock_conn *conn, int which) {
    static uint8_t byte = 'x';
    static const sansock_record record = {.kind = SANSOCK_KIND_BINARY, .len = 1};
    size_t sent;
    uint8_t *place;
    uint64_t payload_len;
    switch (which) {
    case 0: return sansock_conn_receive(conn, &byte, 1, 0);
    case 1: return sansock_conn_set_read_buffer(conn, &byte, 1);
    case 2: return sansock_conn_receive_read_buffer(conn, 0, 0);
    case 3: return sansock_conn_receive_eof(conn, 0);
    case 4: return sansock_conn_timeout(conn, 0);
    case 5: return sansock_conn_add_response_header(conn, LITERAL("a"), LITERAL("b"));
    case 6: return sansock_conn_accept(conn, NULL, 0, 0);
    case 7: return sansock_conn_reject(conn, 403, NULL, 0, 0);
    case 8: return sansock_conn_send_text(conn, LITERAL("x"));
    case 9: return sansock_conn_send_binary(conn, &byte, 1);
    case 10: return sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, &byte, 1, 1);
    case 11: return sansock_conn_send_batch(conn, &record, 1, &byte, 1, &sent);
    case 12: return sansock_conn_send_header(conn, SANSOCK_KIND_TEXT, 1, 1);
    case 13: return sansock_conn_ping(conn, &byte, 1, 0);
    case 14: return sansock_conn_pong(conn, &byte, 1);
    case 15: return sansock_conn_close(conn, 1000, NULL, 0, 0);
    case 16: return sansock_conn_fail(conn, 1011, NULL, 0, 0);
    case 17: return sansock_conn_pause(conn, 0);
    case 18: return sansock_conn_resume(conn, 0);
    case 19: return sansock_conn_set_compression(conn, 0);
    case 20: return sansock_conn_receive_header(conn, &byte, 1, 0, 0, &sent, &payload_len);
    case 21: return sansock_conn_send_many(conn, SANSOCK_KIND_BINARY, NULL, 0, &byte, 1, &sent);
    case 22: return sansock_conn_clear_response(conn);
    case 23: return sansock_conn_limit_deflate(conn, SANSOCK_OPTION_DEFLATE, 0);
    case 24: return sansock_conn_respond(conn, 200, NULL, 0, NULL, 0, 0);
    case 25: return sansock_conn_receive_request(conn, SANSOCK_HTTP_VERSION_2, NULL, 0, 0);
    case 26: return sansock_conn_request_fields(conn, SANSOCK_HTTP_VERSION_2, 0);
    case 28: return sansock_conn_release(conn);
    case 27: return sansock_conn_receive_response(conn, 200, NULL, 0, 0);
    case 29: return sansock_conn_send_prepared(conn, NULL);
    case 30: return sansock_conn_payload_written(conn);
    case 31: return sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 1);
    case 32: return sansock_conn_send_rest(conn, NULL, 0);
    case 33: return sansock_conn_lend(conn, 1, &place, &sent);
    case 34: return sansock_conn_receive_lent(conn, 1, 0);
    default: return sansock_conn_written(conn, 0);
    }
}

static void a_poisoned_connection_answers_nothing_else(sansock_conn *conn) {
    const sansock_block *b = block_of(conn);
    for (int which = 0; which < CALLS; which++) CHECK_EQUAL(call(conn, which), POISONED);
    CHECK_EQUAL(sansock_conn_memory_usage(conn), 0);
    CHECK_EQUAL(strcmp(sansock_conn_fault_text(conn, NULL), ""), 0);
    /* A host that only follows the block closes the transport, and reads nothing from the broken connection. */
    CHECK_EQUAL(b->status, POISONED);
    CHECK_EQUAL(b->transport, SANSOCK_TRANSPORT_CLOSE);
    CHECK_EQUAL(b->state, SANSOCK_STATE_CLOSED);
    CHECK_EQUAL(b->event_count, 0);
    CHECK_EQUAL(b->output_len, 0);
    CHECK_EQUAL(b->flags, 0);
    CHECK_EQUAL(b->next_deadline, SANSOCK_NEVER);
}

static void every_call_on_a_connection_is_guarded(void) {
    for (int which = 0; which < CALLS; which++) {
        sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
        CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("waits in the output")), SANSOCK_OK);
        sansock_panic_next();
        CHECK_EQUAL(call(conn, which), POISONED);
        a_poisoned_connection_answers_nothing_else(conn);
        sansock_conn_free(conn); /* the sanitizer would report a leak */
    }
}

static void questions_are_guarded(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    sansock_panic_next();
    CHECK_EQUAL(sansock_conn_memory_usage(conn), 0);
    CHECK_EQUAL(call(conn, 4), POISONED);
    sansock_conn_free(conn);
    conn = new_open(SANSOCK_ROLE_SERVER);
    sansock_panic_next();
    CHECK_EQUAL(strcmp(sansock_conn_fault_text(conn, NULL), ""), 0);
    CHECK_EQUAL(call(conn, 4), POISONED);
    sansock_conn_free(conn);
}

static void calls_on_a_configuration_are_guarded(void) {
    sansock_conn *conn = NULL;
    for (int which = 0; which < 4; which++) {
        sansock_config *config = new_config(SANSOCK_ROLE_CLIENT);
        sansock_panic_next();
        if (which == 0) CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 1), POISONED);
        if (which == 1) CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://a")), POISONED);
        if (which == 2) CHECK_EQUAL(sansock_config_add_header(config, LITERAL("a"), LITERAL("b")), POISONED);
        if (which == 3) CHECK_EQUAL(sansock_conn_new(config, SEED, 0, &conn), POISONED);
        CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 1), POISONED);
        CHECK_EQUAL(sansock_conn_new(config, SEED, 0, &conn), POISONED);
        CHECK(conn == NULL);
        sansock_config_free(config);
    }
}

static void calls_without_a_handle_are_guarded(void) {
    uint8_t seed[32];
    sansock_url url;
    sansock_config *config = NULL;
    sansock_panic_next();
    CHECK_EQUAL(sansock_random_seed(seed), POISONED);
    CHECK_EQUAL(sansock_random_seed(seed), SANSOCK_OK); /* there is nothing to poison */
    sansock_panic_next();
    CHECK_EQUAL(sansock_url_parse(LITERAL("ws://a"), &url), POISONED);
    sansock_panic_next();
    CHECK_EQUAL(sansock_config_new(SANSOCK_ROLE_SERVER, &config), POISONED);
    CHECK(config == NULL);
}

static void freeing_is_guarded(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    sansock_panic_next();
    sansock_conn_free(conn);
    CHECK_EQUAL(sansock_conn_timeout(conn = new_open(SANSOCK_ROLE_SERVER), 0), SANSOCK_OK);
    sansock_conn_free(conn);
}

int main(void) {
    every_call_on_a_connection_is_guarded();
    questions_are_guarded();
    calls_on_a_configuration_are_guarded();
    calls_without_a_handle_are_guarded();
    freeing_is_guarded();
    return check_end("panic_guard");
}

/* Every function with every pointer NULL, every length 0 or too large, every number unknown, every handle freed. */
#include "connect.h"

/* 0 where a tool watches memory: the look for a magic word in a handle that is freed, or of another kind, may be at memory
   that is not the program's. */
#ifndef WRONG_HANDLES
#define WRONG_HANDLES 1
#endif

#define TOO_LONG ((size_t)PTRDIFF_MAX + 1)
#define BAD_HANDLE SANSOCK_ERR_BAD_HANDLE
#define INVALID_ARGUMENT SANSOCK_ERR_INVALID_ARGUMENT

static void without_a_handle(void) {
    sansock_config *config = NULL;
    sansock_conn *conn = NULL;
    sansock_record record = {.kind = SANSOCK_KIND_TEXT};
    uint8_t byte = 0, *place = &byte;
    size_t count = 99;
    uint64_t payload_len = 99;
    const size_t one = 1;

    sansock_config_free(NULL);
    CHECK_EQUAL(sansock_config_set(NULL, SANSOCK_OPTION_PARTS, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_config_set_text(NULL, SANSOCK_TEXT_ORIGIN, LITERAL("x")), BAD_HANDLE);
    CHECK_EQUAL(sansock_config_add_header(NULL, LITERAL("a"), LITERAL("b")), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_new(NULL, SEED, 0, &conn), BAD_HANDLE);
    CHECK(config == NULL && conn == NULL);

    sansock_conn_free(NULL);
    CHECK(sansock_conn_block(NULL) == NULL);
    CHECK_EQUAL(sansock_conn_receive(NULL, &byte, 1, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_set_read_buffer(NULL, &byte, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_receive_read_buffer(NULL, 1, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_receive_eof(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_timeout(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_add_response_header(NULL, LITERAL("a"), LITERAL("b")), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_clear_response(NULL), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_accept(NULL, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_reject(NULL, 403, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_respond(NULL, 200, NULL, 0, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_limit_deflate(NULL, SANSOCK_OPTION_DEFLATE, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_receive_request(NULL, SANSOCK_HTTP_VERSION_2, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_request_fields(NULL, SANSOCK_HTTP_VERSION_2, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_receive_response(NULL, 200, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_release(NULL), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_text(NULL, LITERAL("x")), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_binary(NULL, &byte, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_part(NULL, SANSOCK_KIND_TEXT, &byte, 1, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_batch(NULL, &record, 1, &byte, 1, &count), BAD_HANDLE);
    CHECK_EQUAL(count, 99);
    CHECK_EQUAL(sansock_conn_send_prepared(NULL, NULL), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_payload_written(NULL), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_header(NULL, SANSOCK_KIND_TEXT, 1, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_check_header(NULL, SANSOCK_KIND_TEXT, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_rest(NULL, &byte, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_send_many(NULL, SANSOCK_KIND_TEXT, &one, 1, &byte, 1, &count), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_lend(NULL, 1, &place, &count), BAD_HANDLE);
    CHECK(place == &byte && count == 99);
    CHECK_EQUAL(sansock_conn_receive_lent(NULL, 1, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_receive_header(NULL, &byte, 1, 0, 0, &count, &payload_len), BAD_HANDLE);
    CHECK_EQUAL(count, 99);
    CHECK_EQUAL(sansock_conn_ping(NULL, &byte, 1, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_pong(NULL, &byte, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_close(NULL, 1000, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_fail(NULL, 1011, NULL, 0, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_set_compression(NULL, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_pause(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_resume(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_written(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_memory_usage(NULL), 0);
    CHECK_EQUAL(strcmp(sansock_conn_fault_text(NULL, &count), ""), 0);
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(strcmp(sansock_conn_fault_text(NULL, NULL), ""), 0);
}

static void prepared_messages(const void *data, size_t len) {
    sansock_prepared *prepared = NULL;
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);

    sansock_prepared_free(NULL);
    CHECK_EQUAL(sansock_prepared_memory_usage(NULL), 0);
    CHECK_EQUAL(sansock_conn_send_prepared(conn, NULL), BAD_HANDLE);
    CHECK_EQUAL(sansock_prepared_new(SANSOCK_KIND_BINARY, (const uint8_t *)data, len, &prepared), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_prepared_new(SANSOCK_KIND_TEXT, (const uint8_t *)"\xff", 1, &prepared), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_prepared_new(SANSOCK_KIND_PING, NULL, 0, &prepared), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_prepared_new(SANSOCK_KIND_TEXT, NULL, 0, NULL), INVALID_ARGUMENT);
    CHECK(prepared == NULL);
    CHECK_EQUAL(sansock_prepared_new(SANSOCK_KIND_TEXT, NULL, 0, &prepared), SANSOCK_OK);
    if (WRONG_HANDLES) { /* handles of one kind are no handles of another */
        CHECK_EQUAL(sansock_conn_send_prepared(conn, (sansock_prepared *)(void *)conn), BAD_HANDLE);
        CHECK_EQUAL(sansock_conn_timeout((sansock_conn *)(void *)prepared, 0), BAD_HANDLE);
    }
    CHECK_EQUAL(sansock_conn_send_prepared(conn, prepared), SANSOCK_OK);
    sansock_prepared_free(prepared);
    CHECK_BYTES(block_of(conn)->output, block_of(conn)->output_len, "\x81\0");
    sansock_conn_free(conn);
}

static void tunnels(const void *data, size_t len) {
    const char *text = (const char *)data, *proxy = "http://p";
    sansock_tunnel_config *config = NULL;
    sansock_tunnel *tunnel = NULL;
    sansock_proxy place;
    size_t size = 99;

    sansock_tunnel_config_free(NULL);
    sansock_tunnel_free(NULL);
    CHECK_EQUAL(sansock_tunnel_config_set(NULL, SANSOCK_OPTION_MAX_HEADERS, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_tunnel_config_add_header(NULL, LITERAL("a"), LITERAL("b")), BAD_HANDLE);
    CHECK_EQUAL(sansock_tunnel_new(NULL, 0, &tunnel), BAD_HANDLE);
    CHECK(sansock_tunnel_block(NULL) == NULL && tunnel == NULL);
    CHECK_EQUAL(sansock_tunnel_receive(NULL, SEED, 1, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_tunnel_receive_eof(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_tunnel_timeout(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(sansock_tunnel_written(NULL, 0), BAD_HANDLE);
    CHECK_EQUAL(strcmp(sansock_tunnel_fault_text(NULL, &size), ""), 0);
    CHECK_EQUAL(size, 0);

    CHECK_EQUAL(sansock_proxy_parse(proxy, 8, NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_proxy_parse(text, len, &place), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_new(text, len, LITERAL("a"), 1, &config), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_new(proxy, 8, text, len, 1, &config), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_new(proxy, 8, LITERAL("a"), 1, NULL), INVALID_ARGUMENT);
    CHECK(config == NULL);
    CHECK_EQUAL(sansock_tunnel_config_new(proxy, 8, LITERAL("a"), 1, &config), SANSOCK_OK);
    CHECK_EQUAL(sansock_tunnel_config_add_header(config, text, len, LITERAL("b")), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_add_header(config, LITERAL("a"), text, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_new(config, 0, NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_new(config, 0, &tunnel), SANSOCK_OK);
    const sansock_block *b = sansock_tunnel_block(tunnel);
    CHECK_EQUAL(sansock_tunnel_receive(tunnel, (const uint8_t *)data, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(b->status, INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_receive(tunnel, NULL, 0, 0), SANSOCK_OK);
    for (int region = 0; region < 3; region++) CHECK(b->regions[region] != NULL); /* adding 0 is allowed */

    if (WRONG_HANDLES) { /* handles of one kind are no handles of another */
        CHECK_EQUAL(sansock_conn_timeout((sansock_conn *)(void *)tunnel, 0), BAD_HANDLE);
        CHECK_EQUAL(sansock_config_set((sansock_config *)(void *)config, SANSOCK_OPTION_PARTS, 1), BAD_HANDLE);
    }
    sansock_tunnel_config_free(config);
    sansock_tunnel_free(tunnel);
}

static void without_an_out_parameter(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_random_seed(NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_url_parse(LITERAL("ws://a"), NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_new(SANSOCK_ROLE_SERVER, NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_new(config, SEED, 0, NULL), INVALID_ARGUMENT);
    sansock_config_free(config);
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_conn_send_batch(conn, NULL, 0, NULL, 0, NULL), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, NULL, 0, NULL, 0, NULL), INVALID_ARGUMENT);
    sansock_conn_free(conn);
}

/* A pointer that is NULL although a length says otherwise, or a length that no object has. */
static void buffers_that_cannot_be(const void *data, size_t len) {
    sansock_url url;
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    sansock_record record = {.kind = SANSOCK_KIND_TEXT};
    size_t count = 99;
    const char *text = (const char *)data;
    const uint8_t *bytes = (const uint8_t *)data;

    CHECK_EQUAL(sansock_url_parse(text, len, &url), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, text, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_add_header(config, text, len, LITERAL("b")), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_add_header(config, LITERAL("a"), text, len), INVALID_ARGUMENT);
    sansock_config_free(config);

    sansock_conn *conn = new_server();
    uint8_t *input = receive(conn, LITERAL(REQUEST), 0);
    CHECK_EQUAL(sansock_conn_add_response_header(conn, text, len, LITERAL("b")), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_add_response_header(conn, LITERAL("a"), text, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_accept(conn, text, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_reject(conn, 403, text, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_respond(conn, 403, text, len, NULL, 0, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_respond(conn, 403, NULL, 0, text, len, 0), INVALID_ARGUMENT);
    sansock_conn *fresh = new_server();
    const sansock_field bad_name = {text, len, "v", 1}, bad_value = {"n", 1, text, len};
    CHECK_EQUAL(sansock_conn_receive_request(fresh, SANSOCK_HTTP_VERSION_2, NULL, 1, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_request(fresh, SANSOCK_HTTP_VERSION_2, &bad_name, 1, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_request(fresh, SANSOCK_HTTP_VERSION_2, &bad_value, 1, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_request(fresh, 0, NULL, 0, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_request(fresh, SANSOCK_HTTP_VERSION_3 + 1, NULL, 0, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(block_of(fresh)->state, SANSOCK_STATE_CONNECTING);
    sansock_conn_free(fresh);
    CHECK_EQUAL(sansock_conn_accept(conn, NULL, 0, 0), SANSOCK_OK);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_written(conn, b->output_len), SANSOCK_OK);

    CHECK_EQUAL(sansock_conn_receive(conn, (uint8_t *)data, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_set_read_buffer(conn, (uint8_t *)data, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_text(conn, text, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_binary(conn, bytes, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, bytes, len, 1), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_batch(conn, &record, 1, bytes, len, &count), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, (const size_t *)data, len, NULL, 0, &count), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, &count, 1, bytes, len, &count), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_batch(conn, (const sansock_record *)data, len, NULL, 0, &count), INVALID_ARGUMENT);
    CHECK_EQUAL(count, 99);
    CHECK_EQUAL(sansock_conn_ping(conn, bytes, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_pong(conn, bytes, len), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, text, len, 0), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_fail(conn, 1011, text, len, 0), INVALID_ARGUMENT);

    CHECK_EQUAL(b->status, INVALID_ARGUMENT);
    CHECK_EQUAL(b->state, SANSOCK_STATE_OPEN);
    CHECK_EQUAL(b->output_len, 0); /* nothing of all this has changed anything */
    free(input);
    sansock_conn_free(conn);
}

static void empty_buffers_are_legal(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    size_t count = 99;
    CHECK_EQUAL(sansock_conn_receive(conn, NULL, 0, 0), SANSOCK_OK);
    for (int region = 0; region < 3; region++) CHECK(b->regions[region] != NULL); /* adding 0 is allowed */
    CHECK_EQUAL(sansock_conn_set_read_buffer(conn, NULL, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_receive_read_buffer(conn, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_text(conn, NULL, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_binary(conn, NULL, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, NULL, 0, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_batch(conn, NULL, 0, NULL, 0, &count), SANSOCK_OK);
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(sansock_conn_ping(conn, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_pong(conn, NULL, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_close(conn, 0, NULL, 0, 0), SANSOCK_OK);
    CHECK_BYTES(b->output, b->output_len, "\x81\0\x82\0\x01\0\x80\0\x89\0\x8a\0\x88\0");
    sansock_conn_free(conn);
}

static void unknown_numbers_are_refused(void) {
    sansock_config *config = NULL;
    CHECK_EQUAL(sansock_config_new(2, &config), INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_config_new(UINT32_MAX, &config), INVALID_ARGUMENT);
    CHECK(config == NULL);
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
        if (kind == SANSOCK_KIND_TEXT || kind == SANSOCK_KIND_BINARY) continue;
        sansock_record record = {.kind = (uint8_t)kind};
        size_t sent = 99;
        CHECK_EQUAL(sansock_conn_send_part(conn, (uint8_t)kind, NULL, 0, 1), INVALID_ARGUMENT);
        CHECK_EQUAL(sansock_conn_send_header(conn, (uint8_t)kind, 0, 1), INVALID_ARGUMENT);
        CHECK_EQUAL(sansock_conn_check_header(conn, (uint8_t)kind, 0), INVALID_ARGUMENT);
        if (kind == SANSOCK_KIND_PING || kind == SANSOCK_KIND_PONG) continue;
        CHECK_EQUAL(sansock_conn_send_batch(conn, &record, 1, NULL, 0, &sent), INVALID_ARGUMENT);
        CHECK_EQUAL(sent, 0);
    }
    for (int32_t status = -20; status <= 5; status++) CHECK(strlen(sansock_error_text(status)) > 0);
    for (uint32_t fault = 0; fault < 1000; fault++) CHECK(strlen(sansock_fault_text(fault)) > 0);
    CHECK_EQUAL(strlen(sansock_fault_name(UINT32_MAX)), 0);
    sansock_conn_free(conn);
}

/* Best effort, and not promised: the memory belongs to the allocator by now. In practice it must not crash. */
static void freed_handles_are_recognised(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    sansock_config_free(config);
    sansock_conn_free(conn);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 1), BAD_HANDLE);
    CHECK_EQUAL(sansock_conn_timeout(conn, 0), BAD_HANDLE);
    CHECK(sansock_conn_block(conn) == NULL);
    sansock_config_free(config);
    sansock_conn_free(conn);
}

int main(void) {
    without_a_handle();
    without_an_out_parameter();
    buffers_that_cannot_be(NULL, 1);
    buffers_that_cannot_be(NULL, TOO_LONG);
    buffers_that_cannot_be(SEED, TOO_LONG);
    prepared_messages(NULL, 1);
    prepared_messages(NULL, TOO_LONG);
    prepared_messages(SEED, TOO_LONG);
    tunnels(NULL, 1);
    tunnels(NULL, TOO_LONG);
    tunnels(SEED, TOO_LONG);
    empty_buffers_are_legal();
    unknown_numbers_are_refused();
    if (WRONG_HANDLES) freed_handles_are_recognised();
    return check_end("null_everywhere");
}

/* How events are read: details, regions, full batches, the read buffer. */
#include "connect.h"

/* The next detail of a kind at or after `i`. */
static const sansock_record *find(const sansock_block *b, uint32_t i, uint8_t kind) {
    for (; i < b->event_count; i++)
        if (b->events[i].kind == kind) return &b->events[i];
    CHECK(!"a detail of this kind");
    return &b->events[0];
}

static void a_request_has_its_details(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, LITERAL("echo")), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL(REQUEST), 0);
    const sansock_record *r = &b->events[0];
    CHECK_EQUAL(r->kind, SANSOCK_KIND_REQUEST);
    CHECK_EQUAL(sansock_record_origin_relation(r), SANSOCK_ORIGIN_SAME);
    CHECK_EQUAL(sansock_record_detail_count(r), b->event_count - 1);
    CHECK_PAYLOAD(b, r, "/chat?a=1");
    r = find(b, 1, SANSOCK_KIND_AUTHORITY);
    CHECK_PAYLOAD(b, r, "example.com");
    r = find(b, 1, SANSOCK_KIND_ORIGIN);
    CHECK_PAYLOAD(b, r, "http://example.com");
    r = find(b, 1, SANSOCK_KIND_SUBPROTOCOL);
    CHECK_PAYLOAD(b, r, "chat");
    CHECK(!sansock_record_is_chosen(r));
    CHECK_PAYLOAD(b, r + 1, "echo");
    CHECK(sansock_record_is_chosen(r + 1));
    r = find(b, 1, SANSOCK_KIND_HEADER);
    size_t len;
    const char *text = sansock_record_header_name(b, r, &len);
    CHECK_BYTES(text, len, "Host");
    text = sansock_record_header_value(b, r, &len);
    CHECK_BYTES(text, len, "example.com");

    /* The offer that the host names wins over its preference. */
    CHECK_EQUAL(sansock_conn_accept(conn, LITERAL("chat"), 0), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_OPEN);
    CHECK_EQUAL(sansock_record_detail_count(&b->events[0]), 1);
    CHECK_PAYLOAD(b, &b->events[1], "chat");
    free(input);
    sansock_conn_free(conn);
}

static void what_follows_a_request_comes_with_accept(void) {
    sansock_conn *conn = new_server();
    const sansock_block *b = block_of(conn);
    free(receive(conn, LITERAL(REQUEST "\x81\x82\0\0\0\0ab"), 0)); /* the frame is copied */
    CHECK_EQUAL(sansock_record_detail_count(&b->events[0]), b->event_count - 1);
    CHECK_EQUAL(sansock_conn_accept(conn, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(b->events[1].kind, SANSOCK_KIND_TEXT);
    CHECK_PAYLOAD(b, &b->events[1], "ab");
    sansock_conn_free(conn);
}

static bool holds(const uint8_t *data, size_t len, const char *text) {
    size_t text_len = strlen(text);
    for (size_t at = 0; at + text_len <= len; at++)
        if (memcmp(data + at, text, text_len) == 0) return true;
    return false;
}

static void a_refusal_reaches_the_client(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://example.com")), SANSOCK_OK);
    sansock_conn *client = connection_of(config), *server = new_server();
    const sansock_block *c = block_of(client), *s = block_of(server);
    uint8_t *input = NULL;
    pass_output(client, server, &input, 0);
    CHECK_EQUAL(sansock_conn_add_response_header(server, LITERAL("X-Dropped"), LITERAL("1")), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_clear_response(server), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_add_response_header(server, LITERAL("Retry-After"), LITERAL("5")), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_reject(server, 503, LITERAL("later"), 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_clear_response(server), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_CLOSED);
    CHECK_EQUAL(strcmp(sansock_fault_name(sansock_record_fault(&s->events[0])), "REFUSED"), 0);
    CHECK_EQUAL(s->transport, SANSOCK_TRANSPORT_SHUTDOWN_WRITE);
    CHECK(holds(s->output, s->output_len, "\r\nRetry-After: 5\r\n"));
    CHECK(!holds(s->output, s->output_len, "X-Dropped"));
    pass_output(server, client, &input, 0);
    CHECK_EQUAL(c->events[0].kind, SANSOCK_KIND_REJECTED);
    CHECK_EQUAL(sansock_record_http_status(&c->events[0]), 503);
    CHECK_PAYLOAD(c, &c->events[0], "later");
    CHECK(!sansock_record_is_truncated(&c->events[0]));
    const sansock_record *closed = &c->events[1 + sansock_record_detail_count(&c->events[0])];
    CHECK_EQUAL(closed->kind, SANSOCK_KIND_CLOSED);
    CHECK_EQUAL(sansock_record_close_code(closed), 1006);
    free(input);
    sansock_conn_free(client);
    sansock_conn_free(server);
}

static void a_message_in_one_frame_is_not_copied(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL("\x81\x85\1\1\1\1idmmn"), 0);
    const sansock_record *r = &b->events[0];
    CHECK(sansock_record_is_whole(r));
    CHECK(sansock_record_payload(b, r, NULL) == input + 6); /* unmasked in place */
    CHECK_PAYLOAD(b, r, "hello");
    free(input);
    sansock_conn_free(conn);
}

static void a_full_batch_leaves_input_for_the_next_call(void) {
    enum { MESSAGES = 1000, FRAME = 7 };
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint8_t *input = (uint8_t *)malloc(MESSAGES * FRAME), *at = input;
    for (int i = 0; i < MESSAGES; i++) memcpy(input + i * FRAME, "\x82\x81\0\0\0\0.", FRAME);
    uint32_t events = 0, calls = 0;
    size_t left = MESSAGES * FRAME;
    while (left > 0 && calls < MESSAGES) {
        CHECK_EQUAL(sansock_conn_receive(conn, at, left, 0), SANSOCK_OK);
        CHECK(b->event_count <= 256 && b->event_count > 0);
        CHECK_EQUAL(b->consumed, b->event_count * FRAME);
        CHECK_PAYLOAD(b, &b->events[0], ".");
        events += b->event_count;
        at += b->consumed;
        left -= b->consumed;
        calls++;
    }
    CHECK_EQUAL(events, MESSAGES);
    CHECK_EQUAL(calls, 4);
    free(input);
    sansock_conn_free(conn);
}

static void the_read_buffer_is_the_hosts(void) {
    uint8_t *buffer = (uint8_t *)malloc(64);
    sansock_conn *one = new_open(SANSOCK_ROLE_SERVER), *two = new_open(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_conn_set_read_buffer(one, buffer, 64), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_set_read_buffer(two, buffer, 64), SANSOCK_OK);
    memcpy(buffer, "\x81\x81\0\0\0\0a\x01\x81\0\0\0\0b", 14); /* a message, and the start of another */
    CHECK_EQUAL(sansock_conn_receive_read_buffer(one, 14, 0), SANSOCK_OK);
    CHECK_EQUAL(block_of(one)->event_count, 1);
    CHECK(sansock_record_payload(block_of(one), &block_of(one)->events[0], NULL) == buffer + 6);
    memcpy(buffer, "\x81\x81\0\0\0\0c", 7); /* by now it serves the other connection */
    CHECK_EQUAL(sansock_conn_receive_read_buffer(two, 7, 0), SANSOCK_OK);
    CHECK_PAYLOAD(block_of(two), &block_of(two)->events[0], "c");
    memcpy(buffer, "\x80\x81\0\0\0\0d", 7);
    CHECK_EQUAL(sansock_conn_receive_read_buffer(one, 7, 0), SANSOCK_OK);
    const sansock_record *r = &block_of(one)->events[0];
    CHECK_PAYLOAD(block_of(one), r, "bd");
    CHECK_EQUAL(sansock_conn_receive_read_buffer(one, 65, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_set_read_buffer(one, NULL, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_receive_read_buffer(one, 1, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_read_buffer(one, 0, 0), SANSOCK_OK);
    sansock_conn_free(one);
    sansock_conn_free(two);
    free(buffer);
}

static void a_pong_has_its_round_trip_time(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_ping(conn, (const uint8_t *)"p", 1, 100), SANSOCK_OK);
    uint8_t *input = receive(conn, LITERAL("\x8a\x81\0\0\0\0p\x8a\x81\0\0\0\0q"), 130);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_PONG);
    uint64_t ms = 0;
    CHECK(sansock_record_round_trip_ms(&b->events[0], &ms));
    CHECK_EQUAL(ms, 30);
    CHECK(!sansock_record_round_trip_ms(&b->events[1], &ms)); /* nobody asked for it */
    CHECK_EQUAL(ms, 30);
    free(input);
    sansock_conn_free(conn);
}

int main(void) {
    a_request_has_its_details();
    what_follows_a_request_comes_with_accept();
    a_refusal_reaches_the_client();
    a_message_in_one_frame_is_not_copied();
    a_full_batch_leaves_input_for_the_next_call();
    the_read_buffer_is_the_hosts();
    a_pong_has_its_round_trip_time();
    return check_end("events");
}

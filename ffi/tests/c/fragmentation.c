/* Messages in pieces: fragments and short reads in, parts in and out. Each input is freed as soon as it may be. */
#include "connect.h"

/* "hé" and "!" in three frames, a ping between them. */
#define FRAGMENTED "\x01\x82\0\0\0\0h\xc3\x89\x81\0\0\0\0?\x00\x81\0\0\0\0\xa9\x80\x81\0\0\0\0!"

static void fragments_are_joined(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL(FRAGMENTED), 0);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_PING);
    CHECK_EQUAL(b->events[1].kind, SANSOCK_KIND_TEXT);
    CHECK(sansock_record_is_whole(&b->events[1]));
    CHECK_EQUAL(b->events[1].flags & SANSOCK_FLAG_REGION, SANSOCK_REGION_STORE);
    CHECK_PAYLOAD(b, &b->events[1], "h\xc3\xa9!");
    CHECK_BYTES(b->output, b->output_len, "\x8a\x01?"); /* the answer to the ping */
    free(input);
    sansock_conn_free(conn);
}

static void single_bytes_make_the_same_events(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint32_t events = 0;
    for (size_t i = 0; i < sizeof FRAGMENTED - 1; i++) {
        free(receive(conn, FRAGMENTED + i, 1, 0)); /* what the connection needs of it, it has copied */
        CHECK_EQUAL(b->consumed, 1);
        events += b->event_count;
    }
    CHECK_EQUAL(events, 2);
    CHECK_PAYLOAD(b, &b->events[0], "h\xc3\xa9!");
    sansock_conn_free(conn);
}

static void parts_come_as_they_arrive(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PARTS, 1), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL("\x02\x82\0\0\0\0ab\x80\x84\0\0\0\0c"), 0);
    CHECK_EQUAL(b->event_count, 2);
    CHECK(sansock_record_is_first(&b->events[0]) && !sansock_record_is_last(&b->events[0]));
    CHECK_PAYLOAD(b, &b->events[0], "ab");
    CHECK(!sansock_record_is_first(&b->events[1]) && !sansock_record_is_last(&b->events[1]));
    CHECK_PAYLOAD(b, &b->events[1], "c");
    free(input);
    input = receive(conn, LITERAL("def"), 0);
    CHECK(!sansock_record_is_first(&b->events[0]) && sansock_record_is_last(&b->events[0]));
    CHECK_PAYLOAD(b, &b->events[0], "def");
    free(input);
    sansock_conn_free(conn);
}

static void parts_are_sent_as_fragments(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, (const uint8_t *)"\xc3", 1, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_ping(conn, NULL, 0, 0), SANSOCK_OK); /* control frames may come between */
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("x")), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, (const uint8_t *)"\xa9", 1, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, NULL, 0, 1), SANSOCK_OK);
    CHECK_BYTES(b->output, b->output_len, "\x01\x01\xc3\x89\x00\x00\x01\xa9\x80\x00");
    sansock_conn_free(conn);
}

static void a_header_alone_leaves_the_payload_to_the_host(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_send_header(conn, SANSOCK_KIND_BINARY, 70000, 1), SANSOCK_OK);
    CHECK_BYTES(b->output, b->output_len, "\x82\x7f\0\0\0\0\0\x01\x11\x70");
    sansock_conn_free(conn);
    conn = new_open(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_conn_send_header(conn, SANSOCK_KIND_BINARY, 70000, 1), SANSOCK_ERR_INVALID_STATE);
    sansock_conn_free(conn);
}

static void a_header_alone_has_the_limits_of_a_message(void) {
    static const uint8_t rest[999];
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_HARD_LIMIT, 1000), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_SOFT_LIMIT, 500), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_DEFLATE_THRESHOLD, 100), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 99), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 100), SANSOCK_ERR_INVALID_STATE); /* compressed */
    CHECK_EQUAL(sansock_conn_set_compression(conn, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 996), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_BINARY, 997), SANSOCK_ERR_TOO_LARGE);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_BINARY, UINT64_MAX), SANSOCK_ERR_TOO_LARGE);
    CHECK_EQUAL(sansock_conn_ping(conn, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_BINARY, 994), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_BINARY, 995), SANSOCK_ERR_WOULD_BLOCK);
    CHECK_EQUAL(sansock_conn_send_rest(conn, rest, 999), SANSOCK_ERR_WOULD_BLOCK);
    CHECK_EQUAL(sansock_conn_send_rest(conn, rest, 998), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_written(conn, 1000), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_TEXT, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 1), SANSOCK_ERR_INVALID_STATE); /* a message is under way */
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_BINARY, 1), SANSOCK_ERR_INVALID_STATE);
    sansock_conn_free(conn);
    conn = new_open(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_conn_check_header(conn, SANSOCK_KIND_TEXT, 1), SANSOCK_ERR_INVALID_STATE);
    sansock_conn_free(conn);
}

static void the_rest_of_a_payload_goes_behind_what_was_written(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_send_rest(conn, (const uint8_t *)"lo", 2), SANSOCK_ERR_INVALID_STATE); /* no header */
    CHECK_EQUAL(sansock_conn_send_binary(conn, (const uint8_t *)"ab", 2), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_header(conn, SANSOCK_KIND_BINARY, 5, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_rest(conn, (const uint8_t *)"lo", 2), SANSOCK_OK); /* 6 bytes and "hel" were written */
    CHECK_EQUAL(sansock_conn_written(conn, 6), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_binary(conn, (const uint8_t *)"cd", 2), SANSOCK_OK);
    CHECK_BYTES(b->output, b->output_len, "lo\x82\x02" "cd");
    CHECK_EQUAL(sansock_conn_send_rest(conn, b->output, 1), SANSOCK_ERR_INVALID_ARGUMENT); /* the output may move */
    CHECK_EQUAL(sansock_conn_send_rest(conn, NULL, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    sansock_conn_free(conn);
    conn = new_open(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_conn_ping(conn, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_rest(conn, (const uint8_t *)"lo", 2), SANSOCK_ERR_INVALID_STATE);
    sansock_conn_free(conn);
}

static void a_received_header_leaves_the_payload_to_the_host(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_CLIENT);
    size_t header = 99;
    uint64_t payload_len = 99;
    const uint8_t binary[] = "\x82\x7f\0\0\0\0\0\x01\x11\x70 and what follows";
    CHECK_EQUAL(sansock_conn_receive_header(conn, binary, sizeof binary, 0, 0, &header, &payload_len), SANSOCK_OK);
    CHECK_EQUAL(header, 10);
    CHECK_EQUAL(payload_len, 70000);
    const uint8_t text[] = "\x81\x01t";
    CHECK_EQUAL(sansock_conn_receive_header(conn, text, 3, 0, 0, &header, &payload_len), SANSOCK_OK);
    CHECK_EQUAL(header, 0);
    CHECK_EQUAL(payload_len, 0);
    CHECK_EQUAL(sansock_conn_receive_header(conn, binary, 10, 0, 0, NULL, &payload_len), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_header(conn, binary, 10, 0, 0, &header, NULL), SANSOCK_ERR_INVALID_ARGUMENT);
    sansock_conn_free(conn);
}

static void payload_may_be_gathered(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_CLIENT);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(b->payload_remaining, 0);
    uint8_t bytes[] = "\x82\x05He";
    CHECK_EQUAL(sansock_conn_receive(conn, bytes, 4, 0), SANSOCK_OK);
    CHECK_EQUAL(b->payload_remaining, 3);
    sansock_conn_free(conn);
}

static void many_are_sent_by_their_lengths(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    const size_t lens[] = {2, 0, 1, 5};
    size_t sent = 99;
    const uint8_t data[] = "abc";
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, lens, 3, data, 3, &sent), SANSOCK_OK);
    CHECK_EQUAL(sent, 3);
    CHECK_BYTES(b->output, b->output_len, "\x81\x02" "ab\x81\0\x81\x01" "c");
    sansock_conn_written(conn, b->output_len);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_BINARY, lens, 4, data, 3, &sent), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sent, 3);
    CHECK_BYTES(b->output, b->output_len, "\x82\x02" "ab\x82\0\x82\x01" "c");
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, (const size_t *)((const char *)lens + 1), 1, data, 3, &sent),
                SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_PING, lens, 1, data, 3, &sent), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sent, 0);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_TEXT, lens, 1, (const uint8_t *)"\xff\xff", 2, &sent),
                SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sent, 0);
    sansock_conn_free(conn);
}

static void a_batch_is_sent_from_one_buffer(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    sansock_record records[3] = {
        {.kind = SANSOCK_KIND_TEXT, .offset = 0, .len = 2},
        {.kind = SANSOCK_KIND_PING, .offset = 2, .len = 1},
        {.kind = SANSOCK_KIND_BINARY, .offset = 1, .len = 3},
    };
    size_t sent = 99;
    CHECK_EQUAL(sansock_conn_send_batch(conn, records, 3, (const uint8_t *)"abcd", 4, &sent), SANSOCK_OK);
    CHECK_EQUAL(sent, 3);
    CHECK_BYTES(b->output, b->output_len, "\x81\x02" "ab\x89\x01" "c\x82\x03" "bcd");
    records[1].len = 9; /* beyond the buffer */
    CHECK_EQUAL(sansock_conn_send_batch(conn, records, 3, (const uint8_t *)"abcd", 4, &sent),
                SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sent, 1);
    sansock_conn_free(conn);
}

int main(void) {
    fragments_are_joined();
    single_bytes_make_the_same_events();
    parts_come_as_they_arrive();
    parts_are_sent_as_fragments();
    a_header_alone_leaves_the_payload_to_the_host();
    a_header_alone_has_the_limits_of_a_message();
    the_rest_of_a_payload_goes_behind_what_was_written();
    a_received_header_leaves_the_payload_to_the_host();
    payload_may_be_gathered();
    many_are_sent_by_their_lengths();
    a_batch_is_sent_from_one_buffer();
    return check_end("fragmentation");
}

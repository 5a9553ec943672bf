/* From creation to freeing: versions, a conversation of a client with a server in memory, the order of closing. */
#include "connect.h"

static void versions_and_sizes_are_those_of_the_header(void) {
    CHECK_EQUAL(sansock_abi_version(), SANSOCK_ABI_VERSION);
    CHECK_EQUAL(sansock_record_size(), sizeof(sansock_record));
    CHECK_EQUAL(sansock_block_size(), sizeof(sansock_block));
    CHECK_EQUAL(strcmp(sansock_version(), SANSOCK_VERSION), 0);
    char numbers[40];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", SANSOCK_VERSION_MAJOR, SANSOCK_VERSION_MINOR, SANSOCK_VERSION_PATCH);
    CHECK_EQUAL(strcmp(numbers, SANSOCK_VERSION), 0);
#if SANSOCK_VERSION_NUMBER < 1000 || SANSOCK_VERSION_NUMBER / 1000000 != SANSOCK_VERSION_MAJOR || \
    SANSOCK_VERSION_NUMBER / 1000 % 1000 != SANSOCK_VERSION_MINOR || SANSOCK_VERSION_NUMBER % 1000 != SANSOCK_VERSION_PATCH
#error "SANSOCK_VERSION_NUMBER is not the version"
#endif
    CHECK_EQUAL(strcmp(sansock_error_text(SANSOCK_OK), "success"), 0);
    CHECK_EQUAL(strcmp(sansock_fault_name(300), "MESSAGE_TOO_BIG"), 0);
    CHECK(strstr(sansock_fault_text(300), "larger") != NULL);
}

static void seeds_of_the_system_differ(void) {
    uint8_t one[32] = {0}, two[32] = {0};
    CHECK_EQUAL(sansock_random_seed(one), SANSOCK_OK);
    CHECK_EQUAL(sansock_random_seed(two), SANSOCK_OK);
    CHECK(memcmp(one, two, sizeof one) != 0);
}

static void a_url_says_where_to_connect(void) {
    const char url[] = "wss://user@[2001:db8::1]:8443/chat?x";
    sansock_url out;
    CHECK_EQUAL(sansock_url_parse(LITERAL(url), &out), SANSOCK_OK);
    CHECK_EQUAL(out.secure, 1);
    CHECK_EQUAL(out.port, 8443);
    CHECK_BYTES(url + out.host_offset, out.host_len, "2001:db8::1");
    CHECK_EQUAL(sansock_url_parse(LITERAL("http://a/"), &out), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(out.port, 8443); /* written on success only */
}

static void a_client_and_a_server_talk(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://example.com/chat")), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, LITERAL("chat")), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_add_header(config, LITERAL("X-Token"), LITERAL("abc")), SANSOCK_OK);
    sansock_conn *client = connection_of(config); /* the configuration is freed: the connection keeps its own copy */

    config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, LITERAL("chat")), SANSOCK_OK);
    sansock_conn *server = connection_of(config);
    const sansock_block *c = block_of(client), *s = block_of(server);
    uint8_t *client_input = NULL, *server_input = NULL;

    CHECK_EQUAL(c->state, SANSOCK_STATE_CONNECTING);
    CHECK(c->next_deadline != SANSOCK_NEVER);
    pass_output(client, server, &server_input, 1);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_REQUEST);
    CHECK_PAYLOAD(s, &s->events[0], "/chat");
    CHECK_EQUAL(sansock_conn_add_response_header(server, LITERAL("X-Answer"), LITERAL("42")), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_accept(server, NULL, 0, 1), SANSOCK_OK);
    CHECK_EQUAL(s->state, SANSOCK_STATE_OPEN);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_OPEN);
    pass_output(server, client, &client_input, 2);
    CHECK_EQUAL(c->state, SANSOCK_STATE_OPEN);
    CHECK_EQUAL(c->events[0].kind, SANSOCK_KIND_OPEN);
    CHECK_EQUAL(c->events[1].kind, SANSOCK_KIND_SUBPROTOCOL);
    CHECK_PAYLOAD(c, &c->events[1], "chat");

    CHECK_EQUAL(sansock_conn_send_text(client, LITERAL("hello")), SANSOCK_OK);
    pass_output(client, server, &server_input, 3);
    CHECK_EQUAL(s->event_count, 1);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_TEXT);
    /* Sending leaves the events in place. */
    size_t len;
    const uint8_t *hello = payload(s, &s->events[0], &len);
    CHECK_EQUAL(sansock_conn_send_binary(server, hello, len), SANSOCK_OK);
    CHECK_PAYLOAD(s, &s->events[0], "hello");
    pass_output(server, client, &client_input, 4);
    CHECK_EQUAL(c->events[0].kind, SANSOCK_KIND_BINARY);
    CHECK_PAYLOAD(c, &c->events[0], "hello");

    CHECK_EQUAL(sansock_conn_close(client, 1000, LITERAL("done"), 5), SANSOCK_OK);
    CHECK_EQUAL(c->state, SANSOCK_STATE_CLOSING);
    pass_output(client, server, &server_input, 6);
    CHECK_EQUAL(s->event_count, 1);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_CLOSING);
    /* Messages may still be sent. The next input call, which is due at once, answers the Close. */
    CHECK_EQUAL(sansock_conn_send_text(server, LITERAL("bye")), SANSOCK_OK);
    CHECK(sansock_block_has_more(s));
    CHECK_EQUAL(s->next_deadline, 0);
    CHECK_EQUAL(sansock_conn_timeout(server, 6), SANSOCK_OK);
    CHECK_EQUAL(s->event_count, 1);
    CHECK_EQUAL(s->events[0].kind, SANSOCK_KIND_CLOSED);
    CHECK_EQUAL(sansock_record_close_code(&s->events[0]), 1000);
    CHECK(sansock_record_is_clean(&s->events[0]));
    CHECK(sansock_record_by_peer(&s->events[0]));
    CHECK_PAYLOAD(s, &s->events[0], "done");
    CHECK_EQUAL(s->transport, SANSOCK_TRANSPORT_CLOSE); /* the server closes first */
    pass_output(server, client, &client_input, 7);
    CHECK_EQUAL(c->events[1].kind, SANSOCK_KIND_CLOSED);
    CHECK_EQUAL(c->transport, SANSOCK_TRANSPORT_OPEN); /* and the client waits for that */
    CHECK_EQUAL(sansock_conn_receive_eof(client, 8), SANSOCK_OK);
    CHECK_EQUAL(c->transport, SANSOCK_TRANSPORT_CLOSE);
    CHECK_EQUAL(c->next_deadline, SANSOCK_NEVER);

    sansock_conn_free(client);
    sansock_conn_free(server);
    free(client_input);
    free(server_input);
}

static void the_block_stays_where_it_is(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *before = block_of(conn);
    for (int i = 0; i < 1000; i++) CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("a message")), SANSOCK_OK);
    CHECK(block_of(conn) == before);
    CHECK_EQUAL(before->output_len, 1000 * (2 + strlen("a message")));
    sansock_conn_free(conn);
}

static void an_idle_connection_is_small(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    CHECK(sansock_conn_memory_usage(conn) > sizeof(sansock_block));
    CHECK(sansock_conn_memory_usage(conn) < 1024);
    uint8_t *large = (uint8_t *)calloc(1, 1 << 20);
    CHECK_EQUAL(sansock_conn_send_binary(conn, large, 1 << 20), SANSOCK_OK);
    CHECK(sansock_conn_memory_usage(conn) > 1 << 20);
    CHECK(!sansock_block_is_writable(block_of(conn)));
    CHECK_EQUAL(sansock_conn_written(conn, block_of(conn)->output_len), SANSOCK_OK);
    CHECK(sansock_block_is_writable(block_of(conn)));
    CHECK(sansock_conn_memory_usage(conn) < 1024); /* it is freed once written */
    free(large);
    sansock_conn_free(conn);
}

static void a_fault_is_described_with_its_numbers(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, 10), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    size_t len = 99;
    CHECK_EQUAL(strcmp(sansock_conn_fault_text(conn, &len), ""), 0);
    CHECK_EQUAL(len, 0);
    free(receive(conn, LITERAL("\x82\x8b\0\0\0\0"), 0));
    CHECK_EQUAL(strcmp(sansock_fault_name(block_of(conn)->fault), "MESSAGE_TOO_BIG"), 0);
    const char *text = sansock_conn_fault_text(conn, &len);
    CHECK_EQUAL(strlen(text), len);
    CHECK(strstr(text, "11") && strstr(text, "10"));
    CHECK(sansock_conn_fault_text(conn, NULL) == text);
    sansock_conn_free(conn);
}

static void deadlines_are_reported(void) {
    sansock_conn *conn = new_server();
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(b->next_deadline, 10000);
    CHECK_EQUAL(sansock_conn_timeout(conn, SANSOCK_NEVER), SANSOCK_OK); /* which is no time */
    CHECK_EQUAL(b->next_deadline, 10000);
    CHECK_EQUAL(sansock_conn_timeout(conn, 9999), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 0);
    CHECK_EQUAL(sansock_conn_timeout(conn, 10000), SANSOCK_OK);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_CLOSED);
    CHECK_EQUAL(strcmp(sansock_fault_name(sansock_record_fault(&b->events[0])), "HANDSHAKE_TIMEOUT"), 0);
    sansock_conn_free(conn);
}

int main(void) {
    versions_and_sizes_are_those_of_the_header();
    seeds_of_the_system_differ();
    a_url_says_where_to_connect();
    a_client_and_a_server_talk();
    the_block_stays_where_it_is();
    an_idle_connection_is_small();
    a_fault_is_described_with_its_numbers();
    deadlines_are_reported();
    return check_end("lifecycle");
}

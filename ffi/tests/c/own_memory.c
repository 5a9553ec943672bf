/* What one call gives is passed to the next: names, headers and payloads of events, and output. It is copied before it
   moves, or refused. */
#include "connect.h"

static const sansock_record *detail(const sansock_block *b, uint8_t kind) {
    for (uint32_t i = 0; i < b->event_count; i++) {
        if (b->events[i].kind == kind) return &b->events[i];
    }
    CHECK(!"there is one");
    return NULL;
}

static bool has(const sansock_block *b, const char *text) {
    size_t len = strlen(text);
    for (size_t at = 0; at + len <= b->output_len; at++) {
        if (memcmp(b->output + at, text, len) == 0) return true;
    }
    return false;
}

/* A server with a request, as text or as fields. */
static sansock_conn *requested(uint8_t **input, uint32_t version) {
    sansock_conn *conn = new_server();
    *input = NULL;
    if (version == 0) {
        *input = receive(conn, LITERAL(REQUEST), 0);
        return conn;
    }
    const sansock_field fields[] = {
        {LITERAL(":method"), LITERAL("CONNECT")}, {LITERAL(":protocol"), LITERAL("websocket")},
        {LITERAL(":scheme"), LITERAL("http")}, {LITERAL(":path"), LITERAL("/chat?a=1")},
        {LITERAL(":authority"), LITERAL("example.com")}, {LITERAL("sec-websocket-version"), LITERAL("13")},
        {LITERAL("sec-websocket-protocol"), LITERAL("chat, echo")},
    };
    size_t count = sizeof fields / sizeof *fields;
    CHECK_EQUAL(sansock_conn_receive_request(conn, version, fields, count, 0), SANSOCK_OK);
    return conn;
}

static void a_subprotocol_of_the_request_is_accepted(uint32_t version) {
    uint8_t *input;
    sansock_conn *conn = requested(&input, version);
    const sansock_block *b = block_of(conn);
    size_t len;
    const char *name = (const char *)payload(b, detail(b, SANSOCK_KIND_SUBPROTOCOL), &len);
    CHECK_EQUAL(sansock_conn_accept(conn, name, len, 0), SANSOCK_OK);
    CHECK_PAYLOAD(b, detail(b, SANSOCK_KIND_SUBPROTOCOL), "chat");
    CHECK(version != 0 || has(b, "Sec-WebSocket-Protocol: chat\r\n"));
    free(input);
    sansock_conn_free(conn);
}

static void a_request_is_answered_with_what_it_says(uint32_t version) {
    uint8_t *input;
    sansock_conn *conn = requested(&input, version);
    const sansock_block *b = block_of(conn);
    size_t len;
    const char *target = (const char *)payload(b, detail(b, SANSOCK_KIND_REQUEST), &len);
    CHECK_EQUAL(sansock_conn_add_response_header(conn, LITERAL("x-target"), target, len), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_respond(conn, 404, target, len, target, len, 0), SANSOCK_OK);
    if (version == 0) {
        CHECK(has(b, "404 /chat?a=1\r\n") && has(b, "x-target: /chat?a=1\r\n") && has(b, "\r\n\r\n/chat?a=1"));
    } else {
        CHECK_PAYLOAD(b, detail(b, SANSOCK_KIND_HEAD), "/chat?a=1");
    }
    free(input);
    sansock_conn_free(conn);
}

/* From the input, and from the store in which fragments are joined. */
static void a_message_is_sent_back(uint32_t role) {
    sansock_conn *conn = new_open(role), *peer = new_open(role == SANSOCK_ROLE_SERVER ? SANSOCK_ROLE_CLIENT : SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn), *sent = block_of(peer);
    CHECK_EQUAL(sansock_conn_send_text(peer, LITERAL("whole")), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(peer, SANSOCK_KIND_TEXT, (const uint8_t *)"in ", 3, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_part(peer, SANSOCK_KIND_TEXT, (const uint8_t *)"parts", 5, 1), SANSOCK_OK);
    uint8_t *input = receive(conn, sent->output, sent->output_len, 0);
    CHECK_EQUAL(b->event_count, 2);
    for (uint32_t i = 0; i < b->event_count; i++) {
        size_t len;
        const char *text = (const char *)payload(b, &b->events[i], &len);
        for (int times = 0; times < 40; times++) CHECK_EQUAL(sansock_conn_send_text(conn, text, len), SANSOCK_OK);
    }
    CHECK(role == SANSOCK_ROLE_CLIENT || (has(b, "whole") && has(b, "in parts")));
    free(input);
    sansock_conn_free(conn);
    sansock_conn_free(peer);
}

static void own_output_is_refused(uint32_t role) {
    sansock_conn *conn = new_open(role), *other = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("some output")), SANSOCK_OK);
    const uint8_t *own = b->output;
    size_t len = b->output_len, sent = 99, whole = len;
    sansock_record record = {0};
    record.kind = SANSOCK_KIND_BINARY, record.len = len;
    CHECK_EQUAL(sansock_conn_send_text(conn, (const char *)own, len), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_binary(conn, own + len - 1, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_part(conn, SANSOCK_KIND_BINARY, own, 1, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_batch(conn, &record, 1, own, len, &sent), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_send_many(conn, SANSOCK_KIND_BINARY, &whole, 1, own, len, &sent), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_ping(conn, own, len, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_pong(conn, own, len), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_close(conn, 1000, (const char *)own + 2, 3, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_fail(conn, 1000, (const char *)own + 2, 3, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK(sent == 99 && b->output_len == len && b->output == own);
    CHECK_EQUAL(sansock_conn_send_binary(conn, own, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_send_binary(other, b->output, b->output_len), SANSOCK_OK);
    CHECK_EQUAL(block_of(other)->output_len, b->output_len + 2);
    sansock_conn_free(conn);
    sansock_conn_free(other);
}

static void a_request_is_not_its_own_response(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://example.com/")), SANSOCK_OK);
    sansock_conn *conn = connection_of(config);
    const sansock_block *b = block_of(conn);
    CHECK_EQUAL(sansock_conn_request_fields(conn, SANSOCK_HTTP_VERSION_2, 0), SANSOCK_OK);
    size_t len, name_len;
    const char *value = sansock_record_header_value(b, detail(b, SANSOCK_KIND_HEADER), &len);
    const char *name = sansock_record_header_name(b, detail(b, SANSOCK_KIND_HEADER), &name_len);
    const sansock_field by_value = {"x-own", 5, value, len}, by_name = {name, name_len, "x", 1};
    CHECK_EQUAL(sansock_conn_receive_response(conn, 404, &by_value, 1, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_response(conn, 404, &by_name, 1, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_response(conn, 200, NULL, 0, 0), SANSOCK_OK);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_OPEN);
    sansock_conn_free(conn);
}

int main(void) {
    const uint32_t versions[] = {0, SANSOCK_HTTP_VERSION_2};
    const uint32_t roles[] = {SANSOCK_ROLE_SERVER, SANSOCK_ROLE_CLIENT};
    for (int i = 0; i < 2; i++) {
        a_subprotocol_of_the_request_is_accepted(versions[i]);
        a_request_is_answered_with_what_it_says(versions[i]);
        a_message_is_sent_back(roles[i]);
        own_output_is_refused(roles[i]);
    }
    a_request_is_not_its_own_response();
    return check_end("own_memory");
}

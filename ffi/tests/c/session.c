/* sansock/session.h in simulated time: events one at a time, input that waits, when to read, write, end and close. */
#include <sansock/session.h>
#include <sansock_faults.h>

#include "check.h"

static const char request[] = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

static sansock_config *server_config(void) {
    sansock_config *config;
    CHECK_EQUAL(sansock_config_new(SANSOCK_ROLE_SERVER, &config), SANSOCK_OK);
    return config;
}

static void init(sansock_session *s, sansock_config *config) {
    CHECK_EQUAL(sansock_session_init(s, config, 0), SANSOCK_OK);
    sansock_config_free(config);
}

/* A copy of some bytes, as they are unmasked in place. */
static uint8_t *copy(const void *data, size_t len) {
    uint8_t *memory = malloc(len + 1);
    if (!memory) abort();
    memcpy(memory, data, len);
    return memory;
}

static void drop_output(sansock_session *s) { sansock_session_written(s, s->block->output_len); }

/* A session that is open. */
static void open_session(sansock_session *s, sansock_config *config) {
    char text[sizeof request + 8];
    int len = snprintf(text, sizeof text, "%s\r\n", request);
    uint8_t *data = copy(text, (size_t)len);
    init(s, config);
    sansock_session_receive(s, data, (size_t)len, 0);
    const sansock_record *event = sansock_session_next(s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_REQUEST);
    CHECK_EQUAL(sansock_session_answer(s, event, 0), SANSOCK_OK);
    event = sansock_session_next(s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_OPEN);
    CHECK(sansock_session_next(s, 0) == NULL);
    free(data);
    drop_output(s);
}

static void events_come_one_at_a_time(void) {
    static const char frames[] = "\x81\x82\0\0\0\0hi\x89\x81\0\0\0\0p\x82\x81\0\0\0\0b";
    sansock_session s;
    size_t len;
    open_session(&s, server_config());
    uint8_t *data = copy(frames, sizeof frames - 1);
    sansock_session_receive(&s, data, sizeof frames - 1, 1);
    const sansock_record *event = sansock_session_next(&s, 1);
    CHECK(event && event->kind == SANSOCK_KIND_TEXT);
    const uint8_t *payload = sansock_record_payload(s.block, event, &len);
    CHECK_BYTES(payload, len, "hi");
    CHECK_EQUAL(sansock_session_send(&s, SANSOCK_KIND_TEXT, payload, len), SANSOCK_OK); /* the events stay */
    event = sansock_session_next(&s, 1);
    CHECK(event && event->kind == SANSOCK_KIND_PING);
    event = sansock_session_next(&s, 1);
    CHECK(event && event->kind == SANSOCK_KIND_BINARY);
    CHECK_EQUAL(sansock_session_send(&s, SANSOCK_KIND_PING, "", 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK(sansock_session_next(&s, 1) == NULL && sansock_session_next(&s, 1) == NULL);
    CHECK(s.block->output_len > 0 && s.now == 1);
    free(data);
    sansock_session_free(&s);
}

static void what_comes_behind_a_request_waits(void) {
    enum { MESSAGES = 1200, FRAME = 8 + 125 - 2 };
    size_t head = sizeof request - 1 + 2, len = head + (size_t)MESSAGES * FRAME, at = head;
    uint8_t *data = malloc(len);
    sansock_session s;
    unsigned count = 0;
    if (!data) abort();
    memcpy(data, request, head - 2);
    memcpy(data + head - 2, "\r\n", 2);
    for (unsigned i = 0; i < MESSAGES; i++, at += FRAME) {
        memcpy(data + at, "\x82\xfd\0\0\0\0", 6);
        memset(data + at + 6, 'x', FRAME - 6);
    }
    init(&s, server_config());
    sansock_session_receive(&s, data, len, 0);
    const sansock_record *event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_REQUEST);
    CHECK(sansock_session_next(&s, 0) == NULL); /* it is not answered yet */
    memset(data, 0, len);                       /* the buffer serves another connection */
    free(data);
    CHECK(!sansock_session_can_read(&s) && !sansock_session_should_read(&s, 0));
    CHECK_EQUAL(sansock_session_accept(&s, NULL, 0, 5), SANSOCK_OK);
    event = sansock_session_next(&s, 5);
    CHECK(event && event->kind == SANSOCK_KIND_OPEN);
    while ((event = sansock_session_next(&s, 5)) != NULL) {
        size_t size;
        const uint8_t *payload = sansock_record_payload(s.block, event, &size);
        CHECK(event->kind == SANSOCK_KIND_BINARY && size == FRAME - 6 && payload[0] == 'x' && payload[size - 1] == 'x');
        count++;
    }
    CHECK_EQUAL(count, MESSAGES);
    drop_output(&s);
    CHECK(sansock_session_can_read(&s) && sansock_session_should_read(&s, 5));
    sansock_session_free(&s);
}

static void a_failed_write_ends_behind_all_events(void) {
    static const char frames[] = "\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b";
    sansock_session s;
    open_session(&s, server_config());
    uint8_t *data = copy(frames, sizeof frames - 1);
    sansock_session_receive(&s, data, sizeof frames - 1, 0);
    CHECK(sansock_session_next(&s, 0) != NULL);
    CHECK_EQUAL(sansock_session_send(&s, SANSOCK_KIND_TEXT, "a", 1), SANSOCK_OK);
    sansock_session_write_failed(&s); /* while the second message waits */
    CHECK_EQUAL(s.block->output_len, 0);
    const sansock_record *event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_TEXT);
    event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_CLOSED && sansock_record_fault(event) == SANSOCK_FAULT_EOF);
    CHECK(sansock_session_next(&s, 0) == NULL);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_CLOSE);
    free(data);
    sansock_session_free(&s);
}

static void a_peer_that_does_not_read_is_not_read(void) {
    sansock_config *config = server_config();
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_SOFT_LIMIT, 10), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PING_INTERVAL, 100), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_PONG_TIMEOUT, 100), SANSOCK_OK);
    sansock_session s;
    open_session(&s, config);
    CHECK(sansock_session_should_read(&s, 0));
    CHECK_EQUAL(sansock_session_wait_ms(&s, 40), 60);
    CHECK_EQUAL(sansock_session_wait_ms(&s, 1000), 0);
    CHECK_EQUAL(sansock_session_send(&s, SANSOCK_KIND_TEXT, "more than ten", 13), SANSOCK_OK);
    CHECK(!sansock_session_should_read(&s, 1) && sansock_session_can_read(&s));
    drop_output(&s);
    CHECK(sansock_session_should_read(&s, 2));
    sansock_session_pause(&s, true);
    CHECK(!sansock_session_should_read(&s, 3));
    sansock_session_timeout(&s, 100); /* the ping is due; no pong can come */
    CHECK(sansock_session_next(&s, 100) == NULL);
    drop_output(&s);
    sansock_session_timeout(&s, 300);
    CHECK(sansock_session_next(&s, 300) == NULL && s.block->state == SANSOCK_STATE_OPEN);
    sansock_session_pause(&s, false);
    CHECK(sansock_session_should_read(&s, 300));
    sansock_session_timeout(&s, 1000);
    CHECK(sansock_session_next(&s, 1000) == NULL); /* one that is late judges only after one more chance to read */
    sansock_session_timeout(&s, s.block->next_deadline);
    const sansock_record *event = sansock_session_next(&s, s.now);
    CHECK(event && event->kind == SANSOCK_KIND_CLOSED && sansock_record_fault(event) == SANSOCK_FAULT_PONG_TIMEOUT);
    sansock_session_free(&s);
}

static void closing_is_said_once(void) {
    static const char close_frame[] = "\x88\x82\0\0\0\0\x03\xe8", reserved_opcode[] = "\x83\x80\0\0\0\0";
    sansock_session s;
    open_session(&s, server_config());
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_OPEN);
    uint8_t *data = copy(close_frame, sizeof close_frame - 1);
    sansock_session_receive(&s, data, sizeof close_frame - 1, 0);
    const sansock_record *event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_CLOSING);
    event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_CLOSED && sansock_record_is_clean(event));
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_OPEN); /* our Close is not written yet */
    drop_output(&s);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_CLOSE);
    free(data);
    sansock_session_free(&s);

    open_session(&s, server_config());
    data = copy(reserved_opcode, sizeof reserved_opcode - 1);
    sansock_session_receive(&s, data, sizeof reserved_opcode - 1, 0);
    event = sansock_session_next(&s, 0);
    CHECK(event && event->kind == SANSOCK_KIND_CLOSED && sansock_session_next(&s, 0) == NULL);
    drop_output(&s);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_SHUTDOWN_WRITE);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_OPEN);
    sansock_session_receive_eof(&s, 1);
    CHECK(sansock_session_next(&s, 1) == NULL);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_CLOSE);
    CHECK_EQUAL(sansock_session_transport(&s), SANSOCK_TRANSPORT_CLOSE);
    free(data);
    sansock_session_free(&s);
    sansock_session_free(&s); /* of zeros */
}

static void requests_are_answered_as_usual(void) {
    static const char *const more[] = {"\r\n", "Origin: http://elsewhere\r\n\r\n", "Origin: http://a\r\n\r\n"};
    static const uint8_t kinds[] = {SANSOCK_KIND_OPEN, SANSOCK_KIND_CLOSED, SANSOCK_KIND_OPEN};
    static const char *const starts[] = {"HTTP/1.1 101", "HTTP/1.1 403", "HTTP/1.1 101"};
    for (size_t i = 0; i < 3; i++) {
        char text[sizeof request + 64];
        int len = snprintf(text, sizeof text, "%s%s", request, more[i]);
        sansock_session s;
        init(&s, server_config());
        sansock_session_receive(&s, (uint8_t *)text, (size_t)len, 0);
        CHECK_EQUAL(sansock_session_answer(&s, sansock_session_next(&s, 0), 0), SANSOCK_OK);
        const sansock_record *event = sansock_session_next(&s, 0);
        CHECK(event && event->kind == kinds[i] && memcmp(s.block->output, starts[i], 12) == 0);
        sansock_session_free(&s);
    }
    char page[] = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
    sansock_config *config = server_config();
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_DELIVER_HTTP, 1), SANSOCK_OK);
    sansock_session s;
    init(&s, config);
    sansock_session_receive(&s, (uint8_t *)page, sizeof page - 1, 0);
    CHECK_EQUAL(sansock_session_answer(&s, sansock_session_next(&s, 0), 0), SANSOCK_OK);
    CHECK(memcmp(s.block->output, "HTTP/1.1 404", 12) == 0);
    CHECK_EQUAL(sansock_session_accept(&s, NULL, 0, 0), SANSOCK_ERR_INVALID_STATE);
    sansock_session_free(&s);
}

int main(void) {
    events_come_one_at_a_time();
    what_comes_behind_a_request_waits();
    a_failed_write_ends_behind_all_events();
    a_peer_that_does_not_read_is_not_read();
    closing_is_said_once();
    requests_are_answered_as_usual();
    return check_end("session");
}

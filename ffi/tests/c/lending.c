/* Memory of the engine that a host reads its transport to. */
#include "connect.h"

#include "../../../include/sansock/session.h"

enum { LEN = 70000, HEADER = 14 };

/* A frame of zeros, masked with zeros, from a client. */
static void make_frame(uint8_t *frame) {
    static const uint8_t header[HEADER] = {0x82, 0xff, 0, 0, 0, 0, 0, LEN >> 16, LEN >> 8 & 0xff, LEN & 0xff};
    memcpy(frame, header, HEADER);
    for (uint32_t i = 0; i < LEN; i++) frame[HEADER + i] = (uint8_t)(i * 7);
}

static uint8_t frame[HEADER + LEN];

static void check_message(const sansock_block *b) {
    CHECK_EQUAL(b->event_count, 1);
    const sansock_record *r = &b->events[0];
    uint64_t len = 0;
    const uint8_t *payload = (const uint8_t *)sansock_record_payload(b, r, &len);
    CHECK_EQUAL(r->kind, SANSOCK_KIND_BINARY);
    CHECK_EQUAL(len, LEN);
    CHECK(memcmp(payload, frame + HEADER, LEN) == 0);
}

static void a_message_is_read_to_its_place(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint8_t *place = frame;
    size_t room = 99, here = 20000;
    CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, &room), SANSOCK_OK);
    CHECK(place == NULL && room == 0);
    uint8_t *input = receive(conn, frame, here, 0);
    while (here < sizeof frame) {
        CHECK_EQUAL(b->event_count, 0);
        CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, &room), SANSOCK_OK);
        CHECK(place != NULL && room > 0 && room <= sizeof frame - here);
        memcpy(place, frame + here, room);
        CHECK_EQUAL(sansock_conn_receive_lent(conn, room, 0), SANSOCK_OK);
        here += room;
    }
    check_message(b);
    free(input);
    sansock_conn_free(conn);
}

static void a_loan_ends_with_the_next_input_call(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    uint8_t *place = NULL;
    size_t room = 0;
    CHECK_EQUAL(sansock_conn_receive_lent(conn, 0, 0), SANSOCK_ERR_INVALID_STATE);
    uint8_t *input = receive(conn, frame, 20000, 0);
    CHECK_EQUAL(sansock_conn_lend(conn, 1, NULL, &room), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, NULL), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_lend(conn, 0, &place, &room), SANSOCK_OK);
    CHECK(room > 0);
    CHECK_EQUAL(sansock_conn_receive_lent(conn, room + 1, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_receive_lent(conn, 0, 0), SANSOCK_OK); /* nothing was read */
    CHECK_EQUAL(sansock_conn_receive_lent(conn, 1, 0), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, &room), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_ping(conn, NULL, 0, 0), SANSOCK_OK); /* no input call */
    memcpy(place, frame + 20000, 1);
    CHECK_EQUAL(sansock_conn_receive_lent(conn, 1, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, &room), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_timeout(conn, 0), SANSOCK_OK);
    CHECK_EQUAL(sansock_conn_receive_lent(conn, 1, 0), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(sansock_conn_lend(conn, SIZE_MAX, &place, &room), SANSOCK_OK);
    CHECK(place == NULL && room == 0);
    free(input);
    sansock_conn_free(conn);
}

/* Where nothing is lent the events stay, and so do the bytes that they point into. */
static void events_stay_where_nothing_is_lent(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL("\x82\x81\0\0\0\0x\x82\xff"), 0);
    CHECK_EQUAL(b->event_count, 1);
    uint8_t *place = NULL;
    size_t room = 0;
    CHECK_EQUAL(sansock_conn_lend(conn, 1, &place, &room), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 1);
    CHECK_PAYLOAD(b, &b->events[0], "x");
    free(input);
    sansock_conn_free(conn);
}

static void a_session_reads_to_its_place(void) {
    sansock_config *config = new_config(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    sansock_session s;
    CHECK_EQUAL(sansock_session_init(&s, config, 0), SANSOCK_OK);
    static uint8_t buffer[20000];
    size_t at = 0, lent = 0;
    const sansock_record *event = NULL;
    while (at < sizeof frame) {
        CHECK(event == NULL);
        size_t size = sizeof buffer;
        uint8_t *place = sansock_session_place(&s, buffer, &size);
        size_t n = size < sizeof frame - at ? size : sizeof frame - at;
        if (place != buffer) lent += n;
        memcpy(place, frame + at, n);
        at += n;
        sansock_session_receive(&s, place, n, 0);
        event = sansock_session_next(&s, 0);
    }
    CHECK(event != NULL);
    CHECK(lent > LEN / 2);
    check_message(s.block);
    CHECK(sansock_session_next(&s, 0) == NULL);
    sansock_session_free(&s);
    sansock_config_free(config);
}

int main(void) {
    make_frame(frame);
    a_message_is_read_to_its_place();
    a_loan_ends_with_the_next_input_call();
    events_stay_where_nothing_is_lent();
    a_session_reads_to_its_place();
    return check_end("lending");
}

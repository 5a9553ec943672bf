/* Every accessor of the header: on records of its own kinds, on records of all others, and on blocks. */
#include "connect.h"

static const uint8_t INPUT[] = "target", STORE[] = "Name: value", SCRATCH[] = "reason";

/* A block with three regions. */
static sansock_block block_with_regions(void) {
    sansock_block block = {.regions = {INPUT, STORE, SCRATCH},
                           .region_lens = {sizeof INPUT - 1, sizeof STORE - 1, sizeof SCRATCH - 1}};
    return block;
}

/* A record of a kind with every flag set and no field 0, so that an accessor which is not for the kind is seen to be. */
static sansock_record full_record(unsigned kind) {
    sansock_record record = {.kind = (uint8_t)kind, .flags = SANSOCK_REGION_STORE | 0xfc, .code = 1, .aux = 1,
                             .offset = 1, .len = 1, .extra = 1};
    return record;
}

static void payloads_lie_in_their_regions(void) {
    sansock_block b = block_with_regions();
    sansock_record r = {.kind = SANSOCK_KIND_BINARY, .flags = SANSOCK_REGION_INPUT, .offset = 2, .len = 4};
    size_t len = 99;
    CHECK(sansock_record_payload(&b, &r, &len) == INPUT + 2);
    CHECK_EQUAL(len, 4);
    CHECK(sansock_record_payload(&b, &r, NULL) == INPUT + 2);
    r.flags = SANSOCK_REGION_SCRATCH | SANSOCK_FLAG_FIRST | SANSOCK_FLAG_LAST;
    const char *text = sansock_record_text(&b, &r, &len);
    CHECK_BYTES(text, len, "ason");
    CHECK(sansock_record_text(&b, &r, NULL) == text);
}

static void headers_have_a_name_and_a_value(void) {
    sansock_block b = block_with_regions();
    sansock_record r = {.kind = SANSOCK_KIND_HEADER, .flags = SANSOCK_REGION_STORE, .aux = 4, .extra = 6, .len = 5};
    size_t len = 99;
    const char *text = sansock_record_header_name(&b, &r, &len);
    CHECK_BYTES(text, len, "Name");
    CHECK(sansock_record_header_name(&b, &r, NULL) == text);
    text = sansock_record_header_value(&b, &r, &len);
    CHECK_BYTES(text, len, "value");
    CHECK(sansock_record_header_value(&b, &r, NULL) == text);
    text = sansock_record_text(&b, &r, &len); /* of a header, the payload is the value */
    CHECK_BYTES(text, len, "value");

    CHECK(sansock_record_header_is(&b, &r, "Name"));
    CHECK(sansock_record_header_is(&b, &r, "nAME"));
    CHECK(!sansock_record_header_is(&b, &r, "Nam"));
    CHECK(!sansock_record_header_is(&b, &r, "Names"));
    CHECK(!sansock_record_header_is(&b, &r, "Nome"));
    CHECK(!sansock_record_header_is(&b, &r, ""));
    /* Only letters have two cases: "[" and "{" differ as "A" and "a" do. */
    static const uint8_t brackets[] = "[x]";
    b.regions[SANSOCK_REGION_STORE] = brackets;
    r.aux = 3;
    CHECK(sansock_record_header_is(&b, &r, "[X]"));
    CHECK(!sansock_record_header_is(&b, &r, "{x}"));
}

static void messages_have_a_beginning_and_an_end(void) {
    for (unsigned kind = SANSOCK_KIND_TEXT; kind <= SANSOCK_KIND_BINARY; kind++) {
        for (unsigned flags = 0; flags < 16; flags++) {
            sansock_record r = {.kind = (uint8_t)kind, .flags = (uint8_t)flags};
            int first = (flags & SANSOCK_FLAG_FIRST) != 0, last = (flags & SANSOCK_FLAG_LAST) != 0;
            CHECK(sansock_record_is_message(&r));
            CHECK_EQUAL(sansock_record_is_first(&r), first);
            CHECK_EQUAL(sansock_record_is_last(&r), last);
            CHECK_EQUAL(sansock_record_is_whole(&r), first && last);
        }
    }
}

static void only_a_cross_origin_is_not_the_same(void) {
    sansock_record r = {.kind = SANSOCK_KIND_REQUEST};
    for (unsigned relation = 0; relation < 5; relation++) {
        r.code = (uint16_t)relation;
        CHECK_EQUAL(sansock_record_origin_relation(&r), relation);
        CHECK_EQUAL(sansock_record_same_origin(&r), relation == SANSOCK_ORIGIN_ABSENT || relation == SANSOCK_ORIGIN_SAME);
    }
    r = full_record(SANSOCK_KIND_OPEN);
    CHECK_EQUAL(sansock_record_origin_relation(&r), SANSOCK_ORIGIN_CROSS);
    CHECK(!sansock_record_same_origin(&r));
}

static void a_pong_may_have_a_round_trip_time(void) {
    sansock_record r = {.kind = SANSOCK_KIND_PONG, .extra = 0};
    uint64_t ms = 99;
    CHECK(sansock_record_round_trip_ms(&r, NULL));
    CHECK(sansock_record_round_trip_ms(&r, &ms));
    CHECK_EQUAL(ms, 0);
    r.extra = UINT64_MAX;
    CHECK(!sansock_record_round_trip_ms(&r, &ms));
    CHECK_EQUAL(ms, 0); /* not written */
}

/* Which accessors give something on a full record of a kind. */
enum {
    IS_MESSAGE = 1 << 0,
    HTTP_STATUS = 1 << 1,
    IS_TRUNCATED = 1 << 2,
    ROUND_TRIP = 1 << 3,
    CLOSE_CODE = 1 << 4,
    CLOSE_SENT = 1 << 5,
    FAULT = 1 << 6,
    IS_CLEAN = 1 << 7,
    BY_PEER = 1 << 8,
    IS_DETAIL = 1 << 9,
    DETAIL_COUNT = 1 << 10,
    FIND_DETAIL = 1 << 11,
    IS_CHOSEN = 1 << 12,
    HEADER_NAME = 1 << 13,
    HEADER_VALUE = 1 << 14,
    FIND_HEADER = 1 << 15,
    SAME_ORIGIN = 1 << 16,
    IS_FRAME = 1 << 17,
};

static unsigned expected_of(unsigned kind) {
    switch (kind) {
    case SANSOCK_KIND_REQUEST: return SAME_ORIGIN | FAULT | DETAIL_COUNT | FIND_DETAIL | FIND_HEADER;
    case SANSOCK_KIND_OPEN: return DETAIL_COUNT | FIND_DETAIL | FIND_HEADER;
    case SANSOCK_KIND_REJECTED: return HTTP_STATUS | IS_TRUNCATED | DETAIL_COUNT | FIND_DETAIL | FIND_HEADER;
    case SANSOCK_KIND_TEXT:
    case SANSOCK_KIND_BINARY: return IS_MESSAGE;
    case SANSOCK_KIND_HEAD: return HTTP_STATUS | DETAIL_COUNT | FIND_DETAIL | FIND_HEADER;
    case SANSOCK_KIND_FRAME: return IS_FRAME;
    case SANSOCK_KIND_FAULT: return CLOSE_CODE | FAULT;
    case SANSOCK_KIND_PONG: return ROUND_TRIP;
    case SANSOCK_KIND_CLOSING: return CLOSE_CODE;
    case SANSOCK_KIND_CLOSED: return CLOSE_CODE | CLOSE_SENT | FAULT | IS_CLEAN | BY_PEER;
    case SANSOCK_KIND_HEADER: return IS_DETAIL | HEADER_NAME | HEADER_VALUE;
    case SANSOCK_KIND_SUBPROTOCOL: return IS_DETAIL | IS_CHOSEN;
    default: return kind >= SANSOCK_KIND_HEADER ? IS_DETAIL : 0;
    }
}

static void each_accessor_is_for_its_kinds(void) {
    sansock_block b = block_with_regions();
    for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
        sansock_record records[2] = {full_record(kind), full_record(SANSOCK_KIND_HEADER)};
        const sansock_record *r = &records[0];
        size_t name_len = 99, value_len = 99, found_len = 99;
        unsigned found = 0;
        if (sansock_record_is_message(r)) found |= IS_MESSAGE;
        if (sansock_record_frame_len(r)) found |= IS_FRAME;
        CHECK_EQUAL(sansock_record_is_first(r), (found & (IS_MESSAGE | IS_FRAME)) != 0);
        CHECK_EQUAL(sansock_record_is_last(r), (found & (IS_MESSAGE | IS_FRAME)) != 0);
        CHECK_EQUAL(sansock_record_is_frame_end(r), (found & IS_FRAME) != 0);
        CHECK_EQUAL(sansock_record_is_compressed(r), (found & IS_FRAME) != 0);
        CHECK_EQUAL(sansock_record_is_text_frame(r), (found & IS_FRAME) != 0);
        if (sansock_record_same_origin(r)) found |= SAME_ORIGIN;
        if (sansock_record_http_status(r)) found |= HTTP_STATUS;
        if (sansock_record_is_truncated(r)) found |= IS_TRUNCATED;
        if (sansock_record_round_trip_ms(r, NULL)) found |= ROUND_TRIP;
        if (sansock_record_close_code(r)) found |= CLOSE_CODE;
        if (sansock_record_close_sent(r)) found |= CLOSE_SENT;
        if (sansock_record_fault(r)) found |= FAULT;
        if (sansock_record_is_clean(r)) found |= IS_CLEAN;
        if (sansock_record_by_peer(r)) found |= BY_PEER;
        if (sansock_record_is_detail(r)) found |= IS_DETAIL;
        if (sansock_record_detail_count(r)) found |= DETAIL_COUNT;
        if (sansock_record_find_detail(r, SANSOCK_KIND_HEADER)) found |= FIND_DETAIL;
        if (sansock_record_is_chosen(r)) found |= IS_CHOSEN;
        if (sansock_record_header_name(&b, r, &name_len)) found |= HEADER_NAME;
        if (sansock_record_header_value(&b, r, &value_len)) found |= HEADER_VALUE;
        if (sansock_record_find_header(&b, r, "A", &found_len)) found |= FIND_HEADER; /* one byte of STORE, at 1 */
        CHECK_EQUAL(found, expected_of(kind));
        CHECK_EQUAL(name_len, found & HEADER_NAME ? 1 : 0);
        CHECK_EQUAL(value_len, found & HEADER_VALUE ? 1 : 0);
        CHECK_EQUAL(found_len, found & FIND_HEADER ? 1 : 0);
        CHECK_EQUAL(sansock_record_header_is(&b, r, "a"), (found & HEADER_NAME) != 0);
        CHECK(!sansock_record_header_is(&b, r, ""));
        CHECK(!(found & HEADER_NAME) || !sansock_record_find_header(&b, r, "a", NULL)); /* a detail has none itself */
    }
}

static void flags_that_are_clear_are_not_seen(void) {
    sansock_record r = {.kind = SANSOCK_KIND_CLOSED};
    CHECK(!sansock_record_is_clean(&r) && !sansock_record_by_peer(&r));
    r.kind = SANSOCK_KIND_REJECTED;
    CHECK(!sansock_record_is_truncated(&r));
    r.kind = SANSOCK_KIND_SUBPROTOCOL;
    CHECK(!sansock_record_is_chosen(&r));
}

static void details_are_found_within_their_event(void) {
    sansock_conn *conn = new_server();
    const sansock_block *b = block_of(conn);
    uint8_t *input = receive(conn, LITERAL(REQUEST), 0);
    const sansock_record *request = &b->events[0];
    size_t len = 99;
    CHECK(sansock_record_same_origin(request));
    CHECK_EQUAL(sansock_record_detail_count(request), b->event_count - 1);
    const sansock_record *authority = sansock_record_find_detail(request, SANSOCK_KIND_AUTHORITY);
    CHECK(authority != NULL && sansock_record_is_detail(authority));
    CHECK_PAYLOAD(b, authority, "example.com");
    CHECK(sansock_record_find_detail(request, SANSOCK_KIND_EXTENSION) == NULL);
    CHECK(sansock_record_find_detail(request, SANSOCK_KIND_REQUEST) == NULL); /* it is no detail of itself */
    const sansock_record *first = sansock_record_find_detail(request, SANSOCK_KIND_SUBPROTOCOL);
    CHECK_PAYLOAD(b, first, "chat"); /* the first of two */
    const char *value = sansock_record_find_header(b, request, "sec-websocket-version", &len);
    CHECK_BYTES(value, len, "13");
    CHECK(sansock_record_find_header(b, request, "sec-websocket-version", NULL) == value);
    len = 99;
    CHECK(sansock_record_find_header(b, request, "Cookie", &len) == NULL);
    CHECK_EQUAL(len, 0);
    CHECK(sansock_record_find_header(b, request, "Cookie", NULL) == NULL);
    free(input);
    sansock_conn_free(conn);
}

static void a_block_says_what_waits(void) {
    sansock_block b = {.flags = 0};
    CHECK(!sansock_block_has_more(&b) && !sansock_block_is_writable(&b) && !sansock_block_may_defer_written(&b));
    b.flags = SANSOCK_BLOCK_MORE;
    CHECK(sansock_block_has_more(&b) && !sansock_block_is_writable(&b) && !sansock_block_may_defer_written(&b));
    b.flags = SANSOCK_BLOCK_WRITABLE;
    CHECK(!sansock_block_has_more(&b) && sansock_block_is_writable(&b) && !sansock_block_may_defer_written(&b));
    b.flags = SANSOCK_BLOCK_DEFER_WRITTEN;
    CHECK(!sansock_block_has_more(&b) && !sansock_block_is_writable(&b) && sansock_block_may_defer_written(&b));
}

static void the_report_of_output_may_be_deferred(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    sansock_block *b = sansock_conn_block(conn);
    CHECK(sansock_block_is_writable(b) && sansock_block_may_defer_written(b) && !sansock_block_has_more(b));
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("one")), SANSOCK_OK);
    CHECK(sansock_block_may_defer_written(b));
    b->written = b->output_len;
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("two")), SANSOCK_OK);
    CHECK_EQUAL(b->written, 0);
    CHECK_BYTES(b->output, b->output_len, "\x81\x03two");
    CHECK_EQUAL(sansock_conn_fail(conn, 1011, NULL, 0, 0), SANSOCK_OK);
    CHECK(sansock_block_has_more(b) && !sansock_block_may_defer_written(b));
    sansock_conn_free(conn);
}

int main(void) {
    payloads_lie_in_their_regions();
    headers_have_a_name_and_a_value();
    messages_have_a_beginning_and_an_end();
    only_a_cross_origin_is_not_the_same();
    a_pong_may_have_a_round_trip_time();
    each_accessor_is_for_its_kinds();
    flags_that_are_clear_are_not_seen();
    details_are_found_within_their_event();
    a_block_says_what_waits();
    the_report_of_output_may_be_deferred();
    return check_end("accessors");
}

/* Memory that cannot be had. The program's allocator fails every request above a size once, and once with all that follow
   it, in every conversation of a table. A call then returns SANSOCK_ERR_NO_MEMORY, changes nothing and succeeds when it is
   made again; or the connection ends with the fault, behind the events that came before; or nothing is to be seen.

   Linked with --wrap for malloc, calloc and realloc: those of the library come here. */
#include "connect.h"

/* A failed request for this much or less may end the process: SECURITY.md has the figure, too. */
#define SPARED ((size_t)16 * 1024)
#define LONGEST ((size_t)180 * 1000)
#define MAX_EVENTS 4096
#define NEVER SIZE_MAX

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool armed, persists;
static size_t first_failure = NEVER, seen, failed;

static bool is_refused(size_t size) {
    if (!armed || size <= SPARED) return false;
    size_t number = seen++;
    bool fails = number == first_failure || (persists && number > first_failure);
    if (fails) failed++;
    return fails;
}

void *__wrap_malloc(size_t size) {
    return is_refused(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size) {
    return is_refused(size) ? NULL : __real_realloc(pointer, size);
}

/* What came of a conversation. */
typedef struct outcome {
    uint64_t events[MAX_EVENTS];
    size_t event_count;
    uint8_t output[4 * LONGEST];
    size_t output_len;
    bool ended;
} outcome;

typedef struct run {
    sansock_conn *conn;
    const sansock_block *block;
    outcome *outcome;
    uint32_t role;
    size_t len;
    size_t read;
} run;

static uint8_t text[LONGEST];
static outcome good, bad;

static uint64_t hash(uint64_t hash, const void *data, size_t len) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static void take_events(run *r) {
    const sansock_block *b = r->block;
    outcome *o = r->outcome;
    for (uint32_t i = 0; i < b->event_count && o->event_count < MAX_EVENTS; i++) {
        const sansock_record *record = &b->events[i];
        if (record->kind == SANSOCK_KIND_CLOSED && strcmp(sansock_fault_name(b->fault), "NO_MEMORY") == 0) {
            o->ended = true;
            return;
        }
        size_t len;
        const uint8_t *data = payload(b, record, &len);
        const uint8_t kind[2] = {record->kind, (uint8_t)(record->flags & (SANSOCK_FLAG_FIRST | SANSOCK_FLAG_LAST))};
        o->events[o->event_count++] = hash(hash(0xcbf29ce484222325, kind, 2), data, len);
    }
}

static void write_output(run *r) {
    const sansock_block *b = r->block;
    CHECK(r->outcome->output_len + b->output_len <= sizeof r->outcome->output);
    memcpy(r->outcome->output + r->outcome->output_len, b->output, b->output_len);
    r->outcome->output_len += b->output_len;
    CHECK_EQUAL(sansock_conn_written(r->conn, b->output_len), SANSOCK_OK);
}

/* Makes a call, and makes it again if it wants for memory. */
#define CALL(r, call)                                                                                   \
    do {                                                                                                \
        if ((r)->outcome->ended) break;                                                                 \
        size_t failed_before = failed, output_before = (r)->block->output_len;                          \
        uint8_t state_before = (r)->block->state;                                                       \
        armed = true;                                                                                   \
        int32_t status = (call);                                                                        \
        armed = false;                                                                                  \
        if (status == SANSOCK_ERR_NO_MEMORY) {                                                          \
            CHECK(failed > failed_before);                                                              \
            CHECK((r)->block->state == state_before && (r)->block->output_len == output_before);        \
            first_failure = NEVER, persists = false;                                                    \
            status = (call);                                                                            \
        }                                                                                               \
        CHECK_EQUAL(status, SANSOCK_OK);                                                                \
    } while (0)

#define INPUT(r, call) \
    do {               \
        CALL(r, call); \
        if (!(r)->outcome->ended) take_events(r); \
    } while (0)

static void receive_in(run *r, const uint8_t *bytes, size_t len, size_t read) {
    for (size_t start = 0; start < len; start += read) {
        size_t count = len - start < read ? len - start : read;
        uint8_t *input = copy_of(bytes + start, count);
        for (size_t at = 0; (at < count || sansock_block_has_more(r->block)) && !r->outcome->ended;) {
            INPUT(r, sansock_conn_receive(r->conn, input + at, count - at, 0));
            at += (size_t)r->block->consumed;
            if (r->block->consumed == 0 && r->block->event_count == 0) break;
        }
        free(input);
    }
}

/* Appends a frame to an engine of this role. */
static size_t frame(uint8_t *to, uint32_t role, uint8_t first, const uint8_t *data, size_t len) {
    uint8_t mask = role == SANSOCK_ROLE_SERVER ? 0x80 : 0;
    size_t at = 0;
    to[at++] = first;
    if (len < 126) {
        to[at++] = (uint8_t)(mask | len);
    } else {
        to[at++] = mask | 127;
        for (int shift = 56; shift >= 0; shift -= 8) to[at++] = (uint8_t)((uint64_t)len >> shift);
    }
    if (mask) memset(to + at, 0, 4), at += 4;
    memcpy(to + at, data, len);
    return at + len;
}

static uint8_t wire[3 * LONGEST];

static void start(run *r, sansock_config *config) {
    sansock_conn *conn = NULL;
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_OUTPUT_HARD_LIMIT, 8 * LONGEST), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_MAX_HEADERS, 4000), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_MAX_HEAD_SIZE, 1 << 20), SANSOCK_OK);
    armed = true;
    int32_t status = sansock_conn_new(config, SEED, 0, &conn);
    armed = false;
    if (status == SANSOCK_ERR_NO_MEMORY) {
        CHECK(conn == NULL && failed > 0);
        first_failure = NEVER, persists = false;
        status = sansock_conn_new(config, SEED, 0, &conn);
    }
    CHECK_EQUAL(status, SANSOCK_OK);
    sansock_config_free(config);
    r->conn = conn;
    r->block = block_of(conn);
}

static sansock_config *opened(run *r) {
    sansock_config *config = new_config(r->role);
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1), SANSOCK_OK);
    return config;
}

static sansock_config *opened_with(run *r, uint32_t option) {
    sansock_config *config = opened(r);
    CHECK_EQUAL(sansock_config_set(config, option, 1), SANSOCK_OK);
    return config;
}

static size_t in_frames(run *r, uint8_t opcode, int count) {
    size_t at = 0, piece = r->len / (size_t)count;
    for (int i = 0; i < count; i++) {
        uint8_t first = (uint8_t)((i == 0 ? opcode : 0) | (i == count - 1 ? 0x80 : 0));
        at += frame(wire + at, r->role, first, text + (size_t)i * piece, piece);
    }
    return at;
}

static void messages(run *r) {
    start(r, opened(r));
    size_t len = in_frames(r, 1, 1);
    receive_in(r, wire, len, r->read);
    receive_in(r, wire, len, r->read);
}

static void fragments(run *r) {
    start(r, opened(r));
    receive_in(r, wire, in_frames(r, 2, 3), r->read);
}

static void parts(run *r) {
    start(r, opened_with(r, SANSOCK_OPTION_PARTS));
    receive_in(r, wire, in_frames(r, 1, 3), r->read);
}

static void frames(run *r) {
    start(r, opened_with(r, SANSOCK_OPTION_FRAMES));
    receive_in(r, wire, in_frames(r, 1, 2), r->read);
}

static void compressed_messages(run *r) {
    run peer = *r;
    peer.role = r->role == SANSOCK_ROLE_SERVER ? SANSOCK_ROLE_CLIENT : SANSOCK_ROLE_SERVER;
    size_t first = first_failure;
    first_failure = NEVER;
    size_t seen_before = seen;
    start(&peer, opened_with(&peer, SANSOCK_OPTION_DEFLATE));
    CHECK_EQUAL(sansock_conn_send_binary(peer.conn, text, r->len), SANSOCK_OK);
    size_t len = peer.block->output_len;
    memcpy(wire, peer.block->output, len);
    sansock_conn_free(peer.conn);
    first_failure = first, seen = seen_before;
    start(r, opened_with(r, SANSOCK_OPTION_DEFLATE));
    receive_in(r, wire, len, r->read);
}

static void close_with_reason(run *r) {
    start(r, opened(r));
    uint8_t close[102] = {3, 232};
    memcpy(close + 2, text, 100);
    size_t len = in_frames(r, 2, 3);
    len += frame(wire + len, r->role, 0x88, close, sizeof close);
    receive_in(r, wire, len, r->read);
    INPUT(r, sansock_conn_receive_eof(r->conn, 1));
}

static void fault(run *r) {
    start(r, opened(r));
    size_t len = in_frames(r, 2, 2);
    len += frame(wire + len, r->role, 0x83, text, 5);
    receive_in(r, wire, len, r->read);
    INPUT(r, sansock_conn_timeout(r->conn, 50000));
}

static void sends(run *r) {
    start(r, opened(r));
    CALL(r, sansock_conn_send_text(r->conn, (const char *)text, r->len));
    CALL(r, sansock_conn_send_binary(r->conn, text, r->len));
    write_output(r);
    CALL(r, sansock_conn_send_binary(r->conn, text, r->len));
}

static void sends_parts(run *r) {
    start(r, opened(r));
    CALL(r, sansock_conn_send_part(r->conn, SANSOCK_KIND_TEXT, text, r->len / 2, 0));
    CALL(r, sansock_conn_send_part(r->conn, SANSOCK_KIND_TEXT, text, r->len / 2, 1));
    CALL(r, sansock_conn_ping(r->conn, text, 125, 0));
    CALL(r, sansock_conn_close(r->conn, 1000, (const char *)text, 100, 0));
}

static void sends_compressed(run *r) {
    start(r, opened_with(r, SANSOCK_OPTION_DEFLATE));
    CALL(r, sansock_conn_send_binary(r->conn, text, r->len));
    CALL(r, sansock_conn_send_part(r->conn, SANSOCK_KIND_TEXT, text, r->len / 2, 0));
    CALL(r, sansock_conn_send_part(r->conn, SANSOCK_KIND_TEXT, text, r->len / 2, 1));
}

/* Both calls stop at the first message that cannot be sent, and the rest is sent from there. */
static void sends_many(run *r) {
    start(r, opened(r));
    size_t lens[4] = {r->len / 4, r->len / 4, r->len / 4, r->len / 4}, done = 0;
    sansock_record records[4] = {{0}, {0}, {0}, {0}};
    for (unsigned i = 0; i < 4; i++) {
        records[i].kind = SANSOCK_KIND_BINARY, records[i].len = lens[i], records[i].offset = i * lens[0];
    }
    for (int call = 0; call < 2; call++) {
        for (done = 0; done < 4;) {
            size_t sent = 0, at = done * lens[0];
            armed = true;
            int32_t status = call == 0
                ? sansock_conn_send_many(r->conn, SANSOCK_KIND_BINARY, lens, 4 - done, text + at, r->len - at, &sent)
                : sansock_conn_send_batch(r->conn, records + done, 4 - done, text, r->len, &sent);
            armed = false;
            done += sent;
            if (status == SANSOCK_ERR_NO_MEMORY) {
                first_failure = NEVER, persists = false;
            } else {
                CHECK_EQUAL(status, SANSOCK_OK);
            }
        }
    }
}

/* A request with so many bytes of headers. */
static size_t request(size_t len) {
    static const char fields[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    size_t at = sizeof fields - 1;
    memcpy(wire, fields, at);
    for (size_t used = 0; used < len; used += 106) {
        memcpy(wire + at, "X: ", 3), memcpy(wire + at + 3, text, 101), memcpy(wire + at + 104, "\r\n", 2);
        at += 106;
    }
    memcpy(wire + at, "\r\n", 2);
    return at + 2;
}

static void accepts(run *r) {
    start(r, new_config(SANSOCK_ROLE_SERVER));
    size_t len = request(r->len);
    len += frame(wire + len, SANSOCK_ROLE_SERVER, 0x82, text, 30000);
    receive_in(r, wire, len, r->read);
    CALL(r, sansock_conn_add_response_header(r->conn, "X-Large", 7, (const char *)text, r->len));
    INPUT(r, sansock_conn_accept(r->conn, NULL, 0, 0));
}

static void responds(run *r) {
    start(r, new_config(SANSOCK_ROLE_SERVER));
    receive_in(r, wire, request(r->len), r->read);
    CALL(r, sansock_conn_add_response_header(r->conn, "X-Large", 7, (const char *)text, r->len));
    INPUT(r, sansock_conn_respond(r->conn, 404, (const char *)text, r->len, (const char *)text, r->len, 0));
}

static sansock_config *client(run *r) {
    sansock_config *config = new_config(SANSOCK_ROLE_CLIENT);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://example.com/")), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_add_header(config, "X-Large", 7, (const char *)text, r->len), SANSOCK_OK);
    return config;
}

static void is_refused_by_the_server(run *r) {
    start(r, client(r));
    write_output(r);
    int at = snprintf((char *)wire, 99, "HTTP/1.1 404 No\r\nContent-Length: %zu\r\n\r\n", r->len);
    memcpy(wire + at, text, r->len);
    receive_in(r, wire, (size_t)at + r->len, r->read);
}

static void asks_with_fields(run *r) {
    start(r, client(r));
    INPUT(r, sansock_conn_request_fields(r->conn, SANSOCK_HTTP_VERSION_2, 0));
    const sansock_field fields[1] = {{"x-a", 3, (const char *)text, 8000}};
    INPUT(r, sansock_conn_receive_response(r->conn, 403, fields, 1, 0));
    receive_in(r, text, r->len, r->read);
    INPUT(r, sansock_conn_receive_eof(r->conn, 0));
}

static void answers_with_fields(run *r) {
    start(r, new_config(SANSOCK_ROLE_SERVER));
    const sansock_field fields[6] = {
        {LITERAL(":method"), LITERAL("CONNECT")}, {LITERAL(":protocol"), LITERAL("websocket")},
        {LITERAL(":scheme"), LITERAL("https")}, {LITERAL(":path"), LITERAL("/")}, {LITERAL(":authority"), LITERAL("a")},
        {LITERAL("sec-websocket-version"), LITERAL("13")},
    };
    INPUT(r, sansock_conn_receive_request(r->conn, SANSOCK_HTTP_VERSION_2, fields, 6, 0));
    CALL(r, sansock_conn_add_response_header(r->conn, "X-Large", 7, (const char *)text, r->len));
    if (r->read < r->len) {
        INPUT(r, sansock_conn_accept(r->conn, NULL, 0, 0));
    } else {
        INPUT(r, sansock_conn_respond(r->conn, 200, NULL, 0, (const char *)text, r->len, 0));
    }
}

static const struct {
    const char *name;
    void (*play)(run *);
    bool receives;
    bool has_roles;
} SCENARIOS[] = {
    {"messages", messages, true, true},
    {"fragments", fragments, true, true},
    {"parts", parts, true, true},
    {"frames", frames, true, true},
    {"compressed messages", compressed_messages, true, true},
    {"close", close_with_reason, true, true},
    {"fault", fault, true, true},
    {"sends", sends, false, true},
    {"sends in parts", sends_parts, false, true},
    {"sends compressed", sends_compressed, false, true},
    {"sends many", sends_many, false, true},
    {"accepts", accepts, true, false},
    {"responds", responds, true, false},
    {"is refused", is_refused_by_the_server, true, false},
    {"asks with fields", asks_with_fields, true, false},
    {"answers with fields", answers_with_fields, true, false},
};

static const size_t LENS[] = {17000, 24000, 80000, LONGEST};
/* A read has so many parts of the whole: the whole, a half, a tenth. */
static const size_t READS[] = {1, 2, 10};

static void play(size_t scenario, uint32_t role, size_t len, size_t reads, outcome *o) {
    run r = {NULL, NULL, o, role, len, len / reads + (reads == 1 ? 200000 : 0)};
    memset(o, 0, offsetof(outcome, output));
    o->output_len = 0, o->ended = false;
    seen = failed = 0;
    SCENARIOS[scenario].play(&r);
    first_failure = NEVER, persists = false;
    write_output(&r);
    sansock_conn_free(r.conn);
}

/* Whether one is the other, or the beginning of it and a Close frame. */
static void compare(const char *name, size_t len, size_t number) {
    unsigned failures = check_failures;
    if (bad.ended) {
        CHECK(bad.event_count <= good.event_count);
    } else {
        CHECK_EQUAL(bad.event_count, good.event_count);
        CHECK_EQUAL(bad.output_len, good.output_len);
    }
    size_t sent = bad.ended ? (bad.output_len > 131 ? bad.output_len - 131 : 0) : good.output_len;
    CHECK(memcmp(bad.events, good.events, bad.event_count * sizeof *bad.events) == 0);
    CHECK(sent <= good.output_len && memcmp(bad.output, good.output, sent) == 0);
    if (check_failures > failures) printf("  in \"%s\" with %zu bytes, request %zu\n", name, len, number);
}

static size_t every_request_of(size_t scenario, uint32_t role, size_t len, size_t reads) {
    play(scenario, role, len, reads, &good);
    CHECK(!good.ended);
    size_t count = seen;
    for (size_t number = 0; number < 2 * count; number++) {
        first_failure = number / 2, persists = number % 2 == 1;
        play(scenario, role, len, reads, &bad);
        CHECK(failed > 0);
        compare(SCENARIOS[scenario].name, len, number / 2);
    }
    return count;
}

int main(void) {
    for (size_t i = 0; i < LONGEST; i++) text[i] = (uint8_t)('a' + (i * i / 7 + i / 26) % 26);
    size_t scenarios = 0, requests = 0;
    for (size_t scenario = 0; scenario < sizeof SCENARIOS / sizeof *SCENARIOS; scenario++) {
        for (uint32_t role = 0; role < (SCENARIOS[scenario].has_roles ? 2 : 1); role++) {
            for (size_t len = 0; len < sizeof LENS / sizeof *LENS; len++) {
                for (size_t reads = 0; reads < (SCENARIOS[scenario].receives ? 3 : 1); reads++, scenarios++) {
                    uint32_t roles[2] = {SANSOCK_ROLE_CLIENT, SANSOCK_ROLE_SERVER};
                    requests += every_request_of(scenario, roles[role], LENS[len], READS[reads]);
                }
            }
        }
    }
    CHECK(scenarios >= 200 && requests >= 400);
    return check_end("no_memory");
}

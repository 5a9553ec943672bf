/*
 * Replays conformance vectors through the C ABI, each case as it stands and with every receive cut into single bytes.
 *
 *   vectors FILE...
 */
#include "transcript.h"

/* ---- A case: set-up lines, and steps with the transcript expected of each ---- */

typedef struct step {
    char *call;
    text expected;
} step;

typedef struct vector_case {
    const char *file;
    char *name;
    char *setup[32];
    size_t setup_count;
    step steps[64];
    size_t step_count;
} vector_case;

/* The rest of a line behind its first word, if that is `word`. */
static const char *after_word(const char *line, const char *word) {
    size_t len = strlen(word);
    if (strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\0')) return NULL;
    return skip_spaces(line + len);
}

static const char *setup_of(const vector_case *c, const char *word, const char *value) {
    for (size_t i = 0; i < c->setup_count; i++) {
        const char *rest = after_word(c->setup[i], word);
        if (rest && (!value || strcmp(rest, value) == 0)) return rest;
    }
    return NULL;
}

/* ---- Running a case ---- */

typedef struct run {
    const vector_case *vector;
    int byte_by_byte;
    sansock_conn *conn;
    sansock_tunnel *tunnel; /* in its place, in cases of this role */
    const sansock_block *block;
    uint64_t now;
    int held;
    text output, transcript, argument, second;
    uint8_t transport;
    uint64_t deadline;
    int writable;
    uint32_t fault;
    text fields[32]; /* name, value, name, value ... */
    size_t field_count;
} run;

static const char *error_name(int32_t status) {
    static const char *const names[] = {"INVALID_ARGUMENT", "INVALID_STATE", "WOULD_BLOCK", "TOO_LARGE", "NO_MEMORY",
                                        "BAD_HANDLE",       "BUSY",          "POISONED",    "ENTROPY"};
    return status < 0 && status >= -9 ? names[-status - 1] : "UNKNOWN";
}

static uint32_t option_number(const char *name, size_t len) {
    static const char *const names[] = {
        "start_open", "max_message_size", "max_frame_size", "max_head_size", "max_line_size", "max_headers",
        "max_body_size", "output_soft_limit", "output_hard_limit", "handshake_timeout", "close_timeout",
        "ping_interval", "pong_timeout", "parts", "auto_pong", "auto_close", "require_pong", "receive_while_closing",
        "allow_non_minimal_length", "deflate", "server_no_context_takeover", "client_no_context_takeover",
        "server_max_window_bits", "client_max_window_bits", "deflate_level", "deflate_mem_level", "deflate_threshold",
        "max_fragments", "write_timeout", "deliver_http", "frames", "auto_fail", "close_reason", "secure",
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) return i + 1;
    malformed(name);
}

/* Reads two strings, a name and a value. */
static void read_two(run *r, const char *s) {
    text_clear(&r->argument);
    text_clear(&r->second);
    s = read_atom(s, &r->argument);
    read_atom(s, &r->second);
}

static sansock_config *configure(run *r) {
    const vector_case *c = r->vector;
    const char *role = setup_of(c, "role", NULL);
    if (!role) malformed(c->name);
    sansock_config *config = new_config(strcmp(role, "client") == 0 ? SANSOCK_ROLE_CLIENT : SANSOCK_ROLE_SERVER);
    for (size_t i = 0; i < c->setup_count; i++) {
        static const char *const texts[] = {"url", "origin", "subprotocol", "key"};
        const char *rest;
        int32_t status = SANSOCK_OK;
        for (uint32_t t = 0; t < 4; t++) {
            if (!(rest = after_word(c->setup[i], texts[t]))) continue;
            read_bytes(rest, &r->argument);
            status = sansock_config_set_text(config, t + 1, r->argument.data, r->argument.len);
        }
        if ((rest = after_word(c->setup[i], "option"))) {
            size_t len = strcspn(rest, " ");
            status = sansock_config_set(config, option_number(rest, len), strtoull(rest + len, NULL, 10));
        } else if ((rest = after_word(c->setup[i], "header"))) {
            read_two(r, rest);
            const text *name = &r->argument, *value = &r->second;
            status = sansock_config_add_header(config, name->data, name->len, value->data, value->len);
        }
        if (status != SANSOCK_OK) malformed(c->setup[i]);
    }
    return config;
}

/* Creates the tunnel of a case. */
static void start_tunnel(run *r) {
    const vector_case *c = r->vector;
    sansock_tunnel_config *config = NULL;
    const char *url = setup_of(c, "url", NULL), *target = setup_of(c, "target", NULL), *port;
    if (!url || !target) malformed(c->name);
    read_bytes(url, &r->argument);
    text_clear(&r->second);
    port = read_atom(target, &r->second);
    const text *proxy = &r->argument, *host = &r->second;
    CHECK_EQUAL(sansock_tunnel_config_new(proxy->data, proxy->len, host->data, host->len,
                                          (uint16_t)strtoul(port, NULL, 10), &config), SANSOCK_OK);
    for (size_t i = 0; i < c->setup_count; i++) {
        const char *rest;
        if ((rest = after_word(c->setup[i], "option"))) {
            size_t len = strcspn(rest, " ");
            uint32_t option = option_number(rest, len);
            CHECK_EQUAL(sansock_tunnel_config_set(config, option, strtoull(rest + len, NULL, 10)), SANSOCK_OK);
        } else if ((rest = after_word(c->setup[i], "header"))) {
            read_two(r, rest);
            const text *name = &r->argument, *value = &r->second;
            CHECK_EQUAL(sansock_tunnel_config_add_header(config, name->data, name->len, value->data, value->len),
                        SANSOCK_OK);
        }
    }
    CHECK_EQUAL(sansock_tunnel_new(config, 0, &r->tunnel), SANSOCK_OK);
    sansock_tunnel_config_free(config);
    r->block = sansock_tunnel_block(r->tunnel);
}

/* Creates the connection of a case. */
static int32_t start_connection(run *r) {
    uint8_t seed[32];
    for (size_t i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)i;
    sansock_config *config = configure(r);
    int32_t status = sansock_conn_new(config, seed, 0, &r->conn);
    sansock_config_free(config);
    if (status == SANSOCK_OK) r->block = sansock_conn_block(r->conn);
    return status;
}

static void collect_output(run *r) {
    while (r->block->output_len > 0) {
        text_add(&r->output, r->block->output, r->block->output_len);
        if (r->tunnel)
            sansock_tunnel_written(r->tunnel, r->block->output_len);
        else
            sansock_conn_written(r->conn, r->block->output_len);
    }
}

/* What follows every input call. */
static void after_input(run *r) {
    write_events(&r->transcript, r->block);
    if (!r->held) collect_output(r);
}

/* Passes one piece, and again what is left of it. Returns how many bytes were not consumed. */
static size_t receive_piece(run *r, const char *data, size_t len) {
    uint8_t *copy = copy_of(data, len), *at = copy;
    int progress;
    do {
        uint8_t *place = NULL;
        size_t room = 0;
        if (r->byte_by_byte && !r->tunnel && len > 0)
            CHECK_EQUAL(sansock_conn_lend(r->conn, len, &place, &room), SANSOCK_OK);
        if (room > 0) { /* a byte of a message that is joined */
            memcpy(place, at, len);
            CHECK_EQUAL(sansock_conn_receive_lent(r->conn, len, r->now), SANSOCK_OK);
            at += len;
            len = 0;
            after_input(r);
            continue;
        }
        if (r->tunnel) {
            CHECK_EQUAL(sansock_tunnel_receive(r->tunnel, at, len, r->now), SANSOCK_OK);
        } else if (r->byte_by_byte) { /* another way to receive, for its own sake */
            sansock_conn_set_read_buffer(r->conn, at, len);
            CHECK_EQUAL(sansock_conn_receive_read_buffer(r->conn, len, r->now), SANSOCK_OK);
        } else {
            CHECK_EQUAL(sansock_conn_receive(r->conn, at, len, r->now), SANSOCK_OK);
        }
        progress = r->block->consumed > 0 || r->block->event_count > 0;
        at += r->block->consumed;
        len -= r->block->consumed;
        after_input(r);
    } while (sansock_block_has_more(r->block) || (len > 0 && progress));
    free(copy);
    return len;
}

static size_t receive_all(run *r, const text *bytes) {
    if (!r->byte_by_byte || bytes->len == 0) return receive_piece(r, bytes->data, bytes->len);
    for (size_t i = 0; i < bytes->len; i++)
        if (receive_piece(r, bytes->data + i, 1) > 0) return bytes->len - i;
    return 0;
}

static uint8_t message_kind(const char *word) {
    return after_word(word, "text") ? SANSOCK_KIND_TEXT : SANSOCK_KIND_BINARY;
}

static const char *next_word(const char *s) {
    return skip_spaces(s + strcspn(s, " "));
}

static uint32_t http_version(const char *word) {
    return strcmp(word, "1.1") == 0 ? SANSOCK_HTTP_VERSION_1_1
           : strcmp(word, "2") == 0 ? SANSOCK_HTTP_VERSION_2
                                    : SANSOCK_HTTP_VERSION_3;
}

/* Keeps a field for the next call that takes some. */
static void add_field(run *r, const char *s) {
    if (r->field_count + 2 > sizeof r->fields / sizeof *r->fields) malformed(s);
    for (int part = 0; part < 2; part++) {
        text *t = &r->fields[r->field_count++];
        text_clear(t);
        s = read_atom(s, t);
    }
}

/* The fields that were kept, which are forgotten. */
static size_t take_fields(run *r, sansock_field *fields) {
    size_t count = r->field_count / 2;
    for (size_t i = 0; i < count; i++) {
        const text *name = &r->fields[2 * i], *value = &r->fields[2 * i + 1];
        fields[i] = (sansock_field){name->data, name->len, value->data, value->len};
    }
    r->field_count = 0;
    return count;
}

/* Makes the call of a step of the handshake. Returns whether it is one. */
static int handshake_call(run *r, const char *line, int32_t *status, int *input) {
    text *a = &r->argument, *b = &r->second;
    sansock_field fields[16];
    const char *rest;
    *input = 1;
    if ((rest = after_word(line, "accept"))) {
        read_bytes(rest, a);
        *status = sansock_conn_accept(r->conn, a->data, a->len, r->now);
    } else if ((rest = after_word(line, "reject"))) {
        read_bytes(next_word(rest), a);
        *status = sansock_conn_reject(r->conn, (uint16_t)strtoul(rest, NULL, 10), a->data, a->len, r->now);
    } else if ((rest = after_word(line, "respond"))) {
        text_clear(a);
        read_bytes(read_atom(next_word(rest), a), b);
        *status =
            sansock_conn_respond(r->conn, (uint16_t)strtoul(rest, NULL, 10), a->data, a->len, b->data, b->len, r->now);
    } else if ((rest = after_word(line, "receive-request"))) {
        size_t count = take_fields(r, fields);
        *status = sansock_conn_receive_request(r->conn, http_version(rest), fields, count, r->now);
    } else if ((rest = after_word(line, "request-fields"))) {
        *status = sansock_conn_request_fields(r->conn, http_version(rest), r->now);
    } else if ((rest = after_word(line, "receive-response"))) {
        size_t count = take_fields(r, fields);
        *status = sansock_conn_receive_response(r->conn, (uint16_t)strtoul(rest, NULL, 10), fields, count, r->now);
    } else {
        *input = 0;
        if ((rest = after_word(line, "field"))) {
            add_field(r, rest);
        } else if ((rest = after_word(line, "response-header"))) {
            read_two(r, rest);
            *status = sansock_conn_add_response_header(r->conn, a->data, a->len, b->data, b->len);
        } else if ((rest = after_word(line, "limit-deflate"))) {
            size_t len = strcspn(rest, " ");
            *status =
                sansock_conn_limit_deflate(r->conn, option_number(rest, len), strtoull(rest + len, NULL, 10));
        } else {
            return 0;
        }
    }
    *input = *input && *status == SANSOCK_OK;
    return 1;
}

/* Makes the call of a step. */
static int32_t call(run *r, const char *line, size_t *left) {
    text *a = &r->argument;
    const char *rest;
    int32_t status = SANSOCK_OK;
    int input = 0;
    if (handshake_call(r, line, &status, &input)) {
        /* done */
    } else if ((rest = after_word(line, "receive"))) {
        read_bytes(rest, a);
        *left = receive_all(r, a);
    } else if (after_word(line, "eof")) {
        status = r->tunnel ? sansock_tunnel_receive_eof(r->tunnel, r->now) : sansock_conn_receive_eof(r->conn, r->now);
        input = 1;
    } else if ((rest = after_word(line, "time"))) {
        r->now = strtoull(rest, NULL, 10);
    } else if (after_word(line, "timeout")) {
        status = r->tunnel ? sansock_tunnel_timeout(r->tunnel, r->now) : sansock_conn_timeout(r->conn, r->now);
        input = 1;
    } else if ((rest = after_word(line, "text"))) {
        read_bytes(rest, a);
        status = sansock_conn_send_text(r->conn, a->data, a->len);
    } else if ((rest = after_word(line, "binary"))) {
        read_bytes(rest, a);
        status = sansock_conn_send_binary(r->conn, (const uint8_t *)a->data, a->len);
    } else if ((rest = after_word(line, "part"))) {
        int last = *read_bytes(next_word(rest), a) != '\0';
        status = sansock_conn_send_part(r->conn, message_kind(rest), (const uint8_t *)a->data, a->len, (uint8_t)last);
    } else if ((rest = after_word(line, "prepared"))) {
        sansock_prepared *prepared = NULL;
        read_bytes(next_word(rest), a);
        status = sansock_prepared_new(message_kind(rest), (const uint8_t *)a->data, a->len, &prepared);
        if (status == SANSOCK_OK) status = sansock_conn_send_prepared(r->conn, prepared);
        sansock_prepared_free(prepared);
    } else if ((rest = after_word(line, "header"))) {
        const char *number = next_word(rest);
        int last = *next_word(number) != '\0';
        status = sansock_conn_send_header(r->conn, message_kind(rest), strtoull(number, NULL, 10), (uint8_t)last);
    } else if ((rest = after_word(line, "ping"))) {
        read_bytes(rest, a);
        status = sansock_conn_ping(r->conn, (const uint8_t *)a->data, a->len, r->now);
    } else if ((rest = after_word(line, "pong"))) {
        read_bytes(rest, a);
        status = sansock_conn_pong(r->conn, (const uint8_t *)a->data, a->len);
    } else if ((rest = after_word(line, "close"))) {
        read_bytes(next_word(rest), a);
        status = sansock_conn_close(r->conn, (uint16_t)strtoul(rest, NULL, 10), a->data, a->len, r->now);
    } else if ((rest = after_word(line, "fail"))) {
        read_bytes(next_word(rest), a);
        status = sansock_conn_fail(r->conn, (uint16_t)strtoul(rest, NULL, 10), a->data, a->len, r->now);
    } else if (after_word(line, "pause")) {
        status = sansock_conn_pause(r->conn, r->now);
    } else if (after_word(line, "resume")) {
        status = sansock_conn_resume(r->conn, r->now);
    } else if (after_word(line, "hold")) {
        r->held = 1;
    } else if (after_word(line, "drain")) {
        r->held = 0;
    } else {
        malformed(line);
    }
    if (input) after_input(r);
    while (sansock_block_has_more(r->block)) receive_piece(r, NULL, 0);
    return status;
}

/* Writes what follows the events of a step in its transcript. */
static void end_step(run *r, size_t left) {
    static const char *const transports[] = {"open", "shutdown-write", "close"};
    text *t = &r->transcript;
    const sansock_block *b = r->block;
    if (left > 0) text_format(t, "left %zu\n", left);
    if (!r->held) collect_output(r);
    if (!r->held && r->output.len > 0) {
        text_format(t, "out ");
        show(t, r->output.data, r->output.len);
        text_format(t, "\n");
        text_clear(&r->output);
    }
    if (b->transport != r->transport) text_format(t, "transport %s\n", transports[r->transport = b->transport]);
    if (b->next_deadline != r->deadline && setup_of(r->vector, "show", "deadline")) {
        r->deadline = b->next_deadline;
        if (r->deadline == SANSOCK_NEVER)
            text_format(t, "deadline never\n");
        else
            text_format(t, "deadline %llu\n", (unsigned long long)r->deadline);
    }
    int writable = sansock_block_is_writable(b);
    if (writable != r->writable && setup_of(r->vector, "show", "writable"))
        text_format(t, "writable %s\n", (r->writable = writable) ? "yes" : "no");
    if (b->fault != r->fault && setup_of(r->vector, "show", "fault")) {
        r->fault = b->fault;
        text_format(t, "fault %s", sansock_fault_name(b->fault));
        if (b->fault_actual > 0) text_format(t, " actual=%llu", (unsigned long long)b->fault_actual);
        if (b->fault_limit > 0) text_format(t, " limit=%llu", (unsigned long long)b->fault_limit);
        if (b->fault_position != UINT64_MAX) text_format(t, " position=%llu", (unsigned long long)b->fault_position);
        text_format(t, "\n");
    }
}

static void print_indented(const char *label, const char *lines) {
    if (*lines == '\0') printf("      %s  nothing\n", label);
    while (*lines != '\0') {
        int len = (int)strcspn(lines, "\n");
        printf("      %s  %.*s\n", label, len, lines);
        lines += len + (lines[len] == '\n');
    }
}

/* Compares the transcript of a step with the expected one. A difference is printed. */
static int step_agrees(run *r, size_t number) {
    const step *s = &r->vector->steps[number];
    if (s->expected.len == r->transcript.len && memcmp(s->expected.data, r->transcript.data, r->transcript.len) == 0)
        return 1;
    printf("%s: %s (%s)\n    > %.160s\n", r->vector->file, r->vector->name,
           r->byte_by_byte ? "byte by byte" : "whole", s->call);
    print_indented("expected", s->expected.data);
    print_indented("actual  ", r->transcript.data);
    return 0;
}

/* Runs a case. Returns whether all of its steps agree. */
static int replay(const vector_case *c, int byte_by_byte) {
    run r = {.vector = c, .byte_by_byte = byte_by_byte, .deadline = SANSOCK_NEVER, .writable = 1};
    r.held = setup_of(c, "hold", NULL) != NULL;
    unsigned failures = check_failures;
    int32_t status = SANSOCK_OK;
    text_clear(&r.transcript);
    text_clear(&r.output);
    if (setup_of(c, "role", "tunnel"))
        start_tunnel(&r);
    else
        status = start_connection(&r);
    if (status != SANSOCK_OK) {
        text_format(&r.transcript, "error %s\n", error_name(status));
    } else {
        receive_piece(&r, NULL, 0);
        end_step(&r, 0);
    }
    int agrees = step_agrees(&r, 0);
    for (size_t i = 1; i < c->step_count && r.block && agrees; i++) {
        size_t left = 0;
        text_clear(&r.transcript);
        status = call(&r, c->steps[i].call, &left);
        if (status != SANSOCK_OK) text_format(&r.transcript, "error %s\n", error_name(status));
        end_step(&r, left);
        agrees = step_agrees(&r, i);
    }
    sansock_conn_free(r.conn);
    sansock_tunnel_free(r.tunnel);
    text_free(&r.output);
    text_free(&r.transcript);
    text_free(&r.argument);
    text_free(&r.second);
    for (size_t i = 0; i < sizeof r.fields / sizeof *r.fields; i++) text_free(&r.fields[i]);
    return agrees && check_failures == failures;
}

/* ---- Reading files ---- */

static void clear_case(vector_case *c) {
    free(c->name);
    for (size_t i = 0; i < c->setup_count; i++) free(c->setup[i]);
    for (size_t i = 0; i < c->step_count; i++) {
        free(c->steps[i].call);
        text_free(&c->steps[i].expected);
    }
    memset(c, 0, sizeof *c);
}

static char *copy_string(const char *s) {
    return (char *)copy_of(s, strlen(s) + 1);
}

static unsigned passed, failed;

static void run_case(vector_case *c) {
    if (!c->name) return;
    for (int mode = 0; mode < (setup_of(c, "whole", NULL) ? 1 : 2); mode++) {
        if (replay(c, mode))
            passed++;
        else
            failed++;
    }
    clear_case(c);
}

static void add_line(vector_case *c, const char *file, char *line) {
    const char *rest;
    if ((rest = after_word(line, "case"))) {
        run_case(c);
        c->file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
        c->name = copy_string(rest);
    } else if ((rest = after_word(line, ">"))) {
        if (c->step_count == sizeof c->steps / sizeof *c->steps) malformed(c->name);
        c->steps[c->step_count].call = copy_string(rest);
        text_clear(&c->steps[c->step_count++].expected);
    } else if (c->step_count == 0) {
        if (c->setup_count == sizeof c->setup / sizeof *c->setup) malformed(c->name);
        c->setup[c->setup_count++] = copy_string(line);
    } else {
        text *expected = &c->steps[c->step_count - 1].expected;
        text_add(expected, line, strlen(line));
        text_add(expected, "\n", 1);
    }
}

/* A whole file, ending with NUL. */
static text read_file(const char *path) {
    text t = {0};
    char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) malformed(path);
    text_clear(&t);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) text_add(&t, chunk, n);
    fclose(f);
    return t;
}

static void run_file(const char *path) {
    static vector_case current;
    text t = read_file(path);
    for (char *line = t.data, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        line = (char *)skip_spaces(line);
        for (size_t len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]); len--) line[len - 1] = '\0';
        if (*line != '\0' && *line != '#') add_line(&current, path, line);
    }
    run_case(&current);
    text_free(&t);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) run_file(argv[i]);
    printf("vectors: %u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

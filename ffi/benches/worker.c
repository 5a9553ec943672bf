/*
 * One engine and one thing to measure, in a process of its own: `ENGINE name=value...`.
 *
 * Writes a line when it is ready, and another with a result for each line that it reads.
 */
#define _POSIX_C_SOURCE 200809L
#include "engine.h"
#include <sansock.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    HANDSHAKES = 64, /* in one pass */
    CALLS = 64,      /* the same, of a floor */
    EARLIER = 100,   /* connections that exist before those that are counted */
};
/* Nanoseconds that code runs before it is measured, and that one sample takes at least. */
static const uint64_t WARM_UP = 200000000, SAMPLE = 15000000;

uint64_t delivered_count, delivered_sum, emitted_len, emitted_sum;
FILE *emitted_file;
const char *browser_request, *client_headers;
size_t browser_request_len;

/* CLOCK=cpu counts the processor's time, on a machine that is busy with something else. */
static clockid_t measured_clock = CLOCK_MONOTONIC;

static const char *response_template = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                       "Upgrade: websocket\r\nSec-WebSocket-Accept: @accept@\r\n\r\n";

/* --- Options ------------------------------------------------------------------------------------------------------ */

static int option_count;
static char **options;

static const char *text_option(const char *name) {
    size_t len = strlen(name);
    for (int i = 0; i < option_count; i++) {
        if (!strncmp(options[i], name, len) && options[i][len] == '=') return options[i] + len + 1;
    }
    return "";
}

static uint64_t number_option(const char *name) {
    return strtoull(text_option(name), NULL, 10);
}

static bool option_is(const char *name, const char *value) {
    return !strcmp(text_option(name), value);
}

static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail(path);
    long size = ftell(file);
    rewind(file);
    char *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) fail(path);
    fclose(file);
    bytes[size] = '\0';
    *len = (size_t)size;
    return bytes;
}

/* --- For engines -------------------------------------------------------------------------------------------------- */

void fail(const char *what) {
    fprintf(stderr, "error: %s\n", what);
    exit(1);
}

uint64_t nanoseconds(void) {
    struct timespec t;
    clock_gettime(measured_clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void emit_to_file(const uint8_t *data, size_t len) {
    if (fwrite(data, 1, len, emitted_file) != len) fail("what is sent cannot be written");
}

/* The value behind a header's name, which ends at the next line. */
static const char *header_value(const char *head, const char *name, size_t *len) {
    const char *at = strstr(head, name);
    if (!at) fail("a header is missing");
    at += strlen(name);
    *len = strcspn(at, "\r");
    return at;
}

/* Asks a server of ours for the answer to a key. */
static void accept_value(const char *key, size_t key_len, char accept[29]) {
    char request[512];
    int len = snprintf(request, sizeof request,
                       "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %.*s\r\n\r\n",
                       (int)key_len, key);
    sansock_config *config;
    sansock_conn *conn;
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) || sansock_conn_new(config, NULL, 0, &conn)) fail("no server");
    if (sansock_conn_receive(conn, (uint8_t *)request, (size_t)len, 0) || sansock_conn_accept(conn, NULL, 0, 0))
        fail("the request was refused");
    const sansock_block *block = sansock_conn_block(conn);
    char response[512];
    snprintf(response, sizeof response, "%.*s", (int)block->output_len, (const char *)block->output);
    size_t accept_len;
    const char *value = header_value(response, "Sec-WebSocket-Accept: ", &accept_len);
    snprintf(accept, 29, "%.*s", (int)accept_len, value);
    sansock_conn_free(conn);
    sansock_config_free(config);
}

const char *respond(const char *request, size_t len, size_t *response_len) {
    static char head[8192], response[8192];
    snprintf(head, sizeof head, "%.*s", (int)len, request);
    char accept[29];
    size_t key_len;
    const char *key = header_value(head, "Sec-WebSocket-Key: ", &key_len);
    accept_value(key, key_len, accept);
    const char *place = strstr(response_template, "@accept@");
    if (!place) fail("the template has no place for the answer");
    int written = snprintf(response, sizeof response, "%.*s%s%s", (int)(place - response_template), response_template,
                           accept, place + strlen("@accept@"));
    *response_len = (size_t)written;
    return response;
}

/* --- Workloads ---------------------------------------------------------------------------------------------------- */

/* Everything that a pass needs. */
typedef struct workload {
    uint64_t (*run)(struct workload *);
    spec spec;
    input input;
    engine *engine;
    uint64_t messages, check, expected_len;
} workload;

static uint64_t receive_pass(workload *w) {
    delivered_count = delivered_sum = 0;
    uint64_t start = nanoseconds();
    engine_receive(w->engine, &w->input);
    uint64_t spent = nanoseconds() - start;
    if (delivered_count != w->messages || delivered_sum != w->check) fail("other messages have come than were sent");
    return spent;
}

static uint64_t send_pass(workload *w) {
    emitted_len = 0;
    uint64_t start = nanoseconds();
    for (size_t i = 0; i < w->messages; i++) engine_send(w->engine, w->input.bytes + i * w->spec.size, w->spec.size);
    uint64_t spent = nanoseconds() - start;
    /* Later passes compress better, as the compressor has seen the messages. */
    if (!emitted_len || (emitted_len != w->expected_len && !w->spec.deflate)) fail("another length was sent");
    return spent;
}

static uint64_t floor_pass(workload *w) {
    uint64_t start = nanoseconds();
    for (size_t i = 0; i < w->messages; i++) engine_send(w->engine, w->input.bytes, w->spec.size);
    return nanoseconds() - start;
}

static uint64_t handshake_pass(workload *w) {
    delivered_count = emitted_len = 0;
    uint64_t spent = w->spec.server ? engine_server_handshakes(HANDSHAKES) : engine_client_handshakes(HANDSHAKES);
    if (delivered_count != HANDSHAKES || !emitted_len) fail("not all connections have opened");
    return spent;
}

/* Sends one pass into a file, for the runner to verify. */
static void write_sent(workload *w) {
    emitted_file = fopen(text_option("sent"), "wb");
    if (!emitted_file) fail("no file for what is sent");
    emitted_len = 0;
    for (size_t i = 0; i < w->messages; i++) engine_send(w->engine, w->input.bytes + i * w->spec.size, w->spec.size);
    if (fclose(emitted_file)) fail("what is sent cannot be written");
    emitted_file = NULL;
    w->expected_len = emitted_len;
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static double resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages;
    if (!file || fscanf(file, "%*u %lu", &pages) != 1) fail("no /proc/self/statm");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void echo_many(const workload *w, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t before = emitted_len;
        engine_echo(engine_open(&w->spec), &w->input);
        if (emitted_len == before) fail("no echo");
    }
}

/* The memory that one connection holds once it has echoed one message. */
static double memory(const workload *w) {
    uint64_t count = number_option("connections");
    echo_many(w, EARLIER);
    double before = resident();
    echo_many(w, count);
    return (resident() - before) / (double)count;
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

static workload prepare(void) {
    size_t len;
    workload w = {
        .spec = {option_is("role", "server"), option_is("kind", "text"), number_option("deflate") != 0,
                 number_option("size"), number_option("read"), text_option("what")},
        .messages = number_option("messages"),
        .check = number_option("check"),
    };
    w.input.read = w.spec.read;
    w.input.messages = w.messages;
    if (option_is("operation", "handshake")) {
        browser_request = read_file(text_option("request"), &browser_request_len);
        response_template = read_file(text_option("response"), &len);
        client_headers = read_file(text_option("headers"), &len);
        w.messages = HANDSHAKES;
        w.run = handshake_pass;
    } else if (option_is("operation", "floor")) {
        w.input.bytes = calloc(1, w.spec.size);
        w.messages = CALLS;
        w.run = floor_pass;
    } else {
        bool sends = option_is("operation", "send");
        w.input.bytes = (const uint8_t *)read_file(text_option(sends ? "payloads" : "frames"), &w.input.len);
        w.run = sends ? send_pass : receive_pass;
    }
    return w;
}

static uint64_t warm_up(workload *w) {
    uint64_t spent = 0, passes = 0, until = nanoseconds() + WARM_UP;
    while (nanoseconds() < until || passes < 3) {
        spent += w->run(w);
        passes++;
    }
    return SAMPLE * passes / (spent + 1) + 1;
}

int main(int argc, char **argv) {
    const char *clock = getenv("CLOCK");
    if (clock && !strcmp(clock, "cpu")) measured_clock = CLOCK_PROCESS_CPUTIME_ID;
    option_count = argc - 1;
    options = argv + 1;
    workload w = prepare();
    bool is_memory = option_is("operation", "memory");
    uint64_t passes = 0;
    if (!is_memory) {
        if (!option_is("operation", "handshake")) w.engine = engine_open(&w.spec);
        if (option_is("operation", "send")) write_sent(&w);
        passes = warm_up(&w);
    }
    printf("{\"version\": \"%s\"}\n", engine_version());
    fflush(stdout);
    char line[8];
    while (fgets(line, sizeof line, stdin)) {
        uint64_t spent = 0;
        for (uint64_t i = 0; i < passes; i++) spent += w.run(&w);
        double result = is_memory ? memory(&w) : (double)spent / (double)(passes * w.messages);
        printf("{\"result\": %.3f}\n", result);
        fflush(stdout);
    }
    return 0;
}

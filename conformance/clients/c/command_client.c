/*
 * The command client (see ../README.md) in C: examples/c/client.c with every call and every event.
 *
 *   command_client URL [--subprotocol NAME]... [--echo]
 */
#define _POSIX_C_SOURCE 200809L
#include "../../../examples/c/endpoint.h"
#include "../../../examples/c/lines.h"

#include <ctype.h>
#include <poll.h>
#include <signal.h>

static bool echo, clean;

/* How many events of each kind were printed, and how many of them a `wait` has used up. */
static const char *const names[] = {NULL,   "request", "open", "rejected", "text",
                                    "binary", "ping",  "pong", "closing",  "closed"};
enum { NAME_COUNT = sizeof names / sizeof *names };
static unsigned long printed[NAME_COUNT], awaited[NAME_COUNT];

static _Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, int32_t status) {
    if (status != SANSOCK_OK) die(what, sansock_error_text(status));
}

/* ---- Events to output lines ---- */

static void print_payload(const uint8_t *payload, size_t len, bool hex) {
    if (len > 0) putchar(' ');
    if (!hex) fwrite(payload, 1, len, stdout);
    for (size_t i = 0; hex && i < len; i++) printf("%02x", payload[i]);
}

static void print_event(const sansock_block *b, const sansock_record *r) {
    const sansock_record *agreed = sansock_record_find_detail(r, SANSOCK_KIND_SUBPROTOCOL);
    size_t len;
    const uint8_t *payload = sansock_record_payload(b, r->kind == SANSOCK_KIND_OPEN && agreed ? agreed : r, &len);
    printf("%s", names[r->kind]);
    if (r->kind == SANSOCK_KIND_REJECTED) printf(" %u", (unsigned)sansock_record_http_status(r));
    if (r->kind >= SANSOCK_KIND_CLOSING) printf(" %u", (unsigned)sansock_record_close_code(r));
    if (r->kind != SANSOCK_KIND_REJECTED) print_payload(payload, len, r->kind == SANSOCK_KIND_BINARY);
    putchar('\n');
    printed[r->kind]++;
}

/* Fails once our Close is on its way: what arrives after that has no echo. */
static void send_back(endpoint *e, const sansock_record *r) {
    size_t len;
    const uint8_t *payload = sansock_record_payload(e->block, r, &len);
    if (r->kind == SANSOCK_KIND_TEXT)
        sansock_conn_send_text(e->conn, (const char *)payload, len);
    else if (r->kind == SANSOCK_KIND_BINARY)
        sansock_conn_send_binary(e->conn, payload, len);
}

void handle_events(endpoint *e) {
    for (uint32_t i = 0; i < e->block->event_count; i++) {
        const sansock_record *r = &e->block->events[i];
        if (r->kind >= NAME_COUNT) continue; /* a detail of an event */
        if (r->kind == SANSOCK_KIND_CLOSED) clean = sansock_record_is_clean(r);
        if (echo && r->kind != SANSOCK_KIND_CLOSED)
            send_back(e, r);
        else
            print_event(e->block, r);
    }
}

/* ---- Input lines to calls ---- */

/* Takes the next word off a line. */
static char *word(char **line, size_t *len) {
    char *start = *line, *space = memchr(start, ' ', *len);
    size_t used = space ? (size_t)(space - start) : *len;
    start[used] = '\0'; /* the space, or the end of the line */
    *line += space ? used + 1 : used;
    *len -= space ? used + 1 : used;
    return start;
}

/* Decodes hexadecimal in place. */
static size_t from_hex(char *text, size_t len) {
    static const char digits[] = "0123456789abcdef";
    if (len % 2 != 0) die("binary", "an odd number of digits");
    for (size_t i = 0; i < len; i++) {
        const char *digit = memchr(digits, tolower((unsigned char)text[i]), 16);
        if (!digit) die("binary", "not hexadecimal");
        int value = (int)(digit - digits);
        text[i / 2] = (char)(i % 2 ? (unsigned char)text[i / 2] | value : value << 4);
    }
    return len / 2;
}

static int32_t send_parts(sansock_conn *conn, uint8_t kind, size_t count, const char *text, size_t len) {
    int32_t status = count > 0 ? SANSOCK_OK : SANSOCK_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < count && status == SANSOCK_OK; i++) {
        size_t begin = len / count * i + len % count * i / count;
        size_t end = len / count * (i + 1) + len % count * (i + 1) / count;
        status = sansock_conn_send_part(conn, kind, (const uint8_t *)text + begin, end - begin, i + 1 == count);
    }
    return status;
}

/* Uses up one event of this name; false if none has come. */
static bool wait_for(const char *name, size_t len) {
    for (size_t kind = 1; kind < NAME_COUNT; kind++) {
        if (strlen(names[kind]) != len || memcmp(names[kind], name, len) != 0) continue;
        if (printed[kind] == awaited[kind]) return false;
        awaited[kind]++;
        return true;
    }
    die("wait", "there is no event of that name");
}

static int32_t call(sansock_conn *conn, const char *verb, char *line, size_t len) {
    if (strcmp(verb, "text") == 0) return sansock_conn_send_text(conn, line, len);
    if (strcmp(verb, "ping") == 0) return sansock_conn_ping(conn, (uint8_t *)line, len, now_ms());
    if (strcmp(verb, "pong") == 0) return sansock_conn_pong(conn, (uint8_t *)line, len);
    if (strcmp(verb, "binary") == 0) {
        size_t size = from_hex(line, len);
        return sansock_conn_send_binary(conn, (uint8_t *)line, size);
    }
    if (strcmp(verb, "parts") == 0) {
        uint8_t kind = strcmp(word(&line, &len), "binary") == 0 ? SANSOCK_KIND_BINARY : SANSOCK_KIND_TEXT;
        size_t count = strtoul(word(&line, &len), NULL, 10);
        return send_parts(conn, kind, count, line, len);
    }
    if (strcmp(verb, "close") == 0) {
        uint16_t code = (uint16_t)strtoul(word(&line, &len), NULL, 10);
        return sansock_conn_close(conn, code, line, len, now_ms());
    }
    return SANSOCK_ERR_INVALID_ARGUMENT;
}

/* Carries out one line. Returns false if it must wait; it is left unchanged then. */
static bool command(endpoint *e, char *line, size_t len) {
    if (len > 5 && memcmp(line, "wait ", 5) == 0) return wait_for(line + 5, len - 5);
    if (e->block->state == SANSOCK_STATE_CONNECTING || !sansock_block_is_writable(e->block)) return false;
    const char *verb = word(&line, &len);
    int32_t status = call(e->conn, verb, line, len);
    if (status != SANSOCK_OK) fprintf(stderr, "%s: %s\n", verb, sansock_error_text(status));
    return true;
}

/* Carries out what has been read, as far as it need not wait. Returns whether to read on. */
static bool run_commands(endpoint *e, lines *input) {
    size_t len;
    char *line;
    while ((line = lines_next(input, &len)) != NULL) {
        if (!command(e, line, len)) return false;
        lines_take(input);
    }
    if (input->ended && e->block->state == SANSOCK_STATE_OPEN) sansock_conn_close(e->conn, 1000, NULL, 0, now_ms());
    return !input->ended;
}

static void run(endpoint *e) {
    lines input = {0};
    for (;;) {
        bool more_lines = !echo && run_commands(e, &input);
        endpoint_write(e);
        if (endpoint_finished(e)) break;
        /* What is sent back to a server that does not read would pile up. */
        bool reading = !e->stream_ended && (!echo || sansock_block_is_writable(e->block));
        struct pollfd ready[2] = {
            {.fd = more_lines ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = e->fd, .events = (short)((reading ? POLLIN : 0) | (e->block->output_len > 0 ? POLLOUT : 0))},
        };
        fflush(stdout);
        poll(ready, 2, milliseconds_until(e->block->next_deadline));
        if (ready[0].revents) lines_read(&input);
        if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) endpoint_read(e);
        if (e->block->next_deadline <= now_ms()) endpoint_timeout(e);
    }
    free(input.data);
}

static void set_options(sansock_config *config, char **argv) {
    const char *url = *argv, *deflate = getenv("DEFLATE");
    check(url, sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)));
    check("option", sansock_config_set(config, SANSOCK_OPTION_RECEIVE_WHILE_CLOSING, 1));
    if (deflate && strcmp(deflate, "1") == 0) check("option", sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1));
    while (*++argv) {
        if (strcmp(*argv, "--echo") == 0) {
            echo = true;
        } else if (strcmp(*argv, "--subprotocol") == 0 && argv[1]) {
            const char *name = *++argv;
            check(name, sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, name, strlen(name)));
        } else {
            die(*argv, "unknown argument");
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 2) die(argv[0], "usage: command_client URL [--subprotocol NAME]... [--echo]");
    signal(SIGPIPE, SIG_IGN);
    sansock_config *config;
    check("config", sansock_config_new(SANSOCK_ROLE_CLIENT, &config));
    set_options(config, argv + 1);
    endpoint server = {.fd = connect_to(argv[1])};
    if (server.fd < 0) return 1;
    check("connection", sansock_conn_new(config, NULL, now_ms(), &server.conn));
    server.block = sansock_conn_block(server.conn);
    run(&server);
    close(server.fd);
    sansock_conn_free(server.conn);
    sansock_config_free(config);
    return clean ? 0 : 1;
}

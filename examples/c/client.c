/*
 * A WebSocket client for the terminal: poll on standard input and one socket.
 *
 *   client URL [--subprotocol NAME]... [--commands | --echo]
 *
 * Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and
 * the end of the input closes the connection. With --echo, nothing is read or printed, and each message is sent back.
 * With --commands, each line is a command, and each event is printed:
 *
 *   text STR | binary HEX | parts text|binary N STR | ping STR | pong STR | close CODE REASON | wait EVENT
 *
 * DEFLATE=1 in the environment offers compression.
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sansock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fd;
static sansock_conn *conn;
static const sansock_block *block;
static bool commands, echo, write_shut, stream_ended, clean;

/* How many events of each kind were printed, and how many of them a `wait` has used up. */
static const char *const names[] = {NULL,   "request", "open", "rejected", "text",
                                    "binary", "ping",  "pong", "closing",  "closed"};
enum { NAME_COUNT = sizeof names / sizeof *names };
static unsigned long seen[NAME_COUNT], awaited[NAME_COUNT];

/* Standard input, as far as it was read: handled up to `begin`, searched for the end of a line up to `searched`. */
static struct {
    char *data;
    size_t begin, searched, end, capacity;
    bool ended;
} lines;

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static _Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, int32_t status) {
    if (status != SANSOCK_OK) die(what, sansock_error_text(status));
}

/* ---- Events to output lines ---- */

static void print_hex(const uint8_t *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        putchar(digits[data[i] >> 4]);
        putchar(digits[data[i] & 15]);
    }
}

/* Prints an event as a line. `number` is 0 if it has none. */
static void print_line(const sansock_record *r, unsigned number, const void *data, size_t len) {
    bool message = sansock_record_is_message(r);
    if (!commands && !message && r->kind != SANSOCK_KIND_CLOSED) return;
    if (commands || !message) {
        printf("%s", names[r->kind]);
        if (number > 0) printf(" %u", number);
        if (len > 0) putchar(' ');
    }
    if (r->kind == SANSOCK_KIND_BINARY)
        print_hex(data, len);
    else
        fwrite(data, 1, len, stdout);
    putchar('\n');
}

static void print_event(const sansock_record *r) {
    size_t len;
    const uint8_t *data = sansock_record_payload(block, r, &len);
    const sansock_record *agreed;
    switch (r->kind) {
    case SANSOCK_KIND_OPEN:
        agreed = sansock_record_find_detail(r, SANSOCK_KIND_SUBPROTOCOL);
        if (agreed) data = sansock_record_payload(block, agreed, &len);
        print_line(r, 0, data, len);
        break;
    case SANSOCK_KIND_REJECTED:
        if (!commands) fprintf(stderr, "rejected %u\n", (unsigned)sansock_record_http_status(r));
        print_line(r, sansock_record_http_status(r), "", 0);
        break;
    case SANSOCK_KIND_CLOSED:
        clean = sansock_record_is_clean(r);
        print_line(r, sansock_record_close_code(r), data, len);
        break;
    default: print_line(r, sansock_record_close_code(r), data, len); break;
    }
}

/* Fails once our Close is in the output: what arrives after that is not sent back. */
static void send_back(const sansock_record *r) {
    size_t len;
    const uint8_t *data = sansock_record_payload(block, r, &len);
    if (r->kind == SANSOCK_KIND_TEXT)
        sansock_conn_send_text(conn, (const char *)data, len);
    else if (r->kind == SANSOCK_KIND_BINARY)
        sansock_conn_send_binary(conn, data, len);
}

static void handle_events(void) {
    for (uint32_t i = 0; i < block->event_count; i++) {
        const sansock_record *r = &block->events[i];
        if (r->kind >= NAME_COUNT) continue; /* a detail, or a kind that this program does not know */
        if (echo && r->kind != SANSOCK_KIND_CLOSED) {
            send_back(r);
            continue;
        }
        print_event(r);
        seen[r->kind]++;
    }
    fflush(stdout);
}

/* ---- The connection: what every host does ---- */

/* Passes input until all of it is consumed, and no more events are waiting. */
static void receive(uint8_t *data, size_t len) {
    bool progress;
    do {
        check("receive", sansock_conn_receive(conn, data, len, now_ms()));
        progress = block->consumed > 0 || block->event_count > 0;
        data += block->consumed;
        len -= block->consumed;
        handle_events();
    } while (sansock_block_has_more(block) || (len > 0 && progress));
}

/* Handles the events of an input call other than receive. */
static void after_input(void) {
    handle_events();
    if (sansock_block_has_more(block)) receive(NULL, 0);
}

static void end_of_stream(void) {
    if (stream_ended) return;
    stream_ended = true;
    sansock_conn_receive_eof(conn, now_ms());
    after_input();
}

static void read_socket(void) {
    static uint8_t input[64 * 1024];
    ssize_t n = recv(fd, input, sizeof input, 0);
    if (n > 0)
        receive(input, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        end_of_stream();
}

static void write_output(void) {
    while (block->output_len > 0) {
        ssize_t n = send(fd, block->output, block->output_len, MSG_NOSIGNAL);
        if (n >= 0) {
            sansock_conn_written(conn, (size_t)n);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) { /* nobody is left to read it */
            end_of_stream();
            sansock_conn_written(conn, block->output_len);
        }
    }
    if (block->transport == SANSOCK_TRANSPORT_SHUTDOWN_WRITE && !write_shut) {
        shutdown(fd, SHUT_WR);
        write_shut = true;
    }
}

/* ---- Input lines to calls ---- */

/* Cuts the first word off a line, and returns it. */
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

static int32_t send_parts(uint8_t kind, size_t count, const char *text, size_t len) {
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
        if (seen[kind] == awaited[kind]) return false;
        awaited[kind]++;
        return true;
    }
    die("wait", "there is no event of that name");
}

/* Carries out one line. Returns false, and leaves it unchanged, if it must wait. */
static bool command(char *line, size_t len) {
    char *const whole = line;
    if (!commands) {
        check("send", sansock_conn_send_text(conn, line, len));
        return true;
    }
    if (len > 5 && memcmp(line, "wait ", 5) == 0) return wait_for(line + 5, len - 5);
    if (block->state == SANSOCK_STATE_CONNECTING) return false;
    const char *verb = word(&line, &len);
    int32_t status = SANSOCK_ERR_INVALID_ARGUMENT;
    if (strcmp(verb, "text") == 0) {
        status = sansock_conn_send_text(conn, line, len);
    } else if (strcmp(verb, "binary") == 0) {
        size_t size = from_hex(line, len);
        status = sansock_conn_send_binary(conn, (uint8_t *)line, size);
    } else if (strcmp(verb, "ping") == 0) {
        status = sansock_conn_ping(conn, (uint8_t *)line, len, now_ms());
    } else if (strcmp(verb, "pong") == 0) {
        status = sansock_conn_pong(conn, (uint8_t *)line, len);
    } else if (strcmp(verb, "parts") == 0) {
        uint8_t kind = strcmp(word(&line, &len), "binary") == 0 ? SANSOCK_KIND_BINARY : SANSOCK_KIND_TEXT;
        size_t count = strtoul(word(&line, &len), NULL, 10);
        status = send_parts(kind, count, line, len);
    } else if (strcmp(verb, "close") == 0) {
        uint16_t code = (uint16_t)strtoul(word(&line, &len), NULL, 10);
        status = sansock_conn_close(conn, code, line, len, now_ms());
    }
    if (status != SANSOCK_OK) fprintf(stderr, "%s: %s\n", whole, sansock_error_text(status));
    return true;
}

/* The next whole line, its end of line not included. */
static char *next_line(size_t *len) {
    char *newline = NULL;
    if (lines.searched < lines.end)
        newline = memchr(lines.data + lines.searched, '\n', lines.end - lines.searched);
    lines.searched = newline ? (size_t)(newline - lines.data) : lines.end;
    if (!newline && (!lines.ended || lines.begin == lines.end)) return NULL;
    *len = lines.searched - lines.begin;
    return lines.data + lines.begin;
}

/* Carries out the lines that were read, as far as the connection allows. Returns true if more can be read now. */
static bool run_lines(void) {
    size_t len;
    char *line;
    while ((line = next_line(&len)) != NULL) {
        bool may_send = commands || block->state == SANSOCK_STATE_OPEN;
        if (!may_send || !sansock_block_is_writable(block) || !command(line, len)) return false;
        lines.begin = lines.searched < lines.end ? lines.searched + 1 : lines.end;
        lines.searched = lines.begin;
    }
    if (lines.ended && block->state == SANSOCK_STATE_OPEN) sansock_conn_close(conn, 1000, NULL, 0, now_ms());
    return !lines.ended;
}

static void read_lines(void) {
    if (lines.begin > 0) { /* all whole lines are done: what is left is the start of one */
        memmove(lines.data, lines.data + lines.begin, lines.end - lines.begin);
        lines.end -= lines.begin;
        lines.searched -= lines.begin;
        lines.begin = 0;
    }
    if (lines.capacity - lines.end < 64 * 1024) {
        lines.capacity = 2 * lines.capacity + 128 * 1024;
        lines.data = realloc(lines.data, lines.capacity);
        if (!lines.data) die("input", strerror(errno));
    }
    ssize_t n = read(STDIN_FILENO, lines.data + lines.end, lines.capacity - lines.end - 1); /* room for a NUL */
    if (n > 0)
        lines.end += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        lines.ended = true;
}

/* ---- Start and loop ---- */

static int connect_to(const char *url, sansock_url place) {
    char host[256], port[6];
    if (place.secure) die(url, "wss: needs TLS, which this example leaves out");
    snprintf(host, sizeof host, "%.*s", (int)place.host_len, url + place.host_offset);
    snprintf(port, sizeof port, "%u", (unsigned)place.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) die(host, gai_strerror(error));
    int s = -1, on = 1;
    for (struct addrinfo *a = found; a && s < 0; a = a->ai_next) {
        s = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (s >= 0 && connect(s, a->ai_addr, a->ai_addrlen) != 0) {
            close(s);
            s = -1;
        }
    }
    freeaddrinfo(found);
    if (s < 0) die(url, strerror(errno));
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(s, F_SETFL, O_NONBLOCK);
    return s;
}

static int poll_timeout(void) {
    uint64_t now = now_ms(), deadline = block->next_deadline;
    if (deadline == SANSOCK_NEVER) return -1;
    if (deadline <= now) return 0;
    return deadline - now < 60000 ? (int)(deadline - now) : 60000;
}

static void loop(void) {
    for (;;) {
        bool more_lines = !echo && run_lines();
        write_output();
        if (block->transport == SANSOCK_TRANSPORT_CLOSE && block->output_len == 0) return;
        /* Back-pressure: with --echo, nothing is read from a server that does not read. */
        bool reading = !stream_ended && (!echo || sansock_block_is_writable(block));
        struct pollfd ready[2] = {
            {.fd = more_lines ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = fd, .events = (short)((reading ? POLLIN : 0) | (block->output_len > 0 ? POLLOUT : 0))},
        };
        poll(ready, 2, poll_timeout());
        if (ready[0].revents) read_lines();
        if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) read_socket();
        if (block->next_deadline <= now_ms()) {
            sansock_conn_timeout(conn, now_ms());
            after_input();
        }
    }
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) die(argv[0], "usage: client URL [--subprotocol NAME]... [--commands | --echo]");
    sansock_config *config;
    sansock_url place;
    const char *url = argv[1];
    check("config", sansock_config_new(SANSOCK_ROLE_CLIENT, &config));
    check(url, sansock_url_parse(url, strlen(url), &place));
    check(url, sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)));
    /* Messages that the server echoes after our Close are still printed. */
    check("option", sansock_config_set(config, SANSOCK_OPTION_RECEIVE_WHILE_CLOSING, 1));
    const char *deflate = getenv("DEFLATE");
    if (deflate && strcmp(deflate, "1") == 0) check("option", sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1));
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--commands") == 0) {
            commands = true;
        } else if (strcmp(argv[i], "--echo") == 0) {
            echo = true;
        } else if (strcmp(argv[i], "--subprotocol") == 0 && ++i < argc) {
            check(argv[i], sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, argv[i], strlen(argv[i])));
        } else {
            die(argv[i - (i == argc)], "unknown argument");
        }
    }
    fd = connect_to(url, place);
    check("connection", sansock_conn_new(config, NULL, now_ms(), &conn));
    block = sansock_conn_block(conn);
    loop();
    close(fd);
    sansock_conn_free(conn);
    sansock_config_free(config);
    free(lines.data);
    return clean ? 0 : 1;
}

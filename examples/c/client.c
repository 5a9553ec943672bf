/*
 * A WebSocket client for the terminal: poll on standard input and one socket.
 *
 *   client URL
 *
 * Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and
 * the end of the input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only if
 * the connection was closed cleanly.
 *
 * With DEFLATE=1 in the environment it offers compression.
 */
#define _POSIX_C_SOURCE 200809L
#include "endpoint.h"
#include "lines.h"

#include <poll.h>
#include <signal.h>

static bool clean;

static void check(const char *what, int32_t status) {
    if (status == SANSOCK_OK) return;
    fprintf(stderr, "%s: %s\n", what, sansock_error_text(status));
    exit(1);
}

void handle_events(endpoint *e) {
    const sansock_block *b = e->block;
    for (uint32_t i = 0; i < b->event_count; i++) {
        const sansock_record *r = &b->events[i];
        size_t len;
        const uint8_t *payload = sansock_record_payload(b, r, &len);
        switch (r->kind) {
        case SANSOCK_KIND_TEXT:
            fwrite(payload, 1, len, stdout);
            putchar('\n');
            break;
        case SANSOCK_KIND_BINARY:
            for (size_t at = 0; at < len; at++) printf("%02x", payload[at]);
            putchar('\n');
            break;
        case SANSOCK_KIND_REJECTED:
            fprintf(stderr, "rejected with status %u\n", (unsigned)sansock_record_http_status(r));
            break;
        case SANSOCK_KIND_CLOSED:
            printf("closed %u", (unsigned)sansock_record_close_code(r));
            if (len > 0) printf(" %.*s", (int)len, (const char *)payload);
            putchar('\n');
            clean = sansock_record_is_clean(r);
            break;
        default: break; /* pings and Close are answered by the engine */
        }
    }
}

/* Sends what has been read, as far as the connection takes it. Returns whether to read on. */
static bool send_lines(endpoint *e, lines *input) {
    size_t len;
    char *line;
    while ((line = lines_next(input, &len)) != NULL) {
        if (e->block->state != SANSOCK_STATE_OPEN || !sansock_block_is_writable(e->block)) return false;
        check("send", sansock_conn_send_text(e->conn, line, len));
        lines_take(input);
    }
    if (input->ended && e->block->state == SANSOCK_STATE_OPEN) sansock_conn_close(e->conn, 1000, NULL, 0, now_ms());
    return !input->ended;
}

static void run(endpoint *e) {
    lines input = {0};
    for (;;) {
        bool more_lines = send_lines(e, &input);
        endpoint_write(e);
        if (endpoint_finished(e)) break;
        short writing = e->block->output_len > 0 ? POLLOUT : 0;
        struct pollfd ready[2] = {
            {.fd = more_lines ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = e->fd, .events = (short)((e->stream_ended ? 0 : POLLIN) | writing)},
        };
        fflush(stdout);
        poll(ready, 2, milliseconds_until(e->block->next_deadline));
        if (ready[0].revents) lines_read(&input);
        if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) endpoint_read(e);
        if (e->block->next_deadline <= now_ms()) endpoint_timeout(e);
    }
    free(input.data);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s URL\n", argv[0]);
        return 2;
    }
    const char *url = argv[1], *deflate = getenv("DEFLATE");
    sansock_config *config;
    check("config", sansock_config_new(SANSOCK_ROLE_CLIENT, &config));
    check(url, sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)));
    /* Echoes of what was sent before our Close are still wanted. */
    check("option", sansock_config_set(config, SANSOCK_OPTION_RECEIVE_WHILE_CLOSING, 1));
    if (deflate && strcmp(deflate, "1") == 0) check("option", sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1));

    endpoint server = {.fd = connect_to(url)};
    if (server.fd < 0) return 1;
    check("connection", sansock_conn_new(config, NULL, now_ms(), &server.conn));
    server.block = sansock_conn_block(server.conn);
    signal(SIGPIPE, SIG_IGN);
    run(&server);
    close(server.fd);
    sansock_conn_free(server.conn);
    sansock_config_free(config);
    return clean ? 0 : 1;
}

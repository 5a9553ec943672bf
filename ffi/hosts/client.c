/*
 * sansock/client.h against servers of this program, one in a thread for each case: blocking and not, and what goes wrong.
 *
 *   client
 */
#define _POSIX_C_SOURCE 200809L
#include <sansock/client.h>
#include <sansock_faults.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>

#include "../tests/c/check.h"

/* What a server does once the request is there. */
typedef enum { ECHO, REJECT, SILENT, HANG_UP, RESERVED_OPCODE, FLOOD, DEAF } behaviour;

typedef struct server {
    pthread_t thread;
    int listener, fd;
    behaviour does;
    char url[64];
} server;

static void server_flush(server *v, sansock_session *s) {
    while (s->block->output_len > 0) {
        ssize_t n = send(v->fd, s->block->output, s->block->output_len, MSG_NOSIGNAL);
        if (n > 0)
            sansock_session_written(s, (size_t)n);
        else
            sansock_session_write_failed(s);
    }
}

/* Returns whether to hang up. */
static bool server_handle(server *v, sansock_session *s, const sansock_record *event) {
    size_t len;
    const uint8_t *payload = sansock_record_payload(s->block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST) {
        if (v->does == SILENT) return false;
        if (v->does == REJECT)
            sansock_session_respond(s, 503, "later", 5, sansock_client_now());
        else
            sansock_session_answer(s, event, sansock_client_now());
    } else if (event->kind == SANSOCK_KIND_OPEN && v->does == FLOOD) {
        for (unsigned i = 0; i < 100; i++) sansock_session_send(s, SANSOCK_KIND_TEXT, "flood", 5);
    } else if (event->kind == SANSOCK_KIND_OPEN && v->does == RESERVED_OPCODE) {
        server_flush(v, s);
        send(v->fd, "\x83\0", 2, MSG_NOSIGNAL);
    } else if (sansock_record_is_message(event)) {
        if (v->does == HANG_UP) return true;
        sansock_session_send(s, event->kind, payload, len);
    }
    return false;
}

static void *serve(void *argument) {
    static _Thread_local uint8_t input[16 * 1024];
    server *v = argument;
    sansock_config *config;
    sansock_session s;
    v->fd = accept(v->listener, NULL, NULL);
    if (v->fd < 0) return NULL;
    sansock_config_new(SANSOCK_ROLE_SERVER, &config);
    sansock_session_init(&s, config, sansock_client_now());
    sansock_config_free(config);
    bool over = false;
    while (!over && !(v->does == DEAF && s.block->state == SANSOCK_STATE_OPEN) &&
           s.block->transport != SANSOCK_TRANSPORT_CLOSE) {
        ssize_t n = recv(v->fd, input, sizeof input, 0);
        if (n > 0)
            sansock_session_receive(&s, input, (size_t)n, sansock_client_now());
        else
            sansock_session_receive_eof(&s, sansock_client_now());
        const sansock_record *event;
        while (!over && (event = sansock_session_next(&s, sansock_client_now())) != NULL) over = server_handle(v, &s, event);
        server_flush(v, &s);
        if (sansock_session_transport(&s) == SANSOCK_TRANSPORT_SHUTDOWN_WRITE) shutdown(v->fd, SHUT_WR);
    }
    if (v->does != DEAF) close(v->fd);
    sansock_session_free(&s);
    return NULL;
}

static void start(server *v, behaviour does) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v->does = does;
    v->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(v->listener, (struct sockaddr *)&address, size) != 0 || listen(v->listener, 1) != 0) abort();
    getsockname(v->listener, (struct sockaddr *)&address, &size);
    snprintf(v->url, sizeof v->url, "ws://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    if (pthread_create(&v->thread, NULL, serve, v) != 0) abort();
}

static void end(server *v) {
    shutdown(v->listener, SHUT_RDWR);
    pthread_join(v->thread, NULL);
    if (v->does == DEAF) close(v->fd);
    close(v->listener);
}

static sansock_client *connected(const server *v) {
    sansock_client *c;
    CHECK_EQUAL(sansock_client_connect(v->url, NULL, &c), SANSOCK_OK);
    const sansock_record *event = sansock_client_next(c, 0);
    CHECK(event && event->kind == SANSOCK_KIND_OPEN);
    CHECK(sansock_client_error(c)[0] == '\0');
    return c;
}

static bool next_is(sansock_client *c, uint8_t kind, const void *expected, size_t expected_len) {
    size_t len;
    const sansock_record *event = sansock_client_next(c, 10000);
    if (!event || event->kind != kind) return false;
    const uint8_t *payload = sansock_record_payload(sansock_client_block(c), event, &len);
    return len == expected_len && memcmp(payload, expected, len) == 0;
}

/* Goes on until the end, and returns the last event's kind. */
static uint8_t last_kind(sansock_client *c) {
    uint8_t kind = 0;
    const sansock_record *event;
    while ((event = sansock_client_next(c, 10000)) != NULL) kind = event->kind;
    CHECK(sansock_client_is_over(c) && sansock_client_fd(c) == -1);
    return kind;
}

static void calls_block(void) {
    server v;
    start(&v, ECHO);
    sansock_client *c = connected(&v);
    CHECK(sansock_client_next(c, 0) == NULL && !sansock_client_is_over(c));
    CHECK_EQUAL(sansock_client_send_text(c, "hello", 5), SANSOCK_OK);
    CHECK(next_is(c, SANSOCK_KIND_TEXT, "hello", 5));
    size_t large = 3000000;
    uint8_t *data = calloc(1, large);
    if (!data) abort();
    memset(data, 7, large);
    CHECK_EQUAL(sansock_client_send_binary(c, data, large), SANSOCK_OK);
    CHECK(next_is(c, SANSOCK_KIND_BINARY, data, large));
    CHECK_EQUAL(sansock_client_send_text(c, "\xff", 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_conn_ping(sansock_client_conn(c), (const uint8_t *)"p", 1, sansock_client_now()), SANSOCK_OK);
    CHECK(next_is(c, SANSOCK_KIND_PONG, "p", 1));
    CHECK_EQUAL(sansock_client_close(c, 1005, NULL, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_client_close(c, 1000, "bye", 3), SANSOCK_OK);
    CHECK_EQUAL(sansock_client_send_text(c, "late", 4), SANSOCK_ERR_INVALID_STATE);
    CHECK_EQUAL(last_kind(c), SANSOCK_KIND_CLOSED);
    CHECK(sansock_client_error(c)[0] == '\0');
    CHECK_EQUAL(sansock_client_send_text(c, "late", 4), SANSOCK_ERR_INVALID_STATE);
    free(data);
    sansock_client_free(c);
    end(&v);
}

static void a_loop_of_ones_own(void) {
    server v;
    start(&v, ECHO);
    sansock_client *c;
    unsigned sent = 0, received = 0;
    bool is_open = false;
    size_t size = 300000;
    char *text = malloc(size);
    if (!text) abort();
    memset(text, 'x', size);
    CHECK_EQUAL(sansock_client_start(v.url, NULL, &c), SANSOCK_OK);
    while (!sansock_client_is_over(c)) {
        const sansock_record *event;
        while ((event = sansock_client_next(c, 0)) != NULL) {
            is_open = is_open || event->kind == SANSOCK_KIND_OPEN;
            if (event->kind == SANSOCK_KIND_TEXT && ++received == 20) sansock_client_close(c, 1000, NULL, 0);
        }
        int32_t status = SANSOCK_OK;
        for (; is_open && sent < 20 && status == SANSOCK_OK; sent += status == SANSOCK_OK)
            status = sansock_client_send_text(c, text, size);
        CHECK(status == SANSOCK_OK || status == SANSOCK_ERR_WOULD_BLOCK);
        struct pollfd ready = {sansock_client_fd(c), sansock_client_poll_events(c), 0};
        if (ready.fd >= 0) poll(&ready, 1, sansock_client_wait_ms(c));
    }
    CHECK(is_open);
    CHECK_EQUAL(sent, 20);
    CHECK_EQUAL(received, 20);
    free(text);
    sansock_client_free(c);
    end(&v);
}

static void a_server_that_does_not_read(void) {
    server v;
    sansock_client *c;
    size_t large = 20000000; /* more than the buffers of the system hold */
    uint8_t *data = calloc(1, large);
    if (!data) abort();
    start(&v, DEAF);
    CHECK_EQUAL(sansock_client_start(v.url, NULL, &c), SANSOCK_OK);
    const sansock_record *event = sansock_client_next(c, 10000);
    CHECK(event && event->kind == SANSOCK_KIND_OPEN);
    CHECK_EQUAL(sansock_client_send_binary(c, data, large), SANSOCK_OK);
    CHECK_EQUAL(sansock_client_send_binary(c, data, 1), SANSOCK_ERR_WOULD_BLOCK);
    CHECK(sansock_client_next(c, 0) == NULL && (sansock_client_poll_events(c) & POLLOUT) != 0);
    free(data);
    sansock_client_free(c);
    end(&v);
}

static void refusals_are_told(void) {
    server v;
    sansock_client *c;
    start(&v, REJECT);
    CHECK_EQUAL(sansock_client_connect(v.url, NULL, &c), SANSOCK_CLIENT_FAILED);
    CHECK(strcmp(sansock_client_error(c), "the server answered with HTTP status 503") == 0);
    CHECK(next_is(c, SANSOCK_KIND_REJECTED, "later", 5));
    CHECK_EQUAL(last_kind(c), SANSOCK_KIND_CLOSED);
    sansock_client_free(c);
    end(&v);
}

static void silence_has_an_end(void) {
    server v;
    sansock_client *c;
    sansock_config *config;
    start(&v, SILENT);
    sansock_config_new(SANSOCK_ROLE_CLIENT, &config);
    sansock_config_set_text(config, SANSOCK_TEXT_URL, v.url, strlen(v.url));
    sansock_config_set(config, SANSOCK_OPTION_HANDSHAKE_TIMEOUT, 20);
    sansock_client_options options = {config, NULL, 0, NULL, NULL};
    CHECK_EQUAL(sansock_client_connect(v.url, &options, &c), SANSOCK_CLIENT_FAILED);
    const sansock_record *event = sansock_client_next(c, -1);
    CHECK(event && sansock_record_fault(event) == SANSOCK_FAULT_HANDSHAKE_TIMEOUT);
    CHECK(sansock_client_error(c)[0] != '\0');
    sansock_client_free(c);
    sansock_config_free(config);
    end(&v);
}

static void lost_and_broken_servers(void) {
    static const struct {
        behaviour does;
        uint32_t fault;
    } cases[] = {{HANG_UP, SANSOCK_FAULT_EOF}, {RESERVED_OPCODE, SANSOCK_FAULT_RESERVED_OPCODE}};
    for (size_t i = 0; i < 2; i++) {
        server v;
        start(&v, cases[i].does);
        sansock_client *c = connected(&v);
        sansock_client_send_text(c, "hello", 5);
        const sansock_record *event = sansock_client_next(c, 10000);
        CHECK(event && event->kind == SANSOCK_KIND_CLOSED && sansock_record_fault(event) == cases[i].fault);
        CHECK(sansock_client_error(c)[0] != '\0');
        sansock_client_free(c);
        end(&v);
    }
}

static void many_messages_wait(void) {
    server v;
    start(&v, FLOOD);
    sansock_client *c = connected(&v);
    for (unsigned i = 0; i < 100; i++) CHECK(next_is(c, SANSOCK_KIND_TEXT, "flood", 5));
    sansock_client_free(c); /* without closing */
    end(&v);
}

static void what_cannot_be_connected_to(void) {
    static const char *const urls[] = {"http://127.0.0.1/", "ws://", "wss://127.0.0.1:1/", "ws://name.invalid/"};
    server v;
    sansock_client *c;
    sansock_client_options options = {NULL, "ftp://127.0.0.1", 0, NULL, NULL};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        CHECK(sansock_client_connect(urls[i], NULL, &c) != SANSOCK_OK);
        CHECK(sansock_client_error(c)[0] != '\0' && sansock_client_is_over(c) && sansock_client_next(c, -1) == NULL);
        CHECK(sansock_client_block(c) == NULL && sansock_client_close(c, 1000, NULL, 0) == SANSOCK_ERR_INVALID_STATE);
        sansock_client_free(c);
    }
    start(&v, ECHO);
    CHECK_EQUAL(sansock_client_connect(v.url, &options, &c), SANSOCK_ERR_INVALID_ARGUMENT);
    sansock_client_free(c);
    end(&v); /* now nobody listens there */
    CHECK_EQUAL(sansock_client_connect(v.url, NULL, &c), SANSOCK_CLIENT_FAILED);
    CHECK(strstr(sansock_client_error(c), strerror(ECONNREFUSED)) != NULL);
    sansock_client_free(c);
    options.proxy = "socks5://127.0.0.1:1";
    CHECK_EQUAL(sansock_client_connect(v.url, &options, &c), SANSOCK_CLIENT_FAILED);
    sansock_client_free(c);
    sansock_client_free(NULL);
}

int main(void) {
    calls_block();
    a_loop_of_ones_own();
    a_server_that_does_not_read();
    refusals_are_told();
    silence_has_an_end();
    lost_and_broken_servers();
    many_messages_wait();
    what_cannot_be_connected_to();
    return check_end("client");
}

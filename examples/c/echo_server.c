/*
 * A WebSocket echo server: one thread, epoll, non-blocking sockets, one input buffer for all connections.
 *
 *   echo_server PORT        (0: any free port)
 *
 * With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
 *
 * The library does the protocol, endpoint.h reads and writes. This file has the loop, and one timer per connection.
 */
#define _GNU_SOURCE
#include "endpoint.h"
#include "server.h"

#include <sys/epoll.h>

typedef struct peer {
    endpoint e;
    uint32_t interest; /* what epoll watches for */
    bool reading_paused;
    uint64_t deadline;
    size_t timer; /* place in the heap of timers */
} peer;

static int epoll_fd, listen_fd;
static bool listening = true; /* false while there is no file descriptor left to accept with */
static sansock_config *config;

/* Timers: a binary heap of all peers, the earliest deadline first. */
static peer **timers;
static size_t timer_count, timer_capacity;

static void timer_place(peer *p, size_t at) {
    timers[at] = p;
    p->timer = at;
}

/* Moves a peer whose deadline has changed to its place in the heap. */
static void timer_sift(peer *p) {
    size_t at = p->timer;
    for (size_t up = (at - 1) / 2; at > 0 && timers[up]->deadline > p->deadline; up = (at - 1) / 2) {
        timer_place(timers[up], at);
        at = up;
    }
    for (size_t down = 2 * at + 1; down < timer_count; down = 2 * at + 1) {
        if (down + 1 < timer_count && timers[down + 1]->deadline < timers[down]->deadline) down++;
        if (timers[down]->deadline >= p->deadline) break;
        timer_place(timers[down], at);
        at = down;
    }
    timer_place(p, at);
}

static bool timer_add(peer *p) {
    if (timer_count == timer_capacity) {
        size_t capacity = timer_capacity ? 2 * timer_capacity : 64;
        peer **grown = realloc(timers, capacity * sizeof *timers);
        if (!grown) return false;
        timers = grown;
        timer_capacity = capacity;
    }
    p->deadline = SANSOCK_NEVER;
    timer_place(p, timer_count++);
    return true;
}

static void timer_remove(peer *p) {
    peer *last = timers[--timer_count];
    if (last != p) {
        timer_place(last, p->timer);
        timer_sift(last);
    }
}

static void watch(int fd, int operation, uint32_t interest, void *data) {
    struct epoll_event event = {.events = interest, .data.ptr = data};
    if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) perror("epoll_ctl");
}

static void peer_free(peer *p) {
    timer_remove(p);
    close(p->e.fd); /* epoll forgets a closed socket */
    sansock_conn_free(p->e.conn);
    free(p);
    if (!listening) {
        listening = true;
        watch(listen_fd, EPOLL_CTL_ADD, EPOLLIN, &listen_fd);
    }
}

static bool text_is(const endpoint *e, const sansock_record *record, const char *expected) {
    size_t len;
    const char *text = sansock_record_text(e->block, record, &len);
    return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

static void add_header(endpoint *e, const char *name, const char *value) {
    sansock_conn_add_response_header(e->conn, name, strlen(name), value, strlen(value));
}

/* Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check. */
static int32_t answer_page(endpoint *e, const sansock_record *request) {
    const sansock_record *method = sansock_record_find_detail(request, SANSOCK_KIND_METHOD); /* NULL: GET */
    uint16_t status = 200;
    const char *body = "ok\n";
    add_header(e, "Content-Type", "text/plain");
    if (method && !text_is(e, method, "HEAD")) {
        status = 405;
        body = "only GET and HEAD\n";
        add_header(e, "Allow", "GET, HEAD");
    } else if (!text_is(e, request, "/health")) {
        status = 404;
        body = "no such page\n";
    }
    return sansock_conn_respond(e->conn, status, NULL, 0, body, strlen(body), now_ms());
}

/* Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers. */
static int32_t answer_request(endpoint *e, const sansock_record *request) {
    if (sansock_record_fault(request) != 0) return answer_page(e, request);
    if (!sansock_record_same_origin(request)) return sansock_conn_reject(e->conn, 403, NULL, 0, now_ms());
    return sansock_conn_accept(e->conn, NULL, 0, now_ms());
}

void handle_events(endpoint *e) {
    const sansock_block *b = e->block;
    for (uint32_t i = 0; i < b->event_count; i++) {
        const sansock_record *r = &b->events[i];
        size_t len;
        const uint8_t *payload = sansock_record_payload(b, r, &len);
        int32_t status = SANSOCK_OK;
        switch (r->kind) {
        case SANSOCK_KIND_REQUEST:
            if (answer_request(e, r) == SANSOCK_OK) handle_events(e);
            return; /* the answer has replaced the events */
        case SANSOCK_KIND_TEXT: status = sansock_conn_send_text(e->conn, (const char *)payload, len); break;
        case SANSOCK_KIND_BINARY: status = sansock_conn_send_binary(e->conn, payload, len); break;
        default: break; /* pings and Close are answered by the engine */
        }
        if (status != SANSOCK_OK && status != SANSOCK_ERR_INVALID_STATE) /* the latter: Close was sent */
            sansock_conn_fail(e->conn, 1011, NULL, 0, now_ms());
    }
}

/* What follows every call: write, obey the transport instruction, set the timer. Frees the peer at its end. */
static void after_call(peer *p) {
    const sansock_block *b = p->e.block;
    endpoint_write(&p->e);
    if (endpoint_finished(&p->e)) {
        peer_free(p);
        return;
    }
    /* Back-pressure: a peer that does not read its echoes is not read from. */
    bool pause = !sansock_block_is_writable(b);
    if (pause != p->reading_paused) {
        p->reading_paused = pause;
        if (pause)
            sansock_conn_pause(p->e.conn, now_ms());
        else
            sansock_conn_resume(p->e.conn, now_ms());
    }
    uint32_t interest = (b->output_len > 0 ? EPOLLOUT : 0) | (pause || p->e.stream_ended ? 0 : EPOLLIN);
    if (interest != p->interest) watch(p->e.fd, EPOLL_CTL_MOD, p->interest = interest, p);
    if (b->next_deadline != p->deadline) {
        p->deadline = b->next_deadline;
        timer_sift(p);
    }
}

static void on_ready(peer *p, uint32_t ready) {
    if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) endpoint_read(&p->e);
    after_call(p);
}

static void on_connection(int fd) {
    peer *p = calloc(1, sizeof *p);
    if (!p || sansock_conn_new(config, NULL, now_ms(), &p->e.conn) != SANSOCK_OK || !timer_add(p)) {
        if (p) sansock_conn_free(p->e.conn);
        free(p);
        close(fd);
        return;
    }
    sansock_socket_prepare(fd);
    p->e.fd = fd;
    p->e.block = sansock_conn_block(p->e.conn);
    p->interest = EPOLLIN;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN, p);
    after_call(p); /* sets the timer of the handshake */
}

static void accept_connections(void) {
    int fd;
    while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) on_connection(fd);
    if (timer_count > 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        listening = false; /* until a connection ends: epoll would call again at once */
        watch(listen_fd, EPOLL_CTL_DEL, 0, NULL);
    }
}

static void run_timers(void) {
    uint64_t now = now_ms();
    while (timer_count > 0 && timers[0]->deadline <= now) {
        peer *p = timers[0];
        endpoint_timeout(&p->e);
        after_call(p);
    }
}

static bool is_on(const char *name) {
    const char *value = getenv(name);
    return value && strcmp(value, "1") == 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signals_to_end();
    raise_file_limit();
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, "chat", 4);
    sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, "echo", 4);
    if (is_on("DEFLATE")) sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1);
    if (is_on("HTTP")) sansock_config_set(config, SANSOCK_OPTION_DELIVER_HTTP, 1);

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listen_fd = listen_on((uint16_t)atoi(argv[1]));
    watch(listen_fd, EPOLL_CTL_ADD, EPOLLIN, &listen_fd);
    watch(signal_fd, EPOLL_CTL_ADD, EPOLLIN, &signal_fd);

    for (bool running = true; running;) {
        struct epoll_event events[64];
        uint64_t next = timer_count > 0 ? timers[0]->deadline : SANSOCK_NEVER;
        int count = epoll_wait(epoll_fd, events, 64, milliseconds_until(next));
        for (int i = 0; i < count; i++) {
            void *source = events[i].data.ptr;
            if (source == &signal_fd)
                running = false;
            else if (source == &listen_fd)
                accept_connections();
            else
                on_ready(source, events[i].events);
        }
        run_timers();
    }

    while (timer_count > 0) peer_free(timers[timer_count - 1]);
    free(timers);
    sansock_config_free(config);
    return 0;
}

/*
 * A WebSocket echo server: one thread, epoll, non-blocking sockets, one input buffer for all connections.
 *
 *   echo_server PORT        (0: any free port)
 *
 * With DEFLATE=1 in the environment it compresses.
 *
 * The library does the protocol. This file does what every host does: read, write, keep one timer per connection.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sansock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct peer {
    int fd;
    sansock_conn *conn;
    const sansock_block *block; /* what there is to do after each call; its address never changes */
    uint32_t interest;          /* what epoll watches for */
    bool reading_paused, ended, write_shut;
    uint64_t deadline;
    size_t timer; /* place in the heap of timers */
} peer;

static int epoll_fd, listen_fd;
static bool listening = true; /* false while there is no file descriptor left to accept with */
static sansock_config *config;
static uint8_t input[64 * 1024];

/* Timers: a binary heap of all peers, the earliest deadline first. */
static peer **timers;
static size_t timer_count, timer_capacity;

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

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
        peer **larger = realloc(timers, capacity * sizeof *timers);
        if (!larger) return false;
        timers = larger;
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
    close(p->fd); /* which removes it from epoll */
    sansock_conn_free(p->conn);
    free(p);
    if (!listening) {
        listening = true;
        watch(listen_fd, EPOLL_CTL_ADD, EPOLLIN, &listen_fd);
    }
}

/* Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers. */
static int32_t answer_request(peer *p, const sansock_record *request) {
    if (!sansock_record_same_origin(request)) return sansock_conn_reject(p->conn, 403, NULL, 0, now_ms());
    return sansock_conn_accept(p->conn, NULL, 0, now_ms());
}

/* What the application does with events. */
static void handle_events(peer *p) {
    const sansock_block *b = p->block;
    for (uint32_t i = 0; i < b->event_count; i++) {
        const sansock_record *r = &b->events[i];
        int32_t status = SANSOCK_OK;
        size_t len;
        const char *text;
        const uint8_t *data;
        switch (r->kind) {
        case SANSOCK_KIND_REQUEST:
            if (answer_request(p, r) == SANSOCK_OK) handle_events(p);
            return; /* the answer has replaced the events */
        case SANSOCK_KIND_TEXT:
            text = sansock_record_text(b, r, &len);
            status = sansock_conn_send_text(p->conn, text, len);
            break;
        case SANSOCK_KIND_BINARY:
            data = sansock_record_payload(b, r, &len);
            status = sansock_conn_send_binary(p->conn, data, len);
            break;
        default: break; /* the engine answers pings and Close */
        }
        if (status != SANSOCK_OK && status != SANSOCK_ERR_INVALID_STATE) /* the latter: Close was sent */
            sansock_conn_fail(p->conn, 1011, NULL, 0, now_ms());
    }
}

/* Passes input until all of it is consumed, and no more events are waiting. */
static void receive(peer *p, uint8_t *data, size_t len) {
    const sansock_block *b = p->block;
    bool progress;
    do {
        if (sansock_conn_receive(p->conn, data, len, now_ms()) != SANSOCK_OK) return;
        progress = b->consumed > 0 || b->event_count > 0;
        data += b->consumed;
        len -= b->consumed;
        handle_events(p);
    } while (sansock_block_has_more(b) || (len > 0 && progress));
}

/* Handles the events of an input call other than receive. */
static void after_input(peer *p) {
    handle_events(p);
    if (sansock_block_has_more(p->block)) receive(p, NULL, 0);
}

static void end_of_stream(peer *p) {
    if (p->ended) return;
    p->ended = true;
    sansock_conn_receive_eof(p->conn, now_ms());
    after_input(p);
}

/* Writes what can be written. What the kernel does not accept stays in the engine's output. */
static void write_output(peer *p) {
    const sansock_block *b = p->block;
    while (b->output_len > 0) {
        ssize_t n = send(p->fd, b->output, b->output_len, MSG_NOSIGNAL);
        if (n >= 0) {
            sansock_conn_written(p->conn, (size_t)n);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) { /* nobody is left to read it */
            end_of_stream(p);
            sansock_conn_written(p->conn, b->output_len);
        }
    }
}

/* What follows every call: write the output, obey the transport instruction, set the timer. Frees the peer at its end. */
static void obey_block(peer *p) {
    const sansock_block *b = p->block;
    write_output(p);
    if (b->output_len == 0) {
        if (b->transport == SANSOCK_TRANSPORT_CLOSE) {
            peer_free(p);
            return;
        }
        if (b->transport == SANSOCK_TRANSPORT_SHUTDOWN_WRITE && !p->write_shut) {
            shutdown(p->fd, SHUT_WR);
            p->write_shut = true;
        }
    }
    /* Back-pressure: nothing is read from a peer that does not read its echoes. */
    bool pause = !sansock_block_is_writable(b);
    if (pause != p->reading_paused) {
        p->reading_paused = pause;
        if (pause)
            sansock_conn_pause(p->conn, now_ms());
        else
            sansock_conn_resume(p->conn, now_ms());
    }
    uint32_t interest = (b->output_len > 0 ? EPOLLOUT : 0) | (pause || p->ended ? 0 : EPOLLIN);
    if (interest != p->interest) watch(p->fd, EPOLL_CTL_MOD, p->interest = interest, p);
    if (b->next_deadline != p->deadline) {
        p->deadline = b->next_deadline;
        timer_sift(p);
    }
}

static void on_ready(peer *p, uint32_t ready) {
    if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(p->fd, input, sizeof input, 0);
        if (n > 0) {
            receive(p, input, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            end_of_stream(p);
        }
    }
    obey_block(p);
}

static void on_connection(int fd) {
    peer *p = calloc(1, sizeof *p);
    if (!p || sansock_conn_new(config, NULL, now_ms(), &p->conn) != SANSOCK_OK || !timer_add(p)) {
        if (p) sansock_conn_free(p->conn);
        free(p);
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    p->fd = fd;
    p->block = sansock_conn_block(p->conn);
    p->interest = EPOLLIN;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN, p);
    obey_block(p); /* sets the timer of the handshake */
}

static void accept_connections(void) {
    int fd;
    while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) on_connection(fd);
    if (timer_count > 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        listening = false; /* until a connection ends: epoll would return again at once */
        watch(listen_fd, EPOLL_CTL_DEL, 0, NULL);
    }
}

static void run_timers(void) {
    uint64_t now = now_ms();
    while (timer_count > 0 && timers[0]->deadline <= now) {
        peer *p = timers[0];
        sansock_conn_timeout(p->conn, now);
        after_input(p);
        obey_block(p);
    }
}

static int milliseconds_to_next_timer(void) {
    if (timer_count == 0 || timers[0]->deadline == SANSOCK_NEVER) return -1;
    uint64_t now = now_ms(), deadline = timers[0]->deadline;
    if (deadline <= now) return 0;
    return deadline - now < 60000 ? (int)(deadline - now) : 60000;
}

static int listen_on(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, SOMAXCONN) != 0) {
        perror("listen");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("listening on ws://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);

    struct rlimit files; /* one file descriptor for each connection */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, "chat", 4);
    sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, "echo", 4);
    const char *deflate = getenv("DEFLATE");
    if (deflate && strcmp(deflate, "1") == 0) sansock_config_set(config, SANSOCK_OPTION_DEFLATE, 1);

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listen_fd = listen_on((uint16_t)atoi(argv[1]));
    watch(listen_fd, EPOLL_CTL_ADD, EPOLLIN, &listen_fd);
    watch(signal_fd, EPOLL_CTL_ADD, EPOLLIN, &signal_fd);

    for (bool running = true; running;) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll_fd, events, 64, milliseconds_to_next_timer());
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

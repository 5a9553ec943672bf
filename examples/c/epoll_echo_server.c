/*
 * A WebSocket echo server over epoll: one thread, one buffer for all connections, one heap for all deadlines.
 *
 *   epoll_echo_server PORT        (0: any free port)
 */
#define _GNU_SOURCE
#include <sansock/deadlines.h>

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "echo.h"
#include "server.h"

typedef struct peer {
    sansock_session session;
    sansock_deadline deadline;
    int fd;
    uint32_t interest;
} peer;

static int epoll_fd;
static sansock_config *config;
static sansock_deadlines deadlines;

static void watch(int operation, int fd, uint32_t interest, void *data) {
    struct epoll_event event = {.events = interest, .data.ptr = data};
    if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) perror("epoll_ctl");
}

/* What follows each input: events, output, the transport, the timer, and when to read. Frees the peer at its end, and
 * returns whether it is still there. */
static bool work(peer *p) {
    const sansock_block *b = p->session.block;
    const sansock_record *event;
    do {
        while ((event = sansock_session_next(&p->session, sansock_deadlines_now())) != NULL) echo(&p->session, event, p->fd);
        ssize_t n = b->output_len > 0 ? send(p->fd, b->output, b->output_len, MSG_NOSIGNAL) : 0;
        if (n > 0) sansock_session_written(&p->session, (size_t)n);
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0 && errno != EINTR) sansock_session_write_failed(&p->session);
    } while (b->output_len > 0 || (p->session.broken && !p->session.stream_ended));
    uint8_t instruction = sansock_session_transport(&p->session);
    if (instruction == SANSOCK_TRANSPORT_SHUTDOWN_WRITE) shutdown(p->fd, SHUT_WR);
    if (instruction == SANSOCK_TRANSPORT_CLOSE || !sansock_deadlines_set(&deadlines, &p->deadline, b->next_deadline)) {
        sansock_deadlines_remove(&deadlines, &p->deadline);
        close(p->fd);
        sansock_session_free(&p->session);
        free(p);
        return false;
    }
    uint32_t interest = sansock_session_should_read(&p->session, sansock_deadlines_now()) ? EPOLLIN : 0;
    if (b->output_len > 0) interest |= EPOLLOUT;
    if (interest != p->interest) watch(EPOLL_CTL_MOD, p->fd, p->interest = interest, p);
    return true;
}

/* Reads until a large message is whole, as long as there is more: it is in the caches. Then others have their turn. */
static void on_ready(peer *p, uint32_t ready) {
    static uint8_t input[64 * 1024];
    for (int reads = 0; reads < 32; reads++) {
        ssize_t n = -1;
        size_t size = sizeof input;
        uint8_t *place = input;
        errno = EAGAIN;
        if ((ready & ~(uint32_t)EPOLLOUT) && sansock_session_can_read(&p->session)) {
            place = sansock_session_place(&p->session, input, &size);
            n = recv(p->fd, place, size, 0);
        }
        if (n > 0)
            sansock_session_receive(&p->session, place, (size_t)n, sansock_deadlines_now());
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            sansock_session_receive_eof(&p->session, sansock_deadlines_now());
        if (!work(p) || n < (ssize_t)size || !(p->interest & EPOLLIN)) return;
    }
}

static void on_connection(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    peer *p = fd >= 0 ? calloc(1, sizeof *p) : NULL;
    if (!p || sansock_session_init(&p->session, config, sansock_deadlines_now()) != SANSOCK_OK) {
        if (fd >= 0) close(fd);
        free(p);
        return;
    }
    sansock_socket_prepare(p->fd = fd);
    p->deadline.owner = p;
    watch(EPOLL_CTL_ADD, fd, p->interest = EPOLLIN, p);
    work(p);
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    int listener = listen_on((uint16_t)atoi(argv[1])), ends = signals_to_end();
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
    watch(EPOLL_CTL_ADD, ends, EPOLLIN, &ends);
    for (;;) {
        struct epoll_event ready[64];
        sansock_deadline *due;
        int count = epoll_wait(epoll_fd, ready, 64, sansock_deadlines_wait_ms(&deadlines, sansock_deadlines_now()));
        for (struct epoll_event *event = ready; event < ready + count; event++) {
            if (event->data.ptr == &ends) return 0; /* the system frees what is left */
            if (event->data.ptr == &listener)
                on_connection(listener);
            else
                on_ready(event->data.ptr, event->events);
        }
        while ((due = sansock_deadlines_due(&deadlines, sansock_deadlines_now())) != NULL) {
            sansock_session_timeout(&((peer *)due->owner)->session, sansock_deadlines_now());
            work(due->owner);
        }
    }
}

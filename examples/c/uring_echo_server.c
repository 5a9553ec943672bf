/*
 * A WebSocket echo server over io_uring, by liburing: one thread, and a read and a write under way for each connection.
 *
 *   uring_echo_server PORT        (0: any free port)
 * The status is 3 if the kernel does not allow io_uring, or has none with rings of buffers (Linux 5.19).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sansock/deadlines.h>
#include <unistd.h>

#include "echo.h"
#include "server.h"
#include "uring.h"

enum { READ = 1, WRITE = 2, CONNECTION = 4, SIGNAL = 5 }; /* in the last bits of the pointer to a peer */
enum { COPIED = 8 * 1024 }; /* what is copied to be written; what is more is written from where it lies */

typedef struct peer {
    sansock_session session;
    sansock_deadline deadline;
    int fd;
    bool reading, full; /* in the kernel; the last read filled its buffer */
    uint8_t *writing;   /* in the kernel: a copy, as the engine's output may move meanwhile */
} peer;
static int listener;
static sansock_config *config;
static sansock_deadlines deadlines;

/* What follows each completion. Frees the peer when it is over and the kernel has let go of it. */
static void work(peer *p) {
    const sansock_block *b = p->session.block;
    const sansock_record *event;
    while ((event = sansock_session_next(&p->session, sansock_deadlines_now())) != NULL)
        echo(&p->session, event, p->writing ? -1 : p->fd);
    for (ssize_t n = 1; n > 0 && !p->writing && b->output_len > COPIED;)
        if ((n = send(p->fd, b->output, b->output_len, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) sansock_session_written(&p->session, (size_t)n);
    size_t len = b->output_len < COPIED ? b->output_len : COPIED;
    if (!p->writing && len > 0 && (p->writing = malloc(len)) != NULL) {
        memcpy(p->writing, b->output, len);
        SUBMIT(io_uring_prep_send(entry, p->fd, p->writing, len, MSG_NOSIGNAL), p, WRITE);
    }
    if (!p->reading && sansock_session_should_read(&p->session, sansock_deadlines_now())) {
        SUBMIT(prepare_read(entry, p->fd, p->full), p, READ);
        p->reading = true;
    }
    sansock_deadlines_set(&deadlines, &p->deadline, b->next_deadline);
    uint8_t instruction = sansock_session_transport(&p->session);
    if (instruction == SANSOCK_TRANSPORT_SHUTDOWN_WRITE) shutdown(p->fd, SHUT_WR);
    if (instruction != SANSOCK_TRANSPORT_CLOSE) return;
    if (p->reading || p->writing) {
        shutdown(p->fd, SHUT_RDWR); /* ends what is under way */
    } else {
        sansock_deadlines_remove(&deadlines, &p->deadline);
        close(p->fd);
        sansock_session_free(&p->session);
        free(p);
    }
}

static void on_connection(int fd) {
    peer *p = calloc(1, sizeof *p);
    if (fd >= 0 && p && sansock_session_init(&p->session, config, sansock_deadlines_now()) == SANSOCK_OK) {
        sansock_socket_prepare(p->fd = fd);
        p->deadline.owner = p;
        work(p);
        return;
    }
    close(fd);
    free(p);
}

static void on_read(peer *p, int result, unsigned buffer) {
    p->reading = false;
    p->full = result == SIZE;
    if (result > 0)
        sansock_session_receive(&p->session, buffers[buffer], (size_t)result, sansock_deadlines_now());
    else if (result != -ENOBUFS) /* others have all buffers: it is tried again */
        sansock_session_receive_eof(&p->session, sansock_deadlines_now());
    work(p); /* the session keeps what must wait */
    if (result > 0) give_back(buffer);
}

static void on_written(peer *p, int result) {
    free(p->writing);
    p->writing = NULL;
    result > 0 ? sansock_session_written(&p->session, (size_t)result) : sansock_session_write_failed(&p->session);
    work(p);
}

static void on_completion(uintptr_t data, const struct io_uring_cqe *done) {
    peer *p = (peer *)(data & ~(uintptr_t)7);
    switch (data & 7) {
    case READ: on_read(p, done->res, done->flags >> IORING_CQE_BUFFER_SHIFT); break;
    case WRITE: on_written(p, done->res); break;
    case SIGNAL: exit(0); /* the system frees what is left */
    case CONNECTION:
        on_connection(done->res);
        SUBMIT(io_uring_prep_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC), NULL, CONNECTION);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    const int status = ring_set_up();
    if (status < 0) return fprintf(stderr, "io_uring cannot be used here: %s\n", strerror(-status)), 3;
    listener = listen_on((uint16_t)atoi(argv[1]));
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    SUBMIT(io_uring_prep_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC), NULL, CONNECTION);
    SUBMIT(io_uring_prep_poll_add(entry, signals_to_end(), POLLIN), NULL, SIGNAL);
    for (;;) {
        sansock_deadline *due;
        ring_wait(sansock_deadlines_wait_ms(&deadlines, sansock_deadlines_now()), on_completion);
        while ((due = sansock_deadlines_due(&deadlines, sansock_deadlines_now())) != NULL) {
            sansock_session_timeout(&((peer *)due->owner)->session, sansock_deadlines_now());
            work(due->owner);
        }
    }
}

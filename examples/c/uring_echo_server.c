/*
 * A WebSocket echo server over io_uring, by liburing: one thread, and a read and a write under way for each connection.
 *
 *   uring_echo_server PORT        (0: any free port)
 * The status is 3 if the kernel has no io_uring or does not allow it.
 */
#define _GNU_SOURCE
#include <liburing.h>
#include <poll.h>
#include <sansock/deadlines.h>
#include <sansock/socket.h>
#include <unistd.h>

#include "echo.h"
#include "server.h"

enum { READ = 1, WRITE = 2, CONNECTION = 4, SIGNAL = 5 }; /* in the last bits of the pointer to a peer */
typedef struct peer {
    sansock_session session;
    sansock_deadline deadline;
    int fd;
    bool reading, writing; /* in the kernel */
    uint8_t output[16 * 1024]; /* the kernel reads it later, while the engine's output may move */
    uint8_t input[16 * 1024];
} peer;

static struct io_uring ring;
static sansock_config *config;
static sansock_deadlines deadlines;

/* Has the kernel do something: `prepare` is a call of io_uring_prep_*, with `entry` as its first argument. */
#define SUBMIT(prepare, what, operation)                                                              \
    for (struct io_uring_sqe *entry = NULL; !entry;)                                                  \
        if ((entry = io_uring_get_sqe(&ring)) == NULL) io_uring_submit(&ring);                        \
        else prepare, io_uring_sqe_set_data(entry, (void *)((uintptr_t)(what) | (uintptr_t)(operation)))

/* What follows each completion. Frees the peer when it is over and the kernel has let go of it. */
static void work(peer *p) {
    const sansock_block *b = p->session.block;
    const sansock_record *event;
    while ((event = sansock_session_next(&p->session, sansock_deadlines_now())) != NULL) echo(&p->session, event);
    if (!p->writing && b->output_len > 0) {
        size_t len = b->output_len < sizeof p->output ? b->output_len : sizeof p->output;
        memcpy(p->output, b->output, len);
        SUBMIT(io_uring_prep_send(entry, p->fd, p->output, len, MSG_NOSIGNAL), p, WRITE);
        p->writing = true;
    }
    if (!p->reading && sansock_session_should_read(&p->session, sansock_deadlines_now())) {
        SUBMIT(io_uring_prep_recv(entry, p->fd, p->input, sizeof p->input, 0), p, READ);
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
    } else {
        close(fd);
        free(p);
    }
}

static void on_completion(peer *p, uintptr_t operation, int result) {
    *(operation == READ ? &p->reading : &p->writing) = false;
    if (operation == READ && result > 0)
        sansock_session_receive(&p->session, p->input, (size_t)result, sansock_deadlines_now());
    else if (operation == READ)
        sansock_session_receive_eof(&p->session, sansock_deadlines_now());
    else if (operation == WRITE && result > 0)
        sansock_session_written(&p->session, (size_t)result);
    else if (operation == WRITE)
        sansock_session_write_failed(&p->session);
    work(p);
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    const int status = io_uring_queue_init(256, &ring, 0);
    if (status < 0) return fprintf(stderr, "io_uring cannot be used here: %s\n", strerror(-status)), 3;
    int listener = listen_on((uint16_t)atoi(argv[1])), ends = signals_to_end();
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    SUBMIT(io_uring_prep_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC), NULL, CONNECTION);
    SUBMIT(io_uring_prep_poll_add(entry, ends, POLLIN), NULL, SIGNAL);
    for (;;) {
        sansock_deadline *due;
        struct io_uring_cqe *done = NULL;
        int ms = sansock_deadlines_wait_ms(&deadlines, sansock_deadlines_now());
        struct __kernel_timespec wait = {ms / 1000, ms % 1000 * 1000000LL};
        io_uring_submit_and_wait_timeout(&ring, &done, 1, ms < 0 ? NULL : &wait, NULL);
        if (done) {
            uintptr_t data = (uintptr_t)io_uring_cqe_get_data(done);
            if (data == SIGNAL) return 0; /* the system frees what is left */
            if (data == CONNECTION) {
                on_connection(done->res);
                SUBMIT(io_uring_prep_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC), NULL, CONNECTION);
            } else {
                on_completion((peer *)(data & ~(uintptr_t)7), data & 7, done->res);
            }
            io_uring_cqe_seen(&ring, done);
        }
        while ((due = sansock_deadlines_due(&deadlines, sansock_deadlines_now())) != NULL) {
            sansock_session_timeout(&((peer *)due->owner)->session, sansock_deadlines_now());
            work(due->owner);
        }
    }
}

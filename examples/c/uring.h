/* The ring of uring_echo_server, and buffers that all connections read into: the kernel takes one when bytes are there. */
#ifndef URING_H
#define URING_H

#include <liburing.h>
#include <stdint.h>
#include <stdlib.h>

enum { BUFFERS = 64, SIZE = 64 * 1024 };

static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static uint8_t buffers[BUFFERS][SIZE];

/* Has the kernel do something: `prepare` is a call of io_uring_prep_*, with `entry` as its first argument. */
#define SUBMIT(prepare, what, operation)                                                              \
    for (struct io_uring_sqe *entry = NULL; !entry;)                                                  \
        if ((entry = io_uring_get_sqe(&ring)) == NULL) io_uring_submit(&ring);                        \
        else prepare, io_uring_sqe_set_data(entry, (void *)((uintptr_t)(what) | (uintptr_t)(operation)))

/* A read into any buffer. `now`: bytes are likely to be there. Else it need not be tried before they are. */
static inline void prepare_read(struct io_uring_sqe *entry, int fd, bool now) {
    io_uring_prep_recv(entry, fd, NULL, SIZE, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    if (!now) entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

/* The kernel may fill this buffer again. */
static inline void give_back(unsigned id) {
    io_uring_buf_ring_add(pool, buffers[id], SIZE, (unsigned short)id, BUFFERS - 1, 0);
    io_uring_buf_ring_advance(pool, 1);
}

/* Returns 0, or what is wrong with this kernel. Completions wait until they are asked for, if it can do that (6.1). */
static inline int ring_set_up(void) {
    struct io_uring_buf_reg shared = {.ring_entries = BUFFERS};
    int status = io_uring_queue_init(256, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (status == -EINVAL) status = io_uring_queue_init(256, &ring, 0);
    if (status < 0) return status;
    pool = aligned_alloc(4096, 4096);
    shared.ring_addr = (uintptr_t)pool;
    io_uring_buf_ring_init(pool);
    for (unsigned id = 0; id < BUFFERS; id++) give_back(id);
    return io_uring_register_buf_ring(&ring, &shared, 0);
}

/* Passes on what was asked for, waits so many milliseconds for something to be done (-1: for ever), and handles all that is. */
static inline void ring_wait(int ms, void (*on_completion)(uintptr_t data, const struct io_uring_cqe *done)) {
    struct __kernel_timespec wait = {ms / 1000, ms % 1000 * 1000000LL};
    struct io_uring_cqe *done;
    unsigned head, count = 0;
    io_uring_submit_and_wait_timeout(&ring, &done, 1, ms < 0 ? NULL : &wait, NULL);
    io_uring_for_each_cqe(&ring, head, done) {
        on_completion((uintptr_t)io_uring_cqe_get_data(done), done);
        count++;
    }
    io_uring_cq_advance(&ring, count);
}

#endif

/*
 * The timers of many connections, for loops that have none, such as epoll and io_uring: a heap, the earliest deadline
 * first.
 *
 *   sansock_deadlines_set(&all, &peer->deadline, peer->session.block->next_deadline);     // after each call
 *   uint64_t now = sansock_deadlines_now();
 *   epoll_wait(..., sansock_deadlines_wait_ms(&all, now));
 *   while ((due = sansock_deadlines_due(&all, now)) != NULL) ...                          // timeout, then set again
 *
 * A deadline lies in the structure of its connection, which is found with `owner`. Setting one takes a time that grows
 * with the logarithm of their number. C11 and C++17, with the clock of POSIX: define _POSIX_C_SOURCE as 200809L before
 * the first #include where the compiler is strict (-std=c11).
 */
#ifndef SANSOCK_DEADLINES_H
#define SANSOCK_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/// One deadline. Zeros are one that is not set.
typedef struct sansock_deadline {
    /// When, in milliseconds; UINT64_MAX (SANSOCK_NEVER) for never.
    uint64_t at;
    /// What it belongs to: yours.
    void *owner;
    size_t place; /* in the heap, from 1; 0: it is not in it */
} sansock_deadline;

/// All deadlines. Zeros are none.
typedef struct sansock_deadlines {
    sansock_deadline **heap;
    size_t count, capacity;
} sansock_deadlines;

/// The time, in milliseconds of the monotonic clock.
static inline uint64_t sansock_deadlines_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static inline void sansock_deadlines_place(sansock_deadlines *all, sansock_deadline *d, size_t place) {
    all->heap[place - 1] = d;
    d->place = place;
}

/* Moves a deadline that has changed to its place. */
static inline void sansock_deadlines_sift(sansock_deadlines *all, sansock_deadline *d) {
    sansock_deadline **heap = all->heap;
    size_t at = d->place, down;
    for (; at > 1 && heap[at / 2 - 1]->at > d->at; at /= 2) sansock_deadlines_place(all, heap[at / 2 - 1], at);
    for (down = 2 * at; down <= all->count; down = 2 * at) {
        if (down < all->count && heap[down]->at < heap[down - 1]->at) down++;
        if (heap[down - 1]->at >= d->at) break;
        sansock_deadlines_place(all, heap[down - 1], at);
        at = down;
    }
    sansock_deadlines_place(all, d, at);
}

/// Takes a deadline away: before its connection is freed. It may not be set.
static inline void sansock_deadlines_remove(sansock_deadlines *all, sansock_deadline *d) {
    if (d->place == 0) return;
    sansock_deadline *last = all->heap[--all->count];
    if (last != d) {
        sansock_deadlines_place(all, last, d->place);
        sansock_deadlines_sift(all, last);
    }
    d->place = 0;
}

/// Sets a deadline to another time. False if there is no memory for a new one.
static inline bool sansock_deadlines_set(sansock_deadlines *all, sansock_deadline *d, uint64_t at) {
    if (d->place != 0 && d->at == at) return true;
    d->at = at;
    if (at == UINT64_MAX) {
        sansock_deadlines_remove(all, d);
        return true;
    }
    if (d->place == 0) {
        if (all->count == all->capacity) {
            size_t capacity = all->capacity ? 2 * all->capacity : 64;
            sansock_deadline **grown = (sansock_deadline **)realloc(all->heap, capacity * sizeof *grown);
            if (!grown) return false;
            all->heap = grown;
            all->capacity = capacity;
        }
        d->place = ++all->count;
        all->heap[d->place - 1] = d;
    }
    sansock_deadlines_sift(all, d);
    return true;
}

/// The earliest deadline if it has come, and it is not set any more; otherwise NULL.
static inline sansock_deadline *sansock_deadlines_due(sansock_deadlines *all, uint64_t now) {
    if (all->count == 0 || all->heap[0]->at > now) return NULL;
    sansock_deadline *due = all->heap[0];
    sansock_deadlines_remove(all, due);
    return due;
}

/// How long to wait for the earliest one, in milliseconds for epoll_wait and the like: -1 for ever.
static inline int sansock_deadlines_wait_ms(const sansock_deadlines *all, uint64_t now) {
    if (all->count == 0) return -1;
    uint64_t at = all->heap[0]->at;
    if (at <= now) return 0;
    return at - now < 3600000 ? (int)(at - now) : 3600000;
}

/// Frees the memory. The deadlines themselves are yours.
static inline void sansock_deadlines_free(sansock_deadlines *all) {
    free(all->heap);
    all->heap = NULL;
    all->count = all->capacity = 0;
}

#endif

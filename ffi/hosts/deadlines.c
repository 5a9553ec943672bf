/* sansock/deadlines.h against a list that is searched: set, changed, taken away and due in the right order. */
#define _POSIX_C_SOURCE 200809L
#include <sansock/deadlines.h>

#include "../tests/c/check.h"

enum { COUNT = 500, STEPS = 200000 };

static sansock_deadlines all;
static sansock_deadline each[COUNT];
static uint64_t expected[COUNT]; /* UINT64_MAX: not set */
static uint64_t state = 1;

/* Numbers that look random, and are the same each time. */
static uint64_t any(uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
}

static uint64_t earliest(void) {
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < COUNT; i++)
        if (expected[i] < least) least = expected[i];
    return least;
}

static void take_due(uint64_t now) {
    sansock_deadline *due;
    uint64_t before = 0;
    while ((due = sansock_deadlines_due(&all, now)) != NULL) {
        size_t i = (size_t)(due - each);
        CHECK(due->at == expected[i] && due->at >= before && due->at <= now && due->owner == &expected[i]);
        before = due->at;
        expected[i] = UINT64_MAX;
    }
    CHECK(earliest() > now);
}

int main(void) {
    uint64_t now = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        expected[i] = UINT64_MAX;
        each[i].owner = &expected[i];
    }
    CHECK_EQUAL(sansock_deadlines_wait_ms(&all, 0), -1);
    CHECK(sansock_deadlines_due(&all, UINT64_MAX) == NULL);
    sansock_deadlines_remove(&all, &each[0]); /* it is not set */
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)any(COUNT);
        switch (any(20)) {
        case 0:
            sansock_deadlines_remove(&all, &each[i]);
            expected[i] = UINT64_MAX;
            break;
        case 1:
            expected[i] = UINT64_MAX;
            CHECK(sansock_deadlines_set(&all, &each[i], UINT64_MAX));
            break;
        default:
            expected[i] = now + any(10000);
            CHECK(sansock_deadlines_set(&all, &each[i], expected[i]));
        }
        if (step % 100 == 0) {
            uint64_t least = earliest();
            int wait = least == UINT64_MAX ? -1 : (int)(least - now);
            CHECK_EQUAL(sansock_deadlines_wait_ms(&all, now), wait);
            now += any(500);
            take_due(now);
        }
    }
    take_due(now + 10000);
    CHECK_EQUAL(all.count, 0);
    sansock_deadlines_free(&all);
    CHECK(sansock_deadlines_now() > 0);
    return check_end("deadlines");
}

/* Checks for the tests of the C ABI: each counts, a failed one prints where and what, and check_end() is the status. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned check_count, check_failures;

#define CHECK(condition) check_that((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(actual, expected) check_equal((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)
#define CHECK_BYTES(actual, actual_len, expected) \
    check_bytes((actual), (actual_len), (expected), sizeof(expected) - 1, #actual, __FILE__, __LINE__)

static inline void check_that(int holds, const char *what, const char *file, int line) {
    check_count++;
    if (holds) return;
    check_failures++;
    printf("%s:%d: does not hold: %s\n", file, line, what);
}

static inline void check_equal(int64_t actual, int64_t expected, const char *what, const char *file, int line) {
    check_count++;
    if (actual == expected) return;
    check_failures++;
    printf("%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", file, line, what, actual, expected);
}

static inline void check_bytes(const void *actual, uint64_t actual_len, const void *expected, size_t expected_len,
                               const char *what, const char *file, int line) {
    check_count++;
    if (actual_len == expected_len && (expected_len == 0 || memcmp(actual, expected, expected_len) == 0)) return;
    check_failures++;
    printf("%s:%d: %s is \"%.*s\" (%" PRIu64 " bytes), not \"%.*s\"\n", file, line, what, (int)actual_len,
           (const char *)actual, actual_len, (int)expected_len, (const char *)expected);
}

static inline int check_end(const char *name) {
    printf("%s: %u checks, %u failed\n", name, check_count, check_failures);
    return check_failures != 0 || check_count == 0;
}

#endif

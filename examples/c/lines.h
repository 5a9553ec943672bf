/* The lines of standard input, of any length, for a program that must not block on them. */
#ifndef LINES_H
#define LINES_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What has been read: taken up to `begin`, the end of a line looked for up to `searched`. All zeros at first. */
typedef struct lines {
    char *data;
    size_t begin, searched, end, capacity;
    bool ended;
} lines;

/* Reads once, when poll says that there is something. Call it when lines_next has no more. */
static inline void lines_read(lines *l) {
    size_t left = l->end - l->begin; /* the start of a line */
    if (l->begin > 0) memmove(l->data, l->data + l->begin, left);
    l->searched -= l->begin;
    l->end = left;
    l->begin = 0;
    if (l->capacity - l->end < 64 * 1024) {
        l->capacity = 2 * l->capacity + 128 * 1024;
        l->data = realloc(l->data, l->capacity);
        if (!l->data) {
            perror("standard input");
            exit(1);
        }
    }
    ssize_t n = read(STDIN_FILENO, l->data + l->end, l->capacity - l->end - 1); /* room for a NUL behind the last line */
    if (n > 0)
        l->end += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        l->ended = true;
}

/* The next whole line, without its end, or NULL. It stays the next one until lines_take. */
static inline char *lines_next(lines *l, size_t *len) {
    char *newline = NULL;
    if (l->searched < l->end) newline = memchr(l->data + l->searched, '\n', l->end - l->searched);
    l->searched = newline ? (size_t)(newline - l->data) : l->end;
    if (!newline && (!l->ended || l->begin == l->end)) return NULL;
    *len = l->searched - l->begin;
    return l->data + l->begin;
}

static inline void lines_take(lines *l) {
    l->begin = l->searched < l->end ? l->searched + 1 : l->end;
    l->searched = l->begin;
}

#endif

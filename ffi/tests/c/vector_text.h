/* The bytes of the conformance vectors as text (core/vectors/README.md), and text that grows. */
#ifndef VECTOR_TEXT_H
#define VECTOR_TEXT_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct text {
    char *data; /* always ends with NUL */
    size_t len, capacity;
} text;

static inline void text_reserve(text *t, size_t more) {
    if (t->len + more + 1 <= t->capacity) return;
    t->capacity = 2 * (t->len + more + 1);
    t->data = (char *)realloc(t->data, t->capacity);
    if (!t->data) abort();
}

static inline void text_add(text *t, const void *data, size_t len) {
    text_reserve(t, len);
    if (len > 0) memcpy(t->data + t->len, data, len);
    t->len += len;
    t->data[t->len] = '\0';
}

static inline void text_format(text *t, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_add(t, line, (size_t)len);
}

static inline void text_clear(text *t) {
    t->len = 0;
    text_add(t, "", 0);
}

static inline void text_free(text *t) {
    free(t->data);
    memset(t, 0, sizeof *t);
}

static inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static inline const char *skip_spaces(const char *s) {
    while (*s == ' ' || *s == '\t') s++;
    return s;
}

static inline _Noreturn void malformed(const char *what) {
    printf("malformed vector: %s\n", what);
    exit(2);
}

/* Reads one atom to the end of `out`. Returns what follows it. */
static inline const char *read_atom(const char *s, text *out) {
    size_t begin = out->len;
    if (*s == '"') {
        for (s++; *s != '"'; s++) {
            char c = *s;
            if (c == '\0') malformed("a string does not end");
            if (c == '\\') {
                c = *++s;
                if (c == 'x') {
                    if (hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0) malformed(s);
                    c = (char)(hex_digit(s[1]) << 4 | hex_digit(s[2]));
                    s += 2;
                } else {
                    c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c;
                }
            }
            text_add(out, &c, 1);
        }
        s++;
    } else {
        for (; hex_digit(s[0]) >= 0; s += 2) {
            if (hex_digit(s[1]) < 0) malformed(s);
            char c = (char)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
            text_add(out, &c, 1);
        }
        if (out->len == begin) malformed(s);
    }
    if (*s == '*') {
        char *end;
        unsigned long times = strtoul(s + 1, &end, 10);
        size_t len = out->len - begin;
        text_reserve(out, len * times);
        out->len = begin;
        for (unsigned long i = 0; i < times; i++) {
            if (i > 0) memcpy(out->data + out->len, out->data + begin, len);
            out->len += len;
        }
        text_add(out, "", 0);
        s = end;
    }
    return skip_spaces(s);
}

/* Reads all atoms. A trailing bare word `last` is left, and returned. */
static inline const char *read_bytes(const char *s, text *out) {
    text_clear(out);
    for (s = skip_spaces(s); *s != '\0' && strcmp(s, "last") != 0;) s = read_atom(s, out);
    return s;
}

/* Writes bytes as a transcript does. */
static inline void show(text *t, const void *bytes, uint64_t len) {
    const uint8_t *data = (const uint8_t *)bytes;
    if (len > 512) {
        uint32_t hash = 0x811c9dc5;
        for (uint64_t i = 0; i < len; i++) hash = (hash ^ data[i]) * 0x01000193u;
        text_format(t, "bytes %llu fnv1a=%08x", (unsigned long long)len, hash);
        return;
    }
    text_add(t, "\"", 1);
    for (uint64_t i = 0; i < len; i++) {
        const char *escape = data[i] == '\r' ? "\\r" : data[i] == '\n' ? "\\n" : data[i] == '\t' ? "\\t" : NULL;
        if (escape)
            text_add(t, escape, 2);
        else if (data[i] == '"' || data[i] == '\\')
            text_format(t, "\\%c", data[i]);
        else if (data[i] >= 0x20 && data[i] <= 0x7e)
            text_format(t, "%c", data[i]);
        else
            text_format(t, "\\x%02x", data[i]);
    }
    text_add(t, "\"", 1);
}

#endif

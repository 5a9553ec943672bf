/* An inspector's lines: one for each frame that a connection with the option `frames` has received. */
#ifndef FRAME_LOG_H
#define FRAME_LOG_H

#include <inttypes.h>
#include <sansock.h>
#include <stdio.h>
#include <string.h>

/* The frames of one direction. */
typedef struct frame_log {
    uint64_t number;    /* of the client */
    char direction;     /* > is from the client, < from the server */
    const char *opcode; /* of the frame that is arriving; NULL between two frames */
} frame_log;

/* A text as in JSON. */
static inline void log_quoted(const char *text, size_t len) {
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        const char *found = text[i] ? strchr(special, text[i]) : NULL;
        if (found)
            printf("\\%c", letters[found - special]);
        else if ((unsigned char)text[i] < ' ')
            printf("\\u%04x", (unsigned)text[i]);
        else
            putchar(text[i]);
    }
    putchar('"');
}

static inline void log_words(const frame_log *log, const char *word, uint64_t number, const char *rest) {
    printf("%" PRIu64 " %c %s %" PRIu64 "%s", log->number, log->direction, word, number, rest);
}

/* Prints a line at the end of a frame. */
static inline void log_event(frame_log *log, const sansock_block *b, const sansock_record *r) {
    size_t len;
    const char *text = sansock_record_text(b, r, &len);
    switch (r->kind) {
    case SANSOCK_KIND_FRAME: /* its data may come in several events */
        if (sansock_record_is_first(r))
            log->opcode = sansock_record_is_text_frame(r) ? "text" : "binary";
        else if (!log->opcode)
            log->opcode = "continuation";
        if (!sansock_record_is_frame_end(r)) return;
        log_words(log, log->opcode, sansock_record_frame_len(r), sansock_record_is_last(r) ? " fin" : "");
        log->opcode = NULL;
        break;
    case SANSOCK_KIND_PING: log_words(log, "ping", len, ""); break;
    case SANSOCK_KIND_PONG: log_words(log, "pong", len, ""); break;
    case SANSOCK_KIND_CLOSING:
        log_words(log, "close", sansock_record_close_code(r), " ");
        log_quoted(text, len);
        break;
    case SANSOCK_KIND_FAULT:
        log_words(log, "fault", sansock_record_close_code(r), " ");
        printf("%s", sansock_fault_name(sansock_record_fault(r)));
        break;
    default: return;
    }
    putchar('\n');
    fflush(stdout);
}

#endif

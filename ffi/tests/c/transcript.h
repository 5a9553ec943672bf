/* The events of a batch as lines of a transcript (core/vectors/README.md). */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "connect.h"
#include "vector_text.h"

static inline void write_event(text *t, const sansock_block *b, const sansock_record *r) {
    static const char *const origins[] = {"absent", "same", "cross"};
    static const char *const parts[] = {" middle", " first", " last", ""};
    const char *part = parts[(r->flags & SANSOCK_FLAG_FIRST ? 1 : 0) + (r->flags & SANSOCK_FLAG_LAST ? 2 : 0)];
    const char *after = "";
    switch (r->kind) {
    case SANSOCK_KIND_REQUEST: text_format(t, "request "); break;
    case SANSOCK_KIND_OPEN: text_format(t, "open\n"); return;
    case SANSOCK_KIND_REJECTED:
        text_format(t, "rejected %u ", r->code);
        after = r->flags & SANSOCK_FLAG_TRUNCATED ? " truncated" : "";
        break;
    case SANSOCK_KIND_TEXT: text_format(t, "text "); after = part; break;
    case SANSOCK_KIND_BINARY: text_format(t, "binary "); after = part; break;
    case SANSOCK_KIND_PING: text_format(t, "ping "); break;
    case SANSOCK_KIND_PONG: text_format(t, "pong "); break;
    case SANSOCK_KIND_CLOSING: text_format(t, "closing %u ", r->code); break;
    case SANSOCK_KIND_CLOSED: text_format(t, "closed %u ", r->code); break;
    case SANSOCK_KIND_AUTHORITY: text_format(t, "authority "); break;
    case SANSOCK_KIND_ORIGIN: text_format(t, "origin "); break;
    case SANSOCK_KIND_SUBPROTOCOL:
        text_format(t, "subprotocol ");
        after = r->flags & SANSOCK_FLAG_CHOSEN ? " chosen" : "";
        break;
    case SANSOCK_KIND_EXTENSION: text_format(t, "extension "); break;
    case SANSOCK_KIND_HEADER:
        text_format(t, "header ");
        show(t, slice(b, r, r->offset, r->aux), r->aux);
        text_format(t, " ");
        show(t, slice(b, r, r->extra, r->len), r->len);
        text_format(t, "\n");
        return;
    default: text_format(t, "unknown kind %u ", r->kind); break;
    }
    show(t, payload(b, r), r->len);
    text_format(t, "%s", after);
    if (r->kind == SANSOCK_KIND_REQUEST) text_format(t, " origin=%s", r->code <= 2 ? origins[r->code] : "unknown");
    if (r->kind == SANSOCK_KIND_PONG && r->extra != UINT64_MAX)
        text_format(t, " rtt=%llu", (unsigned long long)r->extra);
    if (r->kind == SANSOCK_KIND_CLOSED) {
        text_format(t, r->flags & SANSOCK_FLAG_CLEAN ? " clean" : " unclean");
        text_format(t, r->flags & SANSOCK_FLAG_BY_PEER ? " by-peer" : " by-us");
        if (r->extra != 0) text_format(t, " sent=%u", (unsigned)r->extra);
        if (r->aux != 0) text_format(t, " fault=%s", sansock_fault_name(r->aux));
    }
    text_format(t, "\n");
}

static inline void write_events(text *t, const sansock_block *b) {
    for (uint32_t i = 0; i < b->event_count; i++) write_event(t, b, &b->events[i]);
}

#endif

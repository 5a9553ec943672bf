/* The events of a batch as lines of a transcript (core/vectors/README.md). */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "connect.h"
#include "vector_text.h"

static inline void write_header(text *t, const sansock_block *b, const sansock_record *r) {
    size_t name_len, value_len;
    const char *name = sansock_record_header_name(b, r, &name_len);
    const char *value = sansock_record_header_value(b, r, &value_len);
    check_inside(b, r, name, name_len);
    check_inside(b, r, value, value_len);
    text_format(t, "header ");
    show(t, name, name_len);
    text_format(t, " ");
    show(t, value, value_len);
    text_format(t, "\n");
}

static inline void write_ending(text *t, const sansock_record *r) {
    text_format(t, sansock_record_is_clean(r) ? " clean" : " unclean");
    text_format(t, sansock_record_by_peer(r) ? " by-peer" : " by-us");
    if (sansock_record_close_sent(r) != 0) text_format(t, " sent=%u", sansock_record_close_sent(r));
    if (sansock_record_fault(r) != 0) text_format(t, " fault=%s", sansock_fault_name(sansock_record_fault(r)));
}

static inline void write_event(text *t, const sansock_block *b, const sansock_record *r) {
    static const char *const origins[] = {"absent", "same", "cross"};
    static const char *const parts[] = {" middle", " first", " last", ""};
    const char *part = parts[(sansock_record_is_first(r) ? 1 : 0) + (sansock_record_is_last(r) ? 2 : 0)];
    const char *after = "";
    unsigned relation = sansock_record_origin_relation(r);
    uint64_t ms;
    size_t len;
    switch (r->kind) {
    case SANSOCK_KIND_REQUEST: text_format(t, "request "); break;
    case SANSOCK_KIND_OPEN: text_format(t, "open\n"); return;
    case SANSOCK_KIND_REJECTED:
        text_format(t, "rejected %u ", sansock_record_http_status(r));
        after = sansock_record_is_truncated(r) ? " truncated" : "";
        break;
    case SANSOCK_KIND_HEAD: text_format(t, "head %u ", sansock_record_http_status(r)); break;
    case SANSOCK_KIND_FRAME: text_format(t, sansock_record_is_text_frame(r) ? "frame text " : "frame binary "); after = part; break;
    case SANSOCK_KIND_FAULT:
        text_format(t, "fault %s %u\n", sansock_fault_name(sansock_record_fault(r)), sansock_record_close_code(r));
        return;
    case SANSOCK_KIND_METHOD: text_format(t, "method "); break;
    case SANSOCK_KIND_REASON: text_format(t, "reason "); break;
    case SANSOCK_KIND_TEXT: text_format(t, "text "); after = part; break;
    case SANSOCK_KIND_BINARY: text_format(t, "binary "); after = part; break;
    case SANSOCK_KIND_PING: text_format(t, "ping "); break;
    case SANSOCK_KIND_PONG: text_format(t, "pong "); break;
    case SANSOCK_KIND_CLOSING: text_format(t, "closing %u ", sansock_record_close_code(r)); break;
    case SANSOCK_KIND_CLOSED: text_format(t, "closed %u ", sansock_record_close_code(r)); break;
    case SANSOCK_KIND_AUTHORITY: text_format(t, "authority "); break;
    case SANSOCK_KIND_ORIGIN: text_format(t, "origin "); break;
    case SANSOCK_KIND_SUBPROTOCOL:
        text_format(t, "subprotocol ");
        after = sansock_record_is_chosen(r) ? " chosen" : "";
        break;
    case SANSOCK_KIND_EXTENSION: text_format(t, "extension "); break;
    case SANSOCK_KIND_HEADER: write_header(t, b, r); return;
    default: text_format(t, "unknown kind %u ", r->kind); break;
    }
    const uint8_t *data = payload(b, r, &len);
    show(t, data, len);
    text_format(t, "%s", after);
    if (r->kind == SANSOCK_KIND_REQUEST) text_format(t, " origin=%s", relation <= 2 ? origins[relation] : "unknown");
    if (r->kind == SANSOCK_KIND_REQUEST && sansock_record_fault(r) != 0)
        text_format(t, " fault=%s", sansock_fault_name(sansock_record_fault(r)));
    if (sansock_record_is_frame_end(r)) text_format(t, " end");
    if (sansock_record_is_compressed(r)) text_format(t, " compressed");
    if (r->kind == SANSOCK_KIND_FRAME) text_format(t, " of=%llu", (unsigned long long)sansock_record_frame_len(r));
    if (sansock_record_round_trip_ms(r, &ms)) text_format(t, " rtt=%llu", (unsigned long long)ms);
    if (r->kind == SANSOCK_KIND_CLOSED) write_ending(t, r);
    text_format(t, "\n");
}

static inline void write_events(text *t, const sansock_block *b) {
    for (uint32_t i = 0; i < b->event_count; i++) write_event(t, b, &b->events[i]);
}

#endif

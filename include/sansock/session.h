/*
 * A session: what every host does around a connection, without I/O. Events one at a time, input that waits, and when to
 * read, write, end and close. sansock/client.h, sansock/uv.h and sansock/event.h are hosts over it; a loop of your own
 * takes a few lines:
 *
 *   place = sansock_session_place(s, buffer, &size);                // where to read to, at most `size` bytes, without waiting
 *   sansock_session_receive(s, place, n, now);                      // or _receive_eof, or _timeout
 *   while ((event = sansock_session_next(s, now)) != NULL) ...      // until NULL, before the buffer is used again
 *   write s->block->output, and report it with sansock_session_written
 *   set the timer to s->block->next_deadline
 *   switch (sansock_session_transport(s)) ...                       // shut down writing once, or close
 *   read while sansock_session_should_read(s, now)
 *
 * Input calls go through the session: receive, receive_eof, timeout, accept, reject, respond. All other calls are made
 * on `conn`: sending, pings, headers of a response. C11, and C++17. One thread at a time, as for a connection.
 */
#ifndef SANSOCK_SESSION_H
#define SANSOCK_SESSION_H

#include <stdlib.h>
#include <string.h>

#include "../sansock.h"

/* The least that is read to memory of the engine's at once. */
#define SANSOCK_SESSION_LENT (16 * 1024)

/// One connection and what its host must know. The fields may be read, and `user` belongs to you.
typedef struct sansock_session {
    sansock_conn *conn;
    /// What there is to do; see sansock.h. At a fixed address, as the connection's.
    const sansock_block *block;
    /// The time of the last call, in milliseconds.
    uint64_t now;
    void *user;
    uint8_t *input;     /* what was received and not consumed */
    size_t input_len;
    uint8_t *lent;      /* memory of the engine's, for the transport to be read to */
    uint8_t *kept;      /* memory of our own for input that waits for the answer to a request */
    uint32_t at;        /* the next event */
    bool in_kept;       /* `input` is there */
    bool progress;      /* whether receiving again may consume more */
    bool stream_ended;  /* reading is over */
    bool broken;        /* a write has failed */
    bool write_shut;    /* writing is over */
    bool host_pauses;   /* the host has asked for it */
    bool reads_always;  /* also while the peer does not take what is sent */
    bool paused;        /* the engine has been told */
} sansock_session;

/// Creates a connection of this configuration with a session around it. Errors as for sansock_conn_new; then there is
/// nothing to free.
static inline int32_t sansock_session_init(sansock_session *s, const sansock_config *config, uint64_t now) {
    memset(s, 0, sizeof *s);
    s->now = now;
    int32_t status = sansock_conn_new(config, NULL, now, &s->conn);
    if (status == SANSOCK_OK) s->block = sansock_conn_block(s->conn);
    return status;
}

/// Frees the connection. A session of zeros is allowed.
static inline void sansock_session_free(sansock_session *s) {
    sansock_conn_free(s->conn);
    free(s->kept);
    memset(s, 0, sizeof *s);
}

/// Where to read the transport to now, without waiting: `*size` bytes at `buffer`, or where a large message that is under way
/// belongs, which saves a copy of it; `*size` is then how many bytes may be read there. Call it when sansock_session_next has
/// returned NULL. Next: sansock_session_receive with the same place, or any other call if nothing was read.
static inline uint8_t *sansock_session_place(sansock_session *s, uint8_t *buffer, size_t *size) {
    size_t room = 0;
    if (sansock_conn_lend(s->conn, SANSOCK_SESSION_LENT, &s->lent, &room) != SANSOCK_OK || room == 0) return buffer;
    *size = room < INT32_MAX ? room : INT32_MAX; /* what all lengths of hosts can say */
    return s->lent;
}

/* After an input call that passed no input. */
static inline int32_t sansock_session_restart(sansock_session *s, int32_t status, uint64_t now) {
    s->now = now;
    if (status != SANSOCK_OK) return status;
    s->at = 0;
    s->progress = true;
    return status;
}

/// Takes bytes that were read. They are unmasked in place, and stay until sansock_session_next has returned NULL.
static inline void sansock_session_receive(sansock_session *s, uint8_t *data, size_t len, uint64_t now) {
    s->now = now;
    if (s->lent && data == s->lent) {
        s->lent = NULL;
        sansock_session_restart(s, sansock_conn_receive_lent(s->conn, len, now), now);
        return;
    }
    s->input = data;
    s->input_len = len;
    s->in_kept = false;
    s->progress = true;
}

/// The peer has ended its stream, or reading failed. May be repeated. Call this and timeout when sansock_session_next
/// has returned NULL: they replace the events.
static inline void sansock_session_receive_eof(sansock_session *s, uint64_t now) {
    s->stream_ended = true;
    sansock_session_restart(s, sansock_conn_receive_eof(s->conn, now), now);
}

/// Acts on the deadlines that have passed. Too early, it is harmless.
static inline void sansock_session_timeout(sansock_session *s, uint64_t now) {
    sansock_session_restart(s, sansock_conn_timeout(s->conn, now), now);
}

/* Copies input that must wait, as the host's buffer is needed for others. */
static inline void sansock_session_keep(sansock_session *s) {
    if (s->in_kept) return; /* the rest of what was kept before */
    uint8_t *memory = (uint8_t *)malloc(s->input_len);
    if (!memory) {
        s->input_len = 0;
        sansock_session_receive_eof(s, s->now);
        return;
    }
    memcpy(memory, s->input, s->input_len);
    free(s->kept);
    s->kept = s->input = memory;
    s->in_kept = true;
}

/// Returns the next event, or NULL if there is none yet. An event and its details are valid until the next call of this
/// function, or of another input call.
static inline const sansock_record *sansock_session_next(sansock_session *s, uint64_t now) {
    const sansock_block *b = s->block;
    for (;;) {
        if (s->at < b->event_count) {
            const sansock_record *event = &b->events[s->at];
            s->at += 1 + sansock_record_detail_count(event);
            return event;
        }
        bool waits = sansock_block_has_more(b);
        if (!waits && s->broken && !s->stream_ended) {
            sansock_session_receive_eof(s, now);
            continue;
        }
        if (!waits && s->input_len == 0) return NULL;
        if (!waits && !s->progress) {
            sansock_session_keep(s);
            if (!s->stream_ended) return NULL;
            continue;
        }
        if (sansock_conn_receive(s->conn, s->input, s->input_len, now) != SANSOCK_OK) return NULL;
        s->now = now;
        s->input += b->consumed;
        s->input_len -= (size_t)b->consumed;
        s->progress = b->consumed > 0 || b->event_count > 0;
        s->at = 0;
    }
}

/// Accepts the request, as sansock_conn_accept. The next event is OPEN; the event of the request, and its payload, are gone.
static inline int32_t sansock_session_accept(sansock_session *s, const char *subprotocol, size_t len, uint64_t now) {
    return sansock_session_restart(s, sansock_conn_accept(s->conn, subprotocol, len, now), now);
}

/// Answers the request with an HTTP response, as sansock_conn_respond: a refusal, or a page. The next event is CLOSED; the
/// event of the request, and its payload, are gone.
static inline int32_t sansock_session_respond(sansock_session *s, uint16_t status, const char *body, size_t len,
                                              uint64_t now) {
    return sansock_session_restart(s, sansock_conn_respond(s->conn, status, NULL, 0, body, len, now), now);
}

/// Answers a request as most servers do: accepts it if the client is no browser or the page has the same origin,
/// refuses it otherwise with 403 (RFC 6455 section 10.2), and answers one that cannot be accepted with 404. The event is gone
/// then.
static inline int32_t sansock_session_answer(sansock_session *s, const sansock_record *request, uint64_t now) {
    if (sansock_record_fault(request) != 0) return sansock_session_respond(s, 404, NULL, 0, now);
    if (!sansock_record_same_origin(request)) return sansock_session_respond(s, 403, NULL, 0, now);
    return sansock_session_accept(s, NULL, 0, now);
}

/// Sends a whole message of this kind, SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY: sansock_conn_send_text or
/// _send_binary.
static inline int32_t sansock_session_send(sansock_session *s, uint8_t kind, const void *data, size_t len) {
    if (kind == SANSOCK_KIND_TEXT) return sansock_conn_send_text(s->conn, (const char *)data, len);
    if (kind != SANSOCK_KIND_BINARY) return SANSOCK_ERR_INVALID_ARGUMENT;
    return sansock_conn_send_binary(s->conn, (const uint8_t *)data, len);
}

/// Begins to send a binary message without copying its payload: only the header is queued. Then write the output and the
/// payload, with one write that does not wait, and call sansock_session_end_payload with what it took. False if the message
/// must be copied: then call sansock_session_send. So it is on clients, with compression, and at the limits of the output.
static inline bool sansock_session_begin_payload(sansock_session *s, uint8_t kind, size_t len) {
    return kind == SANSOCK_KIND_BINARY && sansock_conn_check_header(s->conn, kind, len) == SANSOCK_OK &&
           sansock_conn_send_header(s->conn, kind, len, 1) == SANSOCK_OK;
}

static inline void sansock_session_write_failed(sansock_session *s);

/// Reports how many bytes of the output and the payload behind it were written, 0 if it failed. What is left of the payload
/// is copied: it is yours again.
static inline void sansock_session_end_payload(sansock_session *s, const void *payload, size_t len, size_t written) {
    size_t output = written < s->block->output_len ? written : s->block->output_len, sent = written - output;
    int32_t status = SANSOCK_OK;
    if (sent < len) status = sansock_conn_send_rest(s->conn, (const uint8_t *)payload + sent, len - sent);
    if (status == SANSOCK_OK)
        sansock_conn_written(s->conn, output);
    else
        sansock_session_write_failed(s); /* there is no memory for the rest of a frame that has begun */
}

/// Reports that the first `n` bytes of the output were written.
static inline void sansock_session_written(sansock_session *s, size_t n) { sansock_conn_written(s->conn, n); }

/// A write failed: nobody is left to read. Drops the output; sansock_session_next reports the end behind all other
/// events.
static inline void sansock_session_write_failed(sansock_session *s) {
    s->broken = true;
    sansock_conn_written(s->conn, s->block->output_len);
}

/// Asks to stop reading, or to go on. See sansock_session_should_read.
static inline void sansock_session_pause(sansock_session *s, bool pause) { s->host_pauses = pause; }

/// Whether bytes that are read can be taken: nothing waits, and the stream has not ended.
static inline bool sansock_session_can_read(const sansock_session *s) {
    return !s->stream_ended && s->input_len == 0 && s->block->transport != SANSOCK_TRANSPORT_CLOSE;
}

/// Whether to read: it can, the host has not paused, and the peer takes what is sent to it. Tells the engine when that
/// changes, so that the pong deadline stands still meanwhile. For hosts that send where they receive; one that sets
/// `reads_always` bounds by itself what it sends.
static inline bool sansock_session_should_read(sansock_session *s, uint64_t now) {
    bool is_open = s->block->state == SANSOCK_STATE_OPEN;
    bool pause = is_open && (s->host_pauses || (!s->reads_always && !sansock_block_is_writable(s->block)));
    if (pause != s->paused) {
        s->paused = pause;
        if (pause)
            sansock_conn_pause(s->conn, now);
        else
            sansock_conn_resume(s->conn, now);
    }
    return !pause && sansock_session_can_read(s);
}

/// What to do with the transport: SANSOCK_TRANSPORT_OPEN, also while output waits; SANSOCK_TRANSPORT_SHUTDOWN_WRITE,
/// once; SANSOCK_TRANSPORT_CLOSE.
///
/// Over TLS both mean close_notify (RFC 8446 section 6.1): SSL_shutdown once, and its bytes are written. Without it the
/// peer cannot distinguish the end from one that an attacker made. To shut down, that is all: go on reading until the
/// peer's. To close, TCP is closed behind it, and nobody waits for an answer.
static inline uint8_t sansock_session_transport(sansock_session *s) {
    uint8_t instruction = s->block->transport;
    if (instruction == SANSOCK_TRANSPORT_OPEN || s->block->output_len > 0) return SANSOCK_TRANSPORT_OPEN;
    if (instruction == SANSOCK_TRANSPORT_CLOSE) return instruction;
    if (s->write_shut) return SANSOCK_TRANSPORT_OPEN;
    s->write_shut = true;
    return instruction;
}

/// How long to wait for the deadline, for poll and the like: in milliseconds, -1 for ever.
static inline int sansock_session_wait_ms(const sansock_session *s, uint64_t now) {
    uint64_t deadline = s->block->next_deadline;
    if (deadline == SANSOCK_NEVER) return -1;
    if (deadline <= now) return 0;
    return deadline - now < 3600000 ? (int)(deadline - now) : 3600000;
}

#endif

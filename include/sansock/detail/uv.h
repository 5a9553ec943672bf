/* How sansock/uv.h reads, writes and waits. Include that. */
#ifndef SANSOCK_DETAIL_UV_H
#define SANSOCK_DETAIL_UV_H

#ifdef __cplusplus
#define SANSOCK_UV_THREAD thread_local
#else
#define SANSOCK_UV_THREAD _Thread_local
#endif

/* How much is read at once, and copied to be written when the system takes no more. */
#define SANSOCK_UV_CHUNK (64 * 1024)

/// What a client needs until it is connected.
typedef struct sansock_uv_opening {
    union {
        uv_getaddrinfo_t resolve;
        uv_connect_t connect;
    } request;
    struct addrinfo *addresses, *address;
    const sansock_config *config;
    char host[256];
} sansock_uv_opening;

/// One connection; see sansock/uv.h. Its fields are not for programs. What only some peers need at a time has memory of its
/// own: most are idle.
struct sansock_uv {
    sansock_session session;
    void *user;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    sansock_uv_handler handler;
    void (*drained)(sansock_uv *peer);
    void *ssl_context;
    uv_timer_t *timer; /* while there is a deadline */
    uint64_t timer_deadline;
    uv_write_t *pending; /* what is being written: a copy lies behind it */
    sansock_uv_opening *opening;
    uint32_t pending_len; /* how much of it has not been reported */
    int error;
    uint16_t requests; /* that are under way */
    bool closed;       /* the handle is */
    bool working, ending, reading, closing;
    bool full;  /* it was not writable */
    bool asked; /* within a call of the program */
#ifdef SANSOCK_OPENSSL
    sansock_tls tls;
#endif
};

static inline void sansock_uv_work(sansock_uv *p);
static inline void sansock_uv_end(sansock_uv *p);

static inline uint64_t sansock_uv_now(const sansock_uv *p) { return uv_now(p->handle.any.loop); }

static inline sansock_uv *sansock_uv_of(const uv_handle_t *handle) { return (sansock_uv *)handle->data; }

static inline sansock_uv *sansock_uv_new(uv_loop_t *loop, const sansock_uv_options *options, bool is_pipe) {
    sansock_uv *p = (sansock_uv *)calloc(1, sizeof *p);
    if (!p) return NULL;
    p->handler = options->handler;
    p->drained = options->drained;
    p->user = options->user;
    p->ssl_context = options->ssl_context;
    p->timer_deadline = SANSOCK_NEVER;
    if (is_pipe)
        uv_pipe_init(loop, &p->handle.pipe, 0);
    else
        uv_tcp_init(loop, &p->handle.tcp);
    p->handle.any.data = p;
    return p;
}

/* Frees what connecting needed. */
static inline void sansock_uv_forget_opening(sansock_uv *p) {
    if (p->opening && p->opening->addresses) uv_freeaddrinfo(p->opening->addresses);
    free(p->opening);
    p->opening = NULL;
}

/* Frees a peer whose handle is closed. */
static inline void sansock_uv_release(sansock_uv *p) {
    if (!p->closed || p->requests > 0 || p->working) return;
    if (p->handler) p->handler(p, NULL);
    sansock_uv_forget_opening(p);
#ifdef SANSOCK_OPENSSL
    sansock_tls_free(&p->tls);
#endif
    sansock_session_free(&p->session);
    free(p->pending);
    free(p);
}

static inline void sansock_uv_closed(uv_handle_t *handle) {
    sansock_uv *p = sansock_uv_of(handle);
    p->closed = true;
    sansock_uv_release(p);
}

static inline void sansock_uv_free_timer(uv_handle_t *timer) { free(timer); }

/* Ends the timer, until there is a deadline again. */
static inline void sansock_uv_stop_timer(sansock_uv *p) {
    if (!p->timer) return;
    p->timer->data = NULL; /* it belongs to no peer now */
    uv_close((uv_handle_t *)p->timer, sansock_uv_free_timer);
    p->timer = NULL;
}

/// Closes the transport at once. The handler is called with NULL, later. May be repeated.
static inline void sansock_uv_end(sansock_uv *p) {
    if (p->ending) return;
    p->ending = true;
    if (!uv_is_closing(&p->handle.any)) uv_close(&p->handle.any, sansock_uv_closed); /* else see sansock_uv_try_again */
    sansock_uv_stop_timer(p);
}

/* Has the timer call after so many milliseconds. Without memory for it the peer is ended. */
static inline void sansock_uv_start_timer(sansock_uv *p, uv_timer_cb call, uint64_t ms) {
    if (!p->timer) {
        p->timer = (uv_timer_t *)malloc(sizeof *p->timer);
        if (!p->timer) {
            p->error = UV_ENOMEM;
            sansock_uv_end(p);
            return;
        }
        uv_timer_init(p->handle.any.loop, p->timer);
        p->timer->data = p;
    }
    uv_timer_start(p->timer, call, ms, 0);
}

/* Makes the connection of the engine, with TLS below it; for a client, to this host. */
static inline bool sansock_uv_begin(sansock_uv *p, const sansock_config *config, const char *host) {
    uv_os_fd_t fd;
    if (p->handle.any.type == UV_TCP && uv_fileno(&p->handle.any, &fd) == 0) sansock_socket_prepare(fd);
#ifdef SANSOCK_OPENSSL
    SSL_CTX *context = (SSL_CTX *)p->ssl_context;
    if (context && !(host ? sansock_tls_client(&p->tls, context, host) : sansock_tls_server(&p->tls, context))) return false;
#else
    (void)host;
    if (p->ssl_context) return false;
#endif
    if (sansock_session_init(&p->session, config, sansock_uv_now(p)) != SANSOCK_OK) return false;
    p->session.reads_always = host != NULL;
    return true;
}

/* The bytes for the transport: the output, or what TLS makes of it. */
static inline const void *sansock_uv_output(sansock_uv *p, size_t *len) {
    const sansock_block *b = p->session.block;
#ifdef SANSOCK_OPENSSL
    if (p->tls.ssl) {
        const void *data = sansock_tls_output(&p->tls, len);
        if (*len > 0 || b->output_len == 0) return data;
        int n = sansock_tls_write(&p->tls, b->output, b->output_len);
        if (n > 0) sansock_session_written(&p->session, (size_t)n);
        if (n < 0) sansock_session_write_failed(&p->session);
        return sansock_tls_output(&p->tls, len);
    }
#endif
    *len = b->output_len;
    return b->output;
}

static inline void sansock_uv_report(sansock_uv *p, size_t n) {
#ifdef SANSOCK_OPENSSL
    if (p->tls.ssl) {
        sansock_tls_written(&p->tls, n);
        return;
    }
#endif
    sansock_session_written(&p->session, n);
}

static inline void sansock_uv_lost(sansock_uv *p, int error) {
    if (p->error == 0 && !p->ending) p->error = error;
    sansock_session_write_failed(&p->session);
#ifdef SANSOCK_OPENSSL
    size_t len;
    while (p->tls.ssl && sansock_tls_output(&p->tls, &len) && len > 0) sansock_tls_written(&p->tls, len);
#endif
}

/* Reports how much libuv has written of the copy, as it calls back only when it has written all of it. */
static inline void sansock_uv_report_pending(sansock_uv *p) {
    size_t left = p->pending ? uv_stream_get_write_queue_size(&p->handle.stream) : p->pending_len;
    if (left >= p->pending_len) return;
    sansock_uv_report(p, p->pending_len - left);
    p->pending_len = (uint32_t)left;
}

static inline void sansock_uv_wrote(uv_write_t *request, int status) {
    sansock_uv *p = sansock_uv_of((uv_handle_t *)request->handle);
    p->requests--;
    if (status == 0)
        sansock_uv_report(p, p->pending_len);
    else
        sansock_uv_lost(p, status);
    free(p->pending);
    p->pending = NULL;
    sansock_uv_work(p);
}

/* Has libuv write a copy when the system takes bytes again. */
static inline void sansock_uv_write_later(sansock_uv *p, const void *data, size_t len) {
    p->pending_len = len < SANSOCK_UV_CHUNK ? (uint32_t)len : SANSOCK_UV_CHUNK;
    p->pending = (uv_write_t *)malloc(sizeof *p->pending + p->pending_len);
    if (!p->pending) {
        sansock_uv_lost(p, UV_ENOMEM);
        return;
    }
    uv_buf_t buffer = uv_buf_init((char *)(p->pending + 1), p->pending_len);
    memcpy(buffer.base, data, p->pending_len);
    int status = uv_write(p->pending, &p->handle.stream, &buffer, 1, sansock_uv_wrote);
    if (status == 0) {
        p->requests++;
    } else {
        free(p->pending);
        p->pending = NULL;
        sansock_uv_lost(p, status);
    }
}

/* Writes what the system takes. Returns whether it has taken something, or writing has failed. */
static inline bool sansock_uv_write(sansock_uv *p) {
    bool progress = false;
    size_t len;
    while (!p->pending) {
        const void *data = sansock_uv_output(p, &len);
        if (len == 0) break;
        uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)data, len < INT32_MAX ? (unsigned)len : INT32_MAX);
        int n = uv_try_write(&p->handle.stream, &buffer, 1);
        if (n == UV_EAGAIN || n == 0) {
            sansock_uv_write_later(p, data, len);
            return progress;
        }
        progress = true;
        if (n > 0)
            sansock_uv_report(p, (size_t)n);
        else
            sansock_uv_lost(p, n);
    }
    return progress;
}

/* Queues a message. A large payload is written at once from where it lies, as far as the system takes it. */
static inline int32_t sansock_uv_queue(sansock_uv *p, uint8_t kind, const void *data, size_t len) {
    const sansock_block *b = p->session.block;
    bool fits = len < INT32_MAX && b->output_len < INT32_MAX;
    bool may_write = !p->ssl_context && !p->pending && fits && len >= SANSOCK_SOCKET_LARGE;
    if (!may_write || !sansock_session_begin_payload(&p->session, kind, len))
        return sansock_session_send(&p->session, kind, data, len);
    uv_buf_t pieces[2] = {uv_buf_init((char *)(uintptr_t)b->output, (unsigned)b->output_len),
                          uv_buf_init((char *)(uintptr_t)data, (unsigned)len)};
    int n = uv_try_write(&p->handle.stream, pieces, 2);
    /* An error comes again when the rest is written. */
    sansock_session_end_payload(&p->session, data, len, n > 0 ? (size_t)n : 0);
    return SANSOCK_OK;
}

static inline void sansock_uv_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    static SANSOCK_UV_THREAD char memory[SANSOCK_UV_CHUNK]; /* libuv fills it right before it calls back */
    sansock_uv *p = sansock_uv_of(handle);
    size_t size = p->ssl_context ? 16384 : sizeof memory;
    uint8_t *place = (uint8_t *)memory;
    (void)suggested;
    if (!p->ssl_context) place = sansock_session_place(&p->session, place, &size);
    *buffer = uv_buf_init((char *)place, (unsigned)size);
}

static inline void sansock_uv_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
    sansock_uv *p = sansock_uv_of((uv_handle_t *)stream);
    if (n == 0) return;
    if (n < 0) {
        if (p->error == 0 && n != UV_EOF) p->error = (int)n;
        sansock_session_receive_eof(&p->session, sansock_uv_now(p));
#ifdef SANSOCK_OPENSSL
    } else if (p->tls.ssl) {
        sansock_tls_receive(&p->tls, buffer->base, (size_t)n);
#endif
    } else {
        sansock_session_receive(&p->session, (uint8_t *)buffer->base, (size_t)n, sansock_uv_now(p));
    }
    sansock_uv_work(p);
}

/* Takes what TLS has received. Returns whether that was something. */
static inline bool sansock_uv_pull(sansock_uv *p) {
#ifdef SANSOCK_OPENSSL
    static SANSOCK_UV_THREAD uint8_t plain[SANSOCK_TLS_ROOM];
    if (!p->tls.ssl || !sansock_session_should_read(&p->session, sansock_uv_now(p))) return false;
    size_t size = sizeof plain;
    uint8_t *place = sansock_session_place(&p->session, plain, &size);
    int n = sansock_tls_read(&p->tls, place, size);
    if (n > 0) sansock_session_receive(&p->session, place, (size_t)n, sansock_uv_now(p));
    if (n == SANSOCK_TLS_FAILED && p->error == 0) p->error = UV_EPROTO;
    if (n < 0) sansock_session_receive_eof(&p->session, sansock_uv_now(p));
    return n != 0;
#else
    (void)p;
    return false;
#endif
}

#include "uv_work.h"

#endif

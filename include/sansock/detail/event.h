/* How sansock/event.h reads, writes and waits. Include that. */
#ifndef SANSOCK_DETAIL_EVENT_H
#define SANSOCK_DETAIL_EVENT_H

#ifdef __cplusplus
#define SANSOCK_EVENT_THREAD thread_local
#else
#define SANSOCK_EVENT_THREAD _Thread_local
#endif

/* How much is read at once, and how much the buffer of libevent is given to write. */
#define SANSOCK_EVENT_CHUNK (64 * 1024)

/* How often a socket is read before others have their turn. */
#define SANSOCK_EVENT_READS 32

/// One connection; see sansock/event.h. Its fields are not for programs.
struct sansock_event {
    sansock_session session;
    void *user;
    struct event_base *base;
    struct bufferevent *buffers;
    struct event *reader; /* without TLS: libevent would read less at a time, and ask before how much there is */
    struct event *timer;
    struct event *last; /* frees the peer, when nobody is inside it */
    sansock_event_handler handler;
    void (*drained)(sansock_event *peer);
    const sansock_config *config;
    uint64_t timer_deadline;
    size_t writing; /* bytes of the output that the buffer was given, and that have not been reported */
    int error;
    uint8_t reads;  /* how often the socket may still be read before others have their turn */
    bool begun; /* the transport is connected */
    bool stream_over; /* no more comes than what the buffer has */
    bool working, ending, reading, has_tls;
    bool full;  /* it was not writable */
    bool asked; /* within a call of the program */
    bool is_client;
};

static inline void sansock_event_work(sansock_event *p);

static inline uint64_t sansock_event_now(const sansock_event *p) {
    struct timeval t;
    event_gettime_monotonic(p->base, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_usec / 1000;
}

static inline void sansock_event_set_timeout(sansock_event *p, uint64_t ms) {
    struct timeval t;
    t.tv_sec = (time_t)(ms / 1000);
    t.tv_usec = (suseconds_t)(ms % 1000 * 1000);
    evtimer_add(p->timer, &t);
}

/* Frees a peer, when nobody is inside its functions. */
static inline void sansock_event_free(evutil_socket_t fd, short what, void *peer) {
    sansock_event *p = (sansock_event *)peer;
    (void)fd;
    (void)what;
    if (p->handler) p->handler(p, NULL);
    if (p->buffers) bufferevent_free(p->buffers);
    if (p->reader) event_free(p->reader);
    if (p->timer) event_free(p->timer);
    if (p->last) event_free(p->last);
    sansock_session_free(&p->session);
    free(p);
}

/// Closes the transport at once. The handler is called with NULL, later. May be repeated.
static inline void sansock_event_end(sansock_event *p) {
    if (p->ending) return;
    p->ending = true;
    evtimer_del(p->timer);
    bufferevent_setcb(p->buffers, NULL, NULL, NULL, NULL);
    bufferevent_disable(p->buffers, EV_READ | EV_WRITE);
    if (p->reader) event_del(p->reader);
    event_active(p->last, EV_TIMEOUT, 0);
}

static inline void sansock_event_lost(sansock_event *p, int error) {
    if (p->error == 0) p->error = error ? error : EPROTO;
    p->writing = 0;
    p->stream_over = true;
    if (p->begun) sansock_session_write_failed(&p->session);
}

static inline void sansock_event_ready(evutil_socket_t fd, short what, void *peer) {
    sansock_event *p = (sansock_event *)peer;
    (void)fd;
    (void)what;
    p->reads = SANSOCK_EVENT_READS;
    sansock_event_work(p);
}

static inline void sansock_event_begin(sansock_event *p) {
    evutil_socket_t fd = bufferevent_getfd(p->buffers);
    evtimer_del(p->timer);
    p->timer_deadline = SANSOCK_NEVER;
    sansock_socket_prepare(fd);
    if (!p->has_tls) p->reader = event_new(p->base, fd, EV_READ | EV_PERSIST, sansock_event_ready, p);
    if ((!p->has_tls && !p->reader) || sansock_session_init(&p->session, p->config, sansock_event_now(p)) != SANSOCK_OK) {
        p->error = ENOMEM;
        sansock_event_end(p);
        return;
    }
    p->session.reads_always = p->is_client;
    p->begun = true;
    sansock_event_work(p);
}

static inline void sansock_event_readable(struct bufferevent *buffers, void *peer) {
    (void)buffers;
    sansock_event_work((sansock_event *)peer);
}

/* Reports how much libevent has written, as it calls back only when it has written all that it was given. */
static inline void sansock_event_report(sansock_event *p) {
    size_t left = evbuffer_get_length(bufferevent_get_output(p->buffers));
    if (left >= p->writing) return;
    if (!p->session.broken) sansock_session_written(&p->session, p->writing - left);
    p->writing = left;
}

static inline void sansock_event_drained(struct bufferevent *buffers, void *peer) {
    sansock_event *p = (sansock_event *)peer;
    if (p->writing == 0 || evbuffer_get_length(bufferevent_get_output(buffers)) > 0) return;
    sansock_event_report(p);
    sansock_event_work(p);
}

/* The error behind BEV_EVENT_ERROR. One of TLS leaves errno as it was. */
static inline int sansock_event_last_error(sansock_event *p) {
    int error = EVUTIL_SOCKET_ERROR();
#ifdef SANSOCK_OPENSSL
    if (p->has_tls && bufferevent_get_openssl_error(p->buffers) != 0) return EPROTO;
#endif
    (void)p;
    return error;
}

static inline void sansock_event_happened(struct bufferevent *buffers, short what, void *peer) {
    sansock_event *p = (sansock_event *)peer;
    (void)buffers;
    if (what & BEV_EVENT_CONNECTED) {
        if (!p->begun) sansock_event_begin(p);
        return;
    }
    if (what & BEV_EVENT_EOF) p->stream_over = true;
    if (what & BEV_EVENT_ERROR) sansock_event_lost(p, sansock_event_last_error(p));
    if (p->begun) {
        sansock_event_work(p);
    } else {
        if (p->error == 0) p->error = ECONNRESET;
        sansock_event_end(p);
    }
}

/* Reads the socket; over TLS libevent does. */
static inline int sansock_event_read(sansock_event *p, void *memory, size_t size) {
    if (p->reads == 0 || p->stream_over) return 0;
    p->reads--;
    ssize_t n = recv(bufferevent_getfd(p->buffers), memory, size, 0);
    if (n == 0) p->stream_over = true;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) sansock_event_lost(p, errno);
    if (n < (ssize_t)size) p->reads = 0;
    return (int)n;
}

/* Takes what has been read, and then the end of the stream. Returns whether that was something. */
static inline bool sansock_event_pull(sansock_event *p) {
    static SANSOCK_EVENT_THREAD uint8_t memory[SANSOCK_EVENT_CHUNK];
    uint64_t now = sansock_event_now(p);
    if (!sansock_session_should_read(&p->session, now)) return false;
    size_t size = sizeof memory;
    uint8_t *place = sansock_session_place(&p->session, memory, &size);
    int n = p->has_tls ? evbuffer_remove(bufferevent_get_input(p->buffers), place, size)
                       : sansock_event_read(p, place, size);
    if (n > 0)
        sansock_session_receive(&p->session, place, (size_t)n, now);
    else if (p->stream_over)
        sansock_session_receive_eof(&p->session, now);
    return n > 0 || p->stream_over;
}

/* Writes what the system takes. Over TLS that is up to libevent. Returns whether it has taken something. */
static inline bool sansock_event_write_now(sansock_event *p) {
    const sansock_block *b = p->session.block;
    bool progress = false;
    while (!p->has_tls && p->writing == 0 && b->output_len > 0) {
        ssize_t n = send(bufferevent_getfd(p->buffers), b->output, b->output_len, 0);
        if (n > 0) {
            sansock_session_written(&p->session, (size_t)n);
            progress = true;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            sansock_event_lost(p, errno);
        }
    }
    return progress;
}

/* Writes, and gives libevent a part of what the system does not take, when it has written the part before. Returns whether
 * there may be room again. */
static inline bool sansock_event_write(sansock_event *p) {
    const sansock_block *b = p->session.block;
    if (p->session.broken && b->output_len > 0) sansock_session_write_failed(&p->session);
    bool progress = sansock_event_write_now(p);
    if (p->writing > 0 || b->output_len == 0) return progress;
    p->writing = b->output_len < SANSOCK_EVENT_CHUNK ? b->output_len : SANSOCK_EVENT_CHUNK;
    if (bufferevent_write(p->buffers, b->output, p->writing) != 0) sansock_event_lost(p, ENOMEM);
    return progress;
}

/* Obeys the transport instruction. */
static inline void sansock_event_follow_transport(sansock_event *p) {
    const sansock_block *b = p->session.block;
    if (p->writing > 0) {
        /* The engine has given up what its peer does not take. */
        if (b->transport == SANSOCK_TRANSPORT_CLOSE && b->output_len == 0) sansock_event_end(p);
        return;
    }
    uint8_t instruction = sansock_session_transport(&p->session);
    if (instruction == SANSOCK_TRANSPORT_OPEN) return;
#ifdef SANSOCK_OPENSSL
    if (p->has_tls && !p->session.broken) SSL_shutdown(bufferevent_openssl_get_ssl(p->buffers));
    ERR_clear_error();
#endif
    if (instruction == SANSOCK_TRANSPORT_CLOSE)
        sansock_event_end(p);
    else if (!p->has_tls)
        shutdown(bufferevent_getfd(p->buffers), SHUT_WR);
}

static inline void sansock_event_set_timer(sansock_event *p) {
    uint64_t deadline = p->session.block->next_deadline, now = sansock_event_now(p);
    if (deadline == p->timer_deadline) return;
    p->timer_deadline = deadline;
    if (deadline == SANSOCK_NEVER)
        evtimer_del(p->timer);
    else
        sansock_event_set_timeout(p, deadline > now ? deadline - now : 0);
}

static inline void sansock_event_due(evutil_socket_t fd, short what, void *peer) {
    sansock_event *p = (sansock_event *)peer;
    (void)fd;
    (void)what;
    p->timer_deadline = SANSOCK_NEVER;
    if (!p->begun) { /* connecting takes too long */
        p->error = ETIMEDOUT;
        sansock_event_end(p);
        return;
    }
    sansock_event_report(p);
    sansock_session_timeout(&p->session, sansock_event_now(p));
    sansock_event_work(p);
}

/* Tells the program that there is room again; not within its own call, after which it looks by itself. Returns whether it has. */
static inline bool sansock_event_tell_of_room(sansock_event *p) {
    if (!p->full || !sansock_block_is_writable(p->session.block)) return false;
    p->full = false;
    if (p->asked || !p->drained || p->session.block->state != SANSOCK_STATE_OPEN) return false;
    p->drained(p);
    return true;
}

/* Gives all events to the handler. */
static inline void sansock_event_handle_all(sansock_event *p) {
    while (!p->ending) {
        if (!sansock_block_is_writable(p->session.block)) p->full = true;
        const sansock_record *event = sansock_session_next(&p->session, sansock_event_now(p));
        if (event)
            p->handler(p, event);
        else if (!sansock_event_pull(p) && !sansock_event_tell_of_room(p))
            return;
    }
}

static inline void sansock_event_set_reading(sansock_event *p, bool reads) {
    if (reads == p->reading) return;
    p->reading = reads;
    if (p->has_tls && reads)
        bufferevent_enable(p->buffers, EV_READ);
    else if (p->has_tls)
        bufferevent_disable(p->buffers, EV_READ);
    else if (!reads)
        event_del(p->reader);
    else if (event_add(p->reader, NULL) != 0)
        sansock_event_end(p);
}

/* Handles events, and does what follows. Called within the handler, it leaves that to the call outside. */
static inline void sansock_event_work(sansock_event *p) {
    if (p->working || p->ending || !p->begun) return;
    p->working = true;
    do
        sansock_event_handle_all(p);
    while (!p->ending && sansock_event_write(p));
    p->working = false;
    if (p->ending) return;
    if (p->session.broken && !p->session.stream_ended) {
        sansock_event_work(p); /* tells the handler that the connection has ended */
        return;
    }
    sansock_event_follow_transport(p);
    if (p->ending) return;
    sansock_event_set_timer(p);
    sansock_event_set_reading(p, sansock_session_should_read(&p->session, sansock_event_now(p)));
}

/* The same, in a call of the program. */
static inline void sansock_event_work_asked(sansock_event *p) {
    if (p->working) return;
    p->asked = true;
    sansock_event_work(p);
    p->asked = false;
}

/* The buffers of libevent, over a socket or over TLS. */
static inline struct bufferevent *sansock_event_buffers(sansock_event *p, evutil_socket_t fd, void *context, const char *host) {
    const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
    if (!context) return bufferevent_socket_new(p->base, fd, options);
#ifdef SANSOCK_OPENSSL
    SSL *ssl = SSL_new((SSL_CTX *)context);
    if (!ssl || (host && !sansock_tls_verify_host(ssl, host))) {
        SSL_free(ssl);
        return NULL;
    }
    p->has_tls = true;
    return bufferevent_openssl_socket_new(p->base, fd, ssl, host ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
                                          options);
#else
    (void)host;
    return NULL;
#endif
}

static inline sansock_event *sansock_event_new(struct event_base *base, evutil_socket_t fd,
                                               const sansock_event_options *options, const char *host) {
    sansock_event *p = (sansock_event *)calloc(1, sizeof *p);
    if (!p) {
        if (fd >= 0) evutil_closesocket(fd);
        return NULL;
    }
    p->base = base;
    p->is_client = host != NULL;
    p->user = options->user;
    p->config = options->config;
    p->timer_deadline = SANSOCK_NEVER;
    p->buffers = sansock_event_buffers(p, fd, options->ssl_context, host);
    p->timer = evtimer_new(base, sansock_event_due, p);
    p->last = event_new(base, -1, 0, sansock_event_free, p);
    if (!p->buffers || !p->timer || !p->last) {
        if (!p->buffers && fd >= 0) evutil_closesocket(fd);
        sansock_event_free(-1, 0, p);
        return NULL;
    }
    p->handler = options->handler;
    p->drained = options->drained;
    bufferevent_setcb(p->buffers, sansock_event_readable, sansock_event_drained, sansock_event_happened, p);
    bufferevent_setwatermark(p->buffers, EV_READ, 0, SANSOCK_EVENT_CHUNK);
    bufferevent_enable(p->buffers, p->has_tls ? EV_READ | EV_WRITE : EV_WRITE);
    p->reading = p->has_tls;
    return p;
}

/* All of connecting takes ten seconds at most. */
static inline bool sansock_event_start_connecting(sansock_event *p, struct evdns_base *dns, const char *host, uint16_t port) {
    sansock_event_set_timeout(p, 10000);
    return bufferevent_socket_connect_hostname(p->buffers, dns, AF_UNSPEC, host, port) == 0;
}

#endif

/* What sansock/uv.h does after each callback, and how it connects. Include that. */
#ifndef SANSOCK_DETAIL_UV_WORK_H
#define SANSOCK_DETAIL_UV_WORK_H

static inline void sansock_uv_shut(uv_shutdown_t *request, int status) {
    sansock_uv *p = sansock_uv_of((uv_handle_t *)request->handle);
    (void)status; /* the peer may be gone; reading tells */
    free(request);
    p->requests--;
    sansock_uv_release(p);
}

static inline void sansock_uv_due(uv_timer_t *timer);

/* The transport is to be closed while libuv writes. The engine has dropped what its peer does not take; what TLS has made
 * of the last output has a second. */
static inline void sansock_uv_close_while_writing(sansock_uv *p) {
    if (p->ssl_context && !p->closing)
        sansock_uv_start_timer(p, sansock_uv_due, 1000);
    else if (!p->ssl_context)
        sansock_uv_end(p);
    p->closing = true;
}

/* Obeys the transport instruction. */
static inline void sansock_uv_follow_transport(sansock_uv *p) {
    const sansock_block *b = p->session.block;
    if (p->pending && b->transport == SANSOCK_TRANSPORT_CLOSE && b->output_len == 0) {
        sansock_uv_close_while_writing(p);
        return;
    }
    uint8_t instruction = p->pending ? SANSOCK_TRANSPORT_OPEN : sansock_session_transport(&p->session);
    if (instruction == SANSOCK_TRANSPORT_OPEN) return;
#ifdef SANSOCK_OPENSSL
    if (p->tls.ssl) {
        sansock_tls_shut_down(&p->tls);
        sansock_uv_write(p);
        if (instruction == SANSOCK_TRANSPORT_SHUTDOWN_WRITE) return; /* close_notify says it */
    }
#endif
    uv_shutdown_t *request = instruction == SANSOCK_TRANSPORT_CLOSE ? NULL : (uv_shutdown_t *)malloc(sizeof *request);
    if (!request)
        sansock_uv_end(p);
    else if (uv_shutdown(request, &p->handle.stream, sansock_uv_shut) == 0)
        p->requests++;
    else
        free(request);
}

static inline void sansock_uv_due(uv_timer_t *timer) {
    sansock_uv *p = sansock_uv_of((uv_handle_t *)timer);
    p->timer_deadline = SANSOCK_NEVER;
    if (!p->session.conn || p->closing) { /* it takes too long */
        if (!p->session.conn) p->error = UV_ETIMEDOUT;
        sansock_uv_end(p);
        return;
    }
    sansock_uv_report_pending(p);
    sansock_session_timeout(&p->session, sansock_uv_now(p));
    sansock_uv_work(p);
}

static inline void sansock_uv_set_timer(sansock_uv *p) {
    uint64_t deadline = p->session.block->next_deadline, now = sansock_uv_now(p);
    if (deadline == p->timer_deadline || p->closing) return;
    p->timer_deadline = deadline;
    if (deadline == SANSOCK_NEVER)
        sansock_uv_stop_timer(p);
    else
        sansock_uv_start_timer(p, sansock_uv_due, deadline > now ? deadline - now : 0);
}

static inline void sansock_uv_set_reading(sansock_uv *p) {
    bool read = sansock_session_should_read(&p->session, sansock_uv_now(p));
    if (read == p->reading) return;
    p->reading = read;
    if (read)
        uv_read_start(&p->handle.stream, sansock_uv_allocate, sansock_uv_read);
    else
        uv_read_stop(&p->handle.stream);
}

/* Tells the program that there is room again; not within its own call, after which it looks by itself. Returns whether it has. */
static inline bool sansock_uv_tell_of_room(sansock_uv *p) {
    if (!p->full || !sansock_block_is_writable(p->session.block)) return false;
    p->full = false;
    if (p->asked || !p->drained || p->session.block->state != SANSOCK_STATE_OPEN) return false;
    p->drained(p);
    return true;
}

/* Gives all events to the handler, and does what follows. Called within the handler, it leaves that to the call outside. */
static inline void sansock_uv_work(sansock_uv *p) {
    if (p->working || !p->session.conn) return;
    p->working = true;
    while (!p->ending) {
        if (!sansock_block_is_writable(p->session.block)) p->full = true;
        const sansock_record *event = sansock_session_next(&p->session, sansock_uv_now(p));
        if (event)
            p->handler(p, event);
        else if (!sansock_uv_pull(p) && !sansock_uv_write(p) && !sansock_uv_tell_of_room(p))
            break;
    }
    p->working = false;
    if (!p->ending) sansock_uv_follow_transport(p);
    if (!p->ending) sansock_uv_set_timer(p);
    if (!p->ending) sansock_uv_set_reading(p);
    sansock_uv_release(p);
}

/* The same, in a call of the program. */
static inline void sansock_uv_work_asked(sansock_uv *p) {
    if (p->working) return;
    p->asked = true;
    sansock_uv_work(p);
    p->asked = false;
}

/* Connecting */

static inline void sansock_uv_connected(uv_connect_t *request, int status);

/* Tries the next address. */
static inline int sansock_uv_try(sansock_uv *p) {
    sansock_uv_opening *opening = p->opening;
    const struct addrinfo *to = opening->address;
    opening->address = to->ai_next;
    int status = uv_tcp_connect(&opening->request.connect, &p->handle.tcp, to->ai_addr, sansock_uv_connected);
    if (status == 0) p->requests++;
    return status;
}

/* Closes the handle of an address that cannot be connected to, as each attempt needs a new one. */
static inline void sansock_uv_try_again(uv_handle_t *handle) {
    sansock_uv *p = sansock_uv_of(handle);
    p->requests--;
    if (p->ending) {
        p->closed = true;
        sansock_uv_release(p);
        return;
    }
    uv_tcp_init(p->handle.any.loop, &p->handle.tcp);
    p->handle.any.data = p;
    int status = sansock_uv_try(p);
    if (status != 0) {
        p->error = status;
        sansock_uv_end(p);
    }
}

static inline void sansock_uv_connected(uv_connect_t *request, int status) {
    sansock_uv *p = sansock_uv_of((uv_handle_t *)request->handle);
    p->requests--;
    if (p->ending) {
        sansock_uv_release(p);
    } else if (status != 0 && p->opening->address) {
        p->requests++; /* for the callback of closing */
        uv_close(&p->handle.any, sansock_uv_try_again);
    } else if (status != 0 || !sansock_uv_begin(p, p->opening->config, p->opening->host)) {
        p->error = status != 0 ? status : UV_ENOMEM;
        sansock_uv_end(p);
    } else {
        sansock_uv_forget_opening(p);
        sansock_uv_work(p);
    }
}

static inline void sansock_uv_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
    sansock_uv *p = (sansock_uv *)request->data;
    p->requests--;
    p->opening->addresses = p->opening->address = found;
    if (p->ending) {
        sansock_uv_release(p);
        return;
    }
    if (status == 0) status = sansock_uv_try(p);
    if (status != 0) {
        p->error = status;
        sansock_uv_end(p);
    }
}

/* Resolves the host. All of connecting takes ten seconds at most. */
static inline int sansock_uv_resolve(sansock_uv *p, uint16_t port) {
    char number[6];
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    snprintf(number, sizeof number, "%u", (unsigned)port);
    sansock_uv_opening *opening = p->opening;
    opening->request.resolve.data = p;
    uv_loop_t *loop = p->handle.any.loop;
    int status = uv_getaddrinfo(loop, &opening->request.resolve, sansock_uv_resolved, opening->host, number, &hints);
    if (status == 0) {
        p->requests++;
        p->timer_deadline = sansock_uv_now(p) + 10000;
        sansock_uv_start_timer(p, sansock_uv_due, 10000);
    }
    return status;
}

#endif

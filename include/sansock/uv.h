/*
 * WebSockets over libuv: servers and clients, over TLS by OpenSSL if SANSOCK_OPENSSL is defined before it is included
 * (link with -luv, and -lssl -lcrypto).
 *
 *   static void on_event(sansock_uv *peer, const sansock_record *event) {
 *       if (event == NULL) return;                                     // the peer is about to be freed
 *       if (event->kind == SANSOCK_KIND_REQUEST) sansock_session_answer(&peer->session, event, peer->session.now);
 *       else if (sansock_record_is_message(event)) ... sansock_uv_send(peer, event->kind, data, len);
 *   }
 *   static void on_connection(uv_stream_t *listener, int status) {    // of uv_listen
 *       if (status == 0) sansock_uv_accept(listener, &options, NULL);
 *   }
 *
 * One handler is called for each event, in order, and with NULL as the last. An event and its payload are valid until
 * the handler returns, or answers the request, which replaces them; its payload is found with peer->session.block. The
 * handler may send, close, and end the peer. A request is answered through the session, in the handler or later (then
 * call sansock_uv_flush).
 *
 * A server does not read from a peer that does not read what is sent to it; a client does, as it may have much to send.
 * Neither reads while sansock_uv_pause asks for it. The pong deadline stands still meanwhile. Who sends much looks at
 * sansock_uv_is_writable, and goes on when `drained` is called. Deadlines are a timer of the loop. The transport is
 * ended as the engine says: over TLS with close_notify first. A peer is freed by itself when its handles are closed;
 * sansock_uv_end does that at once.
 *
 * C11 and C++17, on Unix. The program ignores SIGPIPE, as libuv asks for. One loop for each thread; a peer belongs to
 * the thread of its loop. Before the loop is closed, end all peers and run it until their handlers have been called with
 * NULL.
 */
#ifndef SANSOCK_UV_H
#define SANSOCK_UV_H

#include <stdio.h>
#include <uv.h>

#include "session.h"
#include "socket.h"
#ifdef SANSOCK_OPENSSL
#include "openssl.h"
#endif

/// One connection. `user` and what `session` says are yours to use; all else is not.
typedef struct sansock_uv sansock_uv;

/// Called for each event, and with NULL when the peer is about to be freed.
typedef void (*sansock_uv_handler)(sansock_uv *peer, const sansock_record *event);

/// What peers are made with. It is copied.
typedef struct sansock_uv_options {
    /// The configuration: that of a server, or of a client with its URL. It stays while peers are made, and for a
    /// client until OPEN or the end has come.
    const sansock_config *config;
    sansock_uv_handler handler;
    /// Called by the loop when a peer is writable again, after it was not: see sansock_uv_is_writable. May be NULL.
    void (*drained)(sansock_uv *peer);
    /// The first value of `user` of a peer.
    void *user;
    /// An SSL_CTX for TLS, which is kept by reference; NULL for none. Only with SANSOCK_OPENSSL. A client verifies the
    /// certificate of the host by it.
    void *ssl_context;
} sansock_uv_options;

#include "detail/uv.h"

/// Accepts a connection: call it in the callback of uv_listen, for a listener of TCP or a pipe. `out` may be NULL, or
/// receives the peer. Returns 0 or an error of libuv (UV_ENOMEM also if the engine has no memory), and then no handler
/// is called.
static inline int sansock_uv_accept(uv_stream_t *listener, const sansock_uv_options *options, sansock_uv **out) {
    sansock_uv *p = sansock_uv_new(listener->loop, options, listener->type == UV_NAMED_PIPE);
    if (!p) return UV_ENOMEM;
    int status = uv_accept(listener, &p->handle.stream);
    if (status == 0 && !sansock_uv_begin(p, options->config, NULL)) status = UV_ENOMEM;
    if (status != 0) {
        p->handler = NULL;
        sansock_uv_end(p);
        return status;
    }
    if (out) *out = p;
    sansock_uv_work(p);
    return 0;
}

/// Connects to a ws: or wss: URL, without blocking: OPEN is the first event, or the last one says that it failed; see
/// sansock_uv_error. `out` may be NULL, or receives the peer. Returns 0; UV_EINVAL for a URL that is not valid, or wss:
/// without a context of TLS; UV_ENOMEM; and then no handler is called.
static inline int sansock_uv_connect(uv_loop_t *loop, const char *url, const sansock_uv_options *options, sansock_uv **out) {
    sansock_url place;
    if (sansock_url_parse(url, strlen(url), &place) != SANSOCK_OK) return UV_EINVAL;
    if ((place.secure != 0) != (options->ssl_context != NULL)) return UV_EINVAL;
    sansock_uv *p = sansock_uv_new(loop, options, false);
    if (!p) return UV_ENOMEM;
    p->opening = (sansock_uv_opening *)calloc(1, sizeof *p->opening);
    if (p->opening) {
        p->opening->config = options->config;
        snprintf(p->opening->host, sizeof p->opening->host, "%.*s", (int)place.host_len, url + place.host_offset);
    }
    int status = p->opening ? sansock_uv_resolve(p, place.port) : UV_ENOMEM;
    if (status != 0) {
        p->handler = NULL;
        sansock_uv_end(p);
        return status;
    }
    if (out) *out = p;
    return 0;
}

/// Sends a message, SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. Errors as for sansock_conn_send_text. Look at
/// sansock_uv_is_writable before sending much: what waits is bounded by the option output_hard_limit.
static inline int32_t sansock_uv_send(sansock_uv *p, uint8_t kind, const void *data, size_t len) {
    if (!p->session.conn) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_uv_queue(p, kind, data, len);
    sansock_uv_work_asked(p);
    return status;
}

/// Sends a message that was made for many connections (sansock_prepared_new). Errors as for sansock_conn_send_prepared.
static inline int32_t sansock_uv_send_prepared(sansock_uv *p, const sansock_prepared *message) {
    if (!p->session.conn) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_conn_send_prepared(p->session.conn, message);
    sansock_uv_work_asked(p);
    return status;
}

/// Whether less than the option output_soft_limit waits to be written. What is sent beyond that is
/// kept in memory.
static inline bool sansock_uv_is_writable(const sansock_uv *p) {
    return p->session.conn && sansock_block_is_writable(p->session.block);
}

/// Starts the closing handshake. Arguments and errors as for sansock_conn_close.
static inline int32_t sansock_uv_close(sansock_uv *p, uint16_t code, const char *reason, size_t len) {
    if (!p->session.conn) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_conn_close(p->session.conn, code, reason, len, sansock_uv_now(p));
    sansock_uv_work_asked(p);
    return status;
}

/// Stops reading, or goes on: for a program that takes messages more slowly than they come.
static inline void sansock_uv_pause(sansock_uv *p, bool pause) {
    sansock_session_pause(&p->session, pause);
    sansock_uv_work_asked(p);
}

/// Does what follows calls on peer->session.conn and answers to a request that were made outside of the handler.
static inline void sansock_uv_flush(sansock_uv *p) { sansock_uv_work_asked(p); }

/// The error of libuv that ended the transport, or that it could not be connected with; 0 if there was none.
static inline int sansock_uv_error(const sansock_uv *p) { return p->error; }

#endif

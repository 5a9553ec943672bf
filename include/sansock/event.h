/*
 * WebSockets over libevent: servers and clients, over TLS by OpenSSL if SANSOCK_OPENSSL is defined before it is
 * included (link with -levent, and -levent_openssl -lssl -lcrypto).
 *
 *   static void on_event(sansock_event *peer, const sansock_record *event) {
 *       if (event == NULL) return;                                     // the peer is about to be freed
 *       if (event->kind == SANSOCK_KIND_REQUEST) sansock_session_answer(&peer->session, event, peer->session.now);
 *       else if (sansock_record_is_message(event)) ... sansock_event_send(peer, event->kind, data, len);
 *   }
 *   static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *base) {
 *       sansock_event_accept(base, fd, &options, NULL);
 *   }
 *
 * One handler is called for each event, in order, and with NULL as the last. An event and its payload are valid until
 * the handler returns, or answers the request, which replaces them; its payload is found with peer->session.block. The
 * handler may send, close, and end the peer. A request is answered through the session, in the handler or later (then
 * call sansock_event_flush).
 *
 * A server does not read from a peer that does not read what is sent to it; a client does, as it may have much to send.
 * Neither reads while sansock_event_pause asks for it. The pong deadline stands still meanwhile. Who sends much looks
 * at sansock_event_is_writable, and goes on when `drained` is called. Deadlines are a timer of the base. The transport
 * is ended as the engine says: over TLS with close_notify first. A peer is freed by itself when its transport is
 * closed; sansock_event_end does that at once.
 *
 * C11 and C++17. The program ignores SIGPIPE. A peer belongs to the thread that runs its base. Before the base is freed,
 * end all peers and run it until their handlers have been called with NULL.
 */
#ifndef SANSOCK_EVENT_H
#define SANSOCK_EVENT_H

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <stdio.h>

#include "session.h"
#include "socket.h"
#ifdef SANSOCK_OPENSSL
#include <event2/bufferevent_ssl.h>
#include "openssl.h"
#endif

/// One connection. `user` and what `session` says are yours to use; all else is not.
typedef struct sansock_event sansock_event;

/// Called for each event, and with NULL when the peer is about to be freed.
typedef void (*sansock_event_handler)(sansock_event *peer, const sansock_record *event);

/// What peers are made with. It is copied.
typedef struct sansock_event_options {
    /// The configuration: that of a server, or of a client with its URL. It stays while peers are made, and for a
    /// client until OPEN or the end has come.
    const sansock_config *config;
    sansock_event_handler handler;
    /// Called by the loop when a peer is writable again, after it was not: see sansock_event_is_writable. May be NULL.
    void (*drained)(sansock_event *peer);
    /// The first value of `user` of a peer.
    void *user;
    /// An SSL_CTX for TLS, which is kept by reference; NULL for none. Only with SANSOCK_OPENSSL. A client verifies the
    /// certificate of the host by it.
    void *ssl_context;
    /// Resolves names for clients; NULL: they are resolved by a call that blocks.
    struct evdns_base *dns;
} sansock_event_options;

#include "detail/event.h"

/// Takes a connection that was accepted, as the callback of an evconnlistener gets it: the peer owns the socket, which
/// is non-blocking, and closes it, also if this fails. `out` may be NULL, or receives the peer. False if there is no
/// memory, and then no handler is called.
static inline bool sansock_event_accept(struct event_base *base, evutil_socket_t fd, const sansock_event_options *options,
                                        sansock_event **out) {
    sansock_event *p = sansock_event_new(base, fd, options, NULL);
    if (!p) return false;
    if (out) *out = p;
    sansock_event_begin(p);
    return true;
}

/// Connects to a ws: or wss: URL: OPEN is the first event, or the last one says that it failed; see
/// sansock_event_error. `out` may be NULL, or receives the peer. False for a URL that is not valid, for wss: without a
/// context of TLS and the reverse, if a name cannot be resolved at once, or if there is no memory; and then no handler
/// is called.
static inline bool sansock_event_connect(struct event_base *base, const char *url, const sansock_event_options *options,
                                         sansock_event **out) {
    sansock_url place;
    char host[256];
    if (sansock_url_parse(url, strlen(url), &place) != SANSOCK_OK) return false;
    if ((place.secure != 0) != (options->ssl_context != NULL)) return false;
    snprintf(host, sizeof host, "%.*s", (int)place.host_len, url + place.host_offset);
    sansock_event *p = sansock_event_new(base, -1, options, host);
    if (!p) return false;
    if (!sansock_event_start_connecting(p, options->dns, host, place.port)) {
        p->handler = NULL;
        sansock_event_end(p);
        return false;
    }
    if (out) *out = p;
    return true;
}

/// Sends a message, SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. Errors as for sansock_conn_send_text. Look at
/// sansock_event_is_writable before sending much: what waits is bounded by the option output_hard_limit.
static inline int32_t sansock_event_send(sansock_event *p, uint8_t kind, const void *data, size_t len) {
    if (!p->begun) return SANSOCK_ERR_INVALID_STATE;
    int fd = p->has_tls || p->ending || p->writing > 0 ? -1 : bufferevent_getfd(p->buffers);
    int32_t status = sansock_socket_send(fd, &p->session, kind, data, len);
    sansock_event_work_asked(p);
    return status;
}

/// Sends a message that was made for many connections (sansock_prepared_new). Errors as for sansock_conn_send_prepared.
static inline int32_t sansock_event_send_prepared(sansock_event *p, const sansock_prepared *message) {
    if (!p->begun) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_conn_send_prepared(p->session.conn, message);
    sansock_event_work_asked(p);
    return status;
}

/// Whether less than the option output_soft_limit waits to be written. What is sent beyond that is
/// kept in memory.
static inline bool sansock_event_is_writable(const sansock_event *p) {
    return p->begun && sansock_block_is_writable(p->session.block);
}

/// Starts the closing handshake. Arguments and errors as for sansock_conn_close.
static inline int32_t sansock_event_close(sansock_event *p, uint16_t code, const char *reason, size_t len) {
    if (!p->begun) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_conn_close(p->session.conn, code, reason, len, sansock_event_now(p));
    sansock_event_work_asked(p);
    return status;
}

/// Stops reading, or goes on: for a program that takes messages more slowly than they come.
static inline void sansock_event_pause(sansock_event *p, bool pause) {
    sansock_session_pause(&p->session, pause);
    sansock_event_work_asked(p);
}

/// Does what follows calls on peer->session.conn and answers to a request that were made outside of the handler.
static inline void sansock_event_flush(sansock_event *p) { sansock_event_work_asked(p); }

/// The error (an errno) that ended the transport, or that it could not be connected with; 0 if there was none.
static inline int sansock_event_error(const sansock_event *p) { return p->error; }

#endif

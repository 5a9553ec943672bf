/*
 * A WebSocket client over sockets of POSIX: from a URL to events, with blocking calls or in a loop of your own. It
 * resolves names, connects, goes through proxies (http:, https:, socks4a:, socks5:, socks5h:), and speaks TLS by
 * OpenSSL if SANSOCK_OPENSSL is defined before it is included (link with -lssl -lcrypto).
 *
 *   sansock_client *c;
 *   if (sansock_client_connect("wss://example.com/", NULL, &c) != SANSOCK_OK) puts(sansock_client_error(c));
 *   sansock_client_send_text(c, "hello", 5);
 *   while ((event = sansock_client_next(c, -1)) != NULL) ...      // pings are answered meanwhile
 *   sansock_client_free(c);
 *
 * It is a header, and no part of the library, because what it needs (OpenSSL or not, the sockets of a system) is chosen
 * where a program is compiled, and the binary interface of the library should not depend on it.
 *
 * Blocking     connect, send and next wait; everything the protocol asks for happens while they do. A program that calls
 *              none of them answers no pings. Sending waits while 64 KiB (the option output_soft_limit) wait to be written.
 * Other loops  sansock_client_start waits for nothing but the name to be resolved. Poll sansock_client_fd for
 *              sansock_client_poll_events, at most sansock_client_wait_ms, and then call sansock_client_next with a timeout
 *              of 0 until it returns NULL. OPEN is an event like others. Sending never waits then: it returns
 *              SANSOCK_ERR_WOULD_BLOCK.
 * Closing      sansock_client_close, then next until it returns NULL: the last event is CLOSED, and the server closes TCP
 *              first. Over TLS close_notify goes before the end of TCP. Freeing without closing: the server sees 1006.
 * Threads      One at a time. No SIGPIPE is raised.
 *
 * C11 and C++17; define _POSIX_C_SOURCE as 200809L before the first #include where the compiler is strict (-std=c11).
 */
#ifndef SANSOCK_CLIENT_H
#define SANSOCK_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if !defined(_POSIX_C_SOURCE) || _POSIX_C_SOURCE < 200112L
#error "sansock/client.h needs POSIX: define _POSIX_C_SOURCE as 200809L before the first #include"
#endif

#include "session.h"
#include "socket.h"
#ifdef SANSOCK_OPENSSL
#include "openssl.h"
#endif

/// The connection could not be made: see sansock_client_error. The events that may follow say more: REJECTED, CLOSED.
#define SANSOCK_CLIENT_FAILED (-100)

/// What to connect with. Zeros are the defaults. It is read by connect and start only, but for the configuration.
typedef struct sansock_client_options {
    /// The configuration: one of a client, with SANSOCK_TEXT_URL set to the URL. It stays until OPEN has come. NULL:
    /// all defaults.
    const sansock_config *config;
    /// The URL of a proxy, NULL for none.
    const char *proxy;
    /// The time to connect to each address, in milliseconds; 0: 10,000. The handshakes, that of TLS too, have
    /// SANSOCK_OPTION_HANDSHAKE_TIMEOUT.
    uint64_t connect_timeout;
    /// A file in PEM with the authorities to trust, NULL for those of the system. Only with SANSOCK_OPENSSL.
    const char *ca_file;
    /// An SSL_CTX of yours instead, with client certificates for example; NULL for none. Only with SANSOCK_OPENSSL.
    void *ssl_context;
} sansock_client_options;

/// A client. Opaque: use the functions below.
typedef struct sansock_client sansock_client;

#include "detail/client.h"

/// Begins to connect to a ws: or wss: URL. It waits only for the host's name to be resolved.
///
/// `options` may be NULL. `out` receives the client, also if this fails, so that sansock_client_error says why; free
/// it. SANSOCK_CLIENT_FAILED, or what sansock_config_set_text and sansock_tunnel_config_new return for a bad URL.
static inline int32_t sansock_client_start(const char *url, const sansock_client_options *options, sansock_client **out) {
    static const sansock_client_options defaults = {NULL, NULL, 0, NULL, NULL};
    sansock_client *c = (sansock_client *)calloc(1, sizeof *c);
    *out = c;
    if (!c) return SANSOCK_ERR_NO_MEMORY;
    c->fd = -1;
    c->poll_events = POLLIN;
    return sansock_client_begin(c, url, options ? options : &defaults);
}

/// Returns the next event, or NULL: if none has come in `timeout` milliseconds (-1: for ever), or after the end, which
/// sansock_client_is_over tells. Valid until the next call of this function or of sansock_client_send_*.
static inline const sansock_record *sansock_client_next(sansock_client *c, int timeout) {
    uint64_t start = sansock_client_now();
    for (;;) {
        if (c->session.conn) {
            const sansock_record *event = sansock_session_next(&c->session, sansock_client_now());
            if (event) return sansock_client_note(c, event);
        }
        if (c->phase == SANSOCK_CLIENT_OVER) return NULL;
        if (sansock_client_step(c)) continue;
        uint64_t passed = sansock_client_now() - start;
        if (timeout >= 0 && passed >= (uint64_t)timeout) return NULL;
        int wait = sansock_client_step_wait(c);
        if (timeout >= 0 && (wait < 0 || (uint64_t)timeout - passed < (uint64_t)wait)) wait = timeout - (int)passed;
        sansock_client_poll(c, c->poll_events, wait);
    }
}

/// The same as start, and waits until the connection is open. The next event is OPEN. If it fails, the next events may
/// be REJECTED, with the server's response, and CLOSED.
static inline int32_t sansock_client_connect(const char *url, const sansock_client_options *options, sansock_client **out) {
    int32_t status = sansock_client_start(url, options, out);
    if (status != SANSOCK_OK) return status;
    sansock_client *c = *out;
    c->blocking = true;
    const sansock_record *event = sansock_client_next(c, -1);
    if (!event) return SANSOCK_CLIENT_FAILED;
    c->session.at -= 1 + sansock_record_detail_count(event); /* it is given again */
    return event->kind == SANSOCK_KIND_OPEN ? SANSOCK_OK : SANSOCK_CLIENT_FAILED;
}

/// Why there is no connection, or what ended it, in one sentence. "" if nothing was wrong. Valid until the next call.
static inline const char *sansock_client_error(const sansock_client *c) {
    if (!c) return sansock_error_text(SANSOCK_ERR_NO_MEMORY);
    return c->error;
}

/// The engine's block of the connection: its state, and where payloads of events are. NULL before there is a connection
/// to the server.
static inline const sansock_block *sansock_client_block(const sansock_client *c) { return c->session.block; }

/// The engine's connection, for what is not here: sansock_conn_ping, sansock_conn_send_part. Make no input calls on it.
/// What was sent is written by the next call here. NULL before there is a connection to the server.
static inline sansock_conn *sansock_client_conn(const sansock_client *c) { return c->session.conn; }

/// Sends a text message, which is UTF-8. Errors as for sansock_conn_send_text; a client that does not block gets
/// SANSOCK_ERR_WOULD_BLOCK while output_soft_limit bytes wait to be written. Events that were not fetched stay.
static inline int32_t sansock_client_send_text(sansock_client *c, const char *text, size_t len) {
    return sansock_client_send(c, SANSOCK_KIND_TEXT, text, len);
}

/// Sends a binary message. Otherwise as sansock_client_send_text.
static inline int32_t sansock_client_send_binary(sansock_client *c, const void *data, size_t len) {
    return sansock_client_send(c, SANSOCK_KIND_BINARY, data, len);
}

/// Starts the closing handshake. Go on with next until it returns NULL. Arguments and errors as for sansock_conn_close.
static inline int32_t sansock_client_close(sansock_client *c, uint16_t code, const char *reason, size_t len) {
    if (!c->session.conn) return SANSOCK_ERR_INVALID_STATE;
    int32_t status = sansock_conn_close(c->session.conn, code, reason, len, sansock_client_now());
    if (status == SANSOCK_OK) sansock_client_flush(c);
    return status;
}

/// Whether everything is over: no event follows, and the transport is closed.
static inline bool sansock_client_is_over(const sansock_client *c) { return c->phase == SANSOCK_CLIENT_OVER; }

/// The socket to poll; -1 when it is closed. Another one while addresses are tried: ask each time.
static inline int sansock_client_fd(const sansock_client *c) { return c->fd; }

/// What to poll for: POLLIN, POLLOUT or both.
static inline short sansock_client_poll_events(const sansock_client *c) { return c->poll_events; }

/// How long to poll at most, in milliseconds; -1 for ever.
static inline int sansock_client_wait_ms(const sansock_client *c) { return sansock_client_step_wait(c); }

/// Closes the transport at once and frees the client. NULL does nothing.
static inline void sansock_client_free(sansock_client *c) {
    if (!c) return;
    sansock_client_shut(c);
    if (c->addresses) freeaddrinfo(c->addresses);
    sansock_session_free(&c->session);
    sansock_tunnel_free(c->tunnel);
    sansock_tunnel_config_free(c->tunnel_config);
    sansock_config_free(c->own_config);
    free(c);
}

#endif

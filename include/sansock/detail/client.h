/* How sansock/client.h connects, reads and writes. Include that. */
#ifndef SANSOCK_DETAIL_CLIENT_H
#define SANSOCK_DETAIL_CLIENT_H

enum sansock_client_phase {
    SANSOCK_CLIENT_CONNECTING, /* of TCP */
    SANSOCK_CLIENT_TUNNEL,     /* through the proxy */
    SANSOCK_CLIENT_TALKING,    /* with the server */
    SANSOCK_CLIENT_OVER
};

/// One client; see sansock/client.h. Its fields are not for programs.
struct sansock_client {
    int fd;
    enum sansock_client_phase phase;
    short poll_events;
    bool blocking;
    bool socket_ended;
    struct addrinfo *addresses, *address; /* all of the host, and the one that is tried */
    uint64_t connect_timeout, connect_deadline;
    const sansock_config *config;
    sansock_config *own_config;
    sansock_tunnel_config *tunnel_config;
    sansock_tunnel *tunnel;
    bool secure, proxy_secure;
    char host[256], proxy_host[256];
    int layers; /* of TLS: to the proxy, to the server */
#ifdef SANSOCK_OPENSSL
    SSL_CTX *context;
    sansock_tls tls[2];
#endif
    sansock_session session;
    char error[512];
    size_t rest; /* bytes at the front of `input` that came behind the proxy's answer */
    uint8_t input[16 * 1024];
};

static inline uint64_t sansock_client_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Adds a text to the error, as far as there is room. */
static inline void sansock_client_add(sansock_client *c, const char *text) {
    size_t used = strlen(c->error), len = strlen(text), room = sizeof c->error - 1 - used;
    if (len > room) len = room;
    memcpy(c->error + used, text, len);
    c->error[used + len] = '\0';
}

/* Puts down why it failed, perhaps with what: the first reason stays. */
static inline int32_t sansock_client_say(sansock_client *c, int32_t status, const char *what, const char *why) {
    if (c->error[0] != '\0') return status;
    sansock_client_add(c, what);
    if (*what) sansock_client_add(c, ": ");
    sansock_client_add(c, why);
    return status;
}

static inline void sansock_client_poll(sansock_client *c, short events, int wait) {
    struct pollfd ready = {c->fd, events, 0};
    poll(&ready, 1, wait);
}

/* Closes the transport. */
static inline void sansock_client_shut(sansock_client *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->phase = SANSOCK_CLIENT_OVER;
#ifdef SANSOCK_OPENSSL
    sansock_tls_free(&c->tls[0]);
    sansock_tls_free(&c->tls[1]);
    SSL_CTX_free(c->context);
    c->context = NULL;
#endif
    c->layers = 0;
}

/* Reading: level 0 is the socket, each other one a layer of TLS. Returns what recv returns: -1 is "not yet". */

static inline ssize_t sansock_client_recv(sansock_client *c, void *data, size_t size) {
    ssize_t n = recv(c->fd, data, size, 0);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) return n;
    if (n < 0) sansock_client_say(c, 0, "read", strerror(errno));
    c->socket_ended = true;
    return 0;
}

static inline ssize_t sansock_client_read(sansock_client *c, int level, void *data, size_t size) {
#ifdef SANSOCK_OPENSSL
    if (level > 0) {
        uint8_t cipher[SANSOCK_TLS_ROOM];
        for (;;) {
            int n = sansock_tls_read(&c->tls[level - 1], data, size);
            if (n > 0) return n;
            if (n == SANSOCK_TLS_FAILED) sansock_client_say(c, 0, "TLS", sansock_tls_error_text(&c->tls[level - 1]));
            if (n < 0) return 0;
            ssize_t got = sansock_client_read(c, level - 1, cipher, sizeof cipher);
            if (got <= 0) return got;
            sansock_tls_receive(&c->tls[level - 1], cipher, (size_t)got);
        }
    }
#endif
    (void)level;
    return sansock_client_recv(c, data, size);
}

/* Writing: how many bytes were taken, 0 for none yet, -1 if nobody is left to read. */

static inline ssize_t sansock_client_write(sansock_client *c, int level, const void *data, size_t len);

/* Sends what a layer of TLS has ready. Returns whether all of it was taken. */
static inline bool sansock_client_flush_level(sansock_client *c, int level) {
#ifdef SANSOCK_OPENSSL
    for (; level > 0;) {
        size_t len;
        const void *data = sansock_tls_output(&c->tls[level - 1], &len);
        if (len == 0) return level == 1 || sansock_client_flush_level(c, level - 1);
        ssize_t n = sansock_client_write(c, level - 1, data, len);
        if (n <= 0) return false;
        sansock_tls_written(&c->tls[level - 1], (size_t)n);
    }
#endif
    (void)c;
    (void)level;
    return true;
}

static inline ssize_t sansock_client_write(sansock_client *c, int level, const void *data, size_t len) {
#ifdef SANSOCK_OPENSSL
    if (level > 0) {
        if (!sansock_client_flush_level(c, level)) return c->socket_ended ? -1 : 0;
        int n = sansock_tls_write(&c->tls[level - 1], data, len);
        sansock_client_flush_level(c, level);
        if (n == SANSOCK_TLS_FAILED) sansock_client_say(c, 0, "TLS", sansock_tls_error_text(&c->tls[level - 1]));
        return n < 0 ? -1 : n;
    }
#endif
    (void)level;
#ifdef MSG_NOSIGNAL
    ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
#else
    ssize_t n = send(c->fd, data, len, 0); /* SO_NOSIGPIPE is set */
#endif
    if (n >= 0) return n;
    if (errno == EINTR) return 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        c->poll_events = (short)(c->poll_events | POLLOUT);
        return 0;
    }
    sansock_client_say(c, 0, "write", strerror(errno));
    c->socket_ended = true;
    return -1;
}

#ifdef SANSOCK_OPENSSL
/* Adds a layer of TLS to a host. */
static inline bool sansock_client_add_tls(sansock_client *c, const char *host) {
    if (!sansock_tls_client(&c->tls[c->layers], c->context, host)) return false;
    c->layers++;
    return true;
}
#else
static inline bool sansock_client_add_tls(sansock_client *c, const char *host) {
    (void)c;
    (void)host;
    return false;
}
#endif

/* Ends our direction: close_notify of the innermost layer, and then of TCP. To close, that of all layers. */
static inline void sansock_client_end_writing(sansock_client *c, bool all) {
#ifdef SANSOCK_OPENSSL
    int level;
    for (level = c->layers; level > 0 && !c->socket_ended; level--) {
        while (!sansock_tls_shut_down(&c->tls[level - 1]) && sansock_client_flush_level(c, level)) {}
        sansock_client_flush_level(c, level);
        if (!all) break;
    }
    if (c->layers > 0) return; /* close_notify says it, and some servers take the end of TCP for a loss */
#endif
    if (!all) shutdown(c->fd, SHUT_WR);
}

/* Gives up an address, and tries the next one. */
static inline void sansock_client_try(sansock_client *c, const char *why) {
    for (;; c->address = c->address->ai_next) {
        if (c->fd >= 0) close(c->fd);
        c->fd = -1;
        if (!c->address) {
            sansock_client_say(c, 0, c->tunnel_config ? c->proxy_host : c->host, why);
            sansock_client_shut(c);
            return;
        }
        c->fd = socket(c->address->ai_family, c->address->ai_socktype, c->address->ai_protocol);
        if (c->fd >= 0) {
            fcntl(c->fd, F_SETFD, FD_CLOEXEC);
            fcntl(c->fd, F_SETFL, O_NONBLOCK);
            sansock_socket_prepare(c->fd);
#ifdef SO_NOSIGPIPE
            int on = 1;
            setsockopt(c->fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
            if (connect(c->fd, c->address->ai_addr, c->address->ai_addrlen) == 0 || errno == EINPROGRESS) break;
        }
        why = strerror(errno);
    }
    c->address = c->address->ai_next; /* if this one fails */
    c->connect_deadline = sansock_client_now() + c->connect_timeout;
    c->poll_events = POLLOUT;
}

#include "client_steps.h"

#endif

/*
 * A WebSocket client behind a proxy, with TLS by OpenSSL.
 *
 *   through_proxy PROXY URL TEXT
 *
 * It sends one text message, prints the answer, and closes. The proxy is given by a URL: http:, socks4a:, socks5: or
 * socks5h:, perhaps with `user:password@`. The status is 0 only for a clean close.
 *
 * Three layers, none of which knows of another: the tunnel through the proxy, TLS, and the WebSocket. OpenSSL works on a
 * pair of BIOs: what arrived is written to one, what is to be sent is read from it, and no socket is in between.
 */
#define _POSIX_C_SOURCE 200809L
#include "endpoint.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>

static const char *text;
static bool clean;

/* The layer of TLS; all NULL for ws:. */
typedef struct tls {
    SSL *ssl;
    BIO *network;
} tls;

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, int32_t status) {
    if (status != SANSOCK_OK) fail(what, sansock_error_text(status));
}

/* Waits for the socket until the deadline, and reads once. Returns -1 if the deadline came first, 0 at the end. */
static ssize_t read_once(int fd, uint8_t *data, size_t size, uint64_t deadline) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, milliseconds_until(deadline)) <= 0) return -1;
    ssize_t n = recv(fd, data, size, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? -1 : 0;
    return n;
}

/* Writes everything. What this example sends is small. */
static void write_all(int fd, const uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return; /* the next read says that the stream has ended */
        } else if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

/* Makes the tunnel. Returns how many bytes that arrived behind the proxy's answer are now at the front of `data`. */
static size_t lead(int fd, sansock_tunnel *tunnel, uint8_t *data, size_t size) {
    const sansock_block *b = sansock_tunnel_block(tunnel);
    for (;;) {
        write_all(fd, b->output, b->output_len);
        sansock_tunnel_written(tunnel, b->output_len);
        ssize_t n = read_once(fd, data, size, b->next_deadline);
        if (n > 0)
            sansock_tunnel_receive(tunnel, data, (size_t)n, now_ms());
        else if (n == 0)
            sansock_tunnel_receive_eof(tunnel, now_ms());
        else
            sansock_tunnel_timeout(tunnel, now_ms());
        for (uint32_t i = 0; i < b->event_count; i++)
            if (b->events[i].kind == SANSOCK_KIND_REJECTED)
                fprintf(stderr, "the proxy refused: %u\n", (unsigned)sansock_record_http_status(&b->events[i]));
        if (b->state == SANSOCK_STATE_CLOSED)
            fail(sansock_fault_name(b->fault), sansock_tunnel_fault_text(tunnel, NULL));
        if (b->state == SANSOCK_STATE_OPEN) {
            size_t rest = (size_t)n - (size_t)b->consumed;
            memmove(data, data + b->consumed, rest);
            return rest;
        }
    }
}

void handle_events(endpoint *e) {
    const sansock_block *b = e->block;
    for (uint32_t i = 0; i < b->event_count; i++) {
        const sansock_record *r = &b->events[i];
        size_t len;
        const char *payload = sansock_record_text(b, r, &len);
        if (r->kind == SANSOCK_KIND_OPEN) {
            check("send", sansock_conn_send_text(e->conn, text, strlen(text)));
        } else if (r->kind == SANSOCK_KIND_TEXT) {
            printf("%.*s\n", (int)len, payload);
            check("close", sansock_conn_close(e->conn, 1000, NULL, 0, now_ms()));
        } else if (r->kind == SANSOCK_KIND_CLOSED) {
            printf("closed %u", (unsigned)sansock_record_close_code(r));
            if (len > 0) printf(" %.*s", (int)len, payload);
            putchar('\n');
            clean = sansock_record_is_clean(r);
        }
    }
}

/* TLS to a host whose certificate one of the system's authorities vouches for. */
static tls tls_to(const char *host) {
    tls t;
    BIO *internal;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || !SSL_CTX_set_default_verify_paths(context)) fail("TLS", "it cannot be set up");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    t.ssl = SSL_new(context);
    SSL_CTX_free(context);
    if (!t.ssl || !BIO_new_bio_pair(&internal, 0, &t.network, 0)) fail("TLS", "it cannot be set up");
    SSL_set_bio(t.ssl, internal, internal);
    /* What is to be sent grows and moves between two attempts. */
    SSL_set_mode(t.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_tlsext_host_name(t.ssl, host);
    SSL_set1_host(t.ssl, host);
    SSL_set_connect_state(t.ssl);
    return t;
}

/* Whether a call of OpenSSL that returned `n` only waits for more bytes, or for those it has made to be sent. */
static bool tls_waits(const tls *t, int n) {
    int error = SSL_get_error(t->ssl, n);
    if (error == SSL_ERROR_SSL) fail("TLS", ERR_error_string(ERR_get_error(), NULL));
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* Sends the ciphertext that TLS has made. */
static void tls_flush(const tls *t, int fd) {
    uint8_t data[16 * 1024];
    int n;
    while ((n = BIO_read(t->network, data, sizeof data)) > 0) write_all(fd, data, (size_t)n);
}

/* Sends the output of the connection, as far as TLS takes it. */
static void layer_send(const tls *t, endpoint *e) {
    const sansock_block *b = e->block;
    if (!t->ssl) {
        write_all(e->fd, b->output, b->output_len);
        sansock_conn_written(e->conn, b->output_len);
        return;
    }
    while (b->output_len > 0) {
        int n = SSL_write(t->ssl, b->output, (int)b->output_len); /* before the handshake is done it makes that */
        tls_flush(t, e->fd);
        if (n > 0)
            sansock_conn_written(e->conn, (size_t)n);
        else if (!tls_waits(t, n) || BIO_ctrl_pending(t->network) == 0)
            return;
    }
    tls_flush(t, e->fd);
}

/* Takes bytes that arrived, and passes what is in them to the connection. */
static void layer_receive(const tls *t, endpoint *e, uint8_t *data, size_t len) {
    if (!t->ssl) {
        endpoint_receive(e, data, len);
        return;
    }
    uint8_t plain[16 * 1024];
    int n;
    do {
        n = BIO_write(t->network, data, (int)len); /* it has room for a record */
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
        while ((n = SSL_read(t->ssl, plain, sizeof plain)) > 0) endpoint_receive(e, plain, (size_t)n);
        tls_flush(t, e->fd);
        if (!tls_waits(t, n)) {
            endpoint_end_of_stream(e);
            return;
        }
    } while (len > 0);
}

/* Talks to the server through the tunnel. `len` bytes at the front of `data` have arrived already. */
static void talk(endpoint *e, const tls *t, uint8_t *data, size_t size, size_t len) {
    layer_receive(t, e, data, len);
    for (;;) {
        layer_send(t, e);
        if (e->block->transport == SANSOCK_TRANSPORT_CLOSE) return;
        ssize_t n = read_once(e->fd, data, size, e->block->next_deadline);
        if (n > 0)
            layer_receive(t, e, data, (size_t)n);
        else if (n == 0)
            endpoint_end_of_stream(e);
        else
            endpoint_timeout(e);
    }
}

/* An address of a host, for a proxy that takes no names. */
static void resolve(char *host, size_t size) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0) fail(host, gai_strerror(error));
    error = getnameinfo(found->ai_addr, found->ai_addrlen, host, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
    if (error != 0) fail(host, gai_strerror(error));
    freeaddrinfo(found);
}

int main(int argc, char **argv) {
    static uint8_t data[64 * 1024];
    char host[256], target[256];
    sansock_proxy proxy;
    sansock_url place;
    if (argc != 4) {
        fprintf(stderr, "usage: %s PROXY URL TEXT\n", argv[0]);
        return 2;
    }
    const char *proxy_url = argv[1], *url = argv[2];
    text = argv[3];
    check("proxy", sansock_proxy_parse(proxy_url, strlen(proxy_url), &proxy));
    check(url, sansock_url_parse(url, strlen(url), &place));
    if (proxy.secure) fail("proxy", "https: needs TLS below the tunnel too, which this example leaves out");

    snprintf(host, sizeof host, "%.*s", (int)place.host_len, url + place.host_offset);
    snprintf(target, sizeof target, "%s", host);
    if (!proxy.resolves_names) resolve(target, sizeof target);
    sansock_tunnel_config *tunnel_config;
    sansock_tunnel *tunnel;
    check("proxy", sansock_tunnel_config_new(proxy_url, strlen(proxy_url), target, strlen(target), place.port,
                                             &tunnel_config));
    check("tunnel", sansock_tunnel_new(tunnel_config, now_ms(), &tunnel));
    sansock_tunnel_config_free(tunnel_config);
    char proxy_host[256];
    snprintf(proxy_host, sizeof proxy_host, "%.*s", (int)proxy.host_len, proxy_url + proxy.host_offset);
    endpoint server = {.fd = connect_to_host(proxy_host, proxy.port)};
    if (server.fd < 0) return 1;
    size_t len = lead(server.fd, tunnel, data, sizeof data);
    sansock_tunnel_free(tunnel);

    tls layer = {NULL, NULL};
    if (place.secure) layer = tls_to(host);
    sansock_config *config;
    check("config", sansock_config_new(SANSOCK_ROLE_CLIENT, &config));
    check(url, sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)));
    check("connection", sansock_conn_new(config, NULL, now_ms(), &server.conn));
    sansock_config_free(config);
    server.block = sansock_conn_block(server.conn);
    talk(&server, &layer, data, sizeof data, len);
    sansock_conn_free(server.conn);
    SSL_free(layer.ssl);
    BIO_free(layer.network);
    close(server.fd);
    return clean ? 0 : 1;
}

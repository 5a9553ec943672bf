/*
 * TLS as a layer without I/O, by OpenSSL: what arrived is passed to it, what is to be sent is taken from it, and no
 * socket is in between. It lies below a session or a tunnel, or below another layer of TLS.
 *
 *   sansock_tls_receive(t, data, n);                               // at most SANSOCK_TLS_ROOM bytes, when the last are read
 *   while ((n = sansock_tls_read(t, plain, size)) > 0) ...         // then 0: it waits for more; or below: see there
 *   n = sansock_tls_write(t, output, len);                         // makes the handshake too, until it takes something
 *   send sansock_tls_output(t, &len), and report it with sansock_tls_written
 *
 * The end: sansock_tls_shut_down puts close_notify into the output, once, behind all that was written (RFC 8446 section
 * 6.1). Whoever closes sends it; whoever reads SANSOCK_TLS_ENDED knows that nothing was cut off, and one that reads the
 * end of TCP without it does not. The answer to close_notify is not awaited before TCP is closed: in WebSocket the
 * Close frames have said it before.
 *
 * C11, and C++17. OpenSSL 1.1.1 or later; link with -lssl -lcrypto. One thread at a time.
 */
#ifndef SANSOCK_OPENSSL_H
#define SANSOCK_OPENSSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/// How much may be passed to sansock_tls_receive after sansock_tls_read has returned 0, in bytes.
#define SANSOCK_TLS_ROOM 16384

/// The peer has ended TLS with close_notify.
#define SANSOCK_TLS_ENDED (-1)

/// TLS has failed: see sansock_tls_error_text. Its alert may be in the output.
#define SANSOCK_TLS_FAILED (-2)

/// One layer. Zeros are no layer.
typedef struct sansock_tls {
    SSL *ssl;
    BIO *network;
    bool shut;            /* close_notify was sent */
    unsigned long error;  /* of OpenSSL; 0 if none is known */
} sansock_tls;

static inline void sansock_tls_free(sansock_tls *t) {
    SSL_free(t->ssl);
    BIO_free(t->network);
    memset(t, 0, sizeof *t);
}

static inline bool sansock_tls_init(sansock_tls *t, SSL_CTX *context) {
    BIO *internal = NULL;
    memset(t, 0, sizeof *t);
    t->ssl = SSL_new(context);
    if (!t->ssl || !BIO_new_bio_pair(&internal, 0, &t->network, 0)) {
        t->error = ERR_peek_last_error();
        SSL_free(t->ssl);
        t->ssl = NULL;
        return false;
    }
    SSL_set_bio(t->ssl, internal, internal);
    /* Output grows and moves between two attempts to write it. */
    SSL_set_mode(t->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return true;
}

/// Has a client verify that the certificate is valid for this host, a name or an address, by the authorities of its
/// context. For an SSL of your own; sansock_tls_client does it. False if OpenSSL has no memory.
static inline bool sansock_tls_verify_host(SSL *ssl, const char *host) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)) return true;
    ERR_clear_error(); /* it is no address: those are not sent as the name of the server (RFC 6066 section 3) */
    return SSL_set1_host(ssl, host) &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host);
}

/// A client's layer, to this host: see sansock_tls_verify_host. False if OpenSSL has no memory.
static inline bool sansock_tls_client(sansock_tls *t, SSL_CTX *context, const char *host) {
    if (!sansock_tls_init(t, context)) return false;
    if (!sansock_tls_verify_host(t->ssl, host)) {
        sansock_tls_free(t);
        return false;
    }
    SSL_set_connect_state(t->ssl);
    return true;
}

/// A server's layer, with the certificate of the context. False if OpenSSL has no memory.
static inline bool sansock_tls_server(sansock_tls *t, SSL_CTX *context) {
    if (!sansock_tls_init(t, context)) return false;
    SSL_set_accept_state(t->ssl);
    return true;
}

/// Takes bytes that arrived, and returns how many: all, if they are no more than SANSOCK_TLS_ROOM.
static inline size_t sansock_tls_receive(sansock_tls *t, const void *data, size_t len) {
    int n = BIO_write(t->network, data, len < SANSOCK_TLS_ROOM ? (int)len : SANSOCK_TLS_ROOM);
    return n > 0 ? (size_t)n : 0;
}

/* What a call of OpenSSL that returned `n` means: 0 if it waits. */
static inline int sansock_tls_outcome(sansock_tls *t, int n) {
    switch (SSL_get_error(t->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return 0;
    case SSL_ERROR_ZERO_RETURN: return SANSOCK_TLS_ENDED;
    default:
        if (t->error == 0) t->error = ERR_peek_last_error();
        return SANSOCK_TLS_FAILED;
    }
}

/// Reads what was received, and returns how many bytes; 0 if it waits for more, SANSOCK_TLS_ENDED or
/// SANSOCK_TLS_FAILED.
static inline int sansock_tls_read(sansock_tls *t, void *data, size_t size) {
    ERR_clear_error();
    int n = SSL_read(t->ssl, data, size < INT32_MAX ? (int)size : INT32_MAX);
    return n > 0 ? n : sansock_tls_outcome(t, n);
}

/// Writes bytes, and returns how many were taken: 0 if the output must be sent first or the handshake waits for the
/// peer; SANSOCK_TLS_FAILED.
static inline int sansock_tls_write(sansock_tls *t, const void *data, size_t len) {
    ERR_clear_error();
    int n = SSL_write(t->ssl, data, len < SANSOCK_TLS_ROOM ? (int)len : SANSOCK_TLS_ROOM);
    return n > 0 ? n : sansock_tls_outcome(t, n);
}

/// The bytes to send, and their number. Valid until the next call. Call again when they are reported: they may be a
/// part.
static inline const void *sansock_tls_output(sansock_tls *t, size_t *len) {
    char *data = NULL;
    int n = BIO_nread0(t->network, &data);
    *len = n > 0 ? (size_t)n : 0;
    return data;
}

/// Reports that the first `n` bytes of the output were sent.
static inline void sansock_tls_written(sansock_tls *t, size_t n) {
    char *data;
    if (n > 0) BIO_nread(t->network, &data, (int)n);
}

/// Puts close_notify into the output, once, unless the handshake is not done or TLS has failed. It may have to be
/// called again when the output has been sent: true when it is done.
static inline bool sansock_tls_shut_down(sansock_tls *t) {
    if (t->shut || t->error != 0 || SSL_in_init(t->ssl)) return true;
    ERR_clear_error();
    t->shut = SSL_shutdown(t->ssl) >= 0;
    return t->shut || SSL_get_error(t->ssl, -1) != SSL_ERROR_WANT_WRITE;
}

/// Why TLS failed, in one sentence of OpenSSL's. Static.
static inline const char *sansock_tls_error_text(const sansock_tls *t) {
    if (t->ssl && SSL_get_verify_result(t->ssl) != X509_V_OK)
        return X509_verify_cert_error_string(SSL_get_verify_result(t->ssl));
    const char *reason = t->error ? ERR_reason_error_string(t->error) : NULL;
    return reason ? reason : "TLS failed";
}

#endif

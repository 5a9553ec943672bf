/* What sansock/client.h does in each phase. Include that. */
#ifndef SANSOCK_DETAIL_CLIENT_STEPS_H
#define SANSOCK_DETAIL_CLIENT_STEPS_H

/* Begins the tunnel, if there is to be one, or else the conversation. False if that fails. */
static inline bool sansock_client_begin_talking(sansock_client *c) {
    if (c->secure && !sansock_client_add_tls(c, c->host)) return false;
    int32_t status = sansock_session_init(&c->session, c->config, sansock_client_now());
    if (status != SANSOCK_OK) sansock_client_say(c, status, "", sansock_error_text(status));
    c->phase = SANSOCK_CLIENT_TALKING;
    return status == SANSOCK_OK;
}

static inline bool sansock_client_begin_tunnel(sansock_client *c) {
    if (!c->tunnel_config) return sansock_client_begin_talking(c);
    if (c->proxy_secure && !sansock_client_add_tls(c, c->proxy_host)) return false;
    int32_t status = sansock_tunnel_new(c->tunnel_config, sansock_client_now(), &c->tunnel);
    if (status != SANSOCK_OK) sansock_client_say(c, status, "", sansock_error_text(status));
    c->phase = SANSOCK_CLIENT_TUNNEL;
    return status == SANSOCK_OK;
}

/* Looks whether TCP is connected. Returns whether something has changed. */
static inline bool sansock_client_step_connect(sansock_client *c) {
    int error = 0;
    socklen_t size = sizeof error;
    struct pollfd ready = {c->fd, POLLOUT, 0};
    if (poll(&ready, 1, 0) <= 0) {
        if (sansock_client_now() < c->connect_deadline) return false;
        sansock_client_try(c, strerror(ETIMEDOUT));
        return true;
    }
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        sansock_client_try(c, strerror(error));
        return true;
    }
    c->poll_events = POLLIN;
    if (!sansock_client_begin_tunnel(c)) {
        sansock_client_say(c, 0, "", sansock_error_text(SANSOCK_ERR_NO_MEMORY));
        sansock_client_shut(c);
    }
    return true;
}

/* Takes the outcome of the tunnel, if there is one. `n` bytes were passed to it. */
static inline void sansock_client_tunnel_outcome(sansock_client *c, size_t n) {
    const sansock_block *b = sansock_tunnel_block(c->tunnel);
    if (b->state == SANSOCK_STATE_OPEN) {
        c->rest = n - (size_t)b->consumed;
        memmove(c->input, c->input + b->consumed, c->rest);
        if (sansock_client_begin_talking(c)) return;
        sansock_client_say(c, 0, "", sansock_error_text(SANSOCK_ERR_NO_MEMORY));
        sansock_client_shut(c);
    } else if (b->state == SANSOCK_STATE_CLOSED) {
        sansock_client_add(c, "proxy ");
        sansock_client_add(c, c->proxy_host);
        sansock_client_add(c, ": ");
        sansock_client_add(c, sansock_tunnel_fault_text(c->tunnel, NULL));
        sansock_client_shut(c);
    }
}

static inline bool sansock_client_step_tunnel(sansock_client *c) {
    const sansock_block *b = sansock_tunnel_block(c->tunnel);
    uint64_t now = sansock_client_now();
    c->poll_events = POLLIN;
    while (b->output_len > 0) {
        ssize_t n = sansock_client_write(c, c->layers, b->output, b->output_len);
        if (n == 0) break;
        sansock_tunnel_written(c->tunnel, n < 0 ? b->output_len : (size_t)n);
    }
    sansock_client_flush_level(c, c->layers);
    ssize_t n = sansock_client_read(c, c->layers, c->input, sizeof c->input);
    sansock_client_flush_level(c, c->layers);
    if (n > 0)
        sansock_tunnel_receive(c->tunnel, c->input, (size_t)n, now);
    else if (n == 0)
        sansock_tunnel_receive_eof(c->tunnel, now);
    else if (b->next_deadline <= now)
        sansock_tunnel_timeout(c->tunnel, now);
    else
        return false;
    sansock_client_tunnel_outcome(c, n > 0 ? (size_t)n : 0);
    return true;
}

/* Writes what the transport takes, and obeys the transport instruction. Returns whether the client is over. */
static inline bool sansock_client_flush(sansock_client *c) {
    const sansock_block *b = c->session.block;
    if (c->phase != SANSOCK_CLIENT_TALKING) return c->phase == SANSOCK_CLIENT_OVER;
    c->poll_events = c->session.stream_ended ? 0 : POLLIN;
    while (b->output_len > 0) {
        ssize_t n = sansock_client_write(c, c->layers, b->output, b->output_len);
        if (n == 0) break;
        if (n > 0)
            sansock_session_written(&c->session, (size_t)n);
        else
            sansock_session_write_failed(&c->session);
    }
    sansock_client_flush_level(c, c->layers);
    switch (sansock_session_transport(&c->session)) {
    case SANSOCK_TRANSPORT_SHUTDOWN_WRITE: sansock_client_end_writing(c, false); return false;
    case SANSOCK_TRANSPORT_CLOSE:
        sansock_client_end_writing(c, true);
        sansock_client_shut(c);
        return true;
    default: return false;
    }
}

/* Takes what came behind the proxy's answer: it is for the first layer after the tunnel. */
static inline ssize_t sansock_client_take_rest(sansock_client *c) {
    size_t rest = c->rest;
    c->rest = 0;
#ifdef SANSOCK_OPENSSL
    if (c->secure) { /* the session cannot be fed before TLS has read it */
        sansock_tls_receive(&c->tls[c->layers - 1], c->input, rest);
        return sansock_client_read(c, c->layers, c->input, sizeof c->input);
    }
#endif
    return (ssize_t)rest;
}

static inline bool sansock_client_step_talk(sansock_client *c) {
    sansock_session *s = &c->session;
    uint64_t now = sansock_client_now();
    if (sansock_client_flush(c)) return true;
    ssize_t n = -1;
    size_t size = sizeof c->input;
    uint8_t *place = c->input;
    if (c->rest > 0) {
        n = sansock_client_take_rest(c);
    } else if (sansock_session_can_read(s)) {
        place = sansock_session_place(s, c->input, &size);
        n = sansock_client_read(c, c->layers, place, size);
    }
    sansock_client_flush_level(c, c->layers);
    if (n > 0)
        sansock_session_receive(s, place, (size_t)n, now);
    else if (n == 0)
        sansock_session_receive_eof(s, now);
    else if (s->block->next_deadline <= now)
        sansock_session_timeout(s, now);
    else
        return sansock_client_flush(c); /* reading may have finished the handshake of TLS */
    return true;
}

/* Does what can be done without waiting. Returns whether there may be more, or events. */
static inline bool sansock_client_step(sansock_client *c) {
    switch (c->phase) {
    case SANSOCK_CLIENT_CONNECTING: return sansock_client_step_connect(c);
    case SANSOCK_CLIENT_TUNNEL: return sansock_client_step_tunnel(c);
    case SANSOCK_CLIENT_TALKING: return sansock_client_step_talk(c);
    default: return false;
    }
}

/* How long a step may wait for the socket, in milliseconds; -1 for ever. */
static inline int sansock_client_step_wait(const sansock_client *c) {
    uint64_t now = sansock_client_now(), deadline = c->connect_deadline;
    if (c->phase == SANSOCK_CLIENT_OVER) return 0;
    if (c->phase == SANSOCK_CLIENT_TALKING) return sansock_session_wait_ms(&c->session, now);
    if (c->phase == SANSOCK_CLIENT_TUNNEL) deadline = sansock_tunnel_block(c->tunnel)->next_deadline;
    if (deadline <= now) return 0;
    return deadline - now < 3600000 ? (int)(deadline - now) : 3600000;
}

/* Puts down what ended the connection. */
static inline const sansock_record *sansock_client_note(sansock_client *c, const sansock_record *event) {
    char what[64];
    if (event->kind == SANSOCK_KIND_REJECTED) {
        snprintf(what, sizeof what, "the server answered with HTTP status %u", (unsigned)sansock_record_http_status(event));
        sansock_client_say(c, 0, "", what);
    } else if (event->kind == SANSOCK_KIND_CLOSED && sansock_record_fault(event) != 0 && !sansock_record_is_clean(event)) {
        sansock_client_say(c, 0, "", sansock_conn_fault_text(c->session.conn, NULL));
    }
    return event;
}

/* Sends a message; a client that blocks waits for room before. */
static inline int32_t sansock_client_send(sansock_client *c, uint8_t kind, const void *data, size_t len) {
    sansock_session *s = &c->session;
    if (c->phase != SANSOCK_CLIENT_TALKING) return SANSOCK_ERR_INVALID_STATE;
    while (s->block->state == SANSOCK_STATE_OPEN && !sansock_block_is_writable(s->block)) {
        if (sansock_client_flush(c)) return SANSOCK_ERR_INVALID_STATE;
        if (sansock_block_is_writable(s->block)) break;
        uint64_t now = sansock_client_now();
        if (!c->blocking || s->block->next_deadline <= now) return SANSOCK_ERR_WOULD_BLOCK; /* next ends it */
        sansock_client_poll(c, POLLOUT, sansock_session_wait_ms(s, now));
    }
    int32_t status = sansock_session_send(s, kind, data, len);
    sansock_client_flush(c);
    return status;
}

/* Where to connect to: that host, and its port. */
static inline int32_t sansock_client_resolve(sansock_client *c, const char *host, uint16_t port) {
    char number[6];
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    snprintf(number, sizeof number, "%u", (unsigned)port);
    int error = getaddrinfo(host, number, &hints, &c->addresses);
    if (error != 0) {
        c->phase = SANSOCK_CLIENT_OVER;
        return sansock_client_say(c, SANSOCK_CLIENT_FAILED, host, gai_strerror(error));
    }
    c->address = c->addresses;
    return SANSOCK_OK;
}

/* The configuration of the tunnel. A proxy that takes no names gets an address of the host. */
static inline int32_t sansock_client_set_proxy(sansock_client *c, const char *proxy, uint16_t port, uint16_t *proxy_port) {
    sansock_proxy place;
    char target[256];
    int32_t status = sansock_proxy_parse(proxy, strlen(proxy), &place);
    if (status != SANSOCK_OK) return sansock_client_say(c, status, "proxy", sansock_error_text(status));
    c->proxy_secure = place.secure != 0;
    *proxy_port = place.port;
    snprintf(c->proxy_host, sizeof c->proxy_host, "%.*s", (int)place.host_len, proxy + place.host_offset);
    snprintf(target, sizeof target, "%s", c->host);
    if (!place.resolves_names) {
        status = sansock_client_resolve(c, c->host, port);
        if (status != SANSOCK_OK) return status;
        getnameinfo(c->addresses->ai_addr, c->addresses->ai_addrlen, target, sizeof target, NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(c->addresses);
        c->addresses = NULL;
    }
    status = sansock_tunnel_config_new(proxy, strlen(proxy), target, strlen(target), port, &c->tunnel_config);
    if (status != SANSOCK_OK) sansock_client_say(c, status, "proxy", sansock_error_text(status));
    return status;
}

/* The context of TLS: the program's, or one that trusts the authorities of a file or of the system. */
static inline int32_t sansock_client_set_tls(sansock_client *c, const sansock_client_options *options) {
#ifdef SANSOCK_OPENSSL
    if (options->ssl_context) {
        c->context = (SSL_CTX *)options->ssl_context;
        SSL_CTX_up_ref(c->context);
        return SANSOCK_OK;
    }
    c->context = SSL_CTX_new(TLS_client_method());
    bool trusts = c->context && (options->ca_file ? SSL_CTX_load_verify_locations(c->context, options->ca_file, NULL)
                                                  : SSL_CTX_set_default_verify_paths(c->context)) == 1;
    if (!trusts) return sansock_client_say(c, SANSOCK_CLIENT_FAILED, "TLS", "the authorities to trust cannot be loaded");
    SSL_CTX_set_min_proto_version(c->context, TLS1_2_VERSION);
    return SANSOCK_OK;
#else
    (void)options;
    return sansock_client_say(c, SANSOCK_CLIENT_FAILED, "TLS", "compile with SANSOCK_OPENSSL for wss: and https:");
#endif
}

/* What start does. */
static inline int32_t sansock_client_begin(sansock_client *c, const char *url, const sansock_client_options *options) {
    sansock_url place;
    c->phase = SANSOCK_CLIENT_OVER;
    int32_t status = sansock_url_parse(url, strlen(url), &place);
    if (status != SANSOCK_OK) return sansock_client_say(c, status, "URL", sansock_error_text(status));
    c->config = options->config;
    if (!c->config) {
        status = sansock_config_new(SANSOCK_ROLE_CLIENT, &c->own_config);
        if (status == SANSOCK_OK) status = sansock_config_set_text(c->own_config, SANSOCK_TEXT_URL, url, strlen(url));
        if (status != SANSOCK_OK) return sansock_client_say(c, status, "URL", sansock_error_text(status));
        c->config = c->own_config;
    }
    uint16_t port = place.port;
    c->secure = place.secure != 0;
    snprintf(c->host, sizeof c->host, "%.*s", (int)place.host_len, url + place.host_offset);
    c->connect_timeout = options->connect_timeout ? options->connect_timeout : 10000;
    if (options->proxy) status = sansock_client_set_proxy(c, options->proxy, place.port, &port);
    if (status == SANSOCK_OK && (c->secure || c->proxy_secure)) status = sansock_client_set_tls(c, options);
    if (status == SANSOCK_OK) status = sansock_client_resolve(c, options->proxy ? c->proxy_host : c->host, port);
    if (status != SANSOCK_OK) return status;
    c->phase = SANSOCK_CLIENT_CONNECTING;
    sansock_client_try(c, "");
    return c->phase == SANSOCK_CLIENT_OVER ? SANSOCK_CLIENT_FAILED : SANSOCK_OK;
}

#endif

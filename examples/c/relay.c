/*
 * A WebSocket relay, and an inspector: one thread, poll, non-blocking sockets.
 *
 *   relay PORT URL [--print]        (0: any free port; URL: where the server is, without a path: ws://HOST:PORT)
 *
 * For each client it connects to the server at the ws: URL, with the client's target, subprotocols, origin and key, and
 * answers the client as the server answers. Then it passes on what arrives, in both directions: the data of each frame,
 * as it arrives, as a frame of its own; pings, pongs and Close. It answers none of them itself, and keeps no more than
 * its last read. A side that breaks a rule is failed with the code of that fault, and the other is closed with 1014.
 *
 * With --print it prints a line for each frame: the number of the client, the direction (`>` is from the client), the
 * opcode, the length of the payload, and `fin` if the frame ends a message. Of Close it prints code and reason.
 */
#define _GNU_SOURCE
#include "endpoint.h"
#include "frame_log.h"
#include "server.h"

#include <poll.h>

enum { NO_CODE = 1005, INTERNAL_ERROR = 1011, BAD_GATEWAY = 1014, LONGEST_REASON = 123 };

typedef struct relay relay;

/* One of the two connections of a relay. */
typedef struct side {
    endpoint e; /* the first member: handle_events finds its side by it */
    relay *relay;
    struct side *other;
    bool live;       /* false before there is a connection, and after its end */
    bool connecting; /* TCP is not there yet */
    bool paused;     /* as the engine knows it */
    frame_log log;
} side;

struct relay {
    side front, back; /* the client's side, and the server's */
    bool waits;                   /* whether a request is to be answered */
    const struct addrinfo *place; /* the next address of the server to try */
};

static sansock_config *front_config;
static const char *upstream; /* the URL of the server */
static size_t upstream_len;
static struct addrinfo *places; /* its addresses */
static bool prints;

/* --- The opening handshake --- */

/* Answers the client without opening a connection, and handles the events of that. */
static void respond(relay *r, uint16_t status, const char *reason, size_t reason_len, const char *body, size_t len) {
    r->waits = false;
    sansock_conn_respond(r->front.e.conn, status, reason, reason_len, body, len, now_ms());
    handle_events(&r->front.e);
}

/* What both connections of a relay have. The size of a message matters to the ends alone. */
static void set_options(sansock_config *config) {
    sansock_config_set(config, SANSOCK_OPTION_FRAMES, 1);
    sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, UINT64_MAX);
}

/* A configuration for the request that the client has made, but to the server. */
static int32_t configure(sansock_config *config, const sansock_block *b, const sansock_record *request) {
    size_t len;
    const char *text = sansock_record_text(b, request, &len);
    char *url = malloc(upstream_len + len);
    if (!url) return SANSOCK_ERR_NO_MEMORY;
    memcpy(url, upstream, upstream_len);
    memcpy(url + upstream_len, text, len);
    int32_t status = sansock_config_set_text(config, SANSOCK_TEXT_URL, url, upstream_len + len);
    free(url);
    for (uint32_t i = 1; i <= sansock_record_detail_count(request) && status == SANSOCK_OK; i++) {
        const sansock_record *detail = &request[i];
        text = sansock_record_text(b, detail, &len);
        if (detail->kind == SANSOCK_KIND_SUBPROTOCOL)
            status = sansock_config_set_text(config, SANSOCK_TEXT_SUBPROTOCOL, text, len);
        else if (detail->kind == SANSOCK_KIND_ORIGIN)
            status = sansock_config_set_text(config, SANSOCK_TEXT_ORIGIN, text, len);
        else if (sansock_record_header_is(b, detail, "Sec-WebSocket-Key"))
            status = sansock_config_set_text(config, SANSOCK_TEXT_KEY, text, len);
    }
    return status;
}

/* Makes the connection to the server. TCP is for later. */
static void open_back(relay *r, const sansock_record *request) {
    side *back = &r->back;
    sansock_config *config;
    int32_t status = sansock_config_new(SANSOCK_ROLE_CLIENT, &config);
    if (status == SANSOCK_OK) {
        set_options(config);
        status = configure(config, r->front.e.block, request);
        if (status == SANSOCK_OK) status = sansock_conn_new(config, NULL, now_ms(), &back->e.conn);
        sansock_config_free(config);
    }
    r->waits = true;
    if (status != SANSOCK_OK) {
        respond(r, status == SANSOCK_ERR_INVALID_ARGUMENT ? 400 : 500, NULL, 0, NULL, 0);
        return;
    }
    back->e.block = sansock_conn_block(back->e.conn);
    back->live = back->connecting = true;
    r->place = places;
}

/* Answers the client as the server has answered. */
static void answer(relay *r, const sansock_record *event) {
    const sansock_block *b = r->back.e.block;
    size_t len, reason_len = 0;
    const char *text = NULL, *body;
    const sansock_record *detail;
    switch (event->kind) {
    case SANSOCK_KIND_OPEN:
        r->waits = false;
        detail = sansock_record_find_detail(event, SANSOCK_KIND_SUBPROTOCOL);
        len = 0;
        if (detail) text = sansock_record_text(b, detail, &len);
        sansock_conn_accept(r->front.e.conn, text, len, now_ms());
        handle_events(&r->front.e); /* among them what the client has sent behind its request */
        break;
    case SANSOCK_KIND_REJECTED: {
        uint16_t status = sansock_record_http_status(event);
        if (status < 200 || status > 599) return;
        body = sansock_record_text(b, event, &len);
        detail = sansock_record_find_detail(event, SANSOCK_KIND_REASON);
        if (detail) text = sansock_record_text(b, detail, &reason_len);
        respond(r, status, text, reason_len, body, status == 204 || status == 304 ? 0 : len);
        break;
    }
    case SANSOCK_KIND_CLOSED: respond(r, 502, NULL, 0, NULL, 0); break;
    default: break;
    }
}

/* Connects to the next address of the server. After the last one the engine hears that there is no stream. */
static void connect_next(side *s) {
    const struct addrinfo *a;
    while ((a = s->relay->place)) {
        s->relay->place = a->ai_next;
        s->e.fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
        if (s->e.fd < 0) continue;
        if (connect(s->e.fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) return;
        close(s->e.fd);
        s->e.fd = -1;
    }
    endpoint_end_of_stream(&s->e);
}

/* The outcome of the attempt is there. */
static void on_connected(side *s) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(s->e.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        close(s->e.fd);
        s->e.fd = -1; /* on to the next address */
        return;
    }
    sansock_socket_prepare(s->e.fd);
    s->connecting = false;
}

/* --- From one side to the other --- */

/* The fault of a connection in words, for a Close frame. They are ASCII. */
static const char *fault_in_words(const side *s, size_t *len) {
    const char *text = sansock_conn_fault_text(s->e.conn, len);
    if (*len > LONGEST_REASON) *len = LONGEST_REASON;
    return text;
}

/* Passes on what belongs to an open connection, and the end of one. */
static void pass_on(side *s, const sansock_record *r) {
    size_t len;
    const uint8_t *payload = sansock_record_payload(s->e.block, r, &len);
    const char *text = (const char *)payload;
    sansock_conn *to = s->other->e.conn;
    uint16_t code = sansock_record_close_code(r);
    uint8_t kind = sansock_record_is_text_frame(r) ? SANSOCK_KIND_TEXT : SANSOCK_KIND_BINARY;
    int32_t status = SANSOCK_OK;
    switch (r->kind) {
    case SANSOCK_KIND_FRAME: status = sansock_conn_send_part(to, kind, payload, len, sansock_record_is_last(r)); break;
    case SANSOCK_KIND_PING: status = sansock_conn_ping(to, payload, len, now_ms()); break;
    case SANSOCK_KIND_PONG: status = sansock_conn_pong(to, payload, len); break;
    case SANSOCK_KIND_CLOSING: status = sansock_conn_close(to, code == NO_CODE ? 0 : code, text, len, now_ms()); break;
    case SANSOCK_KIND_CLOSED:
        if (sansock_record_fault(r) == 0) break;
        text = fault_in_words(s, &len);
        status = sansock_conn_close(to, BAD_GATEWAY, text, len, now_ms());
        break;
    default: break;
    }
    if (status != SANSOCK_OK && status != SANSOCK_ERR_INVALID_STATE) /* the latter: our Close was sent */
        sansock_conn_fail(to, INTERNAL_ERROR, NULL, 0, now_ms());
}

/* Only calls on the two connections are made here; relay_settle does what follows them. */
void handle_events(endpoint *e) {
    side *s = (side *)e;
    relay *relay = s->relay;
    const sansock_block *b = e->block;
    for (uint32_t i = 0; i < b->event_count; i++) {
        const sansock_record *r = &b->events[i];
        if (prints) log_event(&s->log, b, r);
        if (r->kind == SANSOCK_KIND_REQUEST) {
            open_back(relay, r);
            return; /* a refusal has replaced the events */
        }
        if (r->kind == SANSOCK_KIND_FAULT) {
            size_t len;
            const char *text = fault_in_words(s, &len);
            sansock_conn_fail(e->conn, sansock_record_close_code(r), text, len, now_ms());
        } else if (s == &relay->back && relay->waits) {
            answer(relay, r);
        } else if (s->other->e.conn) {
            if (r->kind == SANSOCK_KIND_CLOSED) relay->waits = false; /* the client waits no more */
            pass_on(s, r);
        }
    }
}

/* --- The loop --- */

static bool side_may_read(const side *s) {
    /* No faster than the other side can be written to, and nothing before the request is answered. */
    bool has_room = !s->other->e.conn || sansock_block_is_writable(s->other->e.block);
    return has_room && !s->connecting && !(s == &s->relay->front && s->relay->waits);
}

static bool side_is_finished(const side *s) {
    /* Without TCP nothing can be written. */
    return s->connecting ? s->e.block->state == SANSOCK_STATE_CLOSED : endpoint_finished(&s->e);
}

/* Does what follows a call, from this side or the other. Returns whether that may have made something to do. */
static bool side_settle(side *s) {
    const sansock_block *b = s->e.block;
    if (!s->live) return false;
    if (sansock_block_has_more(b)) {
        endpoint_receive(&s->e, NULL, 0);
        return true;
    }
    if (side_is_finished(s)) {
        if (s->e.fd >= 0) close(s->e.fd);
        return s->live = false;
    }
    if (s->connecting && s->e.fd < 0) {
        connect_next(s);
        return s->e.fd < 0;
    }
    if (s->connecting) return false;
    size_t before = b->output_len;
    endpoint_write(&s->e);
    return b->output_len != before || side_is_finished(s);
}

/* Settles both sides, and stops or goes on reading. Returns whether one of them is left. */
static bool relay_settle(relay *r) {
    bool again;
    do {
        again = side_settle(&r->front);
        again |= side_settle(&r->back);
    } while (again);
    for (side *s = &r->front; s; s = s == &r->front ? &r->back : NULL) {
        if (!s->live || side_may_read(s) == !s->paused) continue;
        s->paused = !s->paused;
        if (s->paused)
            sansock_conn_pause(s->e.conn, now_ms());
        else
            sansock_conn_resume(s->e.conn, now_ms());
    }
    return r->front.live || r->back.live;
}

/* What to wait for, and until when. A side with nothing to wait for is left out: it would report an end of its stream. */
static struct pollfd side_interest(const side *s, uint64_t *deadline) {
    struct pollfd wanted = {.fd = -1};
    if (!s->live) return wanted;
    if (s->connecting || s->e.block->output_len > 0) wanted.events |= POLLOUT;
    if (!s->paused && !s->connecting && !s->e.stream_ended) wanted.events |= POLLIN;
    if (wanted.events != 0) wanted.fd = s->e.fd;
    if (s->e.block->next_deadline < *deadline) *deadline = s->e.block->next_deadline;
    return wanted;
}

static void side_ready(side *s, const struct pollfd *ready) {
    if (!s->live) return;
    if (ready->fd >= 0 && ready->revents != 0) {
        if (s->connecting)
            on_connected(s);
        else if (ready->events & POLLIN && ready->revents & (POLLIN | POLLHUP | POLLERR))
            endpoint_read(&s->e);
    }
    if (s->e.block->next_deadline <= now_ms()) endpoint_timeout(&s->e);
}

static void relay_free(relay *r) {
    for (side *s = &r->front; s; s = s == &r->front ? &r->back : NULL) {
        if (s->live && s->e.fd >= 0) close(s->e.fd);
        sansock_conn_free(s->e.conn);
    }
    free(r);
}

/* A relay for a client that has connected, or NULL. */
static relay *relay_new(int fd) {
    static uint64_t number;
    relay *r = calloc(1, sizeof *r);
    if (!r || sansock_conn_new(front_config, NULL, now_ms(), &r->front.e.conn) != SANSOCK_OK) {
        free(r);
        close(fd);
        return NULL;
    }
    sansock_socket_prepare(fd);
    number++;
    r->front.log = (frame_log){number, '>', NULL};
    r->back.log = (frame_log){number, '<', NULL};
    r->front.relay = r->back.relay = r;
    r->front.other = &r->back;
    r->back.other = &r->front;
    r->front.e.fd = fd;
    r->back.e.fd = -1;
    r->front.e.block = sansock_conn_block(r->front.e.conn);
    r->front.live = true;
    return r;
}

/* All relays, and what is polled: the signals, new clients, then two sides of each relay. */
static relay **relays;
static struct pollfd *polled;
static size_t relay_count, relay_capacity;

static bool reserve_relay(void) {
    if (relay_count < relay_capacity) return true;
    size_t capacity = relay_capacity ? 2 * relay_capacity : 64;
    relay **grown = realloc(relays, capacity * sizeof *relays);
    if (grown) relays = grown;
    struct pollfd *grown_polled = realloc(polled, (2 + 2 * capacity) * sizeof *polled);
    if (grown_polled) polled = grown_polled;
    if (grown && grown_polled) relay_capacity = capacity;
    return relay_count < relay_capacity;
}

/* Returns false if there is no room for more clients, until one of them ends. */
static bool accept_clients(int listen_fd) {
    while (reserve_relay()) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            bool is_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            return relay_count == 0 || !is_full;
        }
        relay *r = relay_new(fd);
        if (r) relays[relay_count++] = r;
    }
    return false;
}

static void serve(int listen_fd, int signal_fd) {
    bool accepts = true;
    if (!reserve_relay()) return;
    for (;;) {
        uint64_t deadline = SANSOCK_NEVER;
        polled[0] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = accepts ? listen_fd : -1, .events = POLLIN};
        for (size_t i = 0; i < relay_count; i++) {
            polled[2 + 2 * i] = side_interest(&relays[i]->front, &deadline);
            polled[3 + 2 * i] = side_interest(&relays[i]->back, &deadline);
        }
        if (poll(polled, 2 + 2 * relay_count, milliseconds_until(deadline)) < 0) continue;
        if (polled[0].revents != 0) return;
        for (size_t i = relay_count; i-- > 0;) { /* from the last one: it takes the place of one that ends */
            relay *r = relays[i];
            side_ready(&r->front, &polled[2 + 2 * i]);
            side_ready(&r->back, &polled[3 + 2 * i]);
            if (relay_settle(r)) continue;
            relay_free(r);
            relays[i] = relays[--relay_count];
            accepts = true;
        }
        if (polled[1].revents != 0) accepts = accept_clients(listen_fd);
    }
}

/* The addresses of the server. Returns why there are none, or NULL. */
static const char *find_server(void) {
    sansock_url place;
    char host[256], port[6];
    int32_t status = sansock_url_parse(upstream, upstream_len, &place);
    if (status != SANSOCK_OK) return sansock_error_text(status);
    if (place.secure) return "this relay speaks ws: only";
    snprintf(host, sizeof host, "%.*s", (int)place.host_len, upstream + place.host_offset);
    snprintf(port, sizeof port, "%u", (unsigned)place.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int error = getaddrinfo(host, port, &hints, &places);
    return error == 0 ? NULL : gai_strerror(error);
}

int main(int argc, char **argv) {
    prints = argc == 4 && strcmp(argv[3], "--print") == 0;
    if (argc != 3 && !prints) {
        fprintf(stderr, "usage: %s PORT ws://HOST:PORT [--print]\n", argv[0]);
        return 2;
    }
    upstream = argv[2];
    upstream_len = strlen(upstream);
    const char *fault = find_server();
    if (fault) {
        fprintf(stderr, "%s: %s\n", upstream, fault);
        return 2;
    }
    if (upstream[upstream_len - 1] == '/') upstream_len--; /* the target of the client begins with one */

    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signals_to_end();
    raise_file_limit();
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &front_config) != SANSOCK_OK) return 1;
    set_options(front_config);
    int listen_fd = listen_on((uint16_t)atoi(argv[1]));
    serve(listen_fd, signal_fd);

    while (relay_count > 0) relay_free(relays[--relay_count]);
    free(relays);
    free(polled);
    freeaddrinfo(places);
    sansock_config_free(front_config);
    return 0;
}

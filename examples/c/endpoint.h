/*
 * One connection over one non-blocking socket: what every host does, whatever its loop. The library does the protocol;
 * this reads, writes, reports the end of the stream and obeys the transport instruction.
 *
 * The program defines handle_events.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sansock.h>
#include <sansock/socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct endpoint {
    int fd;
    sansock_conn *conn;
    const sansock_block *block; /* the answer to every call; its address never changes */
    bool stream_ended, write_shut;
} endpoint;

/* What the application does with the events in e->block. */
void handle_events(endpoint *e);

static inline uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The timeout of poll or epoll_wait for this deadline. */
static inline int milliseconds_until(uint64_t deadline) {
    uint64_t now = now_ms();
    if (deadline == SANSOCK_NEVER) return -1;
    if (deadline <= now) return 0;
    return deadline - now < 60000 ? (int)(deadline - now) : 60000;
}

/* Passes input until all of it is consumed, and fetches the events that wait. */
static inline void endpoint_receive(endpoint *e, uint8_t *data, size_t len) {
    const sansock_block *b = e->block;
    bool progress;
    do {
        if (sansock_conn_receive(e->conn, data, len, now_ms()) != SANSOCK_OK) return;
        progress = b->consumed > 0 || b->event_count > 0;
        data += b->consumed;
        len -= b->consumed;
        handle_events(e);
    } while (sansock_block_has_more(b) || (len > 0 && progress));
}

/* Handles the events of a call that passed no input. */
static inline void endpoint_fetch(endpoint *e) {
    handle_events(e);
    if (sansock_block_has_more(e->block)) endpoint_receive(e, NULL, 0);
}

static inline void endpoint_end_of_stream(endpoint *e) {
    if (e->stream_ended) return;
    e->stream_ended = true;
    sansock_conn_receive_eof(e->conn, now_ms());
    endpoint_fetch(e);
}

static inline void endpoint_timeout(endpoint *e) {
    sansock_conn_timeout(e->conn, now_ms());
    endpoint_fetch(e);
}

/* Reads once. One buffer serves all connections of a thread. */
static inline void endpoint_read(endpoint *e) {
    static uint8_t input[64 * 1024];
    ssize_t n = recv(e->fd, input, sizeof input, 0);
    if (n > 0)
        endpoint_receive(e, input, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        endpoint_end_of_stream(e);
}

/* Writes what the kernel accepts, then shuts down writing if the engine says so. */
static inline void endpoint_write(endpoint *e) {
    const sansock_block *b = e->block;
    while (b->output_len > 0) {
        ssize_t n = send(e->fd, b->output, b->output_len, MSG_NOSIGNAL);
        if (n >= 0) {
            sansock_conn_written(e->conn, (size_t)n);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) { /* nobody is left to read it */
            endpoint_end_of_stream(e);
            sansock_conn_written(e->conn, b->output_len);
        }
    }
    if (b->transport == SANSOCK_TRANSPORT_SHUTDOWN_WRITE && !e->write_shut) {
        shutdown(e->fd, SHUT_WR);
        e->write_shut = true;
    }
}

/* Whether the socket is to be closed. */
static inline bool endpoint_finished(const endpoint *e) {
    return e->block->output_len == 0 && e->block->transport == SANSOCK_TRANSPORT_CLOSE;
}

/* Connects to a host and port. Returns a non-blocking socket, or -1 when standard error says why not. */
static inline int connect_to_host(const char *host, uint16_t port_number) {
    char port[6];
    snprintf(port, sizeof port, "%u", (unsigned)port_number);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            perror(host);
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd < 0) return -1;
    sansock_socket_prepare(fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* The same for the place that this URL names. */
static inline int connect_to(const char *url) {
    sansock_url place;
    int32_t status = sansock_url_parse(url, strlen(url), &place);
    const char *fault = NULL;
    if (status != SANSOCK_OK)
        fault = sansock_error_text(status);
    else if (place.secure)
        fault = "wss: needs TLS, which this example leaves out";
    if (fault) {
        fprintf(stderr, "%s: %s\n", url, fault);
        return -1;
    }
    char host[256];
    snprintf(host, sizeof host, "%.*s", (int)place.host_len, url + place.host_offset);
    return connect_to_host(host, place.port);
}

#endif

/*
 * Hosts with a peer that reads slowly: sansock/uv.h (with TEST_UV), sansock/event.h (with TEST_EVENT), or sansock/client.h.
 * While it reads steadily it is kept, however small its window is; when it stops, it is ended after write_timeout.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <sansock_faults.h>
#include <pthread.h>
#include <stdatomic.h>

#if defined(TEST_UV) || defined(TEST_EVENT)
#include "loop.h"
#else
#define NAME "client"
#include <sansock/client.h>
#endif

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <sansock/deadlines.h>

#include "../tests/c/check.h"

enum {
    WRITE_TIMEOUT = 1000, /* milliseconds */
    READS_FOR = 3 * WRITE_TIMEOUT,
    PACE = 10,         /* milliseconds between two reads */
    READ_SIZE = 3000,  /* bytes of each: 300 kB in a second */
    WINDOW = 4096,     /* of TCP */
    MESSAGE = 16000000 /* bytes: more than the system keeps for a socket, and than is read */
};

/* The peer: it makes the handshake, reads slowly, and then not at all. */
typedef struct reader {
    pthread_t thread;
    uint8_t role;
    int fd;
    unsigned port;
    atomic_size_t bytes;    /* that it has read, in time */
    atomic_uint_fast64_t stopped; /* when it has read the last of them */
} reader;

static void make_handshake(reader *r) {
    static uint8_t input[4096];
    char url[64];
    sansock_config *config;
    sansock_session s;
    sansock_config_new(r->role, &config);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", r->port);
    if (r->role == SANSOCK_ROLE_CLIENT) sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url));
    if (sansock_session_init(&s, config, 0) != SANSOCK_OK) abort();
    while (s.block->state == SANSOCK_STATE_CONNECTING) {
        const sansock_record *event;
        ssize_t n = send(r->fd, s.block->output, s.block->output_len, MSG_NOSIGNAL);
        if (n >= 0) sansock_session_written(&s, (size_t)n);
        n = recv(r->fd, input, sizeof input, 0);
        if (n <= 0) abort();
        sansock_session_receive(&s, input, (size_t)n, 0);
        while ((event = sansock_session_next(&s, 0)) != NULL)
            if (event->kind == SANSOCK_KIND_REQUEST) sansock_session_answer(&s, event, 0);
    }
    if (s.block->output_len > 0) send(r->fd, s.block->output, s.block->output_len, MSG_NOSIGNAL);
    sansock_session_free(&s);
    sansock_config_free(config);
}

static void *read_slowly(void *argument) {
    static uint8_t input[READ_SIZE];
    reader *r = argument;
    make_handshake(r);
    const uint64_t start = sansock_deadlines_now();
    for (uint64_t now = start; now - start < READS_FOR; now = sansock_deadlines_now()) {
        if (recv(r->fd, input, sizeof input, MSG_WAITALL) != READ_SIZE) break;
        r->bytes += READ_SIZE;
        r->stopped = sansock_deadlines_now();
        poll(NULL, 0, PACE);
    }
    return NULL;
}

static int small_socket(struct sockaddr_in *address, unsigned port) {
    const int window = WINDOW;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd;
}

/* What the host must have done, which learned of the end at this time. */
static void check_reader(reader *r, const sansock_record *closed, uint64_t ended) {
    pthread_join(r->thread, NULL);
    close(r->fd);
    CHECK(r->bytes >= READS_FOR / PACE * READ_SIZE / 4); /* it was slow, and not much slower than it wanted to be */
    CHECK(r->bytes < MESSAGE);
    CHECK_EQUAL(sansock_record_fault(closed), SANSOCK_FAULT_WRITE_TIMEOUT);
    CHECK(ended >= r->stopped && ended - r->stopped < 2 * WRITE_TIMEOUT + 1000);
}

static sansock_config *impatient_config(uint8_t role) {
    sansock_config *config;
    if (sansock_config_new(role, &config) != SANSOCK_OK) abort();
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_WRITE_TIMEOUT, WRITE_TIMEOUT), SANSOCK_OK);
    return config;
}

static const uint8_t message[MESSAGE];
static sansock_record closed;
static uint64_t ended;

#if defined(TEST_UV) || defined(TEST_EVENT)
static void on_server(peer *p, const sansock_record *event) {
    if (event == NULL) {
        servers--;
    } else if (event->kind == SANSOCK_KIND_REQUEST) {
        sansock_session_answer(&p->session, event, p->session.now);
    } else if (event->kind == SANSOCK_KIND_OPEN) {
        CHECK_EQUAL(peer_send(p, SANSOCK_KIND_BINARY, message, sizeof message), SANSOCK_OK);
    } else if (event->kind == SANSOCK_KIND_CLOSED) {
        closed = *event;
        ended = sansock_deadlines_now();
    }
}

static void run(void) {
    static reader r = {.role = SANSOCK_ROLE_CLIENT};
    struct sockaddr_in address;
    sansock_config *config = impatient_config(SANSOCK_ROLE_SERVER);
    server_options.config = config;
    server_options.handler = on_server;
    loop_start();
    r.port = port;
    r.fd = small_socket(&address, port);
    if (connect(r.fd, (struct sockaddr *)&address, sizeof address) != 0) abort();
    if (pthread_create(&r.thread, NULL, read_slowly, &r) != 0) abort();
    while (servers == 0) loop_turn();
    while (servers > 0) loop_turn();
    loop_end();
    check_reader(&r, &closed, ended);
    sansock_config_free(config);
}
#else
static void *accept_and_read(void *argument) {
    reader *r = argument;
    int listening = r->fd;
    r->fd = accept(listening, NULL, NULL);
    close(listening);
    return read_slowly(r);
}

static void run(void) {
    static reader r = {.role = SANSOCK_ROLE_SERVER};
    char url[64];
    sansock_client *c;
    const sansock_record *event;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    sansock_config *config = impatient_config(SANSOCK_ROLE_CLIENT);
    r.fd = small_socket(&address, 0);
    if (bind(r.fd, (struct sockaddr *)&address, size) != 0 || listen(r.fd, 1) != 0) abort();
    getsockname(r.fd, (struct sockaddr *)&address, &size);
    if (pthread_create(&r.thread, NULL, accept_and_read, &r) != 0) abort();
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)), SANSOCK_OK);
    sansock_client_options options = {config, NULL, 0, NULL, NULL};
    CHECK_EQUAL(sansock_client_connect(url, &options, &c), SANSOCK_OK);
    CHECK_EQUAL(sansock_client_send_binary(c, message, sizeof message), SANSOCK_OK);
    while ((event = sansock_client_next(c, -1)) != NULL)
        if (event->kind == SANSOCK_KIND_CLOSED) {
            closed = *event;
            ended = sansock_deadlines_now();
        }
    check_reader(&r, &closed, ended);
    sansock_client_free(c);
    sansock_config_free(config);
}
#endif

int main(void) {
    run();
    return check_end(NAME);
}

/*
 * sansock/uv.h (with TEST_UV) and sansock/event.h: clients and servers in one loop, over TCP and TLS.
 *
 *   loop CERTIFICATE KEY        (in PEM, for localhost and no other name)
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#define SANSOCK_OPENSSL
#include <sansock_faults.h>
#include <signal.h>

#include "loop.h"

#include "../tests/c/check.h"

/* What the server does. */
typedef enum { SEND_BACK, REJECT, ANSWER_LATER, SILENT, END, DEAF, GIVE } behaviour;

static behaviour does;
static sansock_config *server_config;
static unsigned clients;           /* that are not freed */
static void (*on_drained)(peer *); /* for the clients that are made from now on */
static peer *waiting;              /* the server that has not answered its request, or does not read */
static size_t server_bytes;        /* that it has received */

/* What a client has seen. */
typedef struct seen {
    unsigned open, messages, rejected;
    size_t bytes;
    sansock_record closed; /* zeros until it has come */
    uint64_t last_is_freed;
    int error;
} seen;

/* Messages of which each has bytes of its own, and of which every third one is small. */
enum { GIVEN = 20 };
static size_t given_len(unsigned which) { return which % 3 == 1 ? 5 : 400000 + which; }

static void give_all(peer *p) {
    uint8_t *data = malloc(given_len(GIVEN));
    if (!data) abort();
    for (unsigned i = 0; i < GIVEN; i++) {
        memset(data, (int)i + 1, given_len(i));
        CHECK_EQUAL(peer_send(p, SANSOCK_KIND_BINARY, data, given_len(i)), SANSOCK_OK);
        memset(data, 0, given_len(i)); /* it is the program's again */
    }
    free(data);
    waiting = p;
}

static void check_given(unsigned which, const uint8_t *data, size_t len) {
    CHECK_EQUAL(len, given_len(which));
    CHECK_EQUAL(data[0], which + 1);
    CHECK_EQUAL(memcmp(data, data + 1, len - 1), 0);
}

static bool is_message(const sansock_record *event) { return sansock_record_is_message(event); }

static void on_request(peer *p, const sansock_record *event) {
    if (does == REJECT)
        sansock_session_respond(&p->session, 503, "later", 5, p->session.now);
    else if (does == ANSWER_LATER || does == SILENT)
        waiting = p;
    else
        CHECK_EQUAL(sansock_session_answer(&p->session, event, p->session.now), SANSOCK_OK);
}

static void on_server(peer *p, const sansock_record *event) {
    if (event == NULL) {
        if (waiting == p) waiting = NULL;
        servers--;
    } else if (event->kind == SANSOCK_KIND_REQUEST) {
        on_request(p, event);
    } else if (event->kind == SANSOCK_KIND_OPEN && does == DEAF) {
        waiting = p;
        peer_pause(p, true);
    } else if (is_message(event)) {
        size_t len;
        const uint8_t *data = sansock_record_payload(p->session.block, event, &len);
        server_bytes += len;
        if (does == END)
            peer_end(p);
        else if (does == GIVE)
            give_all(p);
        else
            CHECK_EQUAL(peer_send(p, event->kind, data, len), SANSOCK_OK);
    }
}

static void on_client(peer *p, const sansock_record *event) {
    seen *s = p->user;
    size_t len;
    if (event == NULL) {
        s->last_is_freed = 1;
        s->error = peer_error(p);
        clients--;
        return;
    }
    CHECK(!s->last_is_freed && s->closed.kind == 0);
    const uint8_t *data = sansock_record_payload(p->session.block, event, &len);
    if (event->kind == SANSOCK_KIND_OPEN) s->open++;
    if (is_message(event) && does == GIVE) check_given(s->messages, data, len);
    if (event->kind == SANSOCK_KIND_REJECTED) s->rejected = sansock_record_http_status(event);
    if (event->kind == SANSOCK_KIND_CLOSED) s->closed = *event;
    if (is_message(event)) s->messages++;
    if (is_message(event)) s->bytes += len;
}

static sansock_config *client_config(const char *url) {
    sansock_config *config;
    CHECK_EQUAL(sansock_config_new(SANSOCK_ROLE_CLIENT, &config), SANSOCK_OK);
    CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, url, strlen(url)), SANSOCK_OK);
    return config;
}

/* Connects with a configuration of one's own, which may be NULL, or the default one. It must be kept until the end. */
static peer *start_client(const char *host, seen *s, SSL_CTX *context, sansock_config **config) {
    char url[64];
    peer *p = NULL;
    memset(s, 0, sizeof *s);
    snprintf(url, sizeof url, "%s://%s:%u/", context ? "wss" : "ws", host, port);
    if (!*config) *config = client_config(url);
    peer_options options;
    memset(&options, 0, sizeof options);
    options.config = *config;
    options.handler = on_client;
    options.user = s;
    options.drained = on_drained;
    options.ssl_context = context;
    if (client_start(url, &options, &p)) clients++;
    return p;
}

static void run_until(const unsigned *value, unsigned target) {
    unsigned turns = 0;
    while (*value != target && turns++ < 1000000) loop_turn();
    CHECK_EQUAL(*value, target);
}

static void run_to_the_end(void) {
    run_until(&clients, 0);
    run_until(&servers, 0);
}

static void messages_come_back(SSL_CTX *context) {
    enum { CLIENTS = 20 };
    static seen all[CLIENTS];
    peer *peers[CLIENTS];
    sansock_config *config = NULL;
    size_t large = 1000000;
    uint8_t *data = calloc(1, large);
    if (!data) abort();
    does = SEND_BACK;
    for (unsigned i = 0; i < CLIENTS; i++) peers[i] = start_client("localhost", &all[i], context, &config);
    for (unsigned i = 0; i < CLIENTS; i++) {
        run_until(&all[i].open, 1);
        CHECK_EQUAL(peer_send(peers[i], SANSOCK_KIND_TEXT, "hello", 5), SANSOCK_OK);
        CHECK_EQUAL(peer_send(peers[i], SANSOCK_KIND_BINARY, data, large), SANSOCK_OK);
        CHECK_EQUAL(peer_send(peers[i], SANSOCK_KIND_TEXT, "\xff", 1), SANSOCK_ERR_INVALID_ARGUMENT);
        CHECK_EQUAL(peer_send(peers[i], SANSOCK_KIND_TEXT, "", 0), SANSOCK_OK);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        run_until(&all[i].messages, 3);
        CHECK_EQUAL(peer_close(peers[i], 1005, NULL, 0), SANSOCK_ERR_INVALID_ARGUMENT);
        CHECK_EQUAL(peer_close(peers[i], 1000, "bye", 3), SANSOCK_OK);
    }
    run_to_the_end();
    for (unsigned i = 0; i < CLIENTS; i++) {
        CHECK(all[i].bytes == large + 5 && sansock_record_is_clean(&all[i].closed) && all[i].error == 0);
        CHECK_EQUAL(sansock_record_close_code(&all[i].closed), 1000);
    }
    sansock_config_free(config);
    free(data);
}

static void refusals_are_told(void) {
    seen s;
    sansock_config *config = NULL;
    does = REJECT;
    start_client("127.0.0.1", &s, NULL, &config);
    run_to_the_end();
    CHECK_EQUAL(s.rejected, 503);
    CHECK(s.closed.kind == SANSOCK_KIND_CLOSED && s.open == 0);
    sansock_config_free(config);
}

static void a_request_may_be_answered_later(void) {
    seen s;
    sansock_config *config = NULL;
    does = ANSWER_LATER;
    peer *client = start_client("127.0.0.1", &s, NULL, &config);
    while (!waiting) loop_turn();
    CHECK_EQUAL(s.open, 0);
    peer *server = waiting;
    CHECK_EQUAL(sansock_session_accept(&server->session, NULL, 0, server->session.now), SANSOCK_OK);
    peer_flush(server);
    run_until(&s.open, 1);
    peer_close(client, 1000, NULL, 0);
    run_to_the_end();
    CHECK(sansock_record_is_clean(&s.closed));
    sansock_config_free(config);
}

static void silence_has_an_end(void) {
    seen s;
    sansock_config *config = client_config("ws://127.0.0.1/");
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_HANDSHAKE_TIMEOUT, 20), SANSOCK_OK);
    does = SILENT;
    start_client("127.0.0.1", &s, NULL, &config);
    run_to_the_end();
    CHECK_EQUAL(sansock_record_fault(&s.closed), SANSOCK_FAULT_HANDSHAKE_TIMEOUT);
    sansock_config_free(config);
}

static void ended_at_once(void) {
    seen s;
    sansock_config *config = NULL;
    does = END;
    peer *client = start_client("127.0.0.1", &s, NULL, &config);
    run_until(&s.open, 1);
    peer_send(client, SANSOCK_KIND_TEXT, "end", 3);
    run_to_the_end();
    CHECK_EQUAL(sansock_record_close_code(&s.closed), 1006);
    client = start_client("127.0.0.1", &s, NULL, &config);
    peer_end(client); /* while it connects */
    peer_end(client);
    run_to_the_end();
    CHECK(s.last_is_freed && s.open == 0 && s.closed.kind == 0);
    sansock_config_free(config);
}

static void who_does_not_read_is_waited_for(SSL_CTX *context) {
    seen s;
    sansock_config *config = NULL;
    size_t block = 1000000, sent = 0;
    uint8_t *data = calloc(1, block);
    if (!data) abort();
    does = DEAF;
    server_bytes = 0;
    peer *client = start_client("localhost", &s, context, &config);
    run_until(&s.open, 1);
    while (!waiting) loop_turn();
    /* More than the buffers of the system hold. */
    for (; sent < 20 * block; sent += block) CHECK_EQUAL(peer_send(client, SANSOCK_KIND_BINARY, data, block), SANSOCK_OK);
    CHECK(!peer_is_writable(client) && server_bytes == 0);
    peer_pause(waiting, false);
    does = SEND_BACK;
    while (s.bytes < sent && clients > 0) loop_turn();
    CHECK_EQUAL(server_bytes, sent);
    CHECK_EQUAL(s.bytes, sent);
    peer_close(client, 1000, NULL, 0);
    run_to_the_end();
    CHECK(sansock_record_is_clean(&s.closed));
    sansock_config_free(config);
    free(data);
}

static void large_messages_of_a_server_are_whole(SSL_CTX *context) {
    seen s;
    sansock_config *config = NULL;
    does = GIVE;
    peer *client = start_client("localhost", &s, context, &config);
    run_until(&s.open, 1);
    CHECK_EQUAL(peer_send(client, SANSOCK_KIND_TEXT, "give", 4), SANSOCK_OK);
    peer_pause(client, true);
    while (!waiting) loop_turn();
    CHECK(!peer_is_writable(waiting)); /* the system does not take all of it */
    CHECK_EQUAL(s.messages, 0);
    peer_pause(client, false);
    run_until(&s.messages, GIVEN);
    peer_close(client, 1000, NULL, 0);
    run_to_the_end();
    CHECK(sansock_record_is_clean(&s.closed));
    sansock_config_free(config);
}

/* Blocks that a client has still to send. */
static unsigned blocks;
static const uint8_t block_of_bytes[500000];

static void send_blocks(peer *p) {
    for (; blocks > 0 && peer_is_writable(p); blocks--)
        CHECK_EQUAL(peer_send(p, SANSOCK_KIND_BINARY, block_of_bytes, sizeof block_of_bytes), SANSOCK_OK);
}

static void senders_are_told_of_room(SSL_CTX *context) {
    seen s;
    sansock_config *config = NULL;
    does = DEAF;
    on_drained = send_blocks;
    blocks = 40;
    peer *client = start_client("localhost", &s, context, &config);
    on_drained = NULL;
    run_until(&s.open, 1);
    while (!waiting) loop_turn();
    send_blocks(client);
    for (unsigned i = 0; i < 100; i++) peer_flush(client);
    CHECK(blocks > 0); /* the system does not take all of it */
    peer_pause(waiting, false);
    run_until(&s.messages, 40);
    CHECK_EQUAL(blocks, 0);
    CHECK_EQUAL(s.bytes, 40 * sizeof block_of_bytes);
    peer_close(client, 1000, NULL, 0);
    run_to_the_end();
    sansock_config_free(config);
}

static void who_never_reads_is_given_up(SSL_CTX *context) {
    seen s;
    sansock_config *config = client_config("ws://localhost/");
    size_t block = 20000000;
    uint8_t *data = calloc(1, block);
    if (!data) abort();
    CHECK_EQUAL(sansock_config_set(config, SANSOCK_OPTION_WRITE_TIMEOUT, 50), SANSOCK_OK);
    does = DEAF;
    peer *client = start_client("localhost", &s, context, &config);
    run_until(&s.open, 1);
    while (!waiting) loop_turn();
    CHECK_EQUAL(peer_send(client, SANSOCK_KIND_BINARY, data, block), SANSOCK_OK);
    run_until(&clients, 0);
    CHECK_EQUAL(sansock_record_fault(&s.closed), SANSOCK_FAULT_WRITE_TIMEOUT);
    peer_end(waiting);
    run_to_the_end();
    sansock_config_free(config);
    free(data);
}

static void what_cannot_be_connected_to(SSL_CTX *trusts_nobody, SSL_CTX *trusts) {
    seen s;
    sansock_config *config = NULL;
    peer_options options;
    memset(&options, 0, sizeof options);
    does = SEND_BACK;
    server_options.ssl_context = NULL;
    CHECK(!client_start("http://127.0.0.1/", &options, NULL) && !client_start("wss://127.0.0.1/", &options, NULL));
    unsigned right = port;
    port = 1;
    start_client("127.0.0.1", &s, NULL, &config);
    run_to_the_end();
    CHECK(s.error != 0 && s.last_is_freed && s.open == 0);
    port = right;
    (void)trusts;
    sansock_config_free(config);
    config = NULL;
    /* A server without TLS, and one without a certificate that is trusted. */
    start_client("localhost", &s, trusts_nobody, &config);
    run_to_the_end();
    CHECK(s.open == 0 && s.last_is_freed && s.error != 0);
    sansock_config_free(config);
}

static void certificates_are_verified(SSL_CTX *trusts_nobody, SSL_CTX *trusts) {
    seen s;
    sansock_config *config = NULL;
    start_client("localhost", &s, trusts_nobody, &config);
    run_to_the_end();
    CHECK(s.open == 0 && s.last_is_freed && s.error != 0);
    start_client("127.0.0.1", &s, trusts, &config); /* not in the certificate */
    run_to_the_end();
    CHECK(s.open == 0 && s.last_is_freed && s.error != 0);
    sansock_config_free(config);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    SSL_CTX *serves = SSL_CTX_new(TLS_server_method()), *trusts = SSL_CTX_new(TLS_client_method()),
            *nobody = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_use_certificate_chain_file(serves, argv[1]) != 1 || SSL_CTX_load_verify_locations(trusts, argv[1], NULL) != 1 ||
        SSL_CTX_use_PrivateKey_file(serves, argv[2], SSL_FILETYPE_PEM) != 1)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    sansock_config_new(SANSOCK_ROLE_SERVER, &server_config);
    server_options.config = server_config;
    server_options.handler = on_server;
    loop_start();
    messages_come_back(NULL);
    refusals_are_told();
    a_request_may_be_answered_later();
    silence_has_an_end();
    ended_at_once();
    who_does_not_read_is_waited_for(NULL);
    large_messages_of_a_server_are_whole(NULL);
    senders_are_told_of_room(NULL);
    who_never_reads_is_given_up(NULL);
    what_cannot_be_connected_to(nobody, trusts);
    server_options.ssl_context = serves;
    messages_come_back(trusts);
    who_does_not_read_is_waited_for(trusts);
    large_messages_of_a_server_are_whole(trusts);
    senders_are_told_of_room(trusts);
    who_never_reads_is_given_up(trusts);
    certificates_are_verified(nobody, trusts);
    loop_end();
    sansock_config_free(server_config);
    SSL_CTX_free(serves);
    SSL_CTX_free(trusts);
    SSL_CTX_free(nobody);
    return check_end(NAME);
}

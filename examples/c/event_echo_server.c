/*
 * A WebSocket echo server over libevent.
 *
 *   event_echo_server PORT [CERTIFICATE KEY]        (0: any free port; with files in PEM: over TLS)
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#define SANSOCK_OPENSSL
#include <sansock/event.h>

#include <arpa/inet.h>
#include <event2/listener.h>
#include <signal.h>


static sansock_event_options options;
static sansock_event *peers; /* all that there are: each has the next one in `user` */

static void forget(const sansock_event *peer) {
    sansock_event *other, *before = NULL;
    for (other = peers; other != peer; other = other->user) before = other;
    if (before)
        before->user = peer->user;
    else
        peers = peer->user;
}

static void on_event(sansock_event *peer, const sansock_record *event) {
    size_t len;
    if (event == NULL) {
        forget(peer);
        return;
    }
    const uint8_t *data = sansock_record_payload(peer->session.block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST)
        sansock_session_answer(&peer->session, event, peer->session.now);
    else if (sansock_record_is_message(event))
        sansock_event_send(peer, event->kind, data, len);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int size, void *base) {
    sansock_event *peer;
    (void)listener;
    (void)from;
    (void)size;
    options.user = peers;
    if (sansock_event_accept(base, fd, &options, &peer)) peers = peer;
}

static void on_signal(evutil_socket_t number, short what, void *base) {
    (void)number;
    (void)what;
    event_base_loopbreak(base);
}

static SSL_CTX *tls_of(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context && SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
        return context;
    ERR_print_errors_fp(stderr);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) return fprintf(stderr, "usage: %s PORT [CERTIFICATE KEY]\n", argv[0]), 2;
    struct event_base *base = event_base_new();
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    sansock_config *config;
    sansock_event *peer;
    signal(SIGPIPE, SIG_IGN);
    if (!base || sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    options.config = config;
    options.handler = on_event;
    if (argc == 4) options.ssl_context = tls_of(argv[2], argv[3]);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, on_connection, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                128, (struct sockaddr *)&address, (int)size);
    if (!listener) return perror("listen"), 1;
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
    printf("listening on ws://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
    event_add(terminate, NULL);

    event_base_dispatch(base);
    evconnlistener_free(listener);
    event_free(terminate);
    for (peer = peers; peer; peer = peer->user) sansock_event_end(peer);
    event_base_dispatch(base); /* frees them */
    event_base_free(base);
    SSL_CTX_free(options.ssl_context);
    sansock_config_free(config);
    return 0;
}

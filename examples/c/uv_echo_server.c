/*
 * A WebSocket echo server over libuv.
 *
 *   uv_echo_server PORT [CERTIFICATE KEY]        (0: any free port; with files in PEM: over TLS)
 */
#define _POSIX_C_SOURCE 200809L
#define SANSOCK_OPENSSL
#include <sansock/uv.h>

#include <signal.h>


static sansock_uv_options options;

static void on_event(sansock_uv *peer, const sansock_record *event) {
    size_t len;
    if (event == NULL) return; /* the peer is about to be freed */
    const uint8_t *data = sansock_record_payload(peer->session.block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST)
        sansock_session_answer(&peer->session, event, peer->session.now);
    else if (sansock_record_is_message(event))
        sansock_uv_send(peer, event->kind, data, len);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status == 0) sansock_uv_accept(listener, &options, NULL);
}

static void on_signal(uv_signal_t *signal, int number) {
    (void)number;
    uv_stop(signal->loop);
}

static SSL_CTX *tls_of(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context && SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
        return context;
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void end_any(uv_handle_t *handle, void *unused) {
    (void)unused;
    if (uv_is_closing(handle)) return;
    if (handle->data != NULL) /* that of a peer */
        sansock_uv_end(handle->data);
    else
        uv_close(handle, NULL);
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) return fprintf(stderr, "usage: %s PORT [CERTIFICATE KEY]\n", argv[0]), 2;
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    uv_signal_t terminate;
    struct sockaddr_in address;
    int size = sizeof address;
    sansock_config *config;
    signal(SIGPIPE, SIG_IGN);
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    options.config = config;
    options.handler = on_event;
    if (argc == 4) options.ssl_context = tls_of(argv[2], argv[3]);

    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    uv_tcp_init(loop, &listener);
    uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    int status = uv_listen((uv_stream_t *)&listener, 128, on_connection);
    if (status != 0) return fprintf(stderr, "listen: %s\n", uv_strerror(status)), 1;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
    printf("listening on ws://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    uv_signal_init(loop, &terminate);
    uv_signal_start(&terminate, on_signal, SIGTERM);
    listener.data = terminate.data = NULL;

    uv_run(loop, UV_RUN_DEFAULT);
    uv_walk(loop, end_any, NULL);
    uv_run(loop, UV_RUN_DEFAULT); /* closes all handles */
    uv_loop_close(loop);
    SSL_CTX_free(options.ssl_context);
    sansock_config_free(config);
    return 0;
}

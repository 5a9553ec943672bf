/*
 * A page, a health check and a WebSocket on one port, over libuv: the page talks to the WebSocket.
 *
 *   http_server PORT        (0: any free port)
 */
#define _POSIX_C_SOURCE 200809L
#include <sansock/uv.h>

#include <signal.h>

static const char page[] = "<!doctype html><meta charset=utf-8><title>Echo</title><pre id=log></pre><script>\n"
                           "const ws = new WebSocket(`ws://${location.host}/echo`);\n"
                           "ws.onopen = () => ws.send('hello');\n"
                           "ws.onmessage = e => { log.textContent += e.data + '\\n'; };\n"
                           "</script>\n";

static sansock_uv_options options;

static bool target_is(sansock_session *s, const sansock_record *request, const char *expected) {
    size_t len;
    const char *target = sansock_record_text(s->block, request, &len);
    return len == strlen(expected) && memcmp(target, expected, len) == 0;
}

static void add_header(sansock_session *s, const char *name, const char *value) {
    sansock_conn_add_response_header(s->conn, name, strlen(name), value, strlen(value));
}

/* With the option deliver_http every well-formed request arrives. One with a fault asks for no WebSocket, or asks wrongly. */
static void answer(sansock_session *s, const sansock_record *request) {
    const sansock_record *method = sansock_record_find_detail(request, SANSOCK_KIND_METHOD); /* NULL: GET */
    if (target_is(s, request, "/echo") && sansock_record_fault(request) == 0) {
        sansock_session_answer(s, request, s->now); /* only pages of this origin */
    } else if (target_is(s, request, "/echo")) {
        add_header(s, "Upgrade", "websocket");
        sansock_session_respond(s, 426, "this is a WebSocket\n", 20, s->now);
    } else if (method) {
        add_header(s, "Allow", "GET");
        sansock_session_respond(s, 405, NULL, 0, s->now);
    } else if (target_is(s, request, "/")) {
        add_header(s, "Content-Type", "text/html");
        sansock_session_respond(s, 200, page, sizeof page - 1, s->now);
    } else if (target_is(s, request, "/health")) {
        add_header(s, "Content-Type", "text/plain");
        sansock_session_respond(s, 200, "ok\n", 3, s->now);
    } else {
        sansock_session_respond(s, 404, "no such page\n", 13, s->now);
    }
}

static void on_event(sansock_uv *peer, const sansock_record *event) {
    size_t len;
    if (event == NULL) return; /* the peer is about to be freed */
    const uint8_t *data = sansock_record_payload(peer->session.block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST)
        answer(&peer->session, event);
    else if (sansock_record_is_message(event))
        sansock_uv_send(peer, event->kind, data, len);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status == 0) sansock_uv_accept(listener, &options, NULL);
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    int size = sizeof address;
    sansock_config *config;
    signal(SIGPIPE, SIG_IGN);
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    sansock_config_set(config, SANSOCK_OPTION_DELIVER_HTTP, 1);
    options.config = config;
    options.handler = on_event;

    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    uv_tcp_init(loop, &listener);
    uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    int status = uv_listen((uv_stream_t *)&listener, 128, on_connection);
    if (status != 0) return fprintf(stderr, "listen: %s\n", uv_strerror(status)), 1;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
    printf("listening on http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}

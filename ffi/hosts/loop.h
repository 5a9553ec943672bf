/* One name for what the tests use of sansock/uv.h (with TEST_UV) and sansock/event.h: the tests are the same for both. */
#ifndef LOOP_H
#define LOOP_H

#ifdef TEST_UV
#include <sansock/uv.h>
#define NAME "uv"
typedef sansock_uv peer;
typedef sansock_uv_options peer_options;
#define peer_send sansock_uv_send
#define peer_close sansock_uv_close
#define peer_end sansock_uv_end
#define peer_pause sansock_uv_pause
#define peer_flush sansock_uv_flush
#define peer_error sansock_uv_error
#define peer_is_writable sansock_uv_is_writable
#else
#include <sansock/event.h>

#include <event2/listener.h>
#define NAME "event"
typedef sansock_event peer;
typedef sansock_event_options peer_options;
#define peer_send sansock_event_send
#define peer_close sansock_event_close
#define peer_end sansock_event_end
#define peer_pause sansock_event_pause
#define peer_flush sansock_event_flush
#define peer_error sansock_event_error
#define peer_is_writable sansock_event_is_writable
#endif

static peer_options server_options;
static unsigned port;
static unsigned servers; /* that are not freed */

#ifdef TEST_UV
static uv_loop_t *loop;
static uv_tcp_t listener;

static void on_connection(uv_stream_t *stream, int status) {
    if (status != 0 || sansock_uv_accept(stream, &server_options, NULL) != 0) abort();
    servers++;
}

static void loop_start(void) {
    struct sockaddr_in address;
    int size = sizeof address;
    loop = uv_default_loop();
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &listener);
    uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    if (uv_listen((uv_stream_t *)&listener, 128, on_connection) != 0) abort();
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
    port = ntohs(address.sin_port);
}

static inline bool client_start(const char *url, const peer_options *options, peer **out) {
    return sansock_uv_connect(loop, url, options, out) == 0;
}

static void loop_turn(void) { uv_run(loop, UV_RUN_ONCE); }

static void loop_end(void) {
    uv_close((uv_handle_t *)&listener, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    if (uv_loop_close(loop) != 0) abort(); /* a handle is left */
}
#else
static struct event_base *loop;
static struct evconnlistener *listener;

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int size, void *unused) {
    (void)l;
    (void)from;
    (void)size;
    (void)unused;
    if (!sansock_event_accept(loop, fd, &server_options, NULL)) abort();
    servers++;
}

static void loop_start(void) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loop = event_base_new();
    listener = evconnlistener_new_bind(loop, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE, 128, (struct sockaddr *)&address,
                                       (int)size);
    if (!listener) abort();
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
    port = ntohs(address.sin_port);
}

static inline bool client_start(const char *url, const peer_options *options, peer **out) {
    return sansock_event_connect(loop, url, options, out);
}

static void loop_turn(void) { event_base_loop(loop, EVLOOP_ONCE); }

static void loop_end(void) {
    evconnlistener_free(listener);
    event_base_dispatch(loop);
    event_base_free(loop);
    libevent_global_shutdown();
}
#endif

#endif

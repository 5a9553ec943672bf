/*
 * Sends each message that comes to all who are connected, over libuv. It holds many idle connections: on SIGUSR1 it prints
 * their number, and how many bytes each takes in the engine and in the whole program.
 *
 *   fanout_server PORT        (0: any free port)
 */
#define _GNU_SOURCE
#include <sansock/uv.h>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static sansock_uv_options options;
static sansock_uv **peers; /* all that are open; each has its place in `user` */
static size_t count, capacity, resident_at_start;

static size_t resident(void) {
    size_t bytes = 0;
    uv_resident_set_memory(&bytes);
    return bytes;
}

static void add(sansock_uv *peer) {
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 1024;
        sansock_uv **grown = realloc(peers, capacity * sizeof *peers);
        if (!grown) abort();
        peers = grown;
    }
    peers[count] = peer;
    peer->user = (void *)(uintptr_t)++count;
}

static void take_away(const sansock_uv *peer) {
    size_t place = (size_t)(uintptr_t)peer->user;
    if (place == 0) return; /* it never was open */
    peers[place - 1] = peers[--count];
    peers[place - 1]->user = peer->user;
}

/* Sends to all. One who has not read what it was sent before misses it. */
static void fan_out(const sansock_block *block, const sansock_record *message) {
    size_t len;
    const uint8_t *data = sansock_record_payload(block, message, &len);
    sansock_prepared *prepared;
    if (sansock_prepared_new(message->kind, data, len, &prepared) != SANSOCK_OK) return;
    for (size_t i = 0; i < count; i++)
        if (sansock_uv_is_writable(peers[i])) sansock_uv_send_prepared(peers[i], prepared);
    sansock_prepared_free(prepared);
}

static void on_event(sansock_uv *peer, const sansock_record *event) {
    if (event == NULL)
        take_away(peer);
    else if (event->kind == SANSOCK_KIND_REQUEST)
        sansock_session_answer(&peer->session, event, peer->session.now);
    else if (event->kind == SANSOCK_KIND_OPEN)
        add(peer);
    else if (sansock_record_is_message(event))
        fan_out(peer->session.block, event);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status == 0) sansock_uv_accept(listener, &options, NULL);
}

static void print_usage(uv_signal_t *handle, int number) {
    size_t engine = 0, now = resident(), each = count ? count : 1;
    (void)handle;
    (void)number;
    for (size_t i = 0; i < count; i++) engine += sansock_conn_memory_usage(peers[i]->session.conn);
    printf("%zu connections, %zu bytes each in the engine, %zu in the program\n", count, engine / each,
           (now > resident_at_start ? now - resident_at_start : 0) / each);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    uv_signal_t asked;
    struct sockaddr_in address;
    int size = sizeof address;
    struct rlimit files;
    sansock_config *config;
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* each connection has one */
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) != SANSOCK_OK) return 1;
    options.config = config;
    options.handler = on_event;

    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    uv_tcp_init(loop, &listener);
    uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    int status = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    if (status != 0) return fprintf(stderr, "listen: %s\n", uv_strerror(status)), 1;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
    printf("listening on ws://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    uv_signal_init(loop, &asked);
    uv_signal_start(&asked, print_usage, SIGUSR1);
    resident_at_start = resident();
    return uv_run(loop, UV_RUN_DEFAULT);
}

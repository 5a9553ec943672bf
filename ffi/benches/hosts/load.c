/*
 * The client of all servers: it sends frames that are made before, and counts those that come back.
 *
 *   load PORT PID SIZE CONNECTIONS IN_FLIGHT SECONDS
 *
 * Each connection has so many binary messages of so many bytes in flight. It prints how many messages have come back in
 * these seconds, the nanoseconds in which they did, and the nanoseconds of processor time that the process PID has used
 * meanwhile. What comes back in a time before, in which caches and pools are filled, is compared with what was sent. Slow
 * cells take longer: a message of each connection, on average, is the least.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, MASKED_HEADER = 14 };

/* One connection: what it has to send, and where it is in what comes back. */
typedef struct peer {
    int fd;
    bool waits_for_room;
    uint64_t sent, received;     /* messages */
    size_t unsent, offset;       /* bytes, and where in the frame the next one is */
    uint8_t header[10];
    size_t header_len, payload_left, message_at;
    bool is_data, is_last;
} peer;

static size_t size, in_flight, frame_len, frames_len;
static uint8_t *frames, *payload; /* frames are all the same, one behind the other */
static int epoll_fd;
static bool verifies = true;

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The processor time of all threads of a process. */
static uint64_t spent(const char *pid) {
    char path[64];
    uint64_t total = 0, one;
    snprintf(path, sizeof path, "/proc/%s/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) fail(path);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char name[sizeof path + sizeof task->d_name + 16];
        if (task->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s/schedstat", path, task->d_name);
        FILE *file = fopen(name, "r");
        if (file && fscanf(file, "%lu", &one) == 1) total += one;
        if (file) fclose(file);
    }
    closedir(tasks);
    return total;
}

static size_t put_header(uint8_t *to) {
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t at = 2, bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    to[0] = 0x82;
    to[1] = (uint8_t)(0x80 | (bytes == 0 ? size : bytes == 2 ? 126 : 127));
    for (size_t i = bytes; i > 0; i--) to[at++] = (uint8_t)((uint64_t)size >> (8 * (i - 1)));
    memcpy(to + at, key, sizeof key);
    return at + sizeof key;
}

static void make_frames(void) {
    uint8_t header[MASKED_HEADER];
    size_t header_len = put_header(header);
    frame_len = header_len + size;
    size_t count = frame_len * in_flight <= 2 * CHUNK ? in_flight : 1;
    frames_len = frame_len * count;
    frames = malloc(frames_len);
    payload = malloc(size);
    if (!frames || !payload) fail("memory");
    for (size_t i = 0; i < size; i++) payload[i] = (uint8_t)(i * 31 + i / 97);
    for (uint8_t *frame = frames; frame < frames + frames_len; frame += frame_len) {
        memcpy(frame, header, header_len);
        for (size_t i = 0; i < size; i++) frame[header_len + i] = payload[i] ^ header[header_len - 4 + i % 4];
    }
}

static void open_peer(peer *p, uint16_t port) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char head[4096] = "";
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(p->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (send(p->fd, request, sizeof request - 1, 0) < 0) fail("request");
    for (size_t len = 0; !strstr(head, "\r\n\r\n") && len + 1 < sizeof head; len++)
        if (recv(p->fd, head + len, 1, 0) != 1) fail("response");
    if (!strstr(head, " 101 ")) fail(head);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->fd, &event);
}

/* Sends what may be in flight, as far as there is room. */
static void send_more(peer *p, bool more) {
    if (more) {
        p->unsent += (p->received + in_flight - p->sent) * frame_len;
        p->sent = p->received + in_flight;
    }
    while (p->unsent > 0) {
        size_t len = frames_len - p->offset < p->unsent ? frames_len - p->offset : p->unsent;
        ssize_t n = send(p->fd, frames + p->offset, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) fail("send");
        p->unsent -= (size_t)n;
        p->offset = (p->offset + (size_t)n) % frames_len;
    }
    if (p->waits_for_room == (p->unsent > 0)) return;
    p->waits_for_room = !p->waits_for_room;
    struct epoll_event event = {.events = EPOLLIN | (p->waits_for_room ? EPOLLOUT : 0), .data.ptr = p};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, p->fd, &event);
}

/* Reads a byte of a header. Returns whether it is complete. */
static bool add_to_header(peer *p, uint8_t byte) {
    p->header[p->header_len++] = byte;
    if (p->header_len < 2) return false;
    uint8_t first = p->header[1] & 127;
    size_t bytes = first < 126 ? 0 : first == 126 ? 2 : 8;
    if (p->header_len < 2 + bytes) return false;
    p->payload_left = bytes == 0 ? first : 0;
    for (size_t i = 0; i < bytes; i++) p->payload_left = p->payload_left << 8 | p->header[2 + i];
    p->is_data = !(p->header[0] & 8);
    p->is_last = p->header[0] & 128;
    p->header_len = 0;
    if (p->is_data && (p->header[0] & 15) != (p->message_at == 0 ? 2 : 0)) fail("it is no echo");
    return true;
}

/* A frame has ended. */
static void end_frame(peer *p) {
    if (!p->is_data || !p->is_last) return;
    if (p->message_at != size) fail("it is no echo");
    p->message_at = 0;
    p->received++;
}

/* Counts the messages in what has come. A server may send them in fragments. */
static void count(peer *p, const uint8_t *data, size_t len) {
    while (len > 0) {
        if (p->payload_left == 0) {
            len--;
            if (!add_to_header(p, *data++)) continue;
        }
        size_t n = p->payload_left < len ? p->payload_left : len;
        if (p->is_data) {
            if (p->message_at + n > size) fail("it is no echo");
            if (verifies && memcmp(data, payload + p->message_at, n) != 0) fail("it is no echo");
            p->message_at += n;
        }
        p->payload_left -= n;
        data += n;
        len -= n;
        if (p->payload_left == 0) end_frame(p);
    }
}

static uint64_t all_received(const peer *peers, size_t connections) {
    uint64_t total = 0;
    for (size_t i = 0; i < connections; i++) total += peers[i].received;
    return total;
}

/* Sends and receives for so long, and until so many messages have come back. */
static void run(peer *peers, size_t connections, uint64_t until, uint64_t least) {
    static uint8_t input[CHUNK];
    struct epoll_event events[128];
    for (size_t i = 0; i < connections; i++) send_more(&peers[i], true);
    while (now() < until || all_received(peers, connections) < least) {
        int ready = epoll_wait(epoll_fd, events, 128, 30000);
        if (ready == 0) fail("nothing comes back");
        for (int i = 0; i < ready; i++) {
            peer *p = events[i].data.ptr;
            if (events[i].events & ~(uint32_t)EPOLLOUT) {
                ssize_t n = recv(p->fd, input, sizeof input, MSG_DONTWAIT);
                if (n == 0 || (n < 0 && errno != EAGAIN)) fail("the server has closed");
                if (n > 0) count(p, input, (size_t)n);
            }
            send_more(p, true);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 7) return fprintf(stderr, "usage: %s PORT PID SIZE CONNECTIONS IN_FLIGHT SECONDS\n", argv[0]), 2;
    size_t connections = strtoul(argv[4], NULL, 10);
    uint64_t nanoseconds = (uint64_t)(strtod(argv[6], NULL) * 1e9);
    size = strtoul(argv[3], NULL, 10);
    in_flight = strtoul(argv[5], NULL, 10);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    peer *peers = calloc(connections, sizeof *peers);
    if (!peers) fail("memory");
    make_frames();
    for (size_t i = 0; i < connections; i++) open_peer(&peers[i], (uint16_t)atoi(argv[1]));
    run(peers, connections, now() + nanoseconds / 2, connections);
    verifies = false;
    uint64_t messages = all_received(peers, connections), used = spent(argv[2]), start = now();
    run(peers, connections, start + nanoseconds, messages + connections);
    uint64_t end = now();
    used = spent(argv[2]) - used;
    printf("%lu %lu %lu\n", all_received(peers, connections) - messages, end - start, used);
    return 0;
}

/*
 * An echo server over libwebsockets, as its minimal example of one: it sends where it is told that there is room.
 *
 *   lws PORT
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message as it comes: whole, or in pieces of what lws reads at once. */
typedef struct piece {
    struct piece *next;
    size_t len;
    int first, last;
    unsigned char data[]; /* behind the room that lws wants */
} piece;

typedef struct session {
    piece *head, **tail;
    size_t waiting;
    int paused;
} session;

enum { HIGH = 4 << 20, LOW = 1 << 20 }; /* bytes that may wait before it stops reading */

static int receive(struct lws *wsi, session *s, const void *in, size_t len) {
    piece *p = malloc(sizeof *p + LWS_PRE + len);
    if (!p) return -1;
    *p = (piece){NULL, len, lws_is_first_fragment(wsi), lws_is_final_fragment(wsi)};
    memcpy(p->data + LWS_PRE, in, len);
    *s->tail = p;
    s->tail = &p->next;
    s->waiting += len;
    if (!s->paused && s->waiting > HIGH) {
        s->paused = 1;
        lws_rx_flow_control(wsi, 0);
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int send_some(struct lws *wsi, session *s) {
    while (s->head) {
        piece *p = s->head;
        int flags = lws_write_ws_flags(LWS_WRITE_BINARY, p->first, p->last);
        if (lws_write(wsi, p->data + LWS_PRE, p->len, (enum lws_write_protocol)flags) < (int)p->len) return -1;
        s->waiting -= p->len;
        s->head = p->next;
        if (!s->head) s->tail = &s->head;
        free(p);
        if (lws_send_pipe_choked(wsi)) break;
    }
    if (s->head) lws_callback_on_writable(wsi);
    if (s->paused && s->waiting < LOW) {
        s->paused = 0;
        lws_rx_flow_control(wsi, 1);
    }
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    session *s = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: s->tail = &s->head; return 0;
    case LWS_CALLBACK_RECEIVE: return receive(wsi, s, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE: return send_some(wsi, s);
    case LWS_CALLBACK_CLOSED:
        for (piece *p = s->head, *next; p; p = next) {
            next = p->next;
            free(p);
        }
        return 0;
    default: return 0;
    }
}

int main(int argc, char **argv) {
    /* 64 KiB at once, as the others read. */
    static const struct lws_protocols protocols[] = {{"echo", on_event, sizeof(session), 64 << 10, 0, NULL, 64 << 10},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info = {0};
    if (argc != 2) return 2;
    info.port = atoi(argv[1]);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.pt_serv_buf_size = 64 << 10;
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (!context) return 1;
    printf("listening on %d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
    fflush(stdout);
    while (lws_service(context, 0) >= 0) {}
    return 0;
}

/* wslay, through its events. It has no opening handshake and no compression. */
#define _DEFAULT_SOURCE
#include "engine.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <wslay/wslay.h>

enum { LARGEST = 1 << 24, POOL = 4096 };

struct engine {
    wslay_event_context_ptr context;
    uint8_t opcode;
    bool echo;
    const uint8_t *bytes; /* what is still to be read, and how much of it one read brings */
    size_t left, read;
};

const char *engine_version(void) {
    return WSLAY_PACKAGE;
}

static ssize_t read_some(wslay_event_context_ptr context, uint8_t *buffer, size_t len, int flags, void *user) {
    (void)flags;
    engine *e = user;
    if (!e->left) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = len < e->read ? len : e->read;
    len = len < e->left ? len : e->left;
    memcpy(buffer, e->bytes, len);
    e->bytes += len;
    e->left -= len;
    return (ssize_t)len;
}

static ssize_t write_some(wslay_event_context_ptr context, const uint8_t *data, size_t len, int flags, void *user) {
    (void)context;
    (void)flags;
    (void)user;
    if (len) emit(data, len);
    return (ssize_t)len;
}

/* Random bytes of the system, many at a time. */
static int mask(wslay_event_context_ptr context, uint8_t *buffer, size_t len, void *user) {
    (void)context;
    (void)user;
    static uint8_t pool[POOL];
    static size_t used = POOL;
    if (used + len > POOL) {
        if (getentropy(pool, 256) || getrandom(pool, POOL, 0) != POOL) fail("no random bytes");
        used = 0;
    }
    memcpy(buffer, pool + used, len);
    used += len;
    return 0;
}

static void message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
    (void)context;
    engine *e = user;
    if (arg->opcode != e->opcode) fail("not a message");
    if (e->echo) {
        engine_send(e, arg->msg, arg->msg_length);
    } else {
        deliver(arg->msg, arg->msg_length);
    }
}

engine *engine_open(const spec *spec) {
    static const struct wslay_event_callbacks callbacks = {read_some, write_some, mask, NULL, NULL, NULL, message};
    engine *e = calloc(1, sizeof *e);
    if (!e || (spec->server ? wslay_event_context_server_init(&e->context, &callbacks, e)
                            : wslay_event_context_client_init(&e->context, &callbacks, e)))
        fail("no connection");
    wslay_event_config_set_max_recv_msg_length(e->context, LARGEST);
    e->opcode = spec->text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME;
    return e;
}

void engine_receive(engine *e, const input *input) {
    e->bytes = input->bytes;
    e->left = input->len;
    e->read = input->read;
    if (wslay_event_recv(e->context)) fail("receive");
}

void engine_echo(engine *e, const input *input) {
    e->echo = true;
    engine_receive(e, input);
}

void engine_send(engine *e, const uint8_t *data, size_t len) {
    struct wslay_event_msg sent = {e->opcode, data, len};
    if (wslay_event_queue_msg(e->context, &sent) || wslay_event_send(e->context)) fail("send");
}

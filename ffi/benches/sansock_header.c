/* Sansock, where the host keeps payloads: only headers come from the engine, and go to it. */
#include "engine.h"
#include <sansock.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 24 };

struct engine {
    sansock_conn *conn;
    sansock_block *block;
    uint8_t kind;
};

/* One buffer for the reads of all connections, and the place of a message that reads have cut. */
static uint8_t buffer[65536], message[LARGEST];

const char *engine_version(void) {
    return sansock_version();
}

engine *engine_open(const spec *spec) {
    sansock_config *config;
    engine *e = malloc(sizeof *e);
    if (!e || sansock_config_new(spec->server ? SANSOCK_ROLE_SERVER : SANSOCK_ROLE_CLIENT, &config) ||
        sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1) ||
        sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, LARGEST) ||
        sansock_conn_new(config, NULL, 0, &e->conn))
        fail("no connection");
    sansock_config_free(config);
    e->block = sansock_conn_block(e->conn);
    e->kind = spec->text ? SANSOCK_KIND_TEXT : SANSOCK_KIND_BINARY;
    return e;
}

/* Copies the next bytes of the input to where they are wanted, as a read would. */
static size_t read_into(uint8_t *place, size_t room, const input *input, size_t *at) {
    size_t len = input->len - *at < input->read ? input->len - *at : input->read;
    if (len > room) len = room;
    memcpy(place, input->bytes + *at, len);
    *at += len;
    return len;
}

/* What the engine took itself: a message whose header a read has cut, and what follows it. */
static size_t receive_whole(engine *e, uint8_t *data, size_t len) {
    const sansock_block *block = e->block;
    if (sansock_conn_receive(e->conn, data, len, 0)) fail("receive");
    for (uint32_t i = 0; i < block->event_count; i++) {
        const sansock_record *r = &block->events[i];
        if (r->kind != SANSOCK_KIND_BINARY) fail("not a message");
        deliver(block->regions[r->flags & SANSOCK_FLAG_REGION] + r->offset, r->len);
    }
    return block->consumed;
}

void engine_receive(engine *e, const input *input) {
    for (size_t at = 0; at < input->len;) {
        size_t len = read_into(buffer, sizeof buffer, input, &at);
        for (size_t taken = 0; taken < len;) {
            size_t header, here;
            uint64_t payload;
            if (sansock_conn_receive_header(e->conn, buffer + taken, len - taken, 0, 0, &header, &payload)) fail("receive");
            if (!header) {
                taken += receive_whole(e, buffer + taken, len - taken);
                continue;
            }
            taken += header;
            here = len - taken;
            if (payload <= here) {
                deliver(buffer + taken, payload);
                taken += payload;
                continue;
            }
            memcpy(message, buffer + taken, here);
            while (here < payload) here += read_into(message + here, payload - here, input, &at);
            deliver(message, payload);
            break;
        }
        /* A deadline may run for what a read has cut. */
        if (e->block->output_len || !e->block->next_deadline || e->block->transport != SANSOCK_TRANSPORT_OPEN)
            fail("closed");
    }
}

void engine_send(engine *e, const uint8_t *data, size_t len) {
    if (sansock_conn_send_header(e->conn, e->kind, len, 1)) fail("send");
    emit(e->block->output, e->block->output_len);
    e->block->written = e->block->output_len;
    emit(data, len);
}

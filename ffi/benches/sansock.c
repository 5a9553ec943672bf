/* Sansock, through its header. */
#include "engine.h"
#include <sansock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 24, HANDSHAKES_MAX = 64 };

struct engine {
    sansock_conn *conn;
    sansock_block *block;
    bool text;
};

const char *engine_version(void) {
    return sansock_version();
}

/* One buffer for the reads of all connections. */
static uint8_t buffer[65536];

/* One configuration for all connections, as a host has it. */
static sansock_config *config_of(const spec *spec) {
    static sansock_config *config;
    if (!config && (sansock_config_new(spec->server ? SANSOCK_ROLE_SERVER : SANSOCK_ROLE_CLIENT, &config) ||
                    sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1) ||
                    sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, LARGEST) ||
                    sansock_config_set(config, SANSOCK_OPTION_DEFLATE, spec->deflate)))
        fail("no configuration");
    return config;
}

engine *engine_open(const spec *spec) {
    engine *e = malloc(sizeof *e);
    if (!e || sansock_conn_new(config_of(spec), NULL, 0, &e->conn)) fail("no connection");
    e->block = sansock_conn_block(e->conn);
    e->text = spec->text;
    return e;
}

/* Hands on the events of a call; echoes them if there is somebody to. */
static void handle(engine *e, bool echo) {
    const sansock_block *block = e->block;
    for (uint32_t i = 0; i < block->event_count; i++) {
        const sansock_record *r = &block->events[i];
        if (r->kind != SANSOCK_KIND_TEXT && r->kind != SANSOCK_KIND_BINARY) fail("not a message");
        const uint8_t *data = block->regions[r->flags & SANSOCK_FLAG_REGION] + r->offset;
        if (echo) {
            engine_send(e, data, r->len);
        } else {
            deliver(data, r->len);
        }
    }
    /* What a host looks at after every call: output, deadline and transport. A deadline may run for what a read has cut. */
    if (block->output_len) {
        emit(block->output, block->output_len);
        sansock_conn_written(e->conn, block->output_len);
    }
    if (!block->next_deadline || block->transport != SANSOCK_TRANSPORT_OPEN) fail("closed");
}

/* Of less than the payload that is due nothing can come: more is read first. */
static void receive(engine *e, const input *input, bool echo) {
    size_t filled = 0;
    for (size_t at = 0; at < input->len;) {
        size_t len = input->len - at < input->read ? input->len - at : input->read;
        memcpy(buffer + filled, input->bytes + at, len);
        at += len;
        filled += len;
        if (filled < e->block->payload_remaining && filled + input->read <= sizeof buffer) continue;
        for (size_t taken = 0; taken < filled; taken += e->block->consumed) {
            if (sansock_conn_receive(e->conn, buffer + taken, filled - taken, 0)) fail("receive");
            handle(e, echo);
        }
        filled = 0;
    }
}

void engine_receive(engine *e, const input *input) {
    receive(e, input, false);
}

void engine_echo(engine *e, const input *input) {
    receive(e, input, true);
}

void engine_send(engine *e, const uint8_t *data, size_t len) {
    int32_t status = e->text ? sansock_conn_send_text(e->conn, (const char *)data, len)
                             : sansock_conn_send_binary(e->conn, data, len);
    if (status) fail(sansock_error_text(status));
    emit(e->block->output, e->block->output_len);
    e->block->written = e->block->output_len;
}

uint64_t engine_server_handshakes(size_t count) {
    static sansock_config *config;
    if (!config && sansock_config_new(SANSOCK_ROLE_SERVER, &config)) fail("no configuration");
    sansock_conn *conns[HANDSHAKES_MAX];
    uint64_t start = nanoseconds();
    for (size_t i = 0; i < count; i++) {
        if (sansock_conn_new(config, NULL, 0, &conns[i])) fail("no connection");
        const sansock_block *block = sansock_conn_block(conns[i]);
        memcpy(buffer, browser_request, browser_request_len);
        if (sansock_conn_receive(conns[i], buffer, browser_request_len, 0)) fail("receive");
        if (block->event_count && block->events[0].kind == SANSOCK_KIND_REQUEST &&
            block->events[0].code != SANSOCK_ORIGIN_CROSS && sansock_conn_accept(conns[i], NULL, 0, 0))
            fail("accept");
        emit(block->output, block->output_len);
        sansock_conn_written(conns[i], block->output_len);
        if (block->state != SANSOCK_STATE_OPEN) fail("not open");
        opened();
    }
    uint64_t spent = nanoseconds() - start;
    for (size_t i = 0; i < count; i++) sansock_conn_free(conns[i]);
    return spent;
}

/* A configuration whose request has the size of a browser's. */
static sansock_config *client_config(void) {
    static const char url[] = "ws://www.example.com/chat?room=42", origin[] = "http://www.example.com";
    sansock_config *config;
    if (sansock_config_new(SANSOCK_ROLE_CLIENT, &config) ||
        sansock_config_set_text(config, SANSOCK_TEXT_URL, url, sizeof url - 1) ||
        sansock_config_set_text(config, SANSOCK_TEXT_ORIGIN, origin, sizeof origin - 1))
        fail("no configuration");
    for (const char *line = client_headers; *line;) {
        size_t len = strcspn(line, "\n"), name = strcspn(line, ":");
        if (sansock_config_add_header(config, line, name, line + name + 2, len - name - 2)) fail("no header");
        line += len + 1;
    }
    return config;
}

uint64_t engine_client_handshakes(size_t count) {
    static sansock_config *config;
    if (!config) config = client_config();
    uint64_t spent = 0;
    for (size_t i = 0; i < count; i++) {
        sansock_conn *conn;
        uint64_t start = nanoseconds();
        if (sansock_conn_new(config, NULL, 0, &conn)) fail("no connection");
        const sansock_block *block = sansock_conn_block(conn);
        emit(block->output, block->output_len);
        spent += nanoseconds() - start;
        size_t len;
        const char *response = respond((const char *)block->output, block->output_len, &len);
        start = nanoseconds();
        sansock_conn_written(conn, block->output_len);
        memcpy(buffer, response, len);
        if (sansock_conn_receive(conn, buffer, len, 0) || block->state != SANSOCK_STATE_OPEN) fail("not open");
        opened();
        spent += nanoseconds() - start;
        sansock_conn_free(conn);
    }
    return spent;
}

/* Sansock, where the host writes the payload itself: only the header comes from the engine. */
#include "engine.h"
#include <sansock.h>
#include <stdlib.h>

struct engine {
    sansock_conn *conn;
    const sansock_block *block;
    uint8_t kind;
};

const char *engine_version(void) {
    return sansock_version();
}

engine *engine_open(const spec *spec) {
    sansock_config *config;
    engine *e = malloc(sizeof *e);
    if (!e || sansock_config_new(SANSOCK_ROLE_SERVER, &config) ||
        sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1) || sansock_conn_new(config, NULL, 0, &e->conn))
        fail("no connection");
    sansock_config_free(config);
    e->block = sansock_conn_block(e->conn);
    e->kind = spec->text ? SANSOCK_KIND_TEXT : SANSOCK_KIND_BINARY;
    return e;
}

void engine_send(engine *e, const uint8_t *data, size_t len) {
    if (sansock_conn_send_header(e->conn, e->kind, len, 1)) fail("send");
    emit(e->block->output, e->block->output_len);
    sansock_conn_consumed(e->conn, e->block->output_len);
    emit(data, len);
}

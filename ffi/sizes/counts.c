/* Messages from a client to a server in memory: counts MESSAGES LENGTH DEFLATE. For instructions to be counted by callgrind. */
#include <sansock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sansock_conn *connection(uint32_t role, bool deflate) {
    static const uint8_t seed[32] = {1};
    sansock_config *config;
    sansock_conn *conn;
    if (sansock_config_new(role, &config) || sansock_config_set(config, SANSOCK_OPTION_START_OPEN, 1) ||
        sansock_config_set(config, SANSOCK_OPTION_DEFLATE, deflate) || sansock_conn_new(config, seed, 0, &conn))
        exit(1);
    sansock_config_free(config);
    return conn;
}

int main(int count, char **arguments) {
    static char text[4096];
    static uint8_t input[8192];
    if (count != 4) return 2;
    long messages = atol(arguments[1]);
    size_t len = (size_t)atol(arguments[2]);
    bool deflate = atoi(arguments[3]) != 0;
    sansock_conn *client = connection(SANSOCK_ROLE_CLIENT, deflate), *server = connection(SANSOCK_ROLE_SERVER, deflate);
    const sansock_block *out = sansock_conn_block(client), *in = sansock_conn_block(server);
    /* Words that repeat at different distances, so that there is something to compress. */
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + (i * i / 7 + i) % 23);
    for (long i = 0; i < messages; i++) {
        if (len > sizeof text || sansock_conn_send_text(client, text, len)) return 1;
        size_t sent = out->output_len;
        memcpy(input, out->output, sent);
        if (sansock_conn_written(client, sent) || sansock_conn_receive(server, input, sent, 0)) return 1;
        if (in->event_count != 1 || in->events[0].kind != SANSOCK_KIND_TEXT) return 1;
    }
    sansock_conn_free(client);
    sansock_conn_free(server);
    return 0;
}

/* The shortest whole use: a server's side of one conversation, in memory. Bytes in, events and bytes out. */
#include <sansock.h>
#include <stdio.h>

static uint8_t input[] = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                         "\x81\x85\1\2\3\4igohn"; /* a request, and a message behind it */

int main(void) {
    sansock_config *config;
    sansock_conn *conn;
    if (sansock_config_new(SANSOCK_ROLE_SERVER, &config) || sansock_conn_new(config, NULL, 0, &conn)) return 1;
    const sansock_block *block = sansock_conn_block(conn); /* what there is to do after each call */

    sansock_conn_receive(conn, input, sizeof input - 1, 0); /* 0: now, in milliseconds */
    const sansock_record *request = block->events;
    if (block->event_count == 0 || request->kind != SANSOCK_KIND_REQUEST) return 1;
    if (sansock_record_same_origin(request)) sansock_conn_accept(conn, NULL, 0, 0); /* replaces the events */
    for (uint32_t i = 0; i < block->event_count; i++) {
        size_t len;
        const char *text = sansock_record_text(block, &block->events[i], &len);
        if (block->events[i].kind == SANSOCK_KIND_TEXT) sansock_conn_send_text(conn, text, len);
    }
    fwrite(block->output, 1, block->output_len, stdout); /* the 101 response and the echo, ready for the socket */
    sansock_conn_written(conn, block->output_len);

    sansock_conn_free(conn);
    sansock_config_free(config);
    return 0;
}

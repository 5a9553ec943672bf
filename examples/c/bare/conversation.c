/*
 * Without an operating system: a client and a server talk in memory, on a Cortex-M4. The bytes that one writes are what the other
 * reads; on a board a network stack, or a serial line, stands between them. Prints what each hears, and how much memory is in use.
 */
#include <malloc.h>
#include <sansock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has arrived at one side and has not been read. The engine unmasks it in place. */
struct side {
    const char *name;
    sansock_conn *conn;
    uint8_t input[2048];
    size_t len;
};

static void check(int32_t status, const char *what) {
    if (status == SANSOCK_OK) return;
    printf("%s: %s\n", what, sansock_error_text(status));
    exit(1);
}

static struct side *new_side(struct side *side, const char *name, uint32_t role) {
    /* A client needs 32 random bytes, different ones for each connection: take them from the generator of the chip. */
    static const uint8_t seed[32] = {1, 2, 3};
    static const char url[] = "ws://device.local/readings";
    sansock_config *config;
    side->name = name;
    side->len = 0;
    check(sansock_config_new(role, &config), "config");
    check(sansock_config_set(config, SANSOCK_OPTION_MAX_MESSAGE_SIZE, 1024), "max_message_size");
    if (role == SANSOCK_ROLE_CLIENT) check(sansock_config_set_text(config, SANSOCK_TEXT_URL, url, sizeof url - 1), "url");
    check(sansock_conn_new(config, seed, 0, &side->conn), "connection");
    sansock_config_free(config);
    return side;
}

/* Moves the output of one side to the input of the other. */
static bool carry(struct side *from, struct side *to) {
    const sansock_block *block = sansock_conn_block(from->conn);
    size_t room = sizeof to->input - to->len, len = block->output_len < room ? block->output_len : room;
    if (len == 0) return false;
    memcpy(to->input + to->len, block->output, len);
    to->len += len;
    check(sansock_conn_written(from->conn, len), "written");
    return true;
}

static void handle(struct side *side, const sansock_block *block, const sansock_record *event) {
    size_t len;
    const char *text = sansock_record_text(block, event, &len);
    switch (event->kind) {
    case SANSOCK_KIND_REQUEST: check(sansock_conn_accept(side->conn, NULL, 0, 0), "accept"); break;
    case SANSOCK_KIND_OPEN: printf("%s: open\n", side->name); break;
    case SANSOCK_KIND_TEXT:
        printf("%s: %.*s\n", side->name, (int)len, text);
        if (side->name[0] == 's') check(sansock_conn_send_text(side->conn, text, len), "send"); /* the server echoes */
        break;
    case SANSOCK_KIND_CLOSED: printf("%s: closed, %u\n", side->name, (unsigned)event->code); break;
    default: break;
    }
}

/* Passes on what has arrived, and handles the events of that and of what they lead to. */
static void read_input(struct side *side, uint64_t now) {
    const sansock_block *block = sansock_conn_block(side->conn);
    size_t used = 0;
    do {
        check(sansock_conn_receive(side->conn, side->input + used, side->len - used, now), "receive");
        used += (size_t)block->consumed;
        bool accepted = block->event_count && block->events[0].kind == SANSOCK_KIND_REQUEST;
        for (uint32_t i = 0; i < (accepted ? 1 : block->event_count); i++) handle(side, block, &block->events[i]);
        /* Accepting has replaced the events by those that were waiting. */
        for (uint32_t i = 0; accepted && i < block->event_count; i++) handle(side, block, &block->events[i]);
    } while (used < side->len || sansock_block_has_more(block));
    side->len = 0;
}

static void talk(struct side *client, struct side *server, uint64_t now) {
    while (carry(client, server) || carry(server, client)) {
        if (server->len) read_input(server, now);
        if (client->len) read_input(client, now);
    }
}

int main(void) {
    static struct side sides[2];
    struct side *client = new_side(&sides[0], "client", SANSOCK_ROLE_CLIENT);
    struct side *server = new_side(&sides[1], "server", SANSOCK_ROLE_SERVER);
    printf("sansock %s\n", sansock_version());

    talk(client, server, 0);
    check(sansock_conn_send_text(client->conn, "21.5 degrees", 12), "send");
    talk(client, server, 1000);
    printf("memory: %u bytes for two idle connections\n", (unsigned)mallinfo().uordblks);
    check(sansock_conn_close(client->conn, 1000, NULL, 0, 1000), "close");
    talk(client, server, 2000);
    check(sansock_conn_receive_eof(client->conn, 3000), "end of stream"); /* the server closes first */
    handle(client, sansock_conn_block(client->conn), sansock_conn_block(client->conn)->events);

    sansock_conn_free(client->conn);
    sansock_conn_free(server->conn);
    return 0;
}

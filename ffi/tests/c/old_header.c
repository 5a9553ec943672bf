/* A program that was built with an older header of the same SANSOCK_ABI_VERSION: it knows the functions and the fields
   that it names here, by their places, and no others. Later libraries may have added some. This is what the first header
   said; it does not follow later ones. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Fields at the end of the block may be added: this one ends early. */
typedef struct old_block {
    int32_t status;
    uint32_t event_count;
    uint8_t transport;
    uint8_t state;
    uint16_t flags;
    uint32_t fault;
    uint64_t consumed;
    uint64_t next_deadline;
    uint64_t payload_remaining;
    uint64_t fault_actual;
    uint64_t fault_limit;
    uint64_t fault_position;
    const struct old_record *events;
    const uint8_t *regions[3];
    size_t region_lens[3];
    const uint8_t *output;
    size_t output_len;
} old_block;

typedef struct old_record {
    uint8_t kind;
    uint8_t flags;
    uint16_t code;
    uint32_t aux;
    uint64_t offset;
    uint64_t len;
    uint64_t extra;
} old_record;

/* What a header that comes later may have. */
typedef struct newer_block {
    old_block old;
    uint64_t more[8];
} newer_block;

enum { ABI_VERSION = 1, OK = 0, INVALID_ARGUMENT = -1, CLIENT = 0, SERVER = 1, START_OPEN = 1, REGION = 3 };
enum { KIND_TEXT = 4, KIND_CLOSED = 9 };

uint32_t sansock_abi_version(void);
size_t sansock_record_size(void);
size_t sansock_block_size(void);
int32_t sansock_config_new(uint32_t role, void **out);
int32_t sansock_config_set(void *config, uint32_t option, uint64_t value);
void sansock_config_free(void *config);
int32_t sansock_conn_new(const void *config, const uint8_t *seed, uint64_t now, void **out);
void sansock_conn_free(void *conn);
void *sansock_conn_block(const void *conn);
int32_t sansock_conn_receive(void *conn, uint8_t *data, size_t len, uint64_t now);
int32_t sansock_conn_receive_eof(void *conn, uint64_t now);
int32_t sansock_conn_send_text(void *conn, const char *text, size_t len);
int32_t sansock_conn_written(void *conn, size_t n);

static void an_older_header_can_tell_what_it_may_use(void) {
    CHECK_EQUAL(sansock_abi_version(), ABI_VERSION);
    CHECK_EQUAL(sansock_record_size(), sizeof(old_record));
    CHECK(sansock_block_size() >= sizeof(old_block));
}

/* A program that is newer than its library asks before it reads what that does not have. */
static void a_newer_header_can_tell_what_is_missing(void) {
    CHECK(sansock_block_size() < sizeof(newer_block));
}

static void *opened(uint32_t role) {
    void *config = NULL, *conn = NULL;
    CHECK_EQUAL(sansock_config_new(role, &config), OK);
    CHECK_EQUAL(sansock_config_set(config, START_OPEN, 1), OK);
    CHECK_EQUAL(sansock_conn_new(config, (const uint8_t[32]){7}, 0, &conn), OK);
    sansock_config_free(config);
    return conn;
}

static void numbers_that_no_library_has_are_refused(void) {
    void *config = NULL;
    CHECK_EQUAL(sansock_config_new(SERVER, &config), OK);
    CHECK_EQUAL(sansock_config_set(config, 1u << 20, 1), INVALID_ARGUMENT);
    sansock_config_free(config);
    CHECK_EQUAL(sansock_config_new(99, &config), INVALID_ARGUMENT);
}

static void a_conversation_by_the_old_places(void) {
    void *client = opened(CLIENT), *server = opened(SERVER);
    const old_block *from = sansock_conn_block(client), *to = sansock_conn_block(server);
    CHECK_EQUAL(sansock_conn_send_text(client, "hello", 5), OK);
    size_t len = from->output_len;
    CHECK_EQUAL(len, 11);
    uint8_t *input = malloc(len);
    memcpy(input, from->output, len);
    CHECK_EQUAL(sansock_conn_written(client, len), OK);
    CHECK_EQUAL(from->output_len, 0);
    CHECK_EQUAL(sansock_conn_receive(server, input, len, 0), OK);
    CHECK_EQUAL(to->status, OK);
    CHECK_EQUAL(to->consumed, len);
    CHECK_EQUAL(to->event_count, 1);
    const old_record *event = &to->events[0];
    CHECK_EQUAL(event->kind, KIND_TEXT);
    CHECK_BYTES(to->regions[event->flags & REGION] + event->offset, event->len, "hello");
    CHECK_EQUAL(sansock_conn_receive_eof(server, 1), OK);
    CHECK_EQUAL(to->event_count, 1);
    CHECK(to->events[0].kind == KIND_CLOSED && to->events[0].code == 1006 && to->fault != 0);
    CHECK_EQUAL(to->next_deadline, INT64_C(-1));
    free(input);
    sansock_conn_free(client);
    sansock_conn_free(server);
}

int main(void) {
    an_older_header_can_tell_what_it_may_use();
    a_newer_header_can_tell_what_is_missing();
    numbers_that_no_library_has_are_refused();
    a_conversation_by_the_old_places();
    return check_end("old_header");
}

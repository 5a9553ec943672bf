/* An operating system that has no random bytes. Nothing takes their place: a client is not created, and nothing is sent.

   Linked with --wrap for dlsym: through it the library looks for the system call. */
#include <errno.h>
#include <sys/types.h>

#include "connect.h"

void *__real_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name);

static bool has_entropy;
static unsigned asked;

static ssize_t random_bytes(void *buffer, size_t len, unsigned flags) {
    (void)flags;
    if (len == 0) return 0;
    asked++;
    if (!has_entropy) {
        errno = EIO;
        return -1;
    }
    for (size_t i = 0; i < len; i++) ((uint8_t *)buffer)[i] = (uint8_t)(asked + i);
    return (ssize_t)len;
}

void *__wrap_dlsym(void *handle, const char *name) {
    union {
        ssize_t (*call)(void *, size_t, unsigned);
        void *address;
    } own = {random_bytes};
    return strcmp(name, "getrandom") == 0 ? own.address : __real_dlsym(handle, name);
}

static int32_t create(uint32_t role, const uint8_t *seed, sansock_conn **conn) {
    sansock_config *config = new_config(role);
    if (role == SANSOCK_ROLE_CLIENT) {
        CHECK_EQUAL(sansock_config_set_text(config, SANSOCK_TEXT_URL, LITERAL("ws://example.com/")), SANSOCK_OK);
    }
    int32_t status = sansock_conn_new(config, seed, 0, conn);
    sansock_config_free(config);
    return status;
}

static void a_seed_is_not_made_up(void) {
    uint8_t seed[32], before[32];
    memset(seed, 0xa5, sizeof seed);
    memcpy(before, seed, sizeof seed);
    unsigned asked_before = asked;
    CHECK_EQUAL(sansock_random_seed(seed), SANSOCK_ERR_ENTROPY);
    CHECK(asked > asked_before && memcmp(seed, before, sizeof seed) == 0);
    CHECK(strstr(sansock_error_text(SANSOCK_ERR_ENTROPY), "random") != NULL);
}

static void a_client_is_not_created(void) {
    sansock_conn *conn = NULL;
    CHECK_EQUAL(create(SANSOCK_ROLE_CLIENT, NULL, &conn), SANSOCK_ERR_ENTROPY);
    CHECK(conn == NULL);
}

static void who_draws_nothing_is_created(void) {
    sansock_conn *conn = NULL;
    unsigned asked_before = asked;
    CHECK_EQUAL(create(SANSOCK_ROLE_SERVER, NULL, &conn), SANSOCK_OK);
    sansock_conn_free(conn);
    CHECK_EQUAL(create(SANSOCK_ROLE_CLIENT, SEED, &conn), SANSOCK_OK);
    CHECK(block_of(conn)->output_len > 0);
    sansock_conn_free(conn);
    CHECK_EQUAL(asked, asked_before);
}

static void a_later_attempt_succeeds(void) {
    sansock_conn *one = NULL, *two = NULL;
    CHECK_EQUAL(create(SANSOCK_ROLE_CLIENT, NULL, &one), SANSOCK_OK);
    CHECK_EQUAL(create(SANSOCK_ROLE_CLIENT, NULL, &two), SANSOCK_OK);
    const sansock_block *a = block_of(one), *b = block_of(two);
    CHECK(a->output_len == b->output_len && memcmp(a->output, b->output, a->output_len) != 0);
    sansock_conn_free(one);
    sansock_conn_free(two);
}

int main(void) {
    a_seed_is_not_made_up();
    a_client_is_not_created();
    who_draws_nothing_is_created();
    has_entropy = true;
    a_later_attempt_succeeds();
    return check_end("no_entropy");
}

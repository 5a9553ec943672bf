/* Two static libraries in Rust: each has its own runtime. Ours must be built with `panic-hook`. */
#include "../c/connect.h"

/* Makes the next guarded call of ours panic. */
void sansock_panic_next(void);

/* The other library. */
void other_set_hook(void (*then)(void));
uint32_t other_panics(void);
bool other_panic(void (*then)(void));
bool other_panic_in_thread(void (*then)(void));

static unsigned panics_of_ours;

static void ours_panics(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("hello")), SANSOCK_OK);
    sansock_panic_next();
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("hello")), SANSOCK_ERR_POISONED);
    CHECK_EQUAL(block_of(conn)->transport, SANSOCK_TRANSPORT_CLOSE);
    sansock_conn_free(conn);
    panics_of_ours++;
}

static void ours_works(void) {
    sansock_conn *conn = new_open(SANSOCK_ROLE_SERVER);
    CHECK_EQUAL(sansock_conn_send_text(conn, LITERAL("hello")), SANSOCK_OK);
    CHECK_EQUAL(block_of(conn)->output_len, 7);
    sansock_conn_free(conn);
}

int main(void) {
    ours_works();
    ours_panics();
    other_set_hook(ours_panics);
    ours_panics(); /* which the hook of the other does not see */
    CHECK_EQUAL(other_panics(), 0);
    CHECK_EQUAL(panics_of_ours, 2);
    CHECK(other_panic(ours_panics)); /* ours panics in the hook, and while the other unwinds */
    CHECK_EQUAL(other_panics(), 1);
    CHECK_EQUAL(panics_of_ours, 4);
    CHECK(other_panic_in_thread(ours_panics));
    CHECK_EQUAL(other_panics(), 2);
    CHECK_EQUAL(panics_of_ours, 6);
    ours_works();
    return check_end("two_libraries");
}

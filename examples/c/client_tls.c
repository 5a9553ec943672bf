/*
 * A WebSocket client with TLS: it sends each line of standard input, and prints the answer to it.
 *
 *   client_tls URL [PROXY]
 *
 * The status is 0 only if the connection was closed cleanly. With sansock/client.h, and OpenSSL for wss:. Closing: both
 * Close frames, then the server's close_notify and end of TCP, then ours; nothing is cut off.
 */
#define _POSIX_C_SOURCE 200809L
#define SANSOCK_OPENSSL
#include <sansock/client.h>

/* The next event of this kind, or NULL at the end. Others are passed over: pings are answered by the engine. */
static const sansock_record *next_of(sansock_client *c, uint8_t kind) {
    const sansock_record *event;
    while ((event = sansock_client_next(c, -1)) != NULL && event->kind != kind) {}
    return event;
}

static int fail(sansock_client *c) {
    fprintf(stderr, "%s\n", sansock_client_error(c));
    sansock_client_free(c);
    return 1;
}

int main(int argc, char **argv) {
    sansock_client *c;
    sansock_client_options options = {.proxy = argc > 2 ? argv[2] : NULL};
    if (argc < 2 || sansock_client_connect(argv[1], &options, &c) != SANSOCK_OK)
        return argc < 2 ? fprintf(stderr, "usage: %s URL [PROXY]\n", argv[0]), 2 : fail(c);

    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        size_t len;
        const sansock_record *answer = NULL;
        if (sansock_client_send_text(c, line, strcspn(line, "\n")) == SANSOCK_OK) answer = next_of(c, SANSOCK_KIND_TEXT);
        if (!answer) return fail(c);
        const char *text = sansock_record_text(sansock_client_block(c), answer, &len);
        printf("%.*s\n", (int)len, text);
    }

    sansock_client_close(c, 1000, NULL, 0);
    const sansock_record *closed = next_of(c, SANSOCK_KIND_CLOSED);
    if (!closed || !sansock_record_is_clean(closed)) return fail(c);
    printf("closed %u\n", (unsigned)sansock_record_close_code(closed));
    while (!sansock_client_is_over(c)) sansock_client_next(c, -1); /* the end of TLS and TCP */
    sansock_client_free(c);
    return 0;
}

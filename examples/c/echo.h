/* What the echo servers over a session do with an event: requests are answered as usual, messages are sent back. `fd` is the
 * socket that a large one may be written to, or -1. */
#ifndef ECHO_H
#define ECHO_H

#include <sansock/socket.h>

static inline void echo(sansock_session *s, const sansock_record *event, int fd) {
    size_t len;
    const uint8_t *data = sansock_record_payload(s->block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST)
        sansock_session_answer(s, event, s->now); /* replaces the events: this one is gone */
    else if (sansock_record_is_message(event))
        sansock_socket_send(fd, s, event->kind, data, len);
}

#endif

/* What the echo servers over a session do with an event: requests are answered as usual, messages are sent back. */
#ifndef ECHO_H
#define ECHO_H

#include <sansock/session.h>

static inline void echo(sansock_session *s, const sansock_record *event) {
    size_t len;
    const uint8_t *data = sansock_record_payload(s->block, event, &len);
    if (event->kind == SANSOCK_KIND_REQUEST)
        sansock_session_answer(s, event, s->now); /* replaces the events: this one is gone */
    else if (sansock_record_is_message(event))
        sansock_session_send(s, event->kind, data, len);
}

#endif

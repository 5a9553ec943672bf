/*
 * What a socket of POSIX needs below a session: no delay, and a queue in the kernel that a slow reader empties in time.
 *
 *   sansock_socket_prepare(fd);                                     // once, when it is connected or accepted
 *   sansock_socket_send(fd, s, SANSOCK_KIND_BINARY, data, len);     // a large payload is not copied
 *
 * The engine ends a connection whose output makes no progress for the option write_timeout, and progress is what the
 * system has taken. Linux keeps up to megabytes for each socket, and says that it takes more when a third of that is free.
 * A peer that reads steadily, but slowly, may need longer than the timeout for a third. With TCP_NOTSENT_LOWAT the system
 * says so when little is left to be sent, so that a peer is ended only if it takes less than about 64 KiB in that
 * time; and what waits for it is in the engine, which has limits for it.
 *
 * client.h, uv.h and event.h do this. C11 and C++17, on Unix.
 */
#ifndef SANSOCK_SOCKET_H
#define SANSOCK_SOCKET_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "session.h"

/// How many bytes the system keeps that it has not sent yet: more costs a slow reader its time, less costs fast ones
/// wake-ups.
#define SANSOCK_SOCKET_UNSENT (64 * 1024)

/// Sets the options of a socket that is connected, or is about to be. One that is not of TCP, and a system that lacks an
/// option, are left as they are.
static inline void sansock_socket_prepare(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef TCP_NOTSENT_LOWAT
    int unsent = SANSOCK_SOCKET_UNSENT;
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
#endif
}

/// From how many bytes on a payload is written from where it lies. Shorter ones are copied, and written together.
#define SANSOCK_SOCKET_LARGE (64 * 1024)

/// Sends a message as sansock_session_send does. A large one is written at once, behind what waits, and only what a socket
/// without blocking does not take is copied. Nobody else may be writing a part of the output: then pass -1 for `fd`, and all
/// of it is copied.
static inline int32_t sansock_socket_send(int fd, sansock_session *s, uint8_t kind, const void *data, size_t len) {
    if (fd < 0 || len < SANSOCK_SOCKET_LARGE || !sansock_session_begin_payload(s, kind, len))
        return sansock_session_send(s, kind, data, len);
    struct iovec pieces[2] = {{(void *)(uintptr_t)s->block->output, s->block->output_len}, {(void *)(uintptr_t)data, len}};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
#ifdef MSG_NOSIGNAL
    ssize_t n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
    ssize_t n = sendmsg(fd, &message, MSG_DONTWAIT);
#endif
    /* An error comes again when the rest is written. */
    sansock_session_end_payload(s, data, len, n > 0 ? (size_t)n : 0);
    return SANSOCK_OK;
}

#endif

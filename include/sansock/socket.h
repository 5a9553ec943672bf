/*
 * What a socket of POSIX needs below a session: no delay, and a queue in the kernel that a slow reader empties in time.
 *
 *   sansock_socket_prepare(fd);                                     // once, when it is connected or accepted
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

#endif

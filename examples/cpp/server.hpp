// What the servers have in common before they serve: a listening socket, file descriptors enough, and when to end.
#pragma once

#include "endpoint.hpp"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdlib>

// Listens on 127.0.0.1 (port 0: any), and says where. The socket is non-blocking.
inline File listen_on(std::uint16_t port) {
    File listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto *const any = reinterpret_cast<sockaddr *>(&address);
    socklen_t size = sizeof address;
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener.get(), any, size) != 0 || listen(listener.get(), SOMAXCONN) != 0) {
        std::perror("listen");
        std::exit(1);
    }
    getsockname(listener.get(), any, &size);
    std::printf("listening on ws://127.0.0.1:%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

// From now on SIGTERM and SIGINT end nothing, but make this file descriptor readable.
inline File signals_to_end() {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    return File(signalfd(-1, &ends, SFD_CLOEXEC));
}

// One file descriptor for each connection: as many as the system allows.
inline void allow_many_files() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

inline bool is_on(const char *name) {
    const char *value = std::getenv(name);
    return value && std::string_view(value) == "1";
}

// A configuration with the subprotocols chat and echo. With DEFLATE=1 in the environment it compresses.
inline sansock::Config server_config() {
    auto config = sansock::Config::server();
    for (const char *name : {"chat", "echo"}) {
        const sansock::Status status = config->subprotocol(name);
        if (status != sansock::Status::ok) {
            std::fprintf(stderr, "%s: %s\n", name, sansock::text(status));
            std::exit(1);
        }
    }
    if (is_on("DEFLATE")) (void)config->set(sansock::Option::deflate, 1);
    return std::move(*config);
}

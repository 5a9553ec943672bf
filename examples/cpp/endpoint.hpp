// One connection over one non-blocking socket: what every host does, whatever its loop. The library does the protocol;
// this reads, writes, reports the end of the stream and obeys the transport instruction.
#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sansock.hpp>
#include <sansock/socket.h>
#include <string>
#include <string_view>
#include <utility>

inline std::uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

inline constexpr std::uint64_t never = UINT64_MAX;

// The timeout of poll or epoll_wait for this deadline.
inline int milliseconds_until(std::uint64_t deadline) {
    const std::uint64_t now = now_ms();
    if (deadline == never) return -1;
    if (deadline <= now) return 0;
    return deadline - now < 60000 ? static_cast<int>(deadline - now) : 60000;
}

// A file descriptor that is closed at the end of its scope.
class File {
public:
    explicit File(int fd = -1) : fd_(fd) {}
    File(File &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File &operator=(File &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

// A socket and a connection. A subclass handles the events.
class Endpoint {
public:
    Endpoint(File socket, sansock::Connection connection)
        : socket_(std::move(socket)), connection_(std::move(connection)) {}
    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;
    virtual ~Endpoint() = default;

    int fd() const { return socket_.get(); }
    bool stream_ended() const { return stream_ended_; }
    std::uint64_t deadline() const { return connection_.next_deadline().value_or(never); }
    // Whether the socket is to be closed.
    bool finished() const {
        return connection_.output().empty() && connection_.transport() == sansock::Transport::close;
    }

    // Reads once. One buffer serves all connections of a thread.
    void read() {
        static std::array<std::uint8_t, 64 * 1024> input;
        const ssize_t n = recv(fd(), input.data(), input.size(), 0);
        if (n > 0)
            receive(input.data(), static_cast<std::size_t>(n));
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            end_of_stream();
    }

    // Writes what the kernel accepts, then shuts down writing if the engine says so.
    void write() {
        while (!connection_.output().empty()) {
            const sansock::Bytes output = connection_.output();
            const ssize_t n = send(fd(), output.data(), output.size(), MSG_NOSIGNAL);
            if (n >= 0) {
                connection_.written(static_cast<std::size_t>(n));
            } else if (errno == EAGAIN) {
                return;
            } else if (errno != EINTR) { // nobody is left to read it
                end_of_stream();
                connection_.written(connection_.output().size());
            }
        }
        if (connection_.transport() == sansock::Transport::shutdown_write && !std::exchange(write_shut_, true))
            shutdown(fd(), SHUT_WR);
    }

    void timeout() {
        connection_.timeout(now_ms());
        fetch();
    }

protected:
    // What the application does with an event. Returns whether a new batch of events has replaced those at hand.
    virtual bool handle(const sansock::Event &event) = 0;

    sansock::Connection &connection() { return connection_; }
    const sansock::Connection &connection() const { return connection_; }

private:
    void handle_events() {
        while (handle_batch()) {}
    }

    bool handle_batch() {
        for (const sansock::Event &event : connection_.events())
            if (handle(event)) return true;
        return false;
    }

    // Passes input until all of it is consumed, and fetches the events that wait.
    void receive(std::uint8_t *data, std::size_t size) {
        bool progress = true;
        do {
            if (connection_.receive(data, size, now_ms()) != sansock::Status::ok) return;
            progress = connection_.consumed() > 0 || !connection_.events().empty();
            data += connection_.consumed();
            size -= connection_.consumed();
            handle_events();
        } while (connection_.more() || (size > 0 && progress));
    }

    // Handles the events of a call that passed no input.
    void fetch() {
        handle_events();
        if (connection_.more()) receive(nullptr, 0);
    }

    void end_of_stream() {
        if (std::exchange(stream_ended_, true)) return;
        connection_.receive_eof(now_ms());
        fetch();
    }

    File socket_;
    sansock::Connection connection_;
    bool stream_ended_ = false, write_shut_ = false;
};

// Connects to the place that this URL names. Returns a non-blocking socket, or none when standard error says why not.
inline File connect_to(std::string_view url) {
    const auto fail = [](std::string_view what, const char *why) {
        std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), why);
        return File();
    };
    const auto place = sansock::parse_url(url);
    if (!place) return fail(url, sansock::text(place.status()));
    if (place->secure) return fail(url, "wss: needs TLS, which this example leaves out");
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const std::string host(place->host);
    const int error = getaddrinfo(host.c_str(), std::to_string(place->port).c_str(), &hints, &found);
    if (error != 0) return fail(host, gai_strerror(error));
    File socket;
    for (const addrinfo *a = found; a && !socket; a = a->ai_next) {
        File candidate(::socket(a->ai_family, a->ai_socktype, a->ai_protocol));
        if (candidate && connect(candidate.get(), a->ai_addr, a->ai_addrlen) == 0)
            socket = std::move(candidate);
        else
            fail(url, std::strerror(errno));
    }
    freeaddrinfo(found);
    if (!socket) return socket;
    sansock_socket_prepare(socket.get());
    fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    return socket;
}

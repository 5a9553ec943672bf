// A WebSocket echo server: one thread, epoll, non-blocking sockets, one input buffer for all connections.
//
//   echo_server PORT        (0: any free port)
//
// With DEFLATE=1 in the environment it compresses.
//
// The library does the protocol. This file does what every host does: read, write, keep one timer per connection.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sansock.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace {

std::uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// A file descriptor that closes itself.
class File {
public:
    explicit File(int fd) : fd_(fd) {}
    File(File &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File &operator=(File &&) = delete;
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

// One peer: a socket and a connection.
class Peer {
public:
    Peer(File socket, sansock::Connection connection)
        : socket_(std::move(socket)), connection_(std::move(connection)) {}

    int fd() const { return socket_.get(); }
    bool finished() const {
        return connection_.output().empty() && connection_.transport() == sansock::Transport::close;
    }
    std::uint64_t deadline() const { return connection_.next_deadline().value_or(UINT64_MAX); }
    // Back-pressure: nothing is read from a peer that does not read its echoes.
    std::uint32_t interest() const {
        const bool reads = connection_.writable() && !ended_;
        return (reads ? EPOLLIN : 0u) | (connection_.output().empty() ? 0u : EPOLLOUT);
    }

    // Reads once.
    void read() {
        static std::array<std::uint8_t, 64 * 1024> input;
        const ssize_t n = recv(fd(), input.data(), input.size(), 0);
        if (n > 0)
            receive(input.data(), static_cast<std::size_t>(n));
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            end_of_stream();
    }

    void timeout(std::uint64_t now) {
        connection_.timeout(now);
        after_input();
    }

    // What follows every call: write the output, and obey the transport instruction.
    void obey_block() {
        write();
        if (connection_.output().empty() && connection_.transport() == sansock::Transport::shutdown_write &&
            !std::exchange(write_shut_, true))
            shutdown(fd(), SHUT_WR);
        const bool pause = !connection_.writable();
        if (pause == std::exchange(paused_, pause)) return;
        if (pause)
            connection_.pause(now_ms());
        else
            connection_.resume(now_ms());
    }

private:
    // Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers.
    sansock::Status answer(const sansock::Request &request) {
        return request.same_origin ? connection_.accept(now_ms()) : connection_.reject(403, {}, now_ms());
    }

    // What the application does with events. True if new events have replaced them.
    bool handle_events() {
        using sansock::Status;
        for (const sansock::Event &event : connection_.events()) {
            Status status = Status::ok;
            if (const auto *request = std::get_if<sansock::Request>(&event)) return answer(*request) == Status::ok;
            if (const auto *text = std::get_if<sansock::Text>(&event))
                status = connection_.send_text(text->data);
            else if (const auto *binary = std::get_if<sansock::Binary>(&event))
                status = connection_.send_binary(binary->data);
            // The engine answers pings and Close. After our Close nothing can be sent.
            if (status != Status::ok && status != Status::invalid_state) (void)connection_.fail(1011, {}, now_ms());
        }
        return false;
    }

    // Passes input until all of it is consumed, and no more events are waiting.
    void receive(std::uint8_t *data, std::size_t size) {
        bool progress = true;
        do {
            if (connection_.receive(data, size, now_ms()) != sansock::Status::ok) return;
            progress = connection_.consumed() > 0 || !connection_.events().empty();
            data += connection_.consumed();
            size -= connection_.consumed();
            while (handle_events()) {}
        } while (connection_.more() || (size > 0 && progress));
    }

    // Handles the events of an input call other than receive.
    void after_input() {
        while (handle_events()) {}
        if (connection_.more()) receive(nullptr, 0);
    }

    void end_of_stream() {
        if (std::exchange(ended_, true)) return;
        connection_.receive_eof(now_ms());
        after_input();
    }

    // Writes what can be written. What the kernel does not accept stays in the engine's output.
    void write() {
        while (!connection_.output().empty()) {
            const auto output = connection_.output();
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
    }

    File socket_;
    sansock::Connection connection_;
    bool ended_ = false, write_shut_ = false, paused_ = false;
};

class Server {
public:
    Server(sansock::Config config, std::uint16_t port)
        : config_(std::move(config)), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_on(port)) {
        sigset_t ends;
        sigemptyset(&ends);
        sigaddset(&ends, SIGTERM);
        sigaddset(&ends, SIGINT);
        sigprocmask(SIG_BLOCK, &ends, nullptr);
        signal_ = signalfd(-1, &ends, SFD_CLOEXEC);
        watch(EPOLL_CTL_ADD, signal_, EPOLLIN);
        watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
    }

    // Runs until SIGTERM or SIGINT.
    void run() {
        for (;;) {
            std::array<epoll_event, 64> ready;
            const int count = epoll_wait(epoll_.get(), ready.data(), ready.size(), milliseconds_to_next_timer());
            for (int i = 0; i < count; i++) {
                const int fd = ready[static_cast<std::size_t>(i)].data.fd;
                if (fd == signal_) return;
                if (fd == listener_.get())
                    accept_connections();
                else
                    on_ready(peers_.at(fd), ready[static_cast<std::size_t>(i)].events);
            }
            const std::uint64_t now = now_ms();
            while (!timers_.empty() && timers_.begin()->first <= now) {
                Entry &entry = peers_.at(timers_.begin()->second);
                entry.peer.timeout(now);
                update(entry);
            }
        }
    }

private:
    // A peer with what the loop knows of it.
    struct Entry {
        Peer peer;
        std::uint32_t interest = EPOLLIN;
        std::uint64_t deadline = UINT64_MAX;
    };

    void accept_connections() {
        int fd;
        while ((fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            File socket(fd);
            auto connection = sansock::Connection::create(config_, now_ms());
            if (!connection) continue;
            Entry entry{Peer(std::move(socket), std::move(*connection))};
            watch(EPOLL_CTL_ADD, fd, EPOLLIN);
            update(peers_.emplace(fd, std::move(entry)).first->second); // sets the timer of the handshake
        }
        if (!peers_.empty() && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            listening_ = false; // until a connection ends: epoll would return again at once
            watch(EPOLL_CTL_DEL, listener_.get(), 0);
        }
    }

    void on_ready(Entry &entry, std::uint32_t ready) {
        if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) entry.peer.read();
        update(entry);
    }

    // Writes, then brings epoll and the timer up to date. Drops the peer at its end.
    void update(Entry &entry) {
        entry.peer.obey_block();
        const int fd = entry.peer.fd();
        if (entry.deadline != UINT64_MAX) timers_.erase({entry.deadline, fd});
        if (entry.peer.finished()) {
            peers_.erase(fd); // closes the socket, which removes it from epoll
            if (!std::exchange(listening_, true)) watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
            return;
        }
        entry.deadline = entry.peer.deadline();
        if (entry.deadline != UINT64_MAX) timers_.insert({entry.deadline, fd});
        const std::uint32_t interest = entry.peer.interest();
        if (interest != std::exchange(entry.interest, interest)) watch(EPOLL_CTL_MOD, fd, interest);
    }

    void watch(int operation, int fd, std::uint32_t interest) {
        epoll_event event{};
        event.events = interest;
        event.data.fd = fd;
        if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0) std::perror("epoll_ctl");
    }

    int milliseconds_to_next_timer() const {
        if (timers_.empty()) return -1;
        const std::uint64_t now = now_ms(), deadline = timers_.begin()->first;
        if (deadline <= now) return 0;
        return deadline - now < 60000 ? static_cast<int>(deadline - now) : 60000;
    }

    static File listen_on(std::uint16_t port) {
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

    sansock::Config config_;
    File epoll_, listener_;
    int signal_ = -1;
    bool listening_ = true; // false while there is no file descriptor left to accept with
    std::unordered_map<int, Entry> peers_;
    std::set<std::pair<std::uint64_t, int>> timers_;
};

// One file descriptor for each connection: as many as the system allows.
void allow_many_files() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    auto config = sansock::Config::server();
    for (const char *name : {"chat", "echo"}) {
        const sansock::Status status = config->subprotocol(name);
        if (status != sansock::Status::ok) {
            std::fprintf(stderr, "%s: %s\n", name, sansock::text(status));
            return 1;
        }
    }
    const char *deflate = std::getenv("DEFLATE");
    if (deflate && std::string_view(deflate) == "1") (void)config->set(sansock::Option::deflate, 1);
    Server(std::move(*config), static_cast<std::uint16_t>(std::atoi(argv[1]))).run();
    return 0;
}

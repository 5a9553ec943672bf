// A WebSocket echo server: one thread, epoll, non-blocking sockets, one input buffer for all connections.
//
//   echo_server PORT        (0: any free port)
//
// With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
//
// The library does the protocol, endpoint.hpp reads and writes. This file has the loop, and one timer per connection.
#include "server.hpp"

#include <sys/epoll.h>

#include <set>
#include <unordered_map>

namespace {

// One peer, with what the loop knows of it.
class Peer : public Endpoint {
public:
    using Endpoint::Endpoint;

    std::uint32_t watched = EPOLLIN; // what epoll watches for
    std::uint64_t timer = never;     // the deadline that the timers have

    // Back-pressure: a peer that does not read its echoes is not read from.
    std::uint32_t interest() const {
        const bool reads = connection().writable() && !stream_ended();
        return (reads ? EPOLLIN : 0u) | (connection().output().empty() ? 0u : EPOLLOUT);
    }

    void regulate() {
        const bool pause = !connection().writable();
        if (pause == std::exchange(paused_, pause)) return;
        if (pause)
            connection().pause(now_ms());
        else
            connection().resume(now_ms());
    }

protected:
    bool handle(const sansock::Event &event) override {
        using sansock::Status;
        if (const auto *request = std::get_if<sansock::Request>(&event)) return answer(*request) == Status::ok;
        Status status = Status::ok;
        if (const auto *text = std::get_if<sansock::Text>(&event))
            status = connection().send_text(text->data);
        else if (const auto *binary = std::get_if<sansock::Binary>(&event))
            status = connection().send_binary(binary->data);
        // Pings and Close are answered by the engine; after our Close nothing can be sent.
        if (status != Status::ok && status != Status::invalid_state) (void)connection().fail(1011, {}, now_ms());
        return false;
    }

private:
    // Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers.
    sansock::Status answer(const sansock::Request &request) {
        if (request.fault != 0) return answer_page(request);
        return request.same_origin ? connection().accept(now_ms()) : connection().reject(403, {}, now_ms());
    }

    // Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check.
    sansock::Status answer_page(const sansock::Request &request) {
        (void)connection().response_header("Content-Type", "text/plain");
        if (request.method != "GET" && request.method != "HEAD") {
            (void)connection().response_header("Allow", "GET, HEAD");
            return connection().respond(405, {}, "only GET and HEAD\n", now_ms());
        }
        if (request.target != "/health") return connection().respond(404, {}, "no such page\n", now_ms());
        return connection().respond(200, {}, "ok\n", now_ms());
    }

    bool paused_ = false;
};

class Server {
public:
    Server(sansock::Config config, std::uint16_t port)
        : config_(std::move(config)), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_on(port)),
          signal_(signals_to_end()) {
        watch(EPOLL_CTL_ADD, signal_.get(), EPOLLIN);
        watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
    }

    // Runs until SIGTERM.
    void run() {
        for (;;) {
            std::array<epoll_event, 64> ready;
            const std::uint64_t next = timers_.empty() ? never : timers_.begin()->first;
            const int count = epoll_wait(epoll_.get(), ready.data(), ready.size(), milliseconds_until(next));
            for (int i = 0; i < count; i++) {
                const int fd = ready[static_cast<std::size_t>(i)].data.fd;
                if (fd == signal_.get()) return;
                if (fd == listener_.get())
                    accept_connections();
                else
                    on_ready(peers_.at(fd), ready[static_cast<std::size_t>(i)].events);
            }
            const std::uint64_t now = now_ms();
            while (!timers_.empty() && timers_.begin()->first <= now) {
                Peer &peer = peers_.at(timers_.begin()->second);
                peer.timeout();
                after_call(peer);
            }
        }
    }

private:
    void accept_connections() {
        int fd;
        while ((fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            sansock_socket_prepare(fd);
            File socket(fd);
            auto connection = sansock::Connection::create(config_, now_ms());
            if (!connection) continue;
            watch(EPOLL_CTL_ADD, fd, EPOLLIN);
            Peer &peer = peers_.try_emplace(fd, std::move(socket), std::move(*connection)).first->second;
            after_call(peer); // sets the timer of the handshake
        }
        if (!peers_.empty() && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            listening_ = false; // until a connection ends: epoll would call again at once
            watch(EPOLL_CTL_DEL, listener_.get(), 0);
        }
    }

    void on_ready(Peer &peer, std::uint32_t ready) {
        if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) peer.read();
        after_call(peer);
    }

    // What follows every call: write, then bring epoll and the timer up to date. Drops the peer at its end.
    void after_call(Peer &peer) {
        const int fd = peer.fd();
        peer.write();
        if (peer.timer != never) timers_.erase({peer.timer, fd});
        if (peer.finished()) {
            peers_.erase(fd); // epoll forgets a closed socket
            if (!std::exchange(listening_, true)) watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
            return;
        }
        peer.regulate();
        peer.timer = peer.deadline();
        if (peer.timer != never) timers_.insert({peer.timer, fd});
        const std::uint32_t interest = peer.interest();
        if (interest != std::exchange(peer.watched, interest)) watch(EPOLL_CTL_MOD, fd, interest);
    }

    void watch(int operation, int fd, std::uint32_t interest) {
        epoll_event event{};
        event.events = interest;
        event.data.fd = fd;
        if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0) std::perror("epoll_ctl");
    }

    sansock::Config config_;
    File epoll_, listener_, signal_;
    bool listening_ = true; // false while there is no file descriptor left to accept with
    std::unordered_map<int, Peer> peers_;
    std::set<std::pair<std::uint64_t, int>> timers_;
};

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    sansock::Config config = server_config();
    if (is_on("HTTP")) (void)config.set(sansock::Option::deliver_http, 1);
    Server(std::move(config), static_cast<std::uint16_t>(std::atoi(argv[1]))).run();
    return 0;
}

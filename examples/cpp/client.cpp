// A WebSocket client for the terminal: poll on standard input and one socket.
//
//   client URL
//
// Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and
// the end of the input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only if
// the connection was closed cleanly.
//
// With DEFLATE=1 in the environment it offers compression.
#include "endpoint.hpp"
#include "lines.hpp"

#include <poll.h>

#include <csignal>
#include <cstdlib>

namespace {

using sansock::Status;

void check(std::string_view what, Status status) {
    if (status == Status::ok) return;
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), sansock::text(status));
    std::exit(1);
}

class Client : public Endpoint {
public:
    using Endpoint::Endpoint;

    // Runs to the end of the connection. Returns whether it was clean.
    bool run() {
        for (;;) {
            const bool more_lines = send_lines();
            write();
            if (finished()) return clean_;
            const bool writing = !connection().output().empty();
            std::array<pollfd, 2> ready{};
            ready[0] = {more_lines ? STDIN_FILENO : -1, POLLIN, 0};
            ready[1] = {fd(), static_cast<short>((stream_ended() ? 0 : POLLIN) | (writing ? POLLOUT : 0)), 0};
            std::fflush(stdout);
            poll(ready.data(), ready.size(), milliseconds_until(deadline()));
            if (ready[0].revents) input_.read();
            if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) read();
            if (deadline() <= now_ms()) timeout();
        }
    }

protected:
    bool handle(const sansock::Event &event) override {
        // Pings and Close are answered by the engine.
        if (const auto *text = std::get_if<sansock::Text>(&event)) {
            print(text->data);
        } else if (const auto *binary = std::get_if<sansock::Binary>(&event)) {
            for (const unsigned byte : binary->data) std::printf("%02x", byte);
            print("");
        } else if (const auto *rejected = std::get_if<sansock::Rejected>(&event)) {
            std::fprintf(stderr, "rejected with status %d\n", rejected->status);
        } else if (const auto *closed = std::get_if<sansock::Closed>(&event)) {
            std::printf("closed %d%s", closed->code, closed->reason.empty() ? "" : " ");
            print(closed->reason);
            clean_ = closed->clean;
        }
        return false;
    }

private:
    static void print(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fputc('\n', stdout);
    }

    // Sends what has been read, as far as the connection takes it. Returns whether to read on.
    bool send_lines() {
        const auto open = [this] { return connection().state() == sansock::State::open; };
        while (const auto line = input_.next()) {
            if (!open() || !connection().writable()) return false;
            check("send", connection().send_text(*line));
            input_.take();
        }
        if (input_.ended() && open()) (void)connection().close(1000, {}, now_ms());
        return !input_.ended();
    }

    Lines input_;
    bool clean_ = false;
};

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s URL\n", argv[0]);
        return 2;
    }
    const std::string_view url = argv[1];
    auto config = sansock::Config::client(url);
    if (!config) check(url, config.status());
    // Echoes of what was sent before our Close are still wanted.
    check("option", config->set(sansock::Option::receive_while_closing, 1));
    const char *deflate = std::getenv("DEFLATE");
    if (deflate && std::string_view(deflate) == "1") check("option", config->set(sansock::Option::deflate, 1));

    File socket = connect_to(url);
    if (!socket) return 1;
    auto connection = sansock::Connection::create(*config, now_ms());
    if (!connection) check("connection", connection.status());
    std::signal(SIGPIPE, SIG_IGN);
    return Client(std::move(socket), std::move(*connection)).run() ? 0 : 1;
}

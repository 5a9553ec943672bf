// The command client (see ../README.md) in C++: examples/cpp/client.cpp with every call and every event.
//
//   command_client URL [--subprotocol NAME]... [--echo]
#include "../../../examples/cpp/endpoint.hpp"
#include "../../../examples/cpp/lines.hpp"

#include <poll.h>

#include <csignal>
#include <cstdlib>
#include <map>

namespace {

using sansock::Status;

[[noreturn]] void die(std::string_view what, std::string_view why) {
    const std::string line = std::string(what).append(": ").append(why).append("\n");
    std::fputs(line.c_str(), stderr);
    std::exit(1);
}

void check(std::string_view what, Status status) {
    if (status != Status::ok) die(what, sansock::text(status));
}

// Takes the next word off a line.
std::string_view word(std::string_view &line) {
    const std::string_view first = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), first.size() + 1));
    return first;
}

unsigned long number(std::string_view digits) { return std::strtoul(std::string(digits).c_str(), nullptr, 10); }

std::string to_hex(sansock::Bytes bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

std::string from_hex(std::string_view digits) {
    std::string bytes;
    if (digits.size() % 2 != 0) die("binary", "an odd number of digits");
    for (std::size_t i = 0; i < digits.size(); i += 2)
        bytes += static_cast<char>(std::strtoul(std::string(digits.substr(i, 2)).c_str(), nullptr, 16));
    return bytes;
}

sansock::Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

std::string_view text_of(sansock::Bytes bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

// Prints events as lines, and counts them for `wait`.
class Printer {
public:
    bool clean() const { return clean_; }

    // Uses up one event of this name; false if none has come.
    bool take(std::string_view name) {
        const auto found = printed_.find(name);
        if (found == printed_.end() || found->second == 0) return false;
        found->second--;
        return true;
    }

    void operator()(const sansock::Open &open) { print("open", open.subprotocol.value_or("")); }
    void operator()(const sansock::Rejected &rejected) { print("rejected", std::to_string(rejected.status)); }
    void operator()(const sansock::Text &text) { print("text", text.data); }
    void operator()(const sansock::Binary &binary) { print("binary", to_hex(binary.data)); }
    void operator()(const sansock::Ping &ping) { print("ping", text_of(ping.payload)); }
    void operator()(const sansock::Pong &pong) { print("pong", text_of(pong.payload)); }
    void operator()(const sansock::Closing &closing) { print("closing", ending(closing.code, closing.reason)); }
    void operator()(const sansock::Closed &closed) {
        clean_ = closed.clean;
        print("closed", ending(closed.code, closed.reason));
    }
    template <class Other> void operator()(const Other &) {} // what no client with these options gets

private:
    static std::string ending(std::uint16_t code, std::string_view reason) {
        std::string text = std::to_string(code);
        if (!reason.empty()) text.append(" ").append(reason);
        return text;
    }

    void print(const char *name, std::string_view detail) {
        std::fputs(name, stdout);
        if (!detail.empty()) std::fputc(' ', stdout);
        std::fwrite(detail.data(), 1, detail.size(), stdout);
        std::fputc('\n', stdout);
        printed_[name]++;
    }

    bool clean_ = false;
    std::map<std::string, unsigned, std::less<>> printed_; // events of each name that no `wait` has used up
};

class CommandClient : public Endpoint {
public:
    CommandClient(File socket, sansock::Connection connection, bool echo)
        : Endpoint(std::move(socket), std::move(connection)), echo_(echo) {}

    // Runs to the end of the connection. Returns whether it was clean.
    bool run() {
        for (;;) {
            const bool more_lines = !echo_ && run_commands();
            write();
            if (finished()) return printer_.clean();
            const bool writing = !connection().output().empty();
            // What is sent back to a server that does not read would pile up.
            const bool reading = !stream_ended() && (!echo_ || connection().writable());
            std::array<pollfd, 2> ready{};
            ready[0] = {more_lines ? STDIN_FILENO : -1, POLLIN, 0};
            ready[1] = {fd(), static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), 0};
            std::fflush(stdout);
            poll(ready.data(), ready.size(), milliseconds_until(deadline()));
            if (ready[0].revents) input_.read();
            if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) read();
            if (deadline() <= now_ms()) timeout();
        }
    }

protected:
    bool handle(const sansock::Event &event) override {
        if (!echo_ || std::get_if<sansock::Closed>(&event))
            std::visit(printer_, event);
        // Sending fails once our Close is on its way: what arrives after that has no echo.
        else if (const auto *text = std::get_if<sansock::Text>(&event))
            (void)connection().send_text(text->data);
        else if (const auto *binary = std::get_if<sansock::Binary>(&event))
            (void)connection().send_binary(binary->data);
        return false;
    }

private:
    // Carries out what has been read, as far as it need not wait. Returns whether to read on.
    bool run_commands() {
        while (const auto line = input_.next()) {
            if (!command(*line)) return false;
            input_.take();
        }
        if (input_.ended() && connection().state() == sansock::State::open)
            (void)connection().close(1000, {}, now_ms());
        return !input_.ended();
    }

    // Carries out one line. Returns false if it must wait.
    bool command(std::string_view line) {
        const std::string_view verb = word(line);
        if (verb == "wait") return printer_.take(line);
        if (connection().state() == sansock::State::connecting || !connection().writable()) return false;
        const Status status = call(verb, line);
        if (status != Status::ok)
            std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(verb.size()), verb.data(), sansock::text(status));
        return true;
    }

    Status call(std::string_view verb, std::string_view rest) {
        if (verb == "text") return connection().send_text(rest);
        if (verb == "binary") return connection().send_binary(bytes_of(from_hex(rest)));
        if (verb == "ping") return connection().ping(bytes_of(rest), now_ms());
        if (verb == "pong") return connection().pong(bytes_of(rest));
        if (verb == "parts") {
            const bool binary = word(rest) == "binary";
            const unsigned long count = number(word(rest));
            return send_parts(binary, count, rest);
        }
        if (verb == "close") {
            const auto code = static_cast<std::uint16_t>(number(word(rest)));
            return connection().close(code, rest, now_ms());
        }
        return Status::invalid_argument;
    }

    Status send_parts(bool binary, std::size_t count, std::string_view text) {
        Status status = count > 0 ? Status::ok : Status::invalid_argument;
        for (std::size_t i = 0; i < count && status == Status::ok; i++) {
            const auto edge = [&](std::size_t n) { return text.size() / count * n + text.size() % count * n / count; };
            const std::string_view part = text.substr(edge(i), edge(i + 1) - edge(i));
            const bool last = i + 1 == count;
            status = binary ? connection().send_binary_part(bytes_of(part), last)
                            : connection().send_text_part(part, last);
        }
        return status;
    }

    bool echo_;
    Printer printer_;
    Lines input_;
};

} // namespace

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    if (argc < 2) die(argv[0], "usage: command_client URL [--subprotocol NAME]... [--echo]");
    const std::string_view url = argv[1];
    auto config = sansock::Config::client(url);
    if (!config) die(url, sansock::text(config.status()));
    check("option", config->set(sansock::Option::receive_while_closing, 1));
    const char *deflate = std::getenv("DEFLATE");
    if (deflate && std::string_view(deflate) == "1") check("option", config->set(sansock::Option::deflate, 1));
    bool echo = false;
    for (int i = 2; i < argc; i++) {
        const std::string_view argument = argv[i];
        if (argument == "--echo")
            echo = true;
        else if (argument == "--subprotocol" && i + 1 < argc)
            check(argument, config->subprotocol(argv[++i]));
        else
            die(argument, "unknown argument");
    }
    File socket = connect_to(url);
    if (!socket) return 1;
    auto connection = sansock::Connection::create(*config, now_ms());
    if (!connection) die("connection", sansock::text(connection.status()));
    return CommandClient(std::move(socket), std::move(*connection), echo).run() ? 0 : 1;
}

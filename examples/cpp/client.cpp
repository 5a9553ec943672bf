// A WebSocket client for the terminal: poll on standard input and one socket.
//
//   client URL [--subprotocol NAME]... [--commands | --echo]
//
// Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and
// the end of the input closes the connection. With --echo, nothing is read or printed, and each message is sent back.
// With --commands, each line is a command, and each event is printed:
//
//   text STR | binary HEX | parts text|binary N STR | ping STR | pong STR | close CODE REASON | wait EVENT
//
// DEFLATE=1 in the environment offers compression.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <sansock.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace {

using sansock::Status;

std::uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

[[noreturn]] void die(std::string_view what, std::string_view why) {
    const std::string line = std::string(what).append(": ").append(why).append("\n");
    std::fputs(line.c_str(), stderr);
    std::exit(1);
}

void check(std::string_view what, Status status) {
    if (status != Status::ok) die(what, sansock::text(status));
}

// Cuts the first word off a line, and returns it.
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
    explicit Printer(bool commands) : commands_(commands) {}

    bool clean() const { return clean_; }

    // Uses up one event of this name; false if none has come.
    bool take(std::string_view name) {
        const auto found = waiting_.find(std::string(name));
        if (found == waiting_.end() || found->second == 0) return false;
        found->second--;
        return true;
    }

    void operator()(const sansock::Open &open) { event("open", open.subprotocol.value_or("")); }
    void operator()(const sansock::Rejected &rejected) {
        if (!commands_) std::fprintf(stderr, "rejected %d\n", rejected.status);
        event("rejected", std::to_string(rejected.status));
    }
    void operator()(const sansock::Text &text) { message("text", text.data); }
    void operator()(const sansock::Binary &binary) { message("binary", to_hex(binary.data)); }
    void operator()(const sansock::Ping &ping) { event("ping", text_of(ping.payload)); }
    void operator()(const sansock::Pong &pong) { event("pong", text_of(pong.payload)); }
    void operator()(const sansock::Closing &closing) { event("closing", ending(closing.code, closing.reason)); }
    void operator()(const sansock::Closed &closed) {
        clean_ = closed.clean;
        line("closed", ending(closed.code, closed.reason));
        waiting_["closed"]++;
    }
    void operator()(const sansock::Request &) {}
    void operator()(const sansock::Unknown &) {}

private:
    static std::string ending(std::uint16_t code, std::string_view reason) {
        std::string text = std::to_string(code);
        if (!reason.empty()) text.append(" ").append(reason);
        return text;
    }
    static void line(std::string_view name, std::string_view rest) {
        std::fwrite(name.data(), 1, name.size(), stdout);
        if (!name.empty() && !rest.empty()) std::fputc(' ', stdout);
        std::fwrite(rest.data(), 1, rest.size(), stdout);
        std::fputc('\n', stdout);
    }
    void event(const char *name, std::string_view rest) {
        if (commands_) line(name, rest);
        waiting_[name]++;
    }
    void message(const char *name, std::string_view data) {
        line(commands_ ? name : "", data);
        waiting_[name]++;
    }

    bool commands_, clean_ = false;
    std::map<std::string, unsigned> waiting_; // events of each name that no `wait` has used up
};

// What the client does with its input, and with what it receives.
enum class Mode { lines, commands, echo };

class Client {
public:
    Client(int socket, sansock::Connection connection, Mode mode)
        : socket_(socket), connection_(std::move(connection)), mode_(mode), printer_(mode == Mode::commands) {}
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client() { close(socket_); }

    // Runs to the end of the connection. Returns whether it was clean.
    bool run() {
        for (;;) {
            const bool more_lines = mode_ != Mode::echo && run_lines();
            write_output();
            const bool writing = !connection_.output().empty();
            if (!writing && connection_.transport() == sansock::Transport::close) return printer_.clean();
            // Back-pressure: with --echo, nothing is read from a server that does not read.
            const bool reading = !ended_ && (mode_ != Mode::echo || connection_.writable());
            std::array<pollfd, 2> ready{};
            ready[0] = {more_lines ? STDIN_FILENO : -1, POLLIN, 0};
            ready[1] = {socket_, static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), 0};
            poll(ready.data(), ready.size(), poll_timeout());
            if (ready[0].revents) read_lines();
            if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) read_socket();
            if (connection_.next_deadline().value_or(UINT64_MAX) <= now_ms()) {
                connection_.timeout(now_ms());
                after_input();
            }
        }
    }

private:
    // ---- The connection: what every host does ----

    void handle_events() {
        for (const sansock::Event &event : connection_.events())
            if (mode_ != Mode::echo || !send_back(event)) std::visit(printer_, event);
        std::fflush(stdout);
    }

    // Whether this is a message. Sending fails once our Close is in the output: what arrives after that is not sent back.
    bool send_back(const sansock::Event &event) {
        if (const auto *text = std::get_if<sansock::Text>(&event)) {
            (void)connection_.send_text(text->data);
            return true;
        }
        const auto *binary = std::get_if<sansock::Binary>(&event);
        if (binary) (void)connection_.send_binary(binary->data);
        return binary != nullptr;
    }

    // Passes input until all of it is consumed, and no more events are waiting.
    void receive(std::uint8_t *data, std::size_t size) {
        bool progress = true;
        do {
            check("receive", connection_.receive(data, size, now_ms()));
            progress = connection_.consumed() > 0 || !connection_.events().empty();
            data += connection_.consumed();
            size -= connection_.consumed();
            handle_events();
        } while (connection_.more() || (size > 0 && progress));
    }

    // Handles the events of an input call other than receive.
    void after_input() {
        handle_events();
        if (connection_.more()) receive(nullptr, 0);
    }

    void end_of_stream() {
        if (std::exchange(ended_, true)) return;
        connection_.receive_eof(now_ms());
        after_input();
    }

    void read_socket() {
        static std::array<std::uint8_t, 64 * 1024> input;
        const ssize_t n = recv(socket_, input.data(), input.size(), 0);
        if (n > 0)
            receive(input.data(), static_cast<std::size_t>(n));
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            end_of_stream();
    }

    void write_output() {
        while (!connection_.output().empty()) {
            const sansock::Bytes output = connection_.output();
            const ssize_t n = send(socket_, output.data(), output.size(), MSG_NOSIGNAL);
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
            shutdown(socket_, SHUT_WR);
    }

    int poll_timeout() const {
        const auto deadline = connection_.next_deadline();
        const std::uint64_t now = now_ms();
        if (!deadline) return -1;
        if (*deadline <= now) return 0;
        return *deadline - now < 60000 ? static_cast<int>(*deadline - now) : 60000;
    }

    // ---- Input lines to calls ----

    void read_lines() {
        std::array<char, 64 * 1024> chunk;
        const ssize_t n = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        lines_.erase(0, begin_); // all whole lines are done: what is left is the start of one
        searched_ -= begin_;
        begin_ = 0;
        if (n > 0)
            lines_.append(chunk.data(), static_cast<std::size_t>(n));
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            lines_ended_ = true;
    }

    // The next whole line, its end of line not included.
    std::optional<std::string_view> next_line() {
        const std::size_t newline = lines_.find('\n', searched_);
        searched_ = newline == std::string::npos ? lines_.size() : newline;
        if (newline == std::string::npos && (!lines_ended_ || begin_ == lines_.size())) return std::nullopt;
        return std::string_view(lines_).substr(begin_, searched_ - begin_);
    }

    // Carries out the lines that were read, as far as the connection allows. Returns true if more can be read now.
    bool run_lines() {
        while (const auto line = next_line()) {
            const bool may_send = mode_ == Mode::commands || connection_.state() == sansock::State::open;
            if (!may_send || !connection_.writable() || !command(*line)) return false;
            begin_ = searched_ = std::min(lines_.size(), searched_ + 1);
        }
        if (lines_ended_ && connection_.state() == sansock::State::open) (void)connection_.close(1000, {}, now_ms());
        return !lines_ended_;
    }

    // Carries out one line. Returns false if it must wait.
    bool command(std::string_view line) {
        if (mode_ == Mode::lines) {
            check("send", connection_.send_text(line));
            return true;
        }
        const std::string_view whole = line, verb = word(line);
        if (verb == "wait") return printer_.take(line);
        if (connection_.state() == sansock::State::connecting) return false;
        const Status status = call(verb, line);
        if (status != Status::ok)
            std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(std::min<std::size_t>(whole.size(), 80)), whole.data(),
                         sansock::text(status));
        return true;
    }

    Status call(std::string_view verb, std::string_view rest) {
        if (verb == "text") return connection_.send_text(rest);
        if (verb == "binary") return connection_.send_binary(bytes_of(from_hex(rest)));
        if (verb == "ping") return connection_.ping(bytes_of(rest), now_ms());
        if (verb == "pong") return connection_.pong(bytes_of(rest));
        if (verb == "parts") {
            const bool binary = word(rest) == "binary";
            const unsigned long count = number(word(rest));
            return send_parts(binary, count, rest);
        }
        if (verb == "close") {
            const auto code = static_cast<std::uint16_t>(number(word(rest)));
            return connection_.close(code, rest, now_ms());
        }
        return Status::invalid_argument;
    }

    Status send_parts(bool binary, std::size_t count, std::string_view text) {
        Status status = count > 0 ? Status::ok : Status::invalid_argument;
        for (std::size_t i = 0; i < count && status == Status::ok; i++) {
            const auto edge = [&](std::size_t n) { return text.size() / count * n + text.size() % count * n / count; };
            const std::string_view part = text.substr(edge(i), edge(i + 1) - edge(i));
            const bool last = i + 1 == count;
            status = binary ? connection_.send_binary_part(bytes_of(part), last)
                            : connection_.send_text_part(part, last);
        }
        return status;
    }

    int socket_;
    sansock::Connection connection_;
    Mode mode_;
    bool ended_ = false, write_shut_ = false, lines_ended_ = false;
    Printer printer_;
    std::string lines_; // of standard input: handled up to begin_, searched for an end of line up to searched_
    std::size_t begin_ = 0, searched_ = 0;
};

int connect_to(std::string_view url, const sansock::Url &place) {
    if (place.secure) die(url, "wss: needs TLS, which this example leaves out");
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const std::string host(place.host);
    const int error = getaddrinfo(host.c_str(), std::to_string(place.port).c_str(), &hints, &found);
    if (error != 0) die(host, gai_strerror(error));
    int fd = -1;
    for (const addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) close(std::exchange(fd, -1));
    }
    freeaddrinfo(found);
    if (fd < 0) die(url, std::strerror(errno));
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

} // namespace

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    if (argc < 2) die(argv[0], "usage: client URL [--subprotocol NAME]... [--commands | --echo]");
    const std::string_view url = argv[1];
    const auto place = sansock::parse_url(url);
    auto config = sansock::Config::client(url);
    if (!config) die(url, sansock::text(config.status()));
    // Messages that the server echoes after our Close are still printed.
    check("option", config->set(sansock::Option::receive_while_closing, 1));
    const char *deflate = std::getenv("DEFLATE");
    if (deflate && std::string_view(deflate) == "1") check("option", config->set(sansock::Option::deflate, 1));
    Mode mode = Mode::lines;
    for (int i = 2; i < argc; i++) {
        const std::string_view argument = argv[i];
        if (argument == "--commands")
            mode = Mode::commands;
        else if (argument == "--echo")
            mode = Mode::echo;
        else if (argument == "--subprotocol" && i + 1 < argc)
            check(argument, config->subprotocol(argv[++i]));
        else
            die(argument, "unknown argument");
    }
    const int fd = connect_to(url, *place);
    auto connection = sansock::Connection::create(*config, now_ms());
    if (!connection) die("connection", sansock::text(connection.status()));
    return Client(fd, std::move(*connection), mode).run() ? 0 : 1;
}

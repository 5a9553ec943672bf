// Boost.Beast, synchronous, over a stream in memory.
#include "engine.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/version.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace beast = boost::beast;
namespace net = boost::asio;
namespace websocket = beast::websocket;

namespace {

constexpr std::size_t largest = 1 << 24;

/// A stream that reads from memory and writes to the worker, or, during a client's handshake, to a server.
class Memory {
  public:
    using executor_type = net::io_context::executor_type;

    executor_type get_executor() { return context().get_executor(); }

    void set_input(const void *bytes, std::size_t len, std::size_t read) {
        bytes_ = static_cast<const char *>(bytes);
        left_ = len;
        read_ = read;
    }

    /// What is written is a request from here on: it is answered when it is complete.
    void expect_request() { handshake_ = true; }

    /// The time that answering has taken.
    std::uint64_t answering() const { return answering_; }

    template <class Buffers> std::size_t read_some(const Buffers &buffers, beast::error_code &error) {
        if (left_ == 0) {
            error = net::error::eof;
            return 0;
        }
        error = {};
        const std::size_t len = net::buffer_copy(buffers, net::const_buffer(bytes_, std::min(left_, read_)));
        bytes_ += len;
        left_ -= len;
        return len;
    }

    template <class Buffers> std::size_t read_some(const Buffers &buffers) {
        beast::error_code error;
        const std::size_t len = read_some(buffers, error);
        if (error) fail("read");
        return len;
    }

    template <class Buffers> std::size_t write_some(const Buffers &buffers, beast::error_code &error) {
        error = {};
        std::size_t total = 0;
        for (auto at = net::buffer_sequence_begin(buffers); at != net::buffer_sequence_end(buffers); ++at) {
            const net::const_buffer buffer(*at);
            if (buffer.size() == 0) continue;
            emit(static_cast<const std::uint8_t *>(buffer.data()), buffer.size());
            if (handshake_) request_.append(static_cast<const char *>(buffer.data()), buffer.size());
            total += buffer.size();
        }
        if (handshake_ && request_.size() >= 4 && request_.compare(request_.size() - 4, 4, "\r\n\r\n") == 0) answer();
        return total;
    }

    template <class Buffers> std::size_t write_some(const Buffers &buffers) {
        beast::error_code error;
        return write_some(buffers, error);
    }

    void answer() {
        const std::uint64_t start = nanoseconds();
        std::size_t len;
        const char *response = respond(request_.data(), request_.size(), &len);
        response_.assign(response, len);
        set_input(response_.data(), response_.size(), response_.size());
        handshake_ = false;
        answering_ += nanoseconds() - start;
    }

  private:
    static net::io_context &context() {
        static net::io_context context;
        return context;
    }

    const char *bytes_ = nullptr;
    std::size_t left_ = 0, read_ = 0;
    bool handshake_ = false;
    std::string request_, response_;
    std::uint64_t answering_ = 0;
};

void teardown(beast::role_type, Memory &, beast::error_code &error) { error = {}; }

using Stream = websocket::stream<Memory, true>;

const std::string plain_request = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

void configure(Stream &stream, bool deflate) {
    websocket::permessage_deflate extension;
    extension.server_enable = extension.client_enable = deflate;
    extension.compLevel = 6;
    extension.memLevel = 8;
    stream.set_option(extension);
    stream.read_message_max(largest);
    stream.auto_fragment(false);
    stream.write_buffer_bytes(65536);
}

} // namespace

struct engine {
    explicit engine(const spec &spec) {
        configure(stream, spec.deflate);
        stream.text(spec.text);
        if (spec.server) {
            const std::string request =
                plain_request + (spec.deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" : "\r\n");
            stream.next_layer().set_input(request.data(), request.size(), request.size());
            stream.accept();
        } else {
            stream.next_layer().expect_request();
            stream.handshake("example.com", "/");
        }
    }

    Stream stream;
    beast::flat_buffer buffer;
};

extern "C" {

const char *engine_version() { return BOOST_LIB_VERSION; }

engine *engine_open(const spec *spec) { return std::make_unique<engine>(*spec).release(); }

void engine_receive(engine *e, const input *input) {
    e->stream.next_layer().set_input(input->bytes, input->len, input->read);
    for (std::size_t i = 0; i < input->messages; i++) {
        e->stream.read(e->buffer);
        const auto data = e->buffer.data();
        deliver(static_cast<const std::uint8_t *>(data.data()), data.size());
        e->buffer.clear();
    }
}

void engine_echo(engine *e, const input *input) {
    e->stream.next_layer().set_input(input->bytes, input->len, input->read);
    e->stream.read(e->buffer);
    e->stream.write(e->buffer.data());
    // What is idle needs no buffer.
    e->buffer.clear();
    e->buffer.shrink_to_fit();
}

void engine_send(engine *e, const std::uint8_t *data, std::size_t len) {
    e->stream.write(net::const_buffer(data, len));
}

std::uint64_t engine_server_handshakes(std::size_t count) {
    std::vector<std::unique_ptr<Stream>> streams(count);
    const std::uint64_t start = nanoseconds();
    for (auto &stream : streams) {
        stream = std::make_unique<Stream>();
        stream->next_layer().set_input(browser_request, browser_request_len, browser_request_len);
        stream->accept();
        if (!stream->is_open()) fail("not open");
        opened();
    }
    return nanoseconds() - start;
}

std::uint64_t engine_client_handshakes(std::size_t count) {
    std::vector<std::pair<std::string, std::string>> headers{{"Origin", "http://www.example.com"}};
    for (const char *line = client_headers; *line != '\0';) {
        const std::size_t len = std::strcspn(line, "\n"), name = std::strcspn(line, ":");
        headers.emplace_back(std::string(line, name), std::string(line + name + 2, len - name - 2));
        line += len + 1;
    }
    const auto decorate = [&headers](websocket::request_type &request) {
        for (const auto &[name, value] : headers) request.set(name, value);
    };
    std::vector<std::unique_ptr<Stream>> streams(count);
    const std::uint64_t start = nanoseconds();
    std::uint64_t answering = 0;
    for (auto &stream : streams) {
        stream = std::make_unique<Stream>();
        stream->set_option(websocket::stream_base::decorator(decorate));
        stream->next_layer().expect_request();
        stream->handshake("www.example.com", "/chat?room=42");
        if (!stream->is_open()) fail("not open");
        opened();
        answering += stream->next_layer().answering();
    }
    return nanoseconds() - start - answering;
}
}

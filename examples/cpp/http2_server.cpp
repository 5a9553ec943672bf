// A WebSocket echo server over HTTP/2 (RFC 8441) with nghttp2: one thread, poll, non-blocking sockets.
//
//   http2_server PORT       (0: any free port)
//
// There is no TLS: clients have to know that this is HTTP/2. With DEFLATE=1 in the environment it compresses.
//
// The handshake is made of fields, which nghttp2 reads and writes. On each stream the library does the protocol as on a
// socket; the end of the stream, its windows and its reset take the place of those of TCP.
#include "server.hpp"

#include <nghttp2/nghttp2.h>
#include <poll.h>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace {

// What a peer has, once we have ended our side of a stream, to end its own: in milliseconds.
constexpr std::uint64_t linger_time = 10'000;

// One stream, which echoes. It makes calls on nghttp2 that queue something; the session writes.
class Stream {
public:
    Stream(nghttp2_session *session, std::int32_t id, sansock::Connection connection)
        : session_(session), id_(id), connection_(std::move(connection)) {}
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    void add_field(std::string_view name, std::string_view value) { request_.emplace_back(name, value); }

    // The request has come to its end. One that asks for no WebSocket is refused by the engine.
    void receive_request() {
        std::vector<sansock_field> fields;
        for (const auto &[name, value] : request_) fields.push_back(sansock::field(name, value));
        (void)connection_.receive_request(sansock::HttpVersion::http_2, {fields.data(), fields.size()}, now_ms());
        request_.clear();
        fetch();
    }

    void receive(std::uint8_t *data, std::size_t size) {
        unacknowledged_ += size;
        do {
            if (connection_.receive(data, size, now_ms()) != sansock::Status::ok) return;
            const std::size_t consumed = connection_.consumed();
            if (consumed == 0 && connection_.events().empty()) return;
            data += consumed;
            size -= consumed;
            fetch();
        } while (size > 0);
    }

    void end_of_stream() {
        connection_.receive_eof(now_ms());
        fetch();
    }

    std::uint64_t deadline() const { return std::min(linger_, connection_.next_deadline().value_or(never)); }

    void timeout() {
        if (linger_ <= now_ms()) { // the peer has not ended its side in time
            linger_ = never;
            nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id_, NGHTTP2_CANCEL);
        }
        connection_.timeout(now_ms());
        fetch();
    }

    // Lets the peer send as much again as was received, unless what it does not read is in the way. Returns whether there
    // is something to write for that.
    bool regulate() {
        if (unacknowledged_ == 0) return false;
        const bool pause = !connection_.writable();
        if (pause != std::exchange(paused_, pause)) {
            if (pause)
                connection_.pause(now_ms());
            else
                connection_.resume(now_ms());
        }
        if (pause) return false;
        nghttp2_session_consume_stream(session_, id_, std::exchange(unacknowledged_, 0));
        return true;
    }

private:
    void handle_events() {
        while (handle_batch()) {}
    }

    // Returns whether a new batch of events has replaced those at hand.
    bool handle_batch() {
        for (const sansock::Event &event : connection_.events())
            if (handle(event)) return true;
        return false;
    }

    bool handle(const sansock::Event &event) {
        using sansock::Status;
        Status status = Status::ok;
        if (const auto *request = std::get_if<sansock::Request>(&event)) {
            status = request->same_origin ? connection_.accept(now_ms()) : connection_.reject(403, {}, now_ms());
            return status == Status::ok;
        }
        if (const auto *head = std::get_if<sansock::Head>(&event))
            respond(*head);
        else if (const auto *text = std::get_if<sansock::Text>(&event))
            status = connection_.send_text(text->data);
        else if (const auto *binary = std::get_if<sansock::Binary>(&event))
            status = connection_.send_binary(binary->data);
        // Pings and Close are answered by the engine; after our Close nothing can be sent.
        if (status != Status::ok && status != Status::invalid_state) (void)connection_.fail(1011, {}, now_ms());
        return false;
    }

    // Handles the events at hand and those that wait behind them, and tells nghttp2 that there may be output.
    void fetch() {
        handle_events();
        while (connection_.more()) {
            connection_.timeout(now_ms());
            handle_events();
        }
        if (connection_.transport() == sansock::Transport::close && !std::exchange(lingers_, true))
            linger_ = now_ms() + linger_time;
        nghttp2_session_resume_data(session_, id_);
    }

    // Queues the answer to the request. What follows it, nghttp2 asks for.
    void respond(const sansock::Head &head) {
        const std::string status = std::to_string(head.status);
        std::vector<nghttp2_nv> fields{field(":status", status)};
        for (const sansock::Detail detail : head.details) fields.push_back(field(detail.name, detail.value));
        body_.assign(head.body.begin(), head.body.end());
        nghttp2_data_provider data{};
        data.source.ptr = this;
        data.read_callback = [](nghttp2_session *, std::int32_t, std::uint8_t *buffer, std::size_t size,
                                std::uint32_t *flags, nghttp2_data_source *source, void *) {
            return static_cast<Stream *>(source->ptr)->take(buffer, size, *flags);
        };
        nghttp2_submit_response(session_, id_, fields.data(), fields.size(), &data);
    }

    // A field for nghttp2, which copies it.
    static nghttp2_nv field(std::string_view name, std::string_view value) {
        const auto bytes = [](std::string_view text) {
            return const_cast<std::uint8_t *>(reinterpret_cast<const std::uint8_t *>(text.data()));
        };
        return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
    }

    // Hands over what the windows and a frame have room for: of the body of a refusal, and then of the output. Behind the
    // last byte the stream ends, if the engine says so.
    ssize_t take(std::uint8_t *buffer, std::size_t size, std::uint32_t &flags) {
        const std::size_t from_body = std::min(size, body_.size());
        std::copy_n(body_.begin(), from_body, buffer);
        body_.erase(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(from_body));
        const sansock::Bytes output = connection_.output();
        const std::size_t from_output = std::min(size - from_body, output.size());
        std::copy_n(output.begin(), from_output, buffer + from_body);
        connection_.written(from_output);
        const bool all = body_.empty() && connection_.output().empty();
        const bool ends = all && connection_.transport() != sansock::Transport::open;
        if (ends) flags |= NGHTTP2_DATA_FLAG_EOF;
        const std::size_t taken = from_body + from_output;
        if (taken == 0 && !ends) return NGHTTP2_ERR_DEFERRED;
        return static_cast<ssize_t>(taken);
    }

    nghttp2_session *session_;
    std::int32_t id_;
    sansock::Connection connection_;
    std::vector<std::pair<std::string, std::string>> request_;
    std::vector<std::uint8_t> body_; // of a refusal
    std::size_t unacknowledged_ = 0; // how much of the stream's window is taken
    bool paused_ = false, lingers_ = false;
    std::uint64_t linger_ = never; // when the stream is reset
};

// One connection of HTTP/2.
class Session {
public:
    Session(File socket, const sansock::Config &config)
        : socket_(std::move(socket)), config_(config), session_(create(), nghttp2_session_del) {
        const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
                                                   {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}};
        nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
        write();
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    int fd() const { return socket_.get(); }
    short interest() const { return static_cast<short>(POLLIN | (pending_.empty() ? 0 : POLLOUT)); }
    std::uint64_t deadline() const {
        std::uint64_t earliest = never;
        for (const auto &[id, stream] : streams_) earliest = std::min(earliest, stream.deadline());
        return earliest;
    }
    // Whether the socket is to be closed.
    bool finished() const {
        const bool wants = nghttp2_session_want_read(session_.get()) || nghttp2_session_want_write(session_.get());
        return lost_ || (!wants && pending_.empty());
    }

    // Reads once. nghttp2 answers with calls of the functions below.
    void read() {
        static std::array<std::uint8_t, 64 * 1024> input;
        const ssize_t n = recv(fd(), input.data(), input.size(), 0);
        if (n > 0)
            lost_ = nghttp2_session_mem_recv(session_.get(), input.data(), static_cast<std::size_t>(n)) < 0;
        else
            lost_ = n == 0 || (errno != EAGAIN && errno != EINTR);
    }

    void timeout() {
        for (auto &[id, stream] : streams_)
            if (stream.deadline() <= now_ms()) stream.timeout();
    }

    // What follows every call: writes what the kernel accepts, and opens the windows again that this makes room for.
    void write() {
        for (bool again = true; again && !lost_;) {
            while (!lost_ && fill() && flush()) {}
            again = false;
            for (auto &[id, stream] : streams_) again |= stream.regulate();
        }
    }

private:
    // Has nghttp2 make a piece of output, unless there is one. Returns whether there is.
    bool fill() {
        if (!pending_.empty()) return true;
        const std::uint8_t *data = nullptr; // valid until the next call
        const ssize_t n = nghttp2_session_mem_send(session_.get(), &data);
        lost_ = n < 0;
        if (n > 0) pending_ = sansock::Bytes(data, static_cast<std::size_t>(n));
        return n > 0;
    }

    // Returns whether the kernel may accept more.
    bool flush() {
        const ssize_t n = send(fd(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
        if (n < 0) {
            lost_ = errno != EAGAIN && errno != EINTR;
            return errno == EINTR;
        }
        const auto written = static_cast<std::size_t>(n);
        pending_ = sansock::Bytes(pending_.data() + written, pending_.size() - written);
        return true;
    }

    Stream *find(std::int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }

    // What nghttp2 calls

    static bool is_request(const nghttp2_frame *frame) {
        return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    }

    int on_begin(const nghttp2_frame *frame) {
        if (!is_request(frame)) return 0;
        auto connection = sansock::Connection::create(config_, now_ms());
        if (!connection) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; // the stream is reset
        const std::int32_t id = frame->hd.stream_id;
        streams_.try_emplace(id, session_.get(), id, std::move(*connection));
        return 0;
    }

    void on_field(const nghttp2_frame *frame, std::string_view name, std::string_view value) {
        Stream *stream = find(frame->hd.stream_id);
        if (stream && is_request(frame)) stream->add_field(name, value);
    }

    void on_frame(const nghttp2_frame *frame) {
        Stream *stream = find(frame->hd.stream_id);
        if (!stream || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)) return;
        if (is_request(frame)) stream->receive_request();
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) stream->end_of_stream();
    }

    // The window of the connection is open again at once: a stream whose peer does not read holds up no other.
    void on_data(std::int32_t id, const std::uint8_t *data, std::size_t size) {
        static std::array<std::uint8_t, 64 * 1024> copy; // which the engine unmasks in place; as large as a read
        nghttp2_session_consume_connection(session_.get(), size);
        std::copy_n(data, size, copy.begin());
        if (Stream *stream = find(id)) stream->receive(copy.data(), size);
    }

    static Session &self(void *user) { return *static_cast<Session *>(user); }

    nghttp2_session *create() {
        nghttp2_session_callbacks *calls = nullptr;
        nghttp2_session_callbacks_new(&calls);
        nghttp2_session_callbacks_set_on_begin_headers_callback(
            calls, [](nghttp2_session *, const nghttp2_frame *frame, void *user) { return self(user).on_begin(frame); });
        nghttp2_session_callbacks_set_on_header_callback(
            calls, [](nghttp2_session *, const nghttp2_frame *frame, const std::uint8_t *name, std::size_t name_size,
                      const std::uint8_t *value, std::size_t value_size, std::uint8_t, void *user) {
                const auto text = [](const std::uint8_t *data, std::size_t size) {
                    return std::string_view(reinterpret_cast<const char *>(data), size);
                };
                return self(user).on_field(frame, text(name, name_size), text(value, value_size)), 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            calls, [](nghttp2_session *, const nghttp2_frame *frame, void *user) {
                return self(user).on_frame(frame), 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            calls, [](nghttp2_session *, std::uint8_t, std::int32_t id, const std::uint8_t *data, std::size_t size,
                      void *user) { return self(user).on_data(id, data, size), 0; });
        nghttp2_session_callbacks_set_on_stream_close_callback(
            calls, [](nghttp2_session *, std::int32_t id, std::uint32_t, void *user) {
                return self(user).streams_.erase(id), 0;
            });
        nghttp2_option *option = nullptr;
        nghttp2_option_new(&option);
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_session *session = nullptr;
        const int error = nghttp2_session_server_new2(&session, calls, this, option);
        nghttp2_option_del(option);
        nghttp2_session_callbacks_del(calls);
        if (error != 0) throw std::bad_alloc();
        return session;
    }

    File socket_;
    const sansock::Config &config_;
    std::unique_ptr<nghttp2_session, void (*)(nghttp2_session *)> session_;
    std::map<std::int32_t, Stream> streams_;
    sansock::Bytes pending_; // what nghttp2 has made and the kernel has not accepted
    bool lost_ = false;
};

// Returns false if there is no file descriptor left to accept with, until a session ends.
bool accept_connections(int listener, const sansock::Config &config, std::list<Session> &sessions) {
    int fd;
    while ((fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        sansock_socket_prepare(fd);
        sessions.emplace_back(File(fd), config);
    }
    const bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return sessions.empty() || !full;
}

// Serves until SIGTERM or SIGINT.
void serve(int listener, int signals, const sansock::Config &config) {
    std::list<Session> sessions;
    bool accepts = true;
    for (std::vector<pollfd> polled;;) {
        std::uint64_t next = never;
        polled.assign({{signals, POLLIN, 0}, {accepts ? listener : -1, POLLIN, 0}});
        for (const Session &session : sessions) {
            polled.push_back({session.fd(), session.interest(), 0});
            next = std::min(next, session.deadline());
        }
        if (poll(polled.data(), polled.size(), milliseconds_until(next)) < 0) continue;
        if (polled[0].revents != 0) return;
        auto ready = polled.begin() + 2;
        for (auto session = sessions.begin(); session != sessions.end(); ready++) {
            if (ready->revents & (POLLIN | POLLHUP | POLLERR)) session->read();
            session->timeout();
            session->write();
            const bool finished = session->finished();
            accepts = accepts || finished;
            session = finished ? sessions.erase(session) : std::next(session);
        }
        if (polled[1].revents != 0) accepts = accept_connections(listener, config, sessions);
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    allow_many_files();
    const sansock::Config config = server_config();
    const File signals = signals_to_end();
    const File listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    serve(listener.get(), signals.get(), config);
    return 0;
}

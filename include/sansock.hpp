/// Sansock for C++17: the C API of sansock.h behind two move-only owners, with typed events.
///
/// The library does no I/O. After every call on a Connection: write output() and report it with written(), handle
/// events() (those of the last input call), set the timer to next_deadline(), and obey transport() once all output is
/// written. The file comment of sansock.h has the rules of lifetime and threads in full; they hold here too.
///
/// Nothing throws. Calls return a Status, and constructors are replaced by create(), which returns a Result.
/// An empty owner (moved from, or default-made) may only be assigned to or destroyed; calls on it return bad_handle.
///
///     auto config = sansock::Config::server();
///     auto connection = sansock::Connection::create(*config, now);
///     if (connection->receive(buffer, size, now) != sansock::Status::ok) return;
///     for (const sansock::Event &event : connection->events())
///         if (const auto *text = std::get_if<sansock::Text>(&event)) (void)connection->send_text(text->data);
#ifndef SANSOCK_HPP
#define SANSOCK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_span
#include <span>
#endif

#include "sansock.h"

namespace sansock {

#ifdef __cpp_lib_span
template <class T> using Span = std::span<T>;
#else
/// What this header needs of std::span, which C++17 lacks.
template <class T> class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// Any container with data() and size().
    template <class C, class = decltype(static_cast<T *>(std::declval<C &>().data()))>
    constexpr Span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

/// Bytes that somebody else owns.
using Bytes = Span<const std::uint8_t>;

/// What a call returns. Everything but `ok` has changed nothing.
enum class Status : std::int32_t {
    ok = SANSOCK_OK,
    invalid_argument = SANSOCK_ERR_INVALID_ARGUMENT,
    invalid_state = SANSOCK_ERR_INVALID_STATE,
    would_block = SANSOCK_ERR_WOULD_BLOCK,
    too_large = SANSOCK_ERR_TOO_LARGE,
    no_memory = SANSOCK_ERR_NO_MEMORY,
    bad_handle = SANSOCK_ERR_BAD_HANDLE,
    busy = SANSOCK_ERR_BUSY,
    poisoned = SANSOCK_ERR_POISONED,
    entropy = SANSOCK_ERR_ENTROPY,
};

/// What a status means, in one sentence.
[[nodiscard]] inline const char *text(Status status) noexcept {
    return sansock_error_text(static_cast<std::int32_t>(status));
}

/// A value, or why there is none.
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) noexcept : status_(Status::ok), value_(std::move(value)) {}
    Result(Status status) noexcept : status_(status) {}

    explicit operator bool() const noexcept { return status_ == Status::ok; }
    Status status() const noexcept { return status_; }
    /// The value; an empty one if there is none.
    T &operator*() & noexcept { return value_; }
    T &&operator*() && noexcept { return std::move(value_); }
    const T &operator*() const & noexcept { return value_; }
    T *operator->() noexcept { return &value_; }
    const T *operator->() const noexcept { return &value_; }

private:
    Status status_;
    T value_{};
};

/// An option of a Config, by its number in sansock.h, which has unit and default of each.
enum class Option : std::uint32_t {
    start_open = SANSOCK_OPTION_START_OPEN,
    max_message_size = SANSOCK_OPTION_MAX_MESSAGE_SIZE,
    max_frame_size = SANSOCK_OPTION_MAX_FRAME_SIZE,
    max_head_size = SANSOCK_OPTION_MAX_HEAD_SIZE,
    max_line_size = SANSOCK_OPTION_MAX_LINE_SIZE,
    max_headers = SANSOCK_OPTION_MAX_HEADERS,
    max_body_size = SANSOCK_OPTION_MAX_BODY_SIZE,
    output_soft_limit = SANSOCK_OPTION_OUTPUT_SOFT_LIMIT,
    output_hard_limit = SANSOCK_OPTION_OUTPUT_HARD_LIMIT,
    handshake_timeout = SANSOCK_OPTION_HANDSHAKE_TIMEOUT,
    close_timeout = SANSOCK_OPTION_CLOSE_TIMEOUT,
    ping_interval = SANSOCK_OPTION_PING_INTERVAL,
    pong_timeout = SANSOCK_OPTION_PONG_TIMEOUT,
    parts = SANSOCK_OPTION_PARTS,
    auto_pong = SANSOCK_OPTION_AUTO_PONG,
    auto_close = SANSOCK_OPTION_AUTO_CLOSE,
    require_pong = SANSOCK_OPTION_REQUIRE_PONG,
    receive_while_closing = SANSOCK_OPTION_RECEIVE_WHILE_CLOSING,
    allow_non_minimal_length = SANSOCK_OPTION_ALLOW_NON_MINIMAL_LENGTH,
    deflate = SANSOCK_OPTION_DEFLATE,
    server_no_context_takeover = SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER,
    client_no_context_takeover = SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER,
    server_max_window_bits = SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS,
    client_max_window_bits = SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS,
    deflate_level = SANSOCK_OPTION_DEFLATE_LEVEL,
    deflate_mem_level = SANSOCK_OPTION_DEFLATE_MEM_LEVEL,
    deflate_threshold = SANSOCK_OPTION_DEFLATE_THRESHOLD,
};

/// What to do with the transport, once all output is written.
enum class Transport : std::uint8_t {
    open = SANSOCK_TRANSPORT_OPEN,
    shutdown_write = SANSOCK_TRANSPORT_SHUTDOWN_WRITE,
    close = SANSOCK_TRANSPORT_CLOSE,
};

/// Where a connection is in its life.
enum class State : std::uint8_t {
    connecting = SANSOCK_STATE_CONNECTING,
    open = SANSOCK_STATE_OPEN,
    closing = SANSOCK_STATE_CLOSING,
    closed = SANSOCK_STATE_CLOSED,
};

/// How the Origin of a request relates to the host it was made to.
enum class Origin : std::uint16_t {
    absent = SANSOCK_ORIGIN_ABSENT,
    same = SANSOCK_ORIGIN_SAME,
    cross = SANSOCK_ORIGIN_CROSS,
};

/// Where a ws: or wss: URL points to. `host` is a part of the text that was parsed.
struct Url {
    std::string_view host;
    std::uint16_t port = 0;
    bool secure = false;
};

/// Says where to connect to.
inline Result<Url> parse_url(std::string_view text) noexcept {
    sansock_url out;
    const auto status = static_cast<Status>(sansock_url_parse(text.data(), text.size(), &out));
    if (status != Status::ok) return status;
    return Url{text.substr(out.host_offset, out.host_len), out.port, out.secure != 0};
}

/// One detail of an event: a header, or a text alone with an empty name.
struct Detail {
    std::uint8_t kind = 0; ///< One of SANSOCK_KIND_* from 16 on.
    std::string_view name, value;
    bool chosen = false; ///< On a subprotocol: it will be agreed if you name none.
};

/// The details of one event, in order; read where they lie, valid as long as the event.
class Details {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Detail;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Detail;

        iterator() noexcept = default;
        iterator(const sansock_block *block, const sansock_record *at) noexcept : block_(block), at_(at) {}
        Detail operator*() const noexcept {
            const char *region = reinterpret_cast<const char *>(block_->regions[at_->flags & SANSOCK_FLAG_REGION]);
            Detail detail;
            detail.kind = at_->kind;
            detail.chosen = at_->kind == SANSOCK_KIND_SUBPROTOCOL && (at_->flags & SANSOCK_FLAG_CHOSEN) != 0;
            const bool header = at_->kind == SANSOCK_KIND_HEADER;
            if (header) detail.name = {region + at_->offset, static_cast<std::size_t>(at_->aux)};
            detail.value = {region + (header ? at_->extra : at_->offset), static_cast<std::size_t>(at_->len)};
            return detail;
        }
        iterator &operator++() noexcept { return ++at_, *this; }
        iterator operator++(int) noexcept { return iterator(block_, at_++); }
        bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }
        bool operator!=(const iterator &other) const noexcept { return at_ != other.at_; }

    private:
        const sansock_block *block_ = nullptr;
        const sansock_record *at_ = nullptr;
    };

    Details() noexcept = default;
    Details(const sansock_block *block, const sansock_record *first, std::size_t count) noexcept
        : block_(block), first_(first), count_(count) {}
    iterator begin() const noexcept { return {block_, first_}; }
    iterator end() const noexcept { return {block_, first_ + count_}; }
    std::size_t size() const noexcept { return count_; }

    /// The first detail of a kind.
    std::optional<std::string_view> first(std::uint8_t kind) const noexcept {
        for (const Detail detail : *this)
            if (detail.kind == kind) return detail.value;
        return std::nullopt;
    }
    /// The first header of a name, in any case of letters.
    std::optional<std::string_view> header(std::string_view name) const noexcept {
        for (const Detail detail : *this)
            if (detail.kind == SANSOCK_KIND_HEADER && same_name(detail.name, name)) return detail.value;
        return std::nullopt;
    }

private:
    static bool same_name(std::string_view a, std::string_view b) noexcept {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); i++)
            if (lower(a[i]) != lower(b[i])) return false;
        return true;
    }

    const sansock_block *block_ = nullptr;
    const sansock_record *first_ = nullptr;
    std::size_t count_ = 0;
};

/// A server has read a valid opening request: accept() or reject() it.
struct Request {
    std::string_view target;
    Origin origin;
    Details details; ///< Authority, origin, subprotocols, extensions, headers.
};
/// The connection is open.
struct Open {
    std::optional<std::string_view> subprotocol;
    Details details; ///< The extension agreed, if any; for a client, the headers of the response.
};
/// The server refused the request. Closed comes next.
struct Rejected {
    std::uint16_t status;
    Bytes body;
    bool truncated;
    Details details; ///< The headers of the response.
};
/// A text message, or a part of one: always valid UTF-8. A whole message is first and last.
struct Text {
    std::string_view data;
    bool first, last;
};
/// A binary message, or a part of one.
struct Binary {
    Bytes data;
    bool first, last;
};
/// A ping from the peer, answered already unless automatic pongs are off.
struct Ping {
    Bytes payload;
};
/// A pong from the peer.
struct Pong {
    Bytes payload;
    std::optional<std::uint64_t> round_trip_time; ///< Milliseconds, if it answers our latest ping.
};
/// The peer's Close frame. You can still send; the next input call, due at once, answers it and brings Closed, unless
/// automatic Close is off.
struct Closing {
    std::uint16_t code; ///< 1005 if it had none.
    std::string_view reason;
};
/// The last event.
struct Closed {
    std::uint16_t code;                     ///< 1005 for an empty Close, 1006 for no Close.
    std::string_view reason;
    bool clean, by_peer;
    std::optional<std::uint16_t> sent_code; ///< What was sent to the peer.
    std::uint32_t fault;                    ///< The number of what went wrong, or 0.
};
/// A kind of event that this header does not know.
struct Unknown {
    std::uint8_t kind;
};

/// What happened. Payloads point into the connection or its input: valid until the next input call.
using Event = std::variant<Request, Open, Rejected, Text, Binary, Ping, Pong, Closing, Closed, Unknown>;

/// The events of the last input call.
///
/// Sending while you go through them is allowed; an input call (as accept) ends the loop: break out of it.
class Events {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Event;

        iterator() noexcept = default;
        iterator(const sansock_block *block, const sansock_record *at) noexcept : block_(block), at_(at) {}
        Event operator*() const noexcept { return event(block_, at_); }
        iterator &operator++() noexcept { return at_ += 1 + details(at_), *this; }
        iterator operator++(int) noexcept {
            const iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }
        bool operator!=(const iterator &other) const noexcept { return at_ != other.at_; }

    private:
        const sansock_block *block_ = nullptr;
        const sansock_record *at_ = nullptr;
    };

    Events() noexcept = default;
    explicit Events(const sansock_block *block) noexcept : block_(block) {}
    iterator begin() const noexcept { return {block_, block_ ? block_->events : nullptr}; }
    iterator end() const noexcept { return {block_, block_ ? block_->events + block_->event_count : nullptr}; }
    bool empty() const noexcept { return !block_ || block_->event_count == 0; }

    /// Makes a typed event of a record.
    static Event event(const sansock_block *block, const sansock_record *r) noexcept {
        const std::uint8_t *data = block->regions[r->flags & SANSOCK_FLAG_REGION] + r->offset;
        const Bytes bytes(data, static_cast<std::size_t>(r->len));
        const std::string_view text(reinterpret_cast<const char *>(data), bytes.size());
        const Details more(block, r + 1, details(r));
        const auto has = [r](std::uint8_t flag) { return (r->flags & flag) != 0; };
        switch (r->kind) {
        case SANSOCK_KIND_REQUEST: return Request{text, static_cast<Origin>(r->code), more};
        case SANSOCK_KIND_OPEN: return Open{more.first(SANSOCK_KIND_SUBPROTOCOL), more};
        case SANSOCK_KIND_REJECTED: return Rejected{r->code, bytes, has(SANSOCK_FLAG_TRUNCATED), more};
        case SANSOCK_KIND_TEXT: return Text{text, has(SANSOCK_FLAG_FIRST), has(SANSOCK_FLAG_LAST)};
        case SANSOCK_KIND_BINARY: return Binary{bytes, has(SANSOCK_FLAG_FIRST), has(SANSOCK_FLAG_LAST)};
        case SANSOCK_KIND_PING: return Ping{bytes};
        case SANSOCK_KIND_PONG: return Pong{bytes, some(r->extra != UINT64_MAX, r->extra)};
        case SANSOCK_KIND_CLOSING: return Closing{r->code, text};
        case SANSOCK_KIND_CLOSED:
            return Closed{r->code, text, has(SANSOCK_FLAG_CLEAN), has(SANSOCK_FLAG_BY_PEER),
                          some(r->extra != 0, static_cast<std::uint16_t>(r->extra)), r->aux};
        default: return Unknown{r->kind};
        }
    }

private:
    template <class T> static std::optional<T> some(bool is, T value) noexcept {
        return is ? std::optional<T>(value) : std::nullopt;
    }
    static std::size_t details(const sansock_record *r) noexcept {
        switch (r->kind) {
        case SANSOCK_KIND_REQUEST:
        case SANSOCK_KIND_OPEN:
        case SANSOCK_KIND_REJECTED: return r->aux;
        default: return 0;
        }
    }

    const sansock_block *block_ = nullptr;
};

/// Options, texts and headers, from which any number of connections are made. Each keeps its own copy.
class Config {
public:
    Config() noexcept = default;

    /// A server's configuration.
    static Result<Config> server() noexcept { return create(SANSOCK_ROLE_SERVER); }
    /// A client's configuration, for a ws: or wss: URL.
    static Result<Config> client(std::string_view url) noexcept {
        auto config = create(SANSOCK_ROLE_CLIENT);
        if (!config) return config;
        const Status status = config->set_text(SANSOCK_TEXT_URL, url);
        return status == Status::ok ? std::move(config) : Result<Config>(status);
    }
    /// A configuration of either role (SANSOCK_ROLE_*) without a URL, for streams that are upgraded already.
    static Result<Config> create(std::uint32_t role) noexcept {
        sansock_config *raw = nullptr;
        const auto status = static_cast<Status>(sansock_config_new(role, &raw));
        if (status != Status::ok) return status;
        Config config;
        config.handle_.reset(raw);
        return config;
    }

    /// Sets an option. Booleans take 0 and 1; for all others 0 is invalid.
    [[nodiscard]] Status set(Option option, std::uint64_t value) noexcept {
        return static_cast<Status>(sansock_config_set(get(), static_cast<std::uint32_t>(option), value));
    }
    /// The Origin header of a client's request.
    [[nodiscard]] Status origin(std::string_view value) noexcept { return set_text(SANSOCK_TEXT_ORIGIN, value); }
    /// Appends a subprotocol that a client offers or a server accepts, the preferred one first.
    [[nodiscard]] Status subprotocol(std::string_view name) noexcept {
        return set_text(SANSOCK_TEXT_SUBPROTOCOL, name);
    }
    /// Adds a header to the client's request, or to every response with which a server accepts.
    [[nodiscard]] Status header(std::string_view name, std::string_view value) noexcept {
        return static_cast<Status>(
            sansock_config_add_header(get(), name.data(), name.size(), value.data(), value.size()));
    }

    /// The C handle, still owned by this object.
    sansock_config *get() const noexcept { return handle_.get(); }

private:
    Status set_text(std::uint32_t text, std::string_view value) noexcept {
        return static_cast<Status>(sansock_config_set_text(get(), text, value.data(), value.size()));
    }

    struct Free {
        void operator()(sansock_config *handle) const noexcept { sansock_config_free(handle); }
    };
    std::unique_ptr<sansock_config, Free> handle_;
};

/// One WebSocket connection. `now` is in milliseconds of a monotonic clock of your choice, everywhere.
class Connection {
public:
    Connection() noexcept = default;
    Connection(Connection &&other) noexcept
        : handle_(std::move(other.handle_)), block_(std::exchange(other.block_, nullptr)) {}
    Connection &operator=(Connection &&other) noexcept {
        handle_ = std::move(other.handle_);
        block_ = std::exchange(other.block_, nullptr);
        return *this;
    }

    /// Creates a connection with a seed from the operating system. A client has its request in the output at once.
    static Result<Connection> create(const Config &config, std::uint64_t now) noexcept {
        return create(config, nullptr, now);
    }
    /// Creates a connection with a seed of your own, which must be random.
    static Result<Connection> create(const Config &config, const std::array<std::uint8_t, 32> &seed,
                                     std::uint64_t now) noexcept {
        return create(config, seed.data(), now);
    }

    /// Takes bytes that were read from the transport, and unmasks them in place. Input call: replaces the events.
    ///
    /// Keep the bytes until the events are handled. consumed() says how many were taken: pass the rest after that.
    [[nodiscard]] Status receive(std::uint8_t *data, std::size_t size, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_receive(get(), data, size, now));
    }
    [[nodiscard]] Status receive(Span<std::uint8_t> data, std::uint64_t now) noexcept {
        return receive(data.data(), data.size(), now);
    }
    /// Client: reads only the header of a message whose payload you keep; `header_size` is 0 if there is none. See
    /// sansock_conn_receive_header. Not an input call.
    [[nodiscard]] Status receive_header(Bytes data, std::uint64_t min_payload, std::uint64_t now,
                                        std::size_t &header_size, std::uint64_t &payload_size) noexcept {
        return static_cast<Status>(sansock_conn_receive_header(get(), data.data(), data.size(), min_payload, now,
                                                               &header_size, &payload_size));
    }
    /// Tells that the peer has ended its stream. Legal in every state, and twice. Input call.
    Status receive_eof(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_receive_eof(get(), now)); }
    /// Tells that next_deadline() has come. Input call.
    Status timeout(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_timeout(get(), now)); }

    /// Adds a header to the response of the coming accept() or reject().
    [[nodiscard]] Status response_header(std::string_view name, std::string_view value) noexcept {
        return static_cast<Status>(
            sansock_conn_add_response_header(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /// Accepts the request. Without a name: the subprotocol by your configured preference, or none. Input call.
    [[nodiscard]] Status accept(std::string_view subprotocol, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_accept(get(), subprotocol.data(), subprotocol.size(), now));
    }
    [[nodiscard]] Status accept(std::uint64_t now) noexcept { return accept({}, now); }
    /// Refuses the request with an HTTP status and a body. Input call.
    [[nodiscard]] Status reject(std::uint16_t http_status, std::string_view body, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_reject(get(), http_status, body.data(), body.size(), now));
    }

    /// Sends a text message, which must be UTF-8. Like all sending, it copies, and leaves the events in place.
    [[nodiscard]] Status send_text(std::string_view text) noexcept {
        return static_cast<Status>(sansock_conn_send_text(get(), text.data(), text.size()));
    }
    /// Sends a binary message.
    [[nodiscard]] Status send_binary(Bytes data) noexcept {
        return static_cast<Status>(sansock_conn_send_binary(get(), data.data(), data.size()));
    }
    /// Sends a part of a text message. It may end inside a code point.
    [[nodiscard]] Status send_text_part(std::string_view text, bool last) noexcept {
        const auto *data = reinterpret_cast<const std::uint8_t *>(text.data());
        return static_cast<Status>(sansock_conn_send_part(get(), SANSOCK_KIND_TEXT, data, text.size(), last));
    }
    /// Sends a part of a binary message.
    [[nodiscard]] Status send_binary_part(Bytes data, bool last) noexcept {
        return static_cast<Status>(sansock_conn_send_part(get(), SANSOCK_KIND_BINARY, data.data(), data.size(), last));
    }
    /// Sends many messages at once; `sent` receives how many were queued. See sansock_conn_send_batch.
    [[nodiscard]] Status send_batch(Span<const sansock_record> records, Bytes data, std::size_t &sent) noexcept {
        return static_cast<Status>(
            sansock_conn_send_batch(get(), records.data(), records.size(), data.data(), data.size(), &sent));
    }
    /// Sends many messages of one kind, with their payloads one behind the other. See sansock_conn_send_many.
    [[nodiscard]] Status send_many(std::uint8_t kind, Span<const std::size_t> sizes, Bytes data,
                                   std::size_t &sent) noexcept {
        return static_cast<Status>(
            sansock_conn_send_many(get(), kind, sizes.data(), sizes.size(), data.data(), data.size(), &sent));
    }
    /// Server only: queues the header of a frame whose payload you write yourself right behind output().
    [[nodiscard]] Status send_header(std::uint8_t kind, std::uint64_t payload_size, bool last) noexcept {
        return static_cast<Status>(sansock_conn_send_header(get(), kind, payload_size, last));
    }
    /// Sends a ping with at most 125 bytes. The answer is a Pong event with the round-trip time.
    [[nodiscard]] Status ping(Bytes payload, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_ping(get(), payload.data(), payload.size(), now));
    }
    /// Sends a pong with at most 125 bytes.
    [[nodiscard]] Status pong(Bytes payload) noexcept {
        return static_cast<Status>(sansock_conn_pong(get(), payload.data(), payload.size()));
    }
    /// Begins the closing handshake, or answers the peer's. Code 0 sends none. Go on receiving until Closed.
    [[nodiscard]] Status close(std::uint16_t code, std::string_view reason, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_close(get(), code, reason.data(), reason.size(), now));
    }
    /// Ends the connection without waiting for the peer's Close. Closed waits: see more().
    [[nodiscard]] Status fail(std::uint16_t code, std::string_view reason, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_fail(get(), code, reason.data(), reason.size(), now));
    }
    /// Tells that you stop reading: until resume() no pong is missed.
    /// Whether messages from here on are compressed, where that was agreed. They are at first.
    Status set_compression(bool on) noexcept {
        return static_cast<Status>(sansock_conn_set_compression(get(), on ? 1 : 0));
    }
    Status pause(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_pause(get(), now)); }
    /// Tells that you read again.
    Status resume(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_resume(get(), now)); }
    /// Tells that the first bytes of output() were written.
    Status written(std::size_t size) noexcept { return static_cast<Status>(sansock_conn_written(get(), size)); }

    /// The events of the last input call, valid until the next.
    [[nodiscard]] Events events() const noexcept { return Events(block_); }
    /// How many bytes the last receive() took.
    [[nodiscard]] std::size_t consumed() const noexcept { return block_ ? static_cast<std::size_t>(block_->consumed) : 0; }
    /// Something waits: handle the events, then receive() with the rest of the input or with nothing, or timeout().
    [[nodiscard]] bool more() const noexcept { return block_ && (block_->flags & SANSOCK_BLOCK_MORE) != 0; }
    /// Bytes to write to the transport, valid until the next call.
    [[nodiscard]] Bytes output() const noexcept { return block_ ? Bytes(block_->output, block_->output_len) : Bytes(); }
    /// The output is below its soft limit. While it is not: stop reading from the peer, or sending to it.
    [[nodiscard]] bool writable() const noexcept { return block_ && (block_->flags & SANSOCK_BLOCK_WRITABLE) != 0; }
    /// When to call timeout(), if ever.
    [[nodiscard]] std::optional<std::uint64_t> next_deadline() const noexcept {
        if (!block_ || block_->next_deadline == SANSOCK_NEVER) return std::nullopt;
        return block_->next_deadline;
    }
    /// How many bytes you may gather before the next receive(), as nothing can come of them.
    [[nodiscard]] std::uint64_t payload_remaining() const noexcept { return block_ ? block_->payload_remaining : 0; }
    /// What to do with the transport, once all output is written. An empty owner says: close.
    [[nodiscard]] Transport transport() const noexcept {
        return block_ ? static_cast<Transport>(block_->transport) : Transport::close;
    }
    /// Where the connection is in its life.
    [[nodiscard]] State state() const noexcept { return block_ ? static_cast<State>(block_->state) : State::closed; }
    /// The number of the fault that ended the connection, or 0.
    [[nodiscard]] std::uint32_t fault() const noexcept { return block_ ? block_->fault : 0; }
    /// What that fault was, in one sentence with its numbers; empty if there was none.
    [[nodiscard]] std::string_view fault_text() const noexcept {
        std::size_t size = 0;
        const char *data = sansock_conn_fault_text(get(), &size);
        return {data, size};
    }
    /// How many bytes the connection occupies.
    [[nodiscard]] std::size_t memory_usage() const noexcept { return sansock_conn_memory_usage(get()); }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// The C handle, still owned by this object.
    sansock_conn *get() const noexcept { return handle_.get(); }
    /// The C block; its address stays the same when this object is moved.
    const sansock_block *block() const noexcept { return block_; }

private:
    static Result<Connection> create(const Config &config, const std::uint8_t *seed, std::uint64_t now) noexcept {
        sansock_conn *raw = nullptr;
        const auto status = static_cast<Status>(sansock_conn_new(config.get(), seed, now, &raw));
        if (status != Status::ok) return status;
        Connection connection;
        connection.handle_.reset(raw);
        connection.block_ = sansock_conn_block(raw);
        return connection;
    }

    struct Free {
        void operator()(sansock_conn *handle) const noexcept { sansock_conn_free(handle); }
    };
    std::unique_ptr<sansock_conn, Free> handle_;
    const sansock_block *block_ = nullptr;
};

} // namespace sansock

#endif // SANSOCK_HPP

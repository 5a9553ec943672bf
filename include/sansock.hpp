/// Sansock for C++17: the C API of sansock.h behind move-only owners, with typed events.
///
/// The library does no I/O. After every call on a Connection: write output() and report it with written(); handle
/// events(), which are those of the last input call; set the timer to next_deadline(); and once all output is written,
/// do what transport() says. The comment at the top of sansock.h has all rules on lifetimes and threads; they apply
/// here.
///
/// Nothing throws but take_output(), for want of memory. Calls return a Status; create() takes the place of constructors, and returns a Result. An owner that
/// is empty (moved from, or default-constructed) can be assigned to and destroyed; all other calls return bad_handle.
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
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_span
#include <span>
#endif

#include "sansock.h"

namespace sansock {

/// Values that are owned elsewhere, as std::span of C++20 describes them. The type is the same under every standard, so
/// objects compiled as C++17 and as C++20 can be linked together. Under C++20, it and std::span convert to each other.
template <class T> class Span {
    /// Whether a container has data() and size(), and its values can be seen as T.
    template <class C, class Values = std::remove_pointer_t<decltype(std::declval<C &>().data())> (*)[],
              class = decltype(static_cast<std::size_t>(std::declval<C &>().size()))>
    static constexpr bool fits =
        std::is_convertible_v<Values, T (*)[]> && !std::is_same_v<std::remove_const_t<C>, Span>;

public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /// A container that can be changed, such as a std::vector.
    template <class C, std::enable_if_t<fits<C>, int> = 0>
    constexpr Span(C &container) noexcept : data_(container.data()), size_(container.size()) {}
    /// A container that is const or temporary. The Span does not extend its life.
    template <class C, std::enable_if_t<fits<const C>, int> = 0>
    constexpr Span(const C &container) noexcept : data_(container.data()), size_(container.size()) {}

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

/// Bytes that are owned elsewhere.
using Bytes = Span<const std::uint8_t>;

/// What a call returns. A call that does not return `ok` has changed nothing.
enum class Status : std::int32_t {
    // <generated: Status>
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
    // </generated>
};

/// What a status means, in one sentence.
[[nodiscard]] inline const char *text(Status status) noexcept {
    return sansock_error_text(static_cast<std::int32_t>(status));
}

/// The name of a fault, such as "MESSAGE_TOO_BIG"; empty for 0 and for unknown numbers.
[[nodiscard]] inline std::string_view fault_name(std::uint32_t fault) noexcept { return sansock_fault_name(fault); }

/// What a fault means, in one sentence. Connection::fault_text() adds the numbers of the case.
[[nodiscard]] inline std::string_view fault_text(std::uint32_t fault) noexcept { return sansock_fault_text(fault); }

/// A value, or the status that says why there is none.
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) noexcept : status_(Status::ok), value_(std::move(value)) {}
    Result(Status status) noexcept : status_(status) {}

    explicit operator bool() const noexcept { return has_value(); }
    bool has_value() const noexcept { return status_ == Status::ok; }
    Status status() const noexcept { return status_; }
    /// The value, or another one if there is none.
    template <class U> T value_or(U &&other) && { return *this ? std::move(value_) : T(std::forward<U>(other)); }
    /// Passes the value to a function that returns a Result, or passes the status on.
    template <class F> auto and_then(F &&next) && -> decltype(next(std::declval<T>())) {
        if (!*this) return status_;
        return std::forward<F>(next)(std::move(value_));
    }
    /// The value; a default-constructed one if there is none.
    T &operator*() & noexcept { return value_; }
    T &&operator*() && noexcept { return std::move(value_); }
    const T &operator*() const & noexcept { return value_; }
    T *operator->() noexcept { return &value_; }
    const T *operator->() const noexcept { return &value_; }

private:
    Status status_;
    T value_{};
};

/// An option of a Config. The SANSOCK_OPTION_* of sansock.h say what each does, its unit and its default.
enum class Option : std::uint32_t {
    // <generated: Option>
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
    max_fragments = SANSOCK_OPTION_MAX_FRAGMENTS,
    write_timeout = SANSOCK_OPTION_WRITE_TIMEOUT,
    deliver_http = SANSOCK_OPTION_DELIVER_HTTP,
    frames = SANSOCK_OPTION_FRAMES,
    auto_fail = SANSOCK_OPTION_AUTO_FAIL,
    close_reason = SANSOCK_OPTION_CLOSE_REASON,
    secure = SANSOCK_OPTION_SECURE,
    // </generated>
};

/// What to do with the transport once all output is written.
enum class Transport : std::uint8_t {
    // <generated: Transport>
    open = SANSOCK_TRANSPORT_OPEN,
    shutdown_write = SANSOCK_TRANSPORT_SHUTDOWN_WRITE,
    close = SANSOCK_TRANSPORT_CLOSE,
    // </generated>
};

/// The state of a connection.
enum class State : std::uint8_t {
    // <generated: State>
    connecting = SANSOCK_STATE_CONNECTING,
    open = SANSOCK_STATE_OPEN,
    closing = SANSOCK_STATE_CLOSING,
    closed = SANSOCK_STATE_CLOSED,
    // </generated>
};

/// How the Origin header of a request relates to the host that the request was made to.
enum class OriginRelation : std::uint16_t {
    // <generated: OriginRelation>
    absent = SANSOCK_ORIGIN_ABSENT,
    same = SANSOCK_ORIGIN_SAME,
    cross = SANSOCK_ORIGIN_CROSS,
    // </generated>
};

/// Which end of a connection this is.
enum class Role : std::uint32_t {
    client = SANSOCK_ROLE_CLIENT, ///< Sends the opening request, and masks its frames.
    server = SANSOCK_ROLE_SERVER, ///< Accepts or rejects the request.
};

/// The kind of a message.
enum class MessageKind : std::uint8_t {
    text = SANSOCK_KIND_TEXT,
    binary = SANSOCK_KIND_BINARY,
};

/// The kind of a detail. There may be others, which this header does not know.
enum class DetailKind : std::uint8_t {
    header = SANSOCK_KIND_HEADER,
    authority = SANSOCK_KIND_AUTHORITY,
    origin = SANSOCK_KIND_ORIGIN,
    subprotocol = SANSOCK_KIND_SUBPROTOCOL,
    extension = SANSOCK_KIND_EXTENSION,
    method = SANSOCK_KIND_METHOD,
    reason = SANSOCK_KIND_REASON,
};

/// The version of HTTP that carries a handshake made of fields.
enum class HttpVersion : std::uint32_t {
    http_1_1 = SANSOCK_HTTP_VERSION_1_1,
    http_2 = SANSOCK_HTTP_VERSION_2,
    http_3 = SANSOCK_HTTP_VERSION_3,
};

/// Makes a header field of views, for a handshake made of fields. A name that begins with a colon is that of a pseudo-header
/// field.
inline sansock_field field(std::string_view name, std::string_view value) noexcept {
    return {name.data(), name.size(), value.data(), value.size()};
}

/// Where a ws: or wss: URL points to.
struct Url {
    std::string_view host;  ///< A part of the text that was parsed; an IPv6 address has no brackets.
    std::uint16_t port = 0; ///< The port in the URL, else 80 for ws: or 443 for wss:.
    bool secure = false;    ///< wss: connect with TLS.
};

/// Says where to connect to for a ws: or wss: URL. It may have a `user:password@`, which Config::client() sends as
/// Basic authorization.
inline Result<Url> parse_url(std::string_view text) noexcept {
    sansock_url out;
    const auto status = static_cast<Status>(sansock_url_parse(text.data(), text.size(), &out));
    if (status != Status::ok) return status;
    return Url{text.substr(out.host_offset, out.host_len), out.port, out.secure != 0};
}

/// What to connect to for the URL of a proxy.
struct Proxy {
    std::string_view host;       ///< A part of the text that was parsed; an IPv6 address has no brackets.
    std::uint16_t port = 0;      ///< The port in the URL, else 80 for http:, 443 for https:, 1080 for SOCKS.
    bool secure = false;         ///< https: connect with TLS.
    bool resolves_names = false; ///< The proxy takes names. If not (socks5:), resolve them yourself.
};

/// Says what to connect to for the URL of a proxy: http:, https:, socks4a:, socks5: or socks5h:.
inline Result<Proxy> parse_proxy(std::string_view url) noexcept {
    sansock_proxy out;
    const auto status = static_cast<Status>(sansock_proxy_parse(url.data(), url.size(), &out));
    if (status != Status::ok) return status;
    return Proxy{url.substr(out.host_offset, out.host_len), out.port, out.secure != 0, out.resolves_names != 0};
}

/// One detail of an event.
struct Detail {
    DetailKind kind{};
    std::string_view name; ///< Of a header; otherwise empty.
    std::string_view value;
    bool chosen = false; ///< Of a subprotocol in a Request: it will be agreed if accept() is given no name.
};

/// The details of one event, in order. Valid as long as the event.
class Details {
public:
    /// Goes through them once.
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
            std::size_t name_size = 0, value_size = 0;
            const char *name = sansock_record_header_name(block_, at_, &name_size);
            const char *value = sansock_record_text(block_, at_, &value_size);
            return {static_cast<DetailKind>(at_->kind), {name, name_size}, {value, value_size},
                    sansock_record_is_chosen(at_)};
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

    /// The value of the first detail of a kind.
    std::optional<std::string_view> first(DetailKind kind) const noexcept {
        for (const Detail detail : *this)
            if (detail.kind == kind) return detail.value;
        return std::nullopt;
    }
    /// The value of the first header with this name. Names are compared without regard to case.
    std::optional<std::string_view> header(std::string_view name) const noexcept {
        for (const Detail detail : *this)
            if (detail.kind == DetailKind::header && same_name(detail.name, name)) return detail.value;
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

/// A server has read a valid opening request: accept() or reject() it. With Option::deliver_http, other requests too:
/// respond() to those.
struct Request {
    std::string_view method;
    std::string_view target;
    OriginRelation origin_relation;
    /// Whether the Origin header is absent (the client is not a browser) or names this host. Unless pages of other
    /// sites may connect, reject a request for which this is false with 403 (RFC 6455 section 10.2).
    bool same_origin;
    std::uint32_t fault; ///< Why it cannot be accepted, for sansock_fault_name(); 0 if it can.
    Details details;     ///< Authority, origin, subprotocols, extensions, headers.
};
/// The connection is open.
struct Open {
    std::optional<std::string_view> subprotocol; ///< The one agreed.
    Details details; ///< Also the extension agreed, and on a client the headers of the response.
};
/// The server refused the client's request, or accepted it wrongly if the status is 101. Closed comes next.
struct Rejected {
    std::uint16_t status;    ///< The HTTP status.
    std::string_view reason; ///< The reason phrase; empty if there is none.
    Bytes body;
    bool truncated;  ///< `body` is only the beginning.
    Details details; ///< The headers of the response.
};
/// A head to send, where the handshake is made of fields: see Connection::receive_request().
struct Head {
    std::uint16_t status; ///< The HTTP status of a response; 0 for a client's request.
    Bytes body;           ///< The body of a response that opens no connection.
    Details details;      ///< The fields, with names in lower case; those of a request begin with pseudo-header fields.
};
/// A text message, or a part of one: always valid UTF-8.
struct Text {
    std::string_view data;
    bool first; ///< A message begins here. Always true, unless Option::parts is set.
    bool last;  ///< A message ends here. Always true, unless Option::parts is set.
};
/// A binary message, or a part of one.
struct Binary {
    Bytes data;
    bool first; ///< As in Text.
    bool last;  ///< As in Text.
};
/// With Option::frames: data of a frame of a message, as it arrives and after inflation.
struct Frame {
    MessageKind kind;        ///< A text is valid so far; this data may begin and end inside a code point.
    Bytes data;
    bool first;              ///< A message begins here.
    bool last;               ///< The message ends here.
    bool frame_end;          ///< The frame ends here.
    bool compressed;         ///< The message is compressed on the wire.
    std::uint64_t frame_len; ///< The length of the whole frame's payload on the wire, in bytes.
};
/// With Option::auto_fail off: a fault, to be answered with fail() or close() within the close deadline.
struct ReportedFault {
    std::uint32_t fault; ///< What was wrong, for sansock_fault_name(). The block has its numbers.
    std::uint16_t code;  ///< The close code that it calls for.
};
/// A ping from the peer. It is answered automatically, unless Option::auto_pong is off.
struct Ping {
    Bytes payload;
};
/// A pong from the peer.
struct Pong {
    Bytes payload;
    std::optional<std::uint64_t> round_trip_time; ///< In milliseconds, if it answers our latest ping.
};
/// The peer's Close frame. It is not answered yet, so you can still send. The next input call, which is due at once,
/// answers it and brings Closed; where Option::auto_close is off, close() answers it.
struct Closing {
    std::uint16_t code; ///< 1005 if it had none.
    std::string_view reason;
};
/// The last event of every connection.
struct Closed {
    std::uint16_t code;      ///< The code of the peer's Close: 1005 if it had none, 1006 if there was no Close.
    std::string_view reason; ///< The reason in the peer's Close.
    bool clean;              ///< A Close frame was sent and one received.
    bool by_peer;            ///< The peer ended the connection: by its Close, its fault, or the end of its stream.
    std::optional<std::uint16_t> sent_code; ///< The code of our Close, if one was sent: 1005 if it had none.
    std::uint32_t fault;                    ///< What ended the connection, for sansock_fault_name(); or 0.
};
/// An event of a kind that this header does not know.
struct Unknown {
    std::uint8_t kind;
};

/// One event. What it refers to is in the connection or in its input, and is valid until the next input call.
using Event = std::variant<Request, Open, Rejected, Head, Text, Binary, Frame, Ping, Pong, Closing, ReportedFault, Closed,
                           Unknown>;

/// The events of the last input call.
///
/// You may send while you go through them. After an input call, such as accept(), break out of the loop: it has
/// replaced them.
class Events {
public:
    /// Goes through them once.
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
        iterator &operator++() noexcept { return at_ += 1 + sansock_record_detail_count(at_), *this; }
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
        switch (r->kind) {
        case SANSOCK_KIND_REQUEST: {
            const Details all = details(block, r);
            return Request{all.first(DetailKind::method).value_or("GET"), text(block, r),
                           static_cast<OriginRelation>(sansock_record_origin_relation(r)),
                           sansock_record_same_origin(r), sansock_record_fault(r), all};
        }
        case SANSOCK_KIND_OPEN: {
            const Details agreed = details(block, r);
            return Open{agreed.first(DetailKind::subprotocol), agreed};
        }
        case SANSOCK_KIND_REJECTED: {
            const Details all = details(block, r);
            return Rejected{sansock_record_http_status(r), all.first(DetailKind::reason).value_or(""), bytes(block, r),
                            sansock_record_is_truncated(r), all};
        }
        case SANSOCK_KIND_HEAD: return Head{sansock_record_http_status(r), bytes(block, r), details(block, r)};
        case SANSOCK_KIND_FRAME:
            return Frame{sansock_record_is_text_frame(r) ? MessageKind::text : MessageKind::binary,
                         bytes(block, r),
                         sansock_record_is_first(r),
                         sansock_record_is_last(r),
                         sansock_record_is_frame_end(r),
                         sansock_record_is_compressed(r),
                         sansock_record_frame_len(r)};
        case SANSOCK_KIND_FAULT: return ReportedFault{sansock_record_fault(r), sansock_record_close_code(r)};
        case SANSOCK_KIND_TEXT:
            return Text{text(block, r), sansock_record_is_first(r), sansock_record_is_last(r)};
        case SANSOCK_KIND_BINARY:
            return Binary{bytes(block, r), sansock_record_is_first(r), sansock_record_is_last(r)};
        case SANSOCK_KIND_PING: return Ping{bytes(block, r)};
        case SANSOCK_KIND_PONG: {
            std::uint64_t ms = 0;
            const bool answers = sansock_record_round_trip_ms(r, &ms);
            return Pong{bytes(block, r), some(answers, ms)};
        }
        case SANSOCK_KIND_CLOSING: return Closing{sansock_record_close_code(r), text(block, r)};
        case SANSOCK_KIND_CLOSED: {
            const std::uint16_t sent = sansock_record_close_sent(r);
            return Closed{sansock_record_close_code(r), text(block, r), sansock_record_is_clean(r),
                          sansock_record_by_peer(r), some(sent != 0, sent), sansock_record_fault(r)};
        }
        default: return Unknown{r->kind};
        }
    }

private:
    static Bytes bytes(const sansock_block *block, const sansock_record *r) noexcept {
        std::size_t size = 0;
        const std::uint8_t *data = sansock_record_payload(block, r, &size);
        return Bytes(data, size);
    }
    static std::string_view text(const sansock_block *block, const sansock_record *r) noexcept {
        std::size_t size = 0;
        const char *data = sansock_record_text(block, r, &size);
        return {data, size};
    }
    static Details details(const sansock_block *block, const sansock_record *r) noexcept {
        return {block, r + 1, sansock_record_detail_count(r)};
    }
    template <class T> static std::optional<T> some(bool is, T value) noexcept {
        return is ? std::optional<T>(value) : std::nullopt;
    }

    const sansock_block *block_ = nullptr;
};

/// Options, texts and headers, from which any number of connections are made. Each keeps a copy of its own.
class Config {
public:
    Config() noexcept = default;

    /// A server's configuration.
    static Result<Config> server() noexcept { return create(Role::server); }
    /// A client's configuration, for a ws: or wss: URL. A `user:password@` in it becomes a Basic Authorization
    /// header; no other can be added then.
    static Result<Config> client(std::string_view url) noexcept {
        auto config = create(Role::client);
        if (!config) return config;
        const Status status = config->set_text(SANSOCK_TEXT_URL, url);
        return status == Status::ok ? std::move(config) : Result<Config>(status);
    }
    /// A configuration of either role without a URL, for streams that are upgraded already (Option::start_open).
    static Result<Config> create(Role role) noexcept {
        sansock_config *raw = nullptr;
        const auto status = static_cast<Status>(sansock_config_new(static_cast<std::uint32_t>(role), &raw));
        if (status != Status::ok) return status;
        Config config;
        config.handle_.reset(raw);
        return config;
    }

    /// Sets an option. Values out of its range are refused with invalid_argument; 0 never means "no limit".
    [[nodiscard]] Status set(Option option, std::uint64_t value) noexcept {
        return static_cast<Status>(sansock_config_set(get(), static_cast<std::uint32_t>(option), value));
    }
    /// Sets the Origin header of a client's request.
    [[nodiscard]] Status origin(std::string_view value) noexcept { return set_text(SANSOCK_TEXT_ORIGIN, value); }
    /// Sets the Sec-WebSocket-Key of a client's request, which is otherwise random: for tests, and for proxies.
    [[nodiscard]] Status key(std::string_view value) noexcept { return set_text(SANSOCK_TEXT_KEY, value); }
    /// Adds a subprotocol that a client offers or a server supports. Add the preferred one first.
    [[nodiscard]] Status subprotocol(std::string_view name) noexcept {
        return set_text(SANSOCK_TEXT_SUBPROTOCOL, name);
    }
    /// Adds a header to the request of a client, or to every response of a server.
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

/// A message for many connections, which is compressed once for all that agreed to the same window. Several threads may
/// send it at the same time, each with a connection of its own.
class PreparedMessage {
public:
    PreparedMessage() noexcept = default;

    /// A text message. invalid_argument if it is not UTF-8. The text is copied.
    static Result<PreparedMessage> text(std::string_view text) noexcept {
        return create(MessageKind::text, reinterpret_cast<const std::uint8_t *>(text.data()), text.size());
    }
    /// A binary message. The data are copied.
    static Result<PreparedMessage> binary(Bytes data) noexcept {
        return create(MessageKind::binary, data.data(), data.size());
    }

    /// How many bytes it holds: what was passed, and what that was compressed to.
    std::size_t memory_usage() const noexcept { return sansock_prepared_memory_usage(get()); }

    /// The C handle, still owned by this object.
    sansock_prepared *get() const noexcept { return handle_.get(); }

private:
    static Result<PreparedMessage> create(MessageKind kind, const std::uint8_t *data, std::size_t size) noexcept {
        sansock_prepared *raw = nullptr;
        const auto status =
            static_cast<Status>(sansock_prepared_new(static_cast<std::uint8_t>(kind), data, size, &raw));
        if (status != Status::ok) return status;
        PreparedMessage message;
        message.handle_.reset(raw);
        return message;
    }

    struct Free {
        void operator()(sansock_prepared *handle) const noexcept { sansock_prepared_free(handle); }
    };
    std::unique_ptr<sansock_prepared, Free> handle_;
};

/// One WebSocket connection. `now` is always in milliseconds of a monotonic clock of your choice.
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

    /// Creates a connection with a seed from the operating system. A client has its request in output() at once.
    static Result<Connection> create(const Config &config, std::uint64_t now) noexcept {
        return create(config, nullptr, now);
    }
    /// Creates a connection with a seed of your own: unpredictable bytes, used for this connection only.
    static Result<Connection> create(const Config &config, const std::array<std::uint8_t, 32> &seed,
                                     std::uint64_t now) noexcept {
        return create(config, seed.data(), now);
    }

    /// Receives bytes that were read from the transport, and unmasks them in place. Input call: replaces the events.
    ///
    /// Keep the bytes until you have handled the events. Then pass those that were not consumed().
    [[nodiscard]] Status receive(std::uint8_t *data, std::size_t size, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_receive(get(), data, size, now));
    }
    [[nodiscard]] Status receive(Span<std::uint8_t> data, std::uint64_t now) noexcept {
        return receive(data.data(), data.size(), now);
    }
    /// Lends memory to read the transport straight to, without waiting: where the payload of the message under way belongs.
    /// Empty if it is fewer than `min` bytes, and then nothing has changed; otherwise the events are dropped. See
    /// sansock_conn_lend. Next: receive_lent().
    [[nodiscard]] Span<std::uint8_t> lend(std::size_t min) noexcept {
        std::uint8_t *place = nullptr;
        std::size_t room = 0;
        sansock_conn_lend(get(), min, &place, &room);
        return {place, room};
    }
    /// The same as receive() with the first `size` bytes of what was lent, which have been written there.
    [[nodiscard]] Status receive_lent(std::size_t size, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_receive_lent(get(), size, now));
    }
    /// Client only: reads just the header of a message whose payload you read from the transport yourself.
    /// `header_size` and `payload_size` receive the sizes of both, or 0 where that is not possible: see
    /// sansock_conn_receive_header. Not an input call.
    [[nodiscard]] Status receive_header(Bytes data, std::uint64_t min_payload, std::uint64_t now,
                                        std::size_t &header_size, std::uint64_t &payload_size) noexcept {
        return static_cast<Status>(sansock_conn_receive_header(get(), data.data(), data.size(), min_payload, now,
                                                               &header_size, &payload_size));
    }
    /// Reports that the peer has ended its stream. Allowed in every state, and again. Input call.
    Status receive_eof(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_receive_eof(get(), now)); }
    /// Acts on the deadlines that have passed: call it when next_deadline() has come. Input call.
    Status timeout(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_timeout(get(), now)); }

    /// Drops the events, which you have handled, and gives back the memory that they hold at once.
    Status release() noexcept { return static_cast<Status>(sansock_conn_release(get())); }

    /// Server only: receives a request as fields, from an HTTP implementation of yours, before any other input. A Head with
    /// the response is then among the events of accept(), reject() and respond(): see sansock_conn_receive_request. Input
    /// call.
    [[nodiscard]] Status receive_request(HttpVersion version, Span<const sansock_field> fields,
                                         std::uint64_t now) noexcept {
        const auto number = static_cast<std::uint32_t>(version);
        return static_cast<Status>(sansock_conn_receive_request(get(), number, fields.data(), fields.size(), now));
    }
    /// Client only: gives the request as fields in a Head, in place of the text in output(). Call it first. Input call.
    [[nodiscard]] Status request_fields(HttpVersion version, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_request_fields(get(), static_cast<std::uint32_t>(version), now));
    }
    /// Client only: receives the response to a request that was sent as fields. Input call.
    [[nodiscard]] Status receive_response(std::uint16_t http_status, Span<const sansock_field> fields,
                                          std::uint64_t now) noexcept {
        return static_cast<Status>(
            sansock_conn_receive_response(get(), http_status, fields.data(), fields.size(), now));
    }

    /// Adds a header to the response that the next accept(), reject() or respond() sends.
    [[nodiscard]] Status response_header(std::string_view name, std::string_view value) noexcept {
        return static_cast<Status>(
            sansock_conn_add_response_header(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /// Declines or narrows the compression that the next accept() agrees on: see sansock_conn_limit_deflate.
    [[nodiscard]] Status limit_deflate(Option option, std::uint64_t value) noexcept {
        return static_cast<Status>(sansock_conn_limit_deflate(get(), static_cast<std::uint32_t>(option), value));
    }
    /// Drops all that response_header() and limit_deflate() have added. The configuration stays.
    [[nodiscard]] Status clear_response() noexcept {
        return static_cast<Status>(sansock_conn_clear_response(get()));
    }
    /// Accepts the request, with a subprotocol that the client offers. Without one: the first of your configured ones
    /// that it offers, or none. Input call.
    [[nodiscard]] Status accept(std::string_view subprotocol, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_accept(get(), subprotocol.data(), subprotocol.size(), now));
    }
    [[nodiscard]] Status accept(std::uint64_t now) noexcept { return accept({}, now); }
    /// Refuses the request with an HTTP status and a body. Input call.
    [[nodiscard]] Status reject(std::uint16_t http_status, std::string_view body, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_reject(get(), http_status, body.data(), body.size(), now));
    }
    /// Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. An empty
    /// reason is the usual phrase. Input call.
    [[nodiscard]] Status respond(std::uint16_t http_status, std::string_view reason, std::string_view body,
                                 std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_respond(get(), http_status, reason.data(), reason.size(), body.data(),
                                                        body.size(), now));
    }

    /// Sends a text message, which must be UTF-8. Like everything that is sent, it is copied, and the events stay.
    [[nodiscard]] Status send_text(std::string_view text) noexcept {
        return static_cast<Status>(sansock_conn_send_text(get(), text.data(), text.size()));
    }
    /// Sends a binary message.
    [[nodiscard]] Status send_binary(Bytes data) noexcept {
        return static_cast<Status>(sansock_conn_send_binary(get(), data.data(), data.size()));
    }
    /// Sends a part of a text message. It may end inside a code point. `last`: the message ends with it.
    [[nodiscard]] Status send_text_part(std::string_view text, bool last) noexcept {
        const auto *data = reinterpret_cast<const std::uint8_t *>(text.data());
        return static_cast<Status>(sansock_conn_send_part(get(), SANSOCK_KIND_TEXT, data, text.size(), last));
    }
    /// Sends a part of a binary message. `last`: the message ends with it.
    [[nodiscard]] Status send_binary_part(Bytes data, bool last) noexcept {
        return static_cast<Status>(sansock_conn_send_part(get(), SANSOCK_KIND_BINARY, data.data(), data.size(), last));
    }
    /// Sends many messages at once; `sent` receives how many were queued. See sansock_conn_send_batch.
    [[nodiscard]] Status send_batch(Span<const sansock_record> records, Bytes data, std::size_t &sent) noexcept {
        return static_cast<Status>(
            sansock_conn_send_batch(get(), records.data(), records.size(), data.data(), data.size(), &sent));
    }
    /// Sends many messages of one kind, whose payloads lie in `data` one after the other; `sizes` has the size of each.
    /// `sent` receives how many were queued. See sansock_conn_send_many.
    [[nodiscard]] Status send_many(MessageKind kind, Span<const std::size_t> sizes, Bytes data,
                                   std::size_t &sent) noexcept {
        return static_cast<Status>(sansock_conn_send_many(get(), static_cast<std::uint8_t>(kind), sizes.data(),
                                                          sizes.size(), data.data(), data.size(), &sent));
    }
    /// Sends a message that was made for many connections. See sansock_conn_send_prepared.
    [[nodiscard]] Status send_prepared(const PreparedMessage &message) noexcept {
        return static_cast<Status>(sansock_conn_send_prepared(get(), message.get()));
    }
    /// Server only: queues just the header of a frame. Write all of output(), then the payload unchanged, before any
    /// other call that adds output. `last`: the message ends with the frame.
    [[nodiscard]] Status send_header(MessageKind kind, std::uint64_t payload_size, bool last) noexcept {
        return static_cast<Status>(
            sansock_conn_send_header(get(), static_cast<std::uint8_t>(kind), payload_size, last));
    }
    /// Server only: whether a whole message may be sent so in place of send(). See sansock_conn_check_header.
    [[nodiscard]] Status check_header(MessageKind kind, std::uint64_t payload_size) noexcept {
        return static_cast<Status>(sansock_conn_check_header(get(), static_cast<std::uint8_t>(kind), payload_size));
    }
    /// Server only: copies the rest of such a payload to the output, if the transport has not taken all of it. See
    /// sansock_conn_send_rest.
    [[nodiscard]] Status send_rest(Bytes rest) noexcept {
        return static_cast<Status>(sansock_conn_send_rest(get(), rest.data(), rest.size()));
    }
    /// Server only: reports that a piece of such a payload has been written. See sansock_conn_payload_written.
    [[nodiscard]] Status payload_written() noexcept {
        return static_cast<Status>(sansock_conn_payload_written(get()));
    }
    /// Sends a ping with at most 125 bytes. The Pong that answers it has the round-trip time.
    [[nodiscard]] Status ping(Bytes payload, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_ping(get(), payload.data(), payload.size(), now));
    }
    /// Sends a pong with at most 125 bytes: the answer to a ping where Option::auto_pong is off, or an unsolicited one.
    [[nodiscard]] Status pong(Bytes payload) noexcept {
        return static_cast<Status>(sansock_conn_pong(get(), payload.data(), payload.size()));
    }
    /// Starts the closing handshake, or answers the peer's Close. Go on receiving until Closed. `code` 0: none, and
    /// then no reason.
    [[nodiscard]] Status close(std::uint16_t code, std::string_view reason, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_close(get(), code, reason.data(), reason.size(), now));
    }
    /// Fails the connection: sends Close unless it was sent, and does not wait for the peer's. Closed is waiting then:
    /// see more().
    [[nodiscard]] Status fail(std::uint16_t code, std::string_view reason, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_conn_fail(get(), code, reason.data(), reason.size(), now));
    }
    /// Chooses whether the messages that follow are compressed, where that was agreed and they are long enough. They
    /// are, unless you say otherwise.
    Status set_compression(bool on) noexcept {
        return static_cast<Status>(sansock_conn_set_compression(get(), on ? 1 : 0));
    }
    /// Reports that you stop reading from the transport. The pong deadline stands still until resume().
    Status pause(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_pause(get(), now)); }
    /// Reports that you read from the transport again.
    Status resume(std::uint64_t now) noexcept { return static_cast<Status>(sansock_conn_resume(get(), now)); }
    /// Reports that the first `size` bytes of output() were written.
    Status written(std::size_t size) noexcept { return static_cast<Status>(sansock_conn_written(get(), size)); }

    /// The events of the last input call. Valid until the next input call.
    [[nodiscard]] Events events() const noexcept { return Events(block_); }
    /// How many bytes of the input the last receive() consumed.
    [[nodiscard]] std::size_t consumed() const noexcept {
        return block_ ? static_cast<std::size_t>(block_->consumed) : 0;
    }
    /// Whether something is waiting: handle the events, then call receive() with the input that is left, or with none.
    [[nodiscard]] bool more() const noexcept { return block_ && sansock_block_has_more(block_); }
    /// Bytes to write to the transport. Valid until the next call on this connection.
    [[nodiscard]] Bytes output() const noexcept { return block_ ? Bytes(block_->output, block_->output_len) : Bytes(); }
    /// Takes the output as a buffer of your own, and reports it as written: for a transport that keeps what it is given.
    /// The engine then neither sees what waits there nor limits the time for it: stop sending while that is too much.
    [[nodiscard]] std::vector<std::uint8_t> take_output() {
        const Bytes bytes = output();
        std::vector<std::uint8_t> taken(bytes.begin(), bytes.end());
        written(taken.size());
        return taken;
    }
    /// Whether the output is below its soft limit. While it is not, stop reading from the peer, or stop sending to it.
    [[nodiscard]] bool writable() const noexcept { return block_ && sansock_block_is_writable(block_); }
    /// When to call timeout(), in milliseconds of your clock, if there is a deadline.
    [[nodiscard]] std::optional<std::uint64_t> next_deadline() const noexcept {
        if (!block_ || block_->next_deadline == SANSOCK_NEVER) return std::nullopt;
        return block_->next_deadline;
    }
    /// How many bytes you may gather before the next receive(): they cannot produce an event or a fault yet.
    [[nodiscard]] std::uint64_t payload_remaining() const noexcept { return block_ ? block_->payload_remaining : 0; }
    /// What to do with the transport once all output is written; Transport::close for an empty owner.
    [[nodiscard]] Transport transport() const noexcept {
        return block_ ? static_cast<Transport>(block_->transport) : Transport::close;
    }
    /// The state of the connection; State::closed for an empty owner.
    [[nodiscard]] State state() const noexcept { return block_ ? static_cast<State>(block_->state) : State::closed; }
    /// The number of the fault that ended the connection, or that is to be answered; or 0. The block has its numbers.
    [[nodiscard]] std::uint32_t fault() const noexcept { return block_ ? block_->fault : 0; }
    /// What that fault was, in one sentence with the numbers of the case; empty if there was none.
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

/// A proxy, and where to lead through it, from which any number of tunnels are made.
class TunnelConfig {
public:
    TunnelConfig() noexcept = default;

    /// The configuration of a tunnel through a proxy, given by its URL, to a host and port. See
    /// sansock_tunnel_config_new.
    static Result<TunnelConfig> create(std::string_view proxy, std::string_view host, std::uint16_t port) noexcept {
        sansock_tunnel_config *raw = nullptr;
        const auto status = static_cast<Status>(
            sansock_tunnel_config_new(proxy.data(), proxy.size(), host.data(), host.size(), port, &raw));
        if (status != Status::ok) return status;
        TunnelConfig config;
        config.handle_.reset(raw);
        return config;
    }

    /// Sets handshake_timeout, max_head_size, max_line_size or max_headers. Other options are refused with
    /// invalid_argument.
    [[nodiscard]] Status set(Option option, std::uint64_t value) noexcept {
        return static_cast<Status>(sansock_tunnel_config_set(get(), static_cast<std::uint32_t>(option), value));
    }
    /// Adds a header to the request to an HTTP proxy.
    [[nodiscard]] Status header(std::string_view name, std::string_view value) noexcept {
        return static_cast<Status>(
            sansock_tunnel_config_add_header(get(), name.data(), name.size(), value.data(), value.size()));
    }

    /// The C handle, still owned by this object.
    sansock_tunnel_config *get() const noexcept { return handle_.get(); }

private:
    struct Free {
        void operator()(sansock_tunnel_config *handle) const noexcept { sansock_tunnel_config_free(handle); }
    };
    std::unique_ptr<sansock_tunnel_config, Free> handle_;
};

/// One tunnel through a proxy, which is driven as a Connection until Open or Closed.
class Tunnel {
public:
    Tunnel() noexcept = default;
    Tunnel(Tunnel &&other) noexcept
        : handle_(std::move(other.handle_)), block_(std::exchange(other.block_, nullptr)) {}
    Tunnel &operator=(Tunnel &&other) noexcept {
        handle_ = std::move(other.handle_);
        block_ = std::exchange(other.block_, nullptr);
        return *this;
    }

    /// Creates a tunnel. Its first message to the proxy is in output() at once.
    static Result<Tunnel> create(const TunnelConfig &config, std::uint64_t now) noexcept {
        sansock_tunnel *raw = nullptr;
        const auto status = static_cast<Status>(sansock_tunnel_new(config.get(), now, &raw));
        if (status != Status::ok) return status;
        Tunnel tunnel;
        tunnel.handle_.reset(raw);
        tunnel.block_ = sansock_tunnel_block(raw);
        return tunnel;
    }

    /// Receives bytes that were read from the proxy. Those that were not consumed() are for the next layer. Input call.
    [[nodiscard]] Status receive(Bytes data, std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_tunnel_receive(get(), data.data(), data.size(), now));
    }
    /// Reports that the proxy has ended its stream. Allowed in every state, and again. Input call.
    Status receive_eof(std::uint64_t now) noexcept {
        return static_cast<Status>(sansock_tunnel_receive_eof(get(), now));
    }
    /// Acts on the deadline, if it has passed. Input call.
    Status timeout(std::uint64_t now) noexcept { return static_cast<Status>(sansock_tunnel_timeout(get(), now)); }
    /// Reports that the first `size` bytes of output() were written.
    Status written(std::size_t size) noexcept { return static_cast<Status>(sansock_tunnel_written(get(), size)); }

    /// The events of the last input call. Valid until the next input call.
    [[nodiscard]] Events events() const noexcept { return Events(block_); }
    /// How many bytes of the input the last receive() consumed.
    [[nodiscard]] std::size_t consumed() const noexcept {
        return block_ ? static_cast<std::size_t>(block_->consumed) : 0;
    }
    /// Bytes to write to the proxy. Valid until the next call on this tunnel.
    [[nodiscard]] Bytes output() const noexcept { return block_ ? Bytes(block_->output, block_->output_len) : Bytes(); }
    /// When to call timeout(), in milliseconds of your clock, if there is a deadline.
    [[nodiscard]] std::optional<std::uint64_t> next_deadline() const noexcept {
        if (!block_ || block_->next_deadline == SANSOCK_NEVER) return std::nullopt;
        return block_->next_deadline;
    }
    /// Transport::close if there is no tunnel, and for an empty owner; otherwise Transport::open.
    [[nodiscard]] Transport transport() const noexcept {
        return block_ ? static_cast<Transport>(block_->transport) : Transport::close;
    }
    /// State::connecting, then State::open or State::closed; State::closed for an empty owner.
    [[nodiscard]] State state() const noexcept { return block_ ? static_cast<State>(block_->state) : State::closed; }
    /// The number of the fault that prevented the tunnel, or 0.
    [[nodiscard]] std::uint32_t fault() const noexcept { return block_ ? block_->fault : 0; }
    /// What that fault was, in one sentence with the numbers of the case; empty if there was none.
    [[nodiscard]] std::string_view fault_text() const noexcept {
        std::size_t size = 0;
        const char *data = sansock_tunnel_fault_text(get(), &size);
        return {data, size};
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// The C handle, still owned by this object.
    sansock_tunnel *get() const noexcept { return handle_.get(); }
    /// The C block; its address stays the same when this object is moved.
    const sansock_block *block() const noexcept { return block_; }

private:
    struct Free {
        void operator()(sansock_tunnel *handle) const noexcept { sansock_tunnel_free(handle); }
    };
    std::unique_ptr<sansock_tunnel, Free> handle_;
    const sansock_block *block_ = nullptr;
};

} // namespace sansock

#if defined(__cpp_lib_span) && defined(__cpp_lib_ranges)
// As for std::span: the values outlive it, so that a temporary converts too; and a copy is cheap.
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<sansock::Span<T>> = true;
template <class T> inline constexpr bool std::ranges::enable_view<sansock::Span<T>> = true;
#endif

#endif // SANSOCK_HPP

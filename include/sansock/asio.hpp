/// WebSockets over Asio, for C++17 and later: Boost.Asio where it is there, or standalone Asio with
/// SANSOCK_STANDALONE_ASIO. Over TLS include sansock/asio_ssl.hpp.
///
///     sansock::asio::websocket ws(std::move(socket));          // a server, in a coroutine of C++20
///     co_await ws.async_accept(config, use_awaitable);
///     for (sansock::asio::message m;;) {
///         co_await ws.async_read(m, use_awaitable);             // throws when the connection has ended
///         co_await ws.async_write(m, use_awaitable);
///     }
///
/// The engine decides what the protocol asks for; this reads, writes and waits. From the handshake on it reads by
/// itself, so that pings are answered, keepalive (Option::ping_interval) works and every deadline holds, whether an
/// operation is under way or not. It stops reading while settings::max_queue bytes of messages wait to be read. Writes
/// wait while the peer does not read. The peer's Close is answered when the messages before it have been: when the program
/// reads the next one, closes, or lets go of the websocket, or after settings::answer_timeout. Closing follows the
/// engine: a server ends its direction first (over TLS by close_notify), and the stream is closed when the peer has ended
/// its own or the close deadline has passed, so that no message is lost by a reset.
///
/// Writing     A message is in the output when async_write completes, and has left the process, unless the peer does not
///             read. Only while messages that have come wait to be read, or other writes have been started, what is sent
///             leaves together, in one write: with the last of them, when the program does something else, and after twenty
///             milliseconds at the latest.
/// Broadcasts  A message for many is a std::shared_ptr<const PreparedMessage>, which async_write_prepared of each takes.
/// Proxies     async_connect goes through the one of settings::proxy; through one over TLS async_connect_any does, which
///             sansock/asio_ssl.hpp has.
/// Tokens      All operations take completion tokens: callbacks, use_future, use_awaitable, deferred.
/// Threads     Operations may be started on any thread. Where several threads run the io_context, the executor of the stream
///             must be a strand. All else, destruction too, belongs in that executor.
/// Cancelling  A cancelled operation has done nothing: the message that it would have read comes with the next read, the one
///             that it would have written is not sent in part. Asio 1.20 and Boost 1.77 cancel single operations through
///             cancellation slots (`||`, timeouts); websocket::cancel() ends all of them everywhere. Cancelling a handshake
///             closes the stream.
/// Lifetime    What an operation refers to (a message, a text, bytes) stays until it completes. Destroying a websocket that
///             is open closes its stream at once: the peer sees 1006. After an operation has said that the connection has
///             ended, destroying it is harmless, and what is left of closing is done in the background.
/// Errors      `error` for what this header says, fault_category() for what the peer did wrong (SANSOCK_FAULT_*), and those
///             of Asio. When the connection has ended, reads first give the messages that have come, and then error::closed
///             after a closing handshake, otherwise why.
#ifndef SANSOCK_ASIO_HPP
#define SANSOCK_ASIO_HPP

#include "detail/asio_operations.hpp"

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif

/// One WebSocket connection over a stream of Asio: a tcp::socket, a local::stream_protocol::socket, an ssl::stream of
/// either. Move-only; an empty one can be assigned to, destroyed and asked for is_open().
template <class Stream> class websocket {
public:
    using next_layer_type = Stream;
    using executor_type = typename Stream::executor_type;

    websocket() noexcept = default;
    /// Takes a stream that is connected. That of TLS has not made its handshake, unless settings::tls_is_ready says so.
    explicit websocket(Stream stream, settings chosen = {})
        : session_(std::make_shared<detail::session<Stream>>(std::move(stream), chosen)) {}
    websocket(websocket &&) noexcept = default;
    websocket &operator=(websocket &&other) noexcept {
        if (this != &other) {
            detach();
            session_ = std::move(other.session_);
        }
        return *this;
    }
    ~websocket() { detach(); }

    executor_type get_executor() { return session_->stream.get_executor(); }
    /// The stream below. Do not read from it or write to it after the handshake has begun.
    Stream &next_layer() noexcept { return session_->stream; }

    /// Whether messages can be sent and received.
    bool is_open() const noexcept { return session_ && session_->is_open(); }
    /// How the connection ended; all defaults until it has.
    const closed_info &closed() const noexcept { return session_->closed; }
    /// The response with which the server refused the request, if it did.
    const std::optional<rejection_info> &rejection() const noexcept { return session_->rejection; }
    /// The subprotocol agreed on; empty if there is none.
    const std::string &subprotocol() const noexcept { return session_->subprotocol; }
    /// The engine's connection, for what this class does not offer. Make no input calls on it, and call
    /// flush() after others.
    Connection &connection() noexcept { return session_->connection; }
    /// Writes what was sent through connection().
    void flush() { session_->service(); }

    /// Ends all operations with operation_aborted. The connection stays as it is, but for a handshake under way.
    void cancel() {
        if (session_) session_->cancel_operations();
    }

    /// A client's opening handshake, after that of TLS if the stream has it. Within Option::handshake_timeout. With
    /// Option::start_open the stream has been upgraded, by an HTTP client for example, and is only begun with.
    /// void(error_code): error::rejected if the server refuses; rejection() has its response.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_handshake(const Config &config, Token &&token = net::default_completion_token_t<executor_type>()) {
        auto made = Connection::create(config, detail::now_ms());
        return start<void(error_code)>(detail::open_step(std::move(made), nullptr, Role::client),
                                       std::forward<Token>(token));
    }

    /// A server's opening handshake, after that of TLS if the stream has it. Within Option::handshake_timeout. The hook
    /// decides on the request: see `answer`. It runs in the executor of the stream. With Option::start_open the stream has
    /// been upgraded, by an HTTP server for example: it is only begun with, and no hook is asked.
    /// void(error_code): error::rejected if the request was refused, or answered with a page.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_accept(const Config &config, request_hook hook,
                      Token &&token = net::default_completion_token_t<executor_type>()) {
        auto made = Connection::create(config, detail::now_ms());
        return start<void(error_code)>(detail::open_step(std::move(made), std::move(hook), Role::server),
                                       std::forward<Token>(token));
    }
    /// The same without a hook: accepts clients that are no browsers, and pages of the same origin.
    template <class Token = net::default_completion_token_t<executor_type>,
              class = std::enable_if_t<!std::is_constructible_v<request_hook, Token>>>
    auto async_accept(const Config &config, Token &&token = net::default_completion_token_t<executor_type>()) {
        return async_accept(config, request_hook(), std::forward<Token>(token));
    }

    /// Reads a message: a whole one, or a part with Option::parts. One read at a time: another is refused with
    /// error::busy. void(error_code). The memory of `into` is used again.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_read(message &into, Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code)>(detail::read_step(into), std::forward<Token>(token));
    }

    /// Sends a message, once there is room: less than Option::output_soft_limit waits to be written. Messages are sent
    /// in the order of the calls. It completes when the message is in the output: that the peer has it, only an answer of
    /// the peer's can tell. See `Writing` above. void(error_code)
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_write(const message &m, Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code)>(detail::write_step(detail::send_bytes{m.kind, m.bytes()}),
                                       std::forward<Token>(token));
    }
    /// The same for a text, which must be UTF-8.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_write_text(std::string_view text, Token &&token = net::default_completion_token_t<executor_type>()) {
        const Bytes bytes(reinterpret_cast<const std::uint8_t *>(text.data()), text.size());
        return start<void(error_code)>(detail::write_step(detail::send_bytes{MessageKind::text, bytes}),
                                       std::forward<Token>(token));
    }
    /// The same for bytes.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_write_binary(Bytes data, Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code)>(detail::write_step(detail::send_bytes{MessageKind::binary, data}),
                                       std::forward<Token>(token));
    }

    /// The same for a message that goes to many connections. It is compressed once for all whose windows and levels of
    /// compression are the same, and shares its encoding with them. Each operation keeps it: it may be let go of when all
    /// have been started. void(error_code): error::invalid_argument if there is none, error::too_large if it is larger
    /// than Option::output_hard_limit, and as for async_write if this connection has ended.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_write_prepared(std::shared_ptr<const PreparedMessage> message,
                              Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code)>(detail::write_step(detail::send_prepared{std::move(message)}),
                                       std::forward<Token>(token));
    }

    /// Sends a ping of at most 125 bytes, and waits for the pong that answers it or a later one.
    /// void(error_code, std::chrono::milliseconds): the round-trip time.
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_ping(std::string payload, Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code, std::chrono::milliseconds)>(detail::ping_step(std::move(payload)),
                                                                  std::forward<Token>(token));
    }

    /// Closes the connection with a code and a reason, and completes when the stream is closed: after the closing
    /// handshake, or when its deadline has passed. Messages that come meanwhile are dropped, unless
    /// Option::receive_while_closing is on. `code` 0: none, and then no reason. void(error_code)
    template <class Token = net::default_completion_token_t<executor_type>>
    auto async_close(std::uint16_t code, std::string reason,
                     Token &&token = net::default_completion_token_t<executor_type>()) {
        return start<void(error_code)>(detail::close_step(code, std::move(reason)), std::forward<Token>(token));
    }

private:
    template <class Signature, class Step, class Token> auto start(Step step, Token &&token) {
        using operation = detail::operation<detail::session<Stream>, Step>;
        return net::async_compose<Token, Signature>(operation(session_, std::move(step)), token,
                                                    session_->stream.get_executor());
    }
    void detach() noexcept {
        if (const auto session = std::exchange(session_, nullptr)) session->detach();
    }

    std::shared_ptr<detail::session<Stream>> session_;
};

} // inline namespace
} // namespace sansock::asio

#include "detail/asio_connect.hpp"

#endif // SANSOCK_ASIO_HPP

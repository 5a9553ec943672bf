/// What the files of sansock/asio.hpp share: which Asio, errors, messages, answers to requests. Include
/// sansock/asio.hpp.
#ifndef SANSOCK_DETAIL_ASIO_BASE_HPP
#define SANSOCK_DETAIL_ASIO_BASE_HPP

#if !defined(SANSOCK_STANDALONE_ASIO) && !defined(SANSOCK_BOOST_ASIO)
#if __has_include(<boost/asio.hpp>)
#define SANSOCK_BOOST_ASIO
#else
#define SANSOCK_STANDALONE_ASIO
#endif
#endif

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// After those of the standard library, some of which Boost 1.74 lacks.
#ifdef SANSOCK_STANDALONE_ASIO
#include <asio.hpp>
#include <system_error>
#define SANSOCK_ASIO_VERSION ASIO_VERSION
#else
#include <boost/asio.hpp>
#include <boost/system/error_code.hpp>
#define SANSOCK_ASIO_VERSION BOOST_ASIO_VERSION
#endif

#include "../../sansock.hpp"
#include "../../sansock_faults.h"

namespace sansock::asio {

// The two libraries have different types: their names keep programs apart that use both.
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
namespace net = ::asio;
using error_code = std::error_code;
using error_category = std::error_category;
#else
inline namespace over_boost_asio {
namespace net = ::boost::asio;
using error_code = boost::system::error_code;
using error_category = boost::system::error_category;
#endif

/// Why an operation has failed, where it is neither an error of the transport nor a fault.
enum class error {
    closed = 1,   ///< The connection was closed by a closing handshake. websocket::closed() has code and reason.
    rejected,     ///< The request was refused: by the server, or by this server's hook. See websocket::rejection().
    bad_url,      ///< Not a valid ws: or wss: URL, or not one of a proxy that can be used.
    tls_mismatch, ///< A wss: URL for a stream without TLS, or a ws: URL for a stream with it.
    not_open,     ///< There is no open connection.
    busy,         ///< Another operation of the same kind is under way.
    timed_out,    ///< Resolving the name and connecting took too long.
    invalid_argument, ///< A text that is not UTF-8, a close code that may not be sent, an option out of range.
    too_large,    ///< The message is larger than Option::output_hard_limit.
    engine,       ///< The engine refused a call: for want of memory, of random bytes, or after a failure of its own.
};

namespace detail {

class errors final : public error_category {
public:
    const char *name() const noexcept override { return "sansock"; }
    std::string message(int value) const override {
        constexpr const char *texts[] = {
            "no error",
            "the connection was closed by a closing handshake",
            "the request was refused",
            "not a valid ws: or wss: URL, or not one of a proxy that can be used",
            "wss: goes with a stream over TLS, and ws: with one without it",
            "there is no open connection",
            "another operation of this kind is under way",
            "connecting took too long",
            "an argument is outside what the protocol or an option allows",
            "the message is larger than the hard limit of the output",
            "the engine refused a call",
        };
        const auto at = static_cast<std::size_t>(value);
        return at < std::size(texts) ? texts[at] : "unknown error";
    }
};

class faults final : public error_category {
public:
    const char *name() const noexcept override { return "sansock.fault"; }
    std::string message(int value) const override {
        return std::string(fault_text(static_cast<std::uint32_t>(value)));
    }
};

} // namespace detail

/// The category of `error`.
inline const error_category &category() noexcept {
    static const detail::errors instance;
    return instance;
}
/// The category of faults of the peer: the values are SANSOCK_FAULT_* of sansock_faults.h.
inline const error_category &fault_category() noexcept {
    static const detail::faults instance;
    return instance;
}
inline error_code make_error_code(error value) noexcept { return {static_cast<int>(value), category()}; }

/// A message, or a part of one with Option::parts.
struct message {
    MessageKind kind = MessageKind::text;
    std::string data; ///< Valid UTF-8 if the kind is text.
    bool first = true; ///< A message begins here. False only with Option::parts.
    bool last = true;  ///< The message ends here. False only with Option::parts.

    bool is_text() const noexcept { return kind == MessageKind::text; }
    Bytes bytes() const noexcept { return {reinterpret_cast<const std::uint8_t *>(data.data()), data.size()}; }
};

/// How a connection ended.
struct closed_info {
    std::uint16_t code = 1006; ///< That of the peer's Close frame: 1005 if it had none, 1006 if there was no such frame.
    std::string reason;        ///< The peer's reason.
    bool clean = false;        ///< A Close frame was sent and one received.
    bool by_peer = false;      ///< The peer ended it.
    std::uint16_t sent_code = 0; ///< The code of our Close frame; 0 if none was sent.
    std::uint32_t fault = 0;     ///< What was wrong, for fault_name(); or 0.
    std::string fault_text;      ///< The same in words, with the numbers of the case.
};

/// The response with which a server refused a request.
struct rejection_info {
    std::uint16_t status = 0; ///< The HTTP status.
    std::string body;         ///< At most Option::max_body_size bytes of the body.
};

/// What a server answers to a request. Without a decision it accepts requests of clients that are no browsers and of
/// pages of the same origin, refuses others with 403 (RFC 6455 section 10.2), and answers those that cannot be accepted
/// with 404.
class answer {
public:
    /// Accepts, whatever the origin. `subprotocol`: one that the client offers; empty for the first of the configured
    /// ones that it offers, or none.
    void accept(std::string subprotocol = {}) {
        decision_ = decision::accept;
        text_ = std::move(subprotocol);
    }
    /// Refuses with an HTTP status from 200 to 599, or answers a request for a page (Option::deliver_http).
    void respond(std::uint16_t status, std::string body = {}) {
        decision_ = decision::respond;
        status_ = status;
        text_ = std::move(body);
    }
    /// Adds a header to the response.
    void header(std::string name, std::string value) { headers_.emplace_back(std::move(name), std::move(value)); }

    /// Gives the answer to the engine. Returns what is wrong with it, if something is.
    Status give(Connection &connection, const Request &request, std::uint64_t now) const {
        for (const auto &[name, value] : headers_)
            if (const Status status = connection.response_header(name, value); status != Status::ok) return status;
        if (decision_ == decision::respond) return connection.respond(status_, {}, text_, now);
        if (decision_ == decision::accept) return connection.accept(text_, now);
        if (request.fault != 0) return connection.respond(404, {}, {}, now);
        return request.same_origin ? connection.accept(now) : connection.reject(403, {}, now);
    }

private:
    enum class decision { none, accept, respond };
    decision decision_ = decision::none;
    std::uint16_t status_ = 0;
    std::string text_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

/// Looks at a request, and decides. It is called once, and must not keep the request.
using request_hook = std::function<void(const Request &, answer &)>;

/// What the host decides, beside the options of the engine.
struct settings {
    std::size_t max_queue = 256 * 1024; ///< How many bytes of messages may wait to be read before reading stops.
    /// The size of the buffer that a stream over TLS is read into, in bytes. Sockets need none while they are idle.
    std::size_t read_size = 16 * 1024;
    /// For async_connect: the URL of a proxy to go through, perhaps with `user:password@`: http:, socks4a:, socks5: or
    /// socks5h:, and with async_connect_any also https:. Empty: none. A proxy that fails or refuses is a fault of 500 or
    /// above.
    std::string proxy = {};
    /// The time for resolving names, connecting, and the proxy's answer. The handshakes have Option::handshake_timeout.
    std::chrono::milliseconds connect_timeout{10'000};
    /// How long the peer's Close waits for the program to answer the messages before it. A peer's time for closing is often
    /// 10 seconds.
    std::chrono::milliseconds answer_timeout{5'000};
    /// How long the end of a stream over TLS may wait for the peer's close_notify.
    std::chrono::milliseconds tls_shutdown_timeout{1'000};
    bool tls_is_ready = false; ///< The handshake of TLS has been made already: async_handshake and async_accept omit it.
};

namespace detail {

/// Whether a stream is one over TLS, as asio::ssl::stream.
template <class Stream, class = void> inline constexpr bool is_tls = false;
template <class Stream> inline constexpr bool is_tls<Stream, std::void_t<typename Stream::handshake_type>> = true;

/// Whether a stream is a socket that can be waited for without a buffer.
template <class Stream, class = void> inline constexpr bool can_wait = false;
template <class Stream> inline constexpr bool can_wait<Stream, std::void_t<typename Stream::wait_type>> = true;

/// Milliseconds of a monotonic clock.
inline std::uint64_t now_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

inline error_code error_of(Status status) noexcept {
    switch (status) {
    case Status::ok: return {};
    case Status::bad_handle:
    case Status::invalid_state: return make_error_code(error::not_open);
    case Status::invalid_argument: return make_error_code(error::invalid_argument);
    case Status::too_large: return make_error_code(error::too_large);
    default: return make_error_code(error::engine);
    }
}

} // namespace detail
} // inline namespace
} // namespace sansock::asio

/// @cond
#ifdef SANSOCK_STANDALONE_ASIO
template <> struct std::is_error_code_enum<sansock::asio::error> : std::true_type {};
#else
template <> struct boost::system::is_error_code_enum<sansock::asio::error> : std::true_type {};
#endif
/// @endcond

#endif // SANSOCK_DETAIL_ASIO_BASE_HPP

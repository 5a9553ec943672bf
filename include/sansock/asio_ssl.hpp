/// WebSockets over TLS with Asio and OpenSSL: sansock/asio.hpp, and connecting to a wss: URL.
///
///     websocket<net::ssl::stream<tcp::socket>> ws({std::move(socket), context}); // a server; then async_accept
///
/// Clients are made by async_connect for wss: URLs, and by async_connect_any for ws: and wss: URLs through any proxy, that
/// over TLS too. Both handshakes are made by these, async_handshake or async_accept. close_notify follows the last byte of
/// a direction, and the peer's is awaited for a moment: see settings::tls_shutdown_timeout.
#ifndef SANSOCK_ASIO_SSL_HPP
#define SANSOCK_ASIO_SSL_HPP

#include "asio.hpp"

#ifdef SANSOCK_STANDALONE_ASIO
#include <asio/ssl.hpp>
#else
#include <boost/asio/ssl.hpp>
#endif

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif

/// A stream over TLS over TCP.
using tls_stream = net::ssl::stream<net::ip::tcp::socket>;

namespace detail {

/// TLS over a stream to a host whose certificate the authorities of the context vouch for.
template <class Next> net::ssl::stream<Next> tls_to(net::ssl::context &context, Next next, const std::string &host) {
    net::ssl::stream<Next> stream(std::move(next), context);
    error_code is_name;
    net::ip::make_address(host, is_name);
    // Addresses are not sent as the name of the server (RFC 6066 section 3).
    if (is_name) SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                          const_cast<char *>(host.c_str()));
    stream.set_verify_mode(net::ssl::verify_peer);
    stream.set_verify_callback(net::ssl::host_name_verification(host));
    return stream;
}

/// The layer of TLS over TCP.
struct tls_layer {
    static constexpr bool may_secure_proxies = false;

    bool fits(bool secure) const { return secure; }
    template <class Use> void with_way(net::ip::tcp::socket &socket, Use use) const { use(socket); }
    tls_stream operator()(net::ip::tcp::socket socket, const std::string &host) const {
        return tls_to(*context, std::move(socket), host);
    }

    net::ssl::context *context;
};

} // namespace detail

/// Connects to a wss: URL, as async_connect without a context does to a ws: URL. The server's certificate must be valid
/// for the host by the authorities of the context, which must live until the operation completes:
/// set_default_verify_paths() takes those of the system. void(error_code, websocket<tls_stream>)
template <class Token>
auto async_connect(const net::any_io_executor &executor, net::ssl::context &context, std::string_view url, Config config,
                   settings chosen, Token &&token) {
    return detail::start_connecting<tls_stream>(executor, url, std::move(config), chosen, detail::tls_layer{&context},
                                                std::forward<Token>(token));
}
/// The same with all defaults.
template <class Token>
auto async_connect(const net::any_io_executor &executor, net::ssl::context &context, std::string_view url,
                   Token &&token) {
    return async_connect(executor, context, url, detail::client_config(url), {}, std::forward<Token>(token));
}

} // inline namespace
} // namespace sansock::asio

#include "detail/asio_any.hpp"

#endif // SANSOCK_ASIO_SSL_HPP

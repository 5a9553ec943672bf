/// A stream to any server, through any proxy. Include sansock/asio_ssl.hpp.
#ifndef SANSOCK_DETAIL_ASIO_ANY_HPP
#define SANSOCK_DETAIL_ASIO_ANY_HPP

#include <variant>

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif

/// A stream whose layers are chosen when the program runs: TCP; TLS over it, to the server or to a proxy; or TLS to the
/// server within TLS to a proxy. websocket uses it as it does a stream over TLS. Move-only.
class any_stream : public net::ssl::stream_base {
public:
    using executor_type = net::ip::tcp::socket::executor_type;
    using lowest_layer_type = net::ip::tcp::socket::lowest_layer_type;
    /// TLS to the server within TLS to a proxy.
    using nested_stream = net::ssl::stream<tls_stream>;
    using layers = std::variant<net::ip::tcp::socket, tls_stream, nested_stream>;

    /// `tls_is_ready`: there is no handshake of TLS to make.
    any_stream(layers over_tcp, bool tls_is_ready) : layers_(std::move(over_tcp)), tls_is_ready_(tls_is_ready) {}

    executor_type get_executor() { return lowest_layer().get_executor(); }
    /// The socket.
    lowest_layer_type &lowest_layer() {
        return std::visit([](auto &stream) -> lowest_layer_type & { return stream.lowest_layer(); }, layers_);
    }
    /// Whichever stream it is, to look at it: its certificate, for example.
    const layers &over_tcp() const noexcept { return layers_; }
    layers &over_tcp() noexcept { return layers_; }

    /// Makes the handshake of TLS with the server, if there is one to make. void(error_code)
    template <class Token> auto async_handshake(handshake_type side, Token &&token) {
        return net::async_initiate<Token, void(error_code)>(
            [this, side](auto handler) {
                if (tls_is_ready_) return this->done(std::move(handler));
                this->with_tls(std::move(handler),
                               [side](auto &tls, auto then) { tls.async_handshake(side, std::move(then)); });
            },
            token);
    }

    /// Ends our direction: by close_notify of the outermost TLS, or of TCP. void(error_code)
    template <class Token> auto async_shutdown(Token &&token) {
        return net::async_initiate<Token, void(error_code)>(
            [this](auto handler) {
                this->with_tls(std::move(handler), [](auto &tls, auto then) { tls.async_shutdown(std::move(then)); });
            },
            token);
    }

    /// void(error_code, std::size_t)
    template <class Buffers, class Token> auto async_read_some(const Buffers &buffers, Token &&token) {
        return net::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, const Buffers &into) {
                std::visit([&](auto &stream) { stream.async_read_some(into, std::move(handler)); }, layers_);
            },
            token, buffers);
    }

    /// void(error_code, std::size_t)
    template <class Buffers, class Token> auto async_write_some(const Buffers &buffers, Token &&token) {
        return net::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, const Buffers &from) {
                std::visit([&](auto &stream) { stream.async_write_some(from, std::move(handler)); }, layers_);
            },
            token, buffers);
    }

private:
    /// Has the outermost TLS do something, the handshake or the shutdown. TCP alone is shut down.
    template <class Handler, class Use> void with_tls(Handler handler, Use use) {
        if (auto *tls = std::get_if<tls_stream>(&layers_)) return use(*tls, std::move(handler));
        if (auto *nested = std::get_if<nested_stream>(&layers_)) return use(*nested, std::move(handler));
        error_code ignored; // the peer may be gone
        std::get<net::ip::tcp::socket>(layers_).shutdown(net::socket_base::shutdown_send, ignored);
        done(std::move(handler));
    }

    /// Completes an operation that has nothing to wait for.
    template <class Handler> void done(Handler handler) {
        const auto executor = net::get_associated_executor(handler, get_executor());
        net::post(executor, [handler = std::move(handler)]() mutable { std::move(handler)(error_code()); });
    }

    layers layers_;
    bool tls_is_ready_;
};

namespace detail {

/// Any layers over TCP: those that the URLs of the server and of the proxy name.
struct any_layer {
    static constexpr bool may_secure_proxies = true;

    explicit any_layer(net::ssl::context &context) : context(&context) {}

    bool fits(bool is_secure) {
        secure = is_secure;
        return true;
    }
    std::shared_ptr<tls_stream> secure_proxy(net::ip::tcp::socket socket, const std::string &host) {
        return proxy = std::make_shared<tls_stream>(tls_to(*context, std::move(socket), host));
    }
    template <class Use> void with_way(net::ip::tcp::socket &socket, Use use) const {
        if (proxy)
            use(*proxy);
        else
            use(socket);
    }
    any_stream operator()(net::ip::tcp::socket socket, const std::string &host) const {
        if (proxy && secure) return {tls_to(*context, std::move(*proxy), host), false};
        if (proxy) return {std::move(*proxy), true};
        if (secure) return {tls_to(*context, std::move(socket), host), false};
        return {std::move(socket), true};
    }

    net::ssl::context *context;
    bool secure = false;
    std::shared_ptr<tls_stream> proxy; ///< TLS to the proxy.
};

} // namespace detail

/// Connects to a ws: or wss: URL, through any proxy that settings::proxy names, https: too: for programs that learn both
/// only when they run. The certificates of the server and of the proxy must each be valid for their host by the
/// authorities of the context, which must live until the operation completes. TLS with the proxy is within
/// settings::connect_timeout. Otherwise as the other functions: void(error_code, websocket<any_stream>)
template <class Token>
auto async_connect_any(const net::any_io_executor &executor, net::ssl::context &context, std::string_view url,
                       Config config, settings chosen, Token &&token) {
    return detail::start_connecting<any_stream>(executor, url, std::move(config), chosen, detail::any_layer(context),
                                                std::forward<Token>(token));
}
/// The same with all defaults.
template <class Token>
auto async_connect_any(const net::any_io_executor &executor, net::ssl::context &context, std::string_view url,
                       Token &&token) {
    return async_connect_any(executor, context, url, detail::client_config(url), {}, std::forward<Token>(token));
}

} // inline namespace
} // namespace sansock::asio

#endif // SANSOCK_DETAIL_ASIO_ANY_HPP

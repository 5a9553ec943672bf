/// From a URL to an open connection. Include sansock/asio.hpp.
#ifndef SANSOCK_DETAIL_ASIO_CONNECT_HPP
#define SANSOCK_DETAIL_ASIO_CONNECT_HPP

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif
namespace detail {

/// What connecting needs until it is done.
struct connecting {
    connecting(const net::any_io_executor &executor, std::string_view url, Config config, settings chosen)
        : resolver(executor), socket(executor), timer(executor), url(url), config(std::move(config)), chosen(chosen) {}

    net::ip::tcp::resolver resolver;
    net::ip::tcp::socket socket;
    net::steady_timer timer;
    std::string url;
    Config config;
    settings chosen;
    bool timed_out = false;
};

/// Resolves, connects, and makes the handshakes. `Layer` makes the stream of a socket and the name of the host.
template <class Stream, class Layer> class connect_operation {
public:
    connect_operation(std::shared_ptr<connecting> state, Layer layer) : state_(std::move(state)), layer_(std::move(layer)) {}

    template <class Self> void operator()(Self &self) {
        switch (at_) {
        case at::begun: return begin(self);
        case at::failed: return finish(self, result_);
        default: // a server that refuses leaves its response in the websocket, which is not open
            return self.complete(result_, opened_ ? std::move(*opened_) : websocket<Stream>());
        }
    }

    template <class Self>
    void operator()(Self &self, error_code ec, const net::ip::tcp::resolver::results_type &places) {
        const auto state = state_;
        if (state->timed_out)
            ec = make_error_code(error::timed_out);
        else if (is_cancelled(self))
            ec = net::error::operation_aborted;
        if (ec) return finish(self, ec);
        net::async_connect(state->socket, places, within(self));
    }

    template <class Self> void operator()(Self &self, error_code ec, const net::ip::tcp::endpoint &) {
        const auto state = state_;
        if (state->timed_out) ec = make_error_code(error::timed_out);
        state->timer.cancel();
        if (ec) return finish(self, ec);
        opened_ = std::make_unique<websocket<Stream>>(layer_(std::move(state->socket), host_), state->chosen);
        auto &opened = *opened_;
        opened.async_handshake(state->config, within(self));
    }

    template <class Self> void operator()(Self &self, error_code ec) { finish(self, ec); }

private:
    enum class at { begun, failed, end };

    template <class Self> void begin(Self &self) {
        const auto state = state_;
        allow_cancellation(self);
        const auto url = parse_url(state->url);
        if (!url || url->secure != is_tls<Stream>) {
            result_ = make_error_code(url ? error::tls_mismatch : error::bad_url);
            at_ = at::failed;
            return net::post(within(self));
        }
        host_ = url->host;
        state->timer.expires_after(state->chosen.connect_timeout);
        state->timer.async_wait([weak = std::weak_ptr<connecting>(state)](error_code ec) {
            const auto late = weak.lock();
            if (ec || !late) return;
            late->timed_out = true;
            late->resolver.cancel();
            error_code ignored;
            late->socket.close(ignored);
        });
        const std::string host = host_, port = std::to_string(url->port);
        state->resolver.async_resolve(host, port, net::ip::tcp::resolver::numeric_service, within(self));
    }

    template <class Self> auto within(Self &self) {
        const net::any_io_executor executor = state_->timer.get_executor();
        return net::bind_executor(executor, std::move(self));
    }
    template <class Self> void finish(Self &self, error_code ec) {
        state_->timer.cancel();
        result_ = ec;
        at_ = at::end;
        net::dispatch(std::move(self)); // to the executor of the handler
    }

    std::shared_ptr<connecting> state_;
    Layer layer_;
    std::string host_;
    std::unique_ptr<websocket<Stream>> opened_;
    error_code result_;
    at at_ = at::begun;
};

/// The layer over TCP where there is no TLS.
struct plain_layer {
    net::ip::tcp::socket operator()(net::ip::tcp::socket socket, const std::string &) const { return socket; }
};

template <class Stream, class Layer, class Token>
auto start_connecting(const net::any_io_executor &executor, std::string_view url, Config config, settings chosen, Layer layer,
                      Token &&token) {
    auto state = std::make_shared<connecting>(executor, url, std::move(config), chosen);
    using operation = connect_operation<Stream, Layer>;
    return net::async_compose<Token, void(error_code, websocket<Stream>)>(operation(std::move(state), std::move(layer)),
                                                                          token, executor);
}

/// The configuration of a client; an empty one for a bad URL, which is reported where it is used.
inline Config client_config(std::string_view url) {
    auto config = Config::client(url);
    return config ? *std::move(config) : Config();
}

} // namespace detail

/// Connects to a ws: URL: resolves its host, connects within settings::connect_timeout, and makes the opening
/// handshake. `config`: one for this URL, Config::client(url), with options, subprotocols and headers. `executor`: that
/// of the connection, a strand where several threads run it. void(error_code, websocket<tcp::socket>): with
/// error::rejected comes a websocket that is not open, and has the response; with other errors one that may be empty.
template <class Token>
auto async_connect(const net::any_io_executor &executor, std::string_view url, Config config, settings chosen,
                   Token &&token) {
    return detail::start_connecting<net::ip::tcp::socket>(executor, url, std::move(config), chosen, detail::plain_layer(),
                                                          std::forward<Token>(token));
}
/// The same with all defaults.
template <class Token> auto async_connect(const net::any_io_executor &executor, std::string_view url, Token &&token) {
    return async_connect(executor, url, detail::client_config(url), {}, std::forward<Token>(token));
}

} // inline namespace
} // namespace sansock::asio
#endif // SANSOCK_DETAIL_ASIO_CONNECT_HPP

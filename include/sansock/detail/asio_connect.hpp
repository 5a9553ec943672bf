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
        : resolver(executor), socket(executor), timer(executor), url(url), config(std::move(config)),
          chosen(std::move(chosen)) {}

    /// Ends what is under way, wherever it is.
    void give_up() {
        timed_out = true;
        resolver.cancel();
        error_code ignored;
        socket.close(ignored);
        if (close_way) close_way();
    }

    net::ip::tcp::resolver resolver;
    net::ip::tcp::socket socket;
    std::function<void()> close_way; ///< Closes what the socket was moved into.
    net::steady_timer timer;
    Tunnel tunnel; ///< Empty if there is no proxy.
    std::vector<std::uint8_t> output;
    std::array<std::uint8_t, 4096> input;
    std::string url;
    Config config;
    settings chosen;
    bool timed_out = false;
};

/// Resolves, connects, and makes the handshakes. A layer knows what lies over TCP:
///
/// - `fits(secure)`: whether there is a stream for such a URL;
/// - `may_secure_proxies`, `secure_proxy(socket, host)`: whether there is TLS to a proxy, and the stream of it;
/// - `with_way(socket, use)`: calls `use` with the stream to the proxy;
/// - a call with the socket and the name of the host makes the stream.
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
        if (failed(self, ec)) return;
        if (at_ == at::resolving_target) {
            at_ = at::begun;
            return go_to_proxy(self, places.begin()->endpoint().address().to_string());
        }
        const auto state = state_;
        net::async_connect(state->socket, places, within(self));
    }

    template <class Self> void operator()(Self &self, error_code ec, const net::ip::tcp::endpoint &) {
        if (failed(self, ec)) return;
        if (proxy_is_secure_) return secure_proxy(self);
        if (state_->tunnel) return drive_tunnel(self);
        shake_hands(self);
    }

    /// Bytes were written to the proxy, or read from it.
    template <class Self> void operator()(Self &self, error_code ec, std::size_t size) {
        const auto state = state_;
        if (failed(self, ec)) return;
        if (at_ == at::writing) {
            state->tunnel.written(size);
        } else {
            (void)state->tunnel.receive({state->input.data(), size}, now_ms());
            if (state->tunnel.state() == State::closed)
                return finish(self, error_code(static_cast<int>(state->tunnel.fault()), fault_category()));
            if (state->tunnel.state() == State::open) {
                // In TLS and in WebSocket the client speaks first: what came behind the answer is not the server's.
                if (state->tunnel.consumed() == size) return shake_hands(self);
                return finish(self, error_code(SANSOCK_FAULT_TUNNEL_BAD_ANSWER, fault_category()));
            }
        }
        drive_tunnel(self);
    }

    /// A handshake was made: that of TLS with the proxy, or the last one.
    template <class Self> void operator()(Self &self, error_code ec) {
        if (at_ != at::securing_proxy) return finish(self, ec);
        if (!failed(self, ec)) drive_tunnel(self);
    }

private:
    enum class at { begun, resolving_target, securing_proxy, writing, reading, shaking_hands, failed, end };

    template <class Self> void begin(Self &self) {
        allow_cancellation_of_all(self);
        const auto url = parse_url(state_->url);
        const auto proxy = parse_proxy(state_->chosen.proxy);
        const bool has_proxy = !state_->chosen.proxy.empty();
        if (!url || (has_proxy && !proxy)) return fail(self, make_error_code(error::bad_url));
        proxy_is_secure_ = has_proxy && proxy->secure;
        if (proxy_is_secure_ && !Layer::may_secure_proxies) return fail(self, make_error_code(error::bad_url));
        if (!layer_.fits(url->secure)) return fail(self, make_error_code(error::tls_mismatch));
        host_ = url->host;
        port_ = url->port;
        start_timer();
        if (!has_proxy) return resolve(self, host_, port_);
        if (proxy->resolves_names) return go_to_proxy(self, host_);
        at_ = at::resolving_target;
        resolve(self, host_, port_);
    }

    /// An error before anything was begun.
    template <class Self> void fail(Self &self, error_code ec) {
        result_ = ec;
        at_ = at::failed;
        net::post(within(self));
    }

    /// Whether to end, because of this error, the time or the program.
    template <class Self> bool failed(Self &self, error_code ec) {
        if (state_->timed_out)
            ec = make_error_code(error::timed_out);
        else if (is_cancelled(self))
            ec = net::error::operation_aborted;
        if (ec) finish(self, ec);
        return static_cast<bool>(ec);
    }

    void start_timer() {
        const auto state = state_;
        state->timer.expires_after(state->chosen.connect_timeout);
        state->timer.async_wait([weak = std::weak_ptr<connecting>(state)](error_code ec) {
            const auto late = weak.lock();
            if (!ec && late) late->give_up();
        });
    }

    template <class Self> void resolve(Self &self, const std::string &host, std::uint16_t port) {
        const auto state = state_;
        const std::string name = host, number = std::to_string(port); // this moves with the handler
        state->resolver.async_resolve(name, number, net::ip::tcp::resolver::numeric_service, within(self));
    }

    template <class Self> void go_to_proxy(Self &self, const std::string &target) {
        const auto state = state_;
        const auto proxy = parse_proxy(state->chosen.proxy);
        const auto config = TunnelConfig::create(state->chosen.proxy, target, port_);
        auto tunnel = config ? Tunnel::create(*config, now_ms()) : sansock::Result<Tunnel>(config.status());
        if (!tunnel) return fail(self, error_of(tunnel.status()));
        state->tunnel = *std::move(tunnel);
        resolve(self, std::string(proxy->host), proxy->port);
    }

    /// The handshake of TLS with the proxy, whose certificate must be valid for its own name.
    template <class Self> void secure_proxy([[maybe_unused]] Self &self) {
        if constexpr (Layer::may_secure_proxies) {
            const auto state = state_;
            const auto proxy = parse_proxy(state->chosen.proxy);
            const auto stream = layer_.secure_proxy(std::move(state->socket), std::string(proxy->host));
            state->close_way = [stream] {
                error_code ignored;
                stream->lowest_layer().close(ignored);
            };
            at_ = at::securing_proxy;
            stream->async_handshake(stream->client, within(self));
        }
    }

    template <class Self> void drive_tunnel(Self &self) {
        const auto state = state_;
        state->output.assign(state->tunnel.output().begin(), state->tunnel.output().end());
        at_ = state->output.empty() ? at::reading : at::writing;
        const auto layer = layer_; // this moves with the handler
        layer.with_way(state->socket, [&, reads = at_ == at::reading](auto &way) {
            if (reads)
                way.async_read_some(net::buffer(state->input), within(self));
            else
                net::async_write(way, net::buffer(state->output), within(self));
        });
    }

    /// The handshakes of TLS and WebSocket, within the deadline of the engine.
    template <class Self> void shake_hands(Self &self) {
        const auto state = state_;
        state->timer.cancel();
        state->close_way = nullptr;
        at_ = at::shaking_hands;
        opened_ = std::make_unique<websocket<Stream>>(layer_(std::move(state->socket), host_), state->chosen);
        auto &opened = *opened_;
        opened.async_handshake(state->config, within(self));
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
    std::uint16_t port_ = 0;
    bool proxy_is_secure_ = false;
    std::unique_ptr<websocket<Stream>> opened_;
    error_code result_;
    at at_ = at::begun;
};

/// The layer over TCP where there is no TLS.
struct plain_layer {
    static constexpr bool may_secure_proxies = false;

    bool fits(bool secure) const { return !secure; }
    template <class Use> void with_way(net::ip::tcp::socket &socket, Use use) const { use(socket); }
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

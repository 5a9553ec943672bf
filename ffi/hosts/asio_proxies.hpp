// sansock/asio_ssl.hpp: async_connect_any, directly, and through a proxy over TLS. The proxy is the server, too: it says
// that the tunnel is open, and goes on as the server would.
#pragma once

#include "asio_pair.hpp"

namespace {

using Any = ws::websocket<ws::any_stream>;

struct Place {
    net::io_context loop;
    net::ssl::context serves{net::ssl::context::tls_server}, trusts{net::ssl::context::tls_client};
    tcp::acceptor acceptor{loop, tcp::endpoint(net::ip::address_v4::loopback(), 0)};
    const std::string port = std::to_string(acceptor.local_endpoint().port());
    Any client;
    Outcome connected;

    Place(const char *certificate, const char *key) {
        serves.use_certificate_chain_file(certificate);
        serves.use_private_key_file(key, net::ssl::context::pem);
        trusts.load_verify_file(certificate);
    }

    void connect(const std::string &url, const std::string &proxy, std::chrono::milliseconds limit = {}) {
        ws::settings chosen;
        chosen.proxy = proxy;
        if (limit.count() > 0) chosen.connect_timeout = limit;
        connected = {};
        ws::async_connect_any(loop.get_executor(), trusts, url, *Config::client(url), chosen,
                              [this](error_code ec, Any made) {
                                  client = std::move(made);
                                  connected()(ec);
                              });
    }

    tcp::socket accept() {
        Outcome accepted;
        tcp::socket socket(loop);
        acceptor.async_accept(socket, accepted());
        run(loop, accepted);
        return socket;
    }

    template <class Stream> void serve(ws::websocket<Stream> &server) {
        const auto config = *Config::server();
        Outcome accepted;
        server.async_accept(config, accepted());
        run(loop, accepted, connected);
        CHECK(!accepted.error && !connected.error && client.is_open());
    }

    // The proxy's end, once it has answered to the request for a tunnel, which is returned.
    std::string answer(ws::tls_stream &proxy, const std::string &response) {
        Outcome shaken, asked, answered;
        proxy.async_handshake(ws::tls_stream::server, shaken());
        run(loop, shaken);
        std::string request;
        net::async_read_until(proxy, net::dynamic_buffer(request), "\r\n\r\n",
                              [&](error_code ec, std::size_t) { asked()(ec); });
        run(loop, asked);
        CHECK(!shaken.error && !asked.error);
        net::async_write(proxy, net::buffer(response), [&](error_code ec, std::size_t) { answered()(ec); });
        run(loop, answered);
        return request;
    }
};

// Large messages go both ways, and the end is clean.
template <class Stream> void converse(Place &place, ws::websocket<Stream> &server) {
    const std::string large(1'000'000, 'x');
    Outcome asked, answered, closed, other;
    place.client.async_write_text(large, asked());
    CHECK(receive(place.loop, server) == large && asked.over && !asked.error);
    server.async_write_text(large, answered());
    CHECK(receive(place.loop, place.client) == large && answered.over && !answered.error);
    place.client.async_close(1000, "", closed());
    CHECK(receive(place.loop, server) == "error: the connection was closed by a closing handshake");
    server.async_close(1000, "", other());
    run(place.loop, closed, other);
    CHECK(!closed.error && place.client.closed().clean && server.closed().clean);
}

void any_url_will_do(Place &place) {
    place.connect("ws://localhost:" + place.port + "/", "");
    ws::websocket<tcp::socket> plain(place.accept());
    place.serve(plain);
    CHECK(std::holds_alternative<tcp::socket>(place.client.next_layer().over_tcp()));
    converse(place, plain);
    place.connect("wss://localhost:" + place.port + "/", "");
    ws::websocket<ws::tls_stream> secure(ws::tls_stream(place.accept(), place.serves));
    place.serve(secure);
    CHECK(std::holds_alternative<ws::tls_stream>(place.client.next_layer().over_tcp()));
    converse(place, secure);
    place.connect("wss://127.0.0.1:" + place.port + "/", ""); // not in the certificate
    ws::websocket<ws::tls_stream> other(ws::tls_stream(place.accept(), place.serves));
    const auto config = *Config::server();
    Outcome accepted;
    other.async_accept(config, accepted());
    run(place.loop, accepted, place.connected);
    CHECK(accepted.error && place.connected.error && !place.client.is_open());
}

void any_server_is_behind_a_proxy_over_tls(Place &place) {
    const std::string proxy = "https://me:secret@localhost:" + place.port, open = "HTTP/1.1 200 OK\r\n\r\n";
    ws::settings is_ready;
    is_ready.tls_is_ready = true;
    place.connect("ws://localhost:7/", proxy);
    ws::tls_stream way(place.accept(), place.serves);
    const std::string request = place.answer(way, open);
    CHECK(request.rfind("CONNECT localhost:7 HTTP/1.1\r\n", 0) == 0);
    CHECK(request.find("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n") != std::string::npos);
    ws::websocket<ws::tls_stream> plain(std::move(way), is_ready);
    place.serve(plain);
    converse(place, plain);
    place.connect("wss://localhost:7/", proxy);
    ws::tls_stream outer(place.accept(), place.serves);
    place.answer(outer, open);
    ws::websocket<ws::any_stream::nested_stream> nested({std::move(outer), place.serves});
    place.serve(nested);
    CHECK(std::holds_alternative<ws::any_stream::nested_stream>(place.client.next_layer().over_tcp()));
    converse(place, nested);
}

void a_proxy_over_tls_may_fail(Place &place) {
    const std::string url = "wss://localhost:7/", proxy = "https://localhost:" + place.port;
    place.connect(url, proxy);
    ws::tls_stream refuses(place.accept(), place.serves);
    place.answer(refuses, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    run(place.loop, place.connected);
    CHECK(place.connected.error.category() == ws::fault_category());
    CHECK_EQUAL(place.connected.error.value(), SANSOCK_FAULT_TUNNEL_AUTHENTICATION);

    // What speaks no TLS, one whose certificate is for another name, and one that says nothing.
    place.connect(url, proxy);
    tcp::socket speaks_http = place.accept();
    net::write(speaks_http, net::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
    run(place.loop, place.connected);
    CHECK(place.connected.error.category() == net::error::get_ssl_category());
    place.connect(url, "https://127.0.0.1:" + place.port);
    ws::tls_stream stranger(place.accept(), place.serves);
    Outcome shaken;
    stranger.async_handshake(ws::tls_stream::server, shaken());
    run(place.loop, place.connected);
    CHECK(place.connected.error.category() == net::error::get_ssl_category());
    place.connect(url, proxy, std::chrono::milliseconds(100));
    const tcp::socket says_nothing = place.accept();
    run(place.loop, place.connected);
    CHECK(place.connected.error == ws::error::timed_out);
    place.connect(url, proxy, std::chrono::milliseconds(200));
    ws::tls_stream gives_no_answer(place.accept(), place.serves);
    place.answer(gives_no_answer, "HTTP/1.1 200");
    run(place.loop, place.connected);
    CHECK(place.connected.error == ws::error::timed_out);
}

// While TLS with the proxy is under way.
void connecting_can_be_cancelled([[maybe_unused]] Place &place) {
#if SANSOCK_ASIO_VERSION >= 102000
    net::cancellation_signal stop;
    Outcome cancelled, begun;
    ws::settings chosen;
    chosen.proxy = "https://localhost:" + place.port;
    ws::async_connect_any(place.loop.get_executor(), place.trusts, "ws://localhost:7/", *Config::client("ws://localhost:7/"),
                          chosen, net::bind_cancellation_slot(stop.slot(), [&](error_code ec, Any) { cancelled()(ec); }));
    tcp::socket says_nothing = place.accept();
    says_nothing.async_wait(tcp::socket::wait_read, begun());
    run(place.loop, begun);
    stop.emit(net::cancellation_type::total);
    run(place.loop, cancelled);
    CHECK(cancelled.error == net::error::operation_aborted);
#endif
}

// The stream of the others has no room for TLS to a proxy.
void the_other_functions_say_that_they_cannot(Place &place) {
    ws::settings chosen;
    chosen.proxy = "https://localhost:" + place.port;
    Outcome plain, secure;
    ws::async_connect(place.loop.get_executor(), "ws://localhost/", *Config::client("ws://localhost/"), chosen,
                      [&](error_code ec, ws::websocket<tcp::socket>) { plain()(ec); });
    ws::async_connect(place.loop.get_executor(), place.trusts, "wss://localhost/", *Config::client("wss://localhost/"), chosen,
                      [&](error_code ec, ws::websocket<ws::tls_stream>) { secure()(ec); });
    run(place.loop, plain, secure);
    CHECK(plain.error == ws::error::bad_url && secure.error == ws::error::bad_url);
}

} // namespace

inline void proxies(const char *certificate, const char *key) {
    Place place(certificate, key);
    any_url_will_do(place);
    any_server_is_behind_a_proxy_over_tls(place);
    a_proxy_over_tls_may_fail(place);
    connecting_can_be_cancelled(place);
    the_other_functions_say_that_they_cannot(place);
}

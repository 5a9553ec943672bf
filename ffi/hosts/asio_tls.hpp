// sansock/asio_ssl.hpp: both roles over TLS, closing with close_notify, and certificates that are refused.
#pragma once

#include "asio_pair.hpp"

inline void tls(const char *certificate, const char *key) {
    net::io_context loop;
    net::ssl::context serves(net::ssl::context::tls_server), trusts(net::ssl::context::tls_client);
    serves.use_certificate_chain_file(certificate);
    serves.use_private_key_file(key, net::ssl::context::pem);
    trusts.load_verify_file(certificate);
    tcp::acceptor acceptor(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    const std::string port = std::to_string(acceptor.local_endpoint().port());
    ws::websocket<ws::tls_stream> client, server;
    const auto connect = [&](const std::string &url, net::ssl::context &context) {
        Outcome connected, accepted;
        ws::async_connect(loop.get_executor(), context, url, [&](error_code ec, ws::websocket<ws::tls_stream> made) {
            client = std::move(made);
            connected()(ec);
        });
        const auto config = *Config::server();
        acceptor.async_accept([&](error_code, tcp::socket socket) {
            server = ws::websocket<ws::tls_stream>(ws::tls_stream(std::move(socket), serves));
            server.async_accept(config, accepted());
        });
        run(loop, connected, accepted);
        CHECK(static_cast<bool>(connected.error) == static_cast<bool>(accepted.error));
        return connected.error;
    };
    CHECK(!connect("wss://localhost:" + port, trusts));
    const std::string large(1'000'000, 'x');
    Outcome sent;
    client.async_write_text(large, sent());
    CHECK(receive(loop, server) == large && sent.over);
    Outcome closed, other;
    client.async_close(1000, "", closed());
    CHECK(receive(loop, server) == "error: the connection was closed by a closing handshake");
    server.async_close(1000, "", other());
    run(loop, closed, other);
    CHECK(!closed.error && client.closed().clean && server.closed().clean);
    CHECK(connect("wss://127.0.0.1:" + port, trusts)); // not in the certificate
    net::ssl::context trusts_nobody(net::ssl::context::tls_client);
    CHECK(connect("wss://localhost:" + port, trusts_nobody));
    auto [one, two] = tcp_pair(loop);
    auto pair = open_over(loop, ws::tls_stream(std::move(one), trusts), ws::tls_stream(std::move(two), serves),
                          upgraded(sansock::Role::client), upgraded(sansock::Role::server));
    CHECK(!send(loop, pair.client, "upgraded") && receive(loop, pair.server) == "upgraded");
}

// What the tests of sansock/asio.hpp share: two websockets of one loop, and operations that are run to their end.
#pragma once

#include <sansock/asio_ssl.hpp>

#include <string>

#include "../tests/c/check.h"

namespace net = sansock::asio::net;
namespace ws = sansock::asio;
using net::ip::tcp;
using sansock::Config;
using sansock::Option;
using ws::error_code;

// The outcome of an operation.
struct Outcome {
    bool over = false;
    error_code error;
    std::chrono::milliseconds time{-1};

    auto operator()() {
        return [this](error_code ec) { over = true, error = ec; };
    }
    auto timed() {
        return [this](error_code ec, std::chrono::milliseconds ms) { over = true, error = ec, time = ms; };
    }
};

// Runs the loop until all of these are over.
template <class... Outcomes> void run(net::io_context &loop, Outcomes &...outcomes) {
    loop.restart();
    while (!(outcomes.over && ...))
        if (loop.run_one() == 0) {
            CHECK(!"the loop has nothing to do, and an operation is not over");
            return;
        }
}

// Two sockets of one kind that are connected to each other.
inline std::pair<tcp::socket, tcp::socket> tcp_pair(net::io_context &loop) {
    tcp::acceptor acceptor(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    tcp::socket one(loop);
    one.connect(acceptor.local_endpoint());
    return {std::move(one), acceptor.accept()};
}

// What a client that is none of ours begins with.
constexpr std::string_view opening_request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

inline Config client_config() { return *Config::client("ws://127.0.0.1/chat"); }

// For one side of a stream that has been upgraded by others.
inline Config upgraded(sansock::Role role) {
    Config config = *Config::create(role);
    CHECK(config.set(Option::start_open, 1) == sansock::Status::ok);
    return config;
}

// A client and a server that are open.
template <class Stream> struct Pair {
    ws::websocket<Stream> client, server;
};

// Over two streams that are connected to each other.
template <class Stream>
Pair<Stream> open_over(net::io_context &loop, Stream one, Stream other, const Config &client, const Config &server,
                       ws::settings of_client = {}, ws::settings of_server = {}) {
    Pair<Stream> pair{ws::websocket<Stream>(std::move(one), of_client), ws::websocket<Stream>(std::move(other), of_server)};
    Outcome shaken, accepted;
    pair.client.async_handshake(client, shaken());
    pair.server.async_accept(server, accepted());
    run(loop, shaken, accepted);
    CHECK(!shaken.error && !accepted.error && pair.client.is_open() && pair.server.is_open());
    return pair;
}

inline Pair<tcp::socket> open_pair(net::io_context &loop, const Config &client, const Config &server,
                                   ws::settings of_client = {}, ws::settings of_server = {}) {
    auto [one, other] = tcp_pair(loop);
    return open_over(loop, std::move(one), std::move(other), client, server, of_client, of_server);
}

inline Pair<tcp::socket> open_pair(net::io_context &loop) {
    const Config server = *Config::server();
    return open_pair(loop, client_config(), server);
}

template <class Stream> error_code send(net::io_context &loop, ws::websocket<Stream> &from, std::string_view text) {
    Outcome sent;
    from.async_write_text(text, sent());
    run(loop, sent);
    return sent.error;
}

template <class Stream> std::string receive(net::io_context &loop, ws::websocket<Stream> &at) {
    Outcome received;
    ws::message message;
    at.async_read(message, received());
    run(loop, received);
    return received.error ? "error: " + received.error.message() : message.data;
}

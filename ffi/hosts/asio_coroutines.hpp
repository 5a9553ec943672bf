// Coroutines of C++20, where the library has them.
#pragma once

#include "asio_pair.hpp"

#if defined(ASIO_HAS_CO_AWAIT) && SANSOCK_ASIO_VERSION >= 102200
#include <asio/experimental/awaitable_operators.hpp>
#endif

#if defined(BOOST_ASIO_HAS_CO_AWAIT) || defined(ASIO_HAS_CO_AWAIT)
static net::awaitable<void> serve(tcp::socket socket) try {
    ws::websocket<tcp::socket> peer(std::move(socket));
    co_await peer.async_accept(*Config::server(), net::use_awaitable);
    for (ws::message message;;) {
        co_await peer.async_read(message, net::use_awaitable);
        co_await peer.async_write(message, net::use_awaitable);
    }
} catch (const std::exception &) {
}

static net::awaitable<void> ask(tcp::acceptor &acceptor, unsigned &echoes) {
    const std::string url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    auto peer = co_await ws::async_connect(co_await net::this_coro::executor, url, net::use_awaitable);
    for (ws::message message; echoes < 10; echoes++) {
        co_await peer.async_write_text("hello", net::use_awaitable);
        co_await peer.async_read(message, net::use_awaitable);
        if (message.data != "hello") co_return;
    }
    co_await peer.async_close(1000, "", net::use_awaitable);
    echoes++;
}

#if defined(ASIO_HAS_CO_AWAIT) && SANSOCK_ASIO_VERSION >= 102200
// Reads with a time limit that has passed: nothing is lost, and the connection stays.
static net::awaitable<void> give_up_reading(ws::websocket<tcp::socket> &client, ws::websocket<tcp::socket> &server, bool &over) {
    using namespace asio::experimental::awaitable_operators;
    net::steady_timer timer(co_await net::this_coro::executor);
    ws::message message;
    for (int i = 0; i < 100; i++) {
        timer.expires_after(std::chrono::microseconds(i % 3 * 50));
        if (i % 2 == 0) co_await client.async_write_text(std::to_string(i), net::use_awaitable);
        const auto first = co_await (server.async_read(message, net::use_awaitable) || timer.async_wait(net::use_awaitable));
        if (i % 2 == 0 && first.index() == 1) { // the time was over, or both came at once
            if (message.data != std::to_string(i)) co_await server.async_read(message, net::use_awaitable);
        }
        if (i % 2 == 0) CHECK(message.data == std::to_string(i));
        if (i % 2 == 1) CHECK(first.index() == 1);
    }
    over = true;
}

static void limits_of_time() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    bool over = false;
    net::co_spawn(loop, give_up_reading(client, server, over), net::detached);
    loop.restart();
    while (!over && loop.run_one() > 0) {}
    CHECK(over && client.is_open() && server.is_open());
}

// Connecting is given up: nobody answers the request.
static void connecting_can_be_given_up() {
    net::io_context loop;
    tcp::acceptor silent(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    const std::string url = "ws://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    net::cancellation_signal stop;
    error_code outcome;
    ws::async_connect(loop.get_executor(), url,
                      net::bind_cancellation_slot(stop.slot(), [&](error_code ec, auto) { outcome = ec; }));
    Outcome accepted;
    tcp::socket peer(loop);
    silent.async_accept(peer, accepted());
    run(loop, accepted);
    stop.emit(net::cancellation_type::total);
    loop.restart();
    loop.run();
    CHECK(outcome == net::error::operation_aborted);
}
#else
static void limits_of_time() {}
static void connecting_can_be_given_up() {}
#endif

inline void coroutines() {
    limits_of_time();
    connecting_can_be_given_up();
    net::io_context loop;
    tcp::acceptor acceptor(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    unsigned echoes = 0;
    acceptor.async_accept([&](error_code, tcp::socket socket) {
        net::co_spawn(loop, serve(std::move(socket)), net::detached);
    });
    net::co_spawn(loop, ask(acceptor, echoes), net::detached);
    loop.run();
    CHECK_EQUAL(echoes, 11);
}
#else
inline void coroutines() {}
#endif

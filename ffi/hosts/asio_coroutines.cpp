// Coroutines of C++20, where the library has them.
#include "asio_pair.hpp"

unsigned coroutines();

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

unsigned coroutines() {
    net::io_context loop;
    tcp::acceptor acceptor(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    unsigned echoes = 0;
    acceptor.async_accept([&](error_code, tcp::socket socket) {
        net::co_spawn(loop, serve(std::move(socket)), net::detached);
    });
    net::co_spawn(loop, ask(acceptor, echoes), net::detached);
    loop.run();
    CHECK_EQUAL(echoes, 11);
    return check_failures;
}
#else
unsigned coroutines() { return 0; }
#endif

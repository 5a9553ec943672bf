// A WebSocket client over Asio: it sends each line of standard input, and prints the answer to it.
//
//   asio_client URL [PROXY]
//
// The status is 0 only if the connection was closed cleanly.
#include <iostream>
#include <sansock/asio_ssl.hpp>

namespace ws = sansock::asio;
namespace net = ws::net;

static net::awaitable<bool> run(std::string url, ws::settings chosen) {
    auto config = sansock::Config::client(url);
    net::ssl::context tls(net::ssl::context::tls_client);
    tls.set_default_verify_paths();
    auto peer = co_await ws::async_connect_any(co_await net::this_coro::executor, tls, url, *std::move(config), chosen,
                                               net::use_awaitable);
    ws::message answer;
    for (std::string line; std::getline(std::cin, line);) {
        co_await peer.async_write_text(line, net::use_awaitable);
        co_await peer.async_read(answer, net::use_awaitable);
        std::cout << answer.data << '\n';
    }
    co_await peer.async_close(1000, "", net::use_awaitable);
    std::cout << "closed " << peer.closed().code << '\n';
    co_return peer.closed().clean;
}

int main(int argc, char **argv) {
    if (argc < 2) return std::cerr << "usage: asio_client URL [PROXY]\n", 2;
    ws::settings chosen;
    if (argc > 2) chosen.proxy = argv[2];
    bool clean = false;
    net::io_context loop(1);
    net::co_spawn(loop, run(argv[1], chosen), [&](const std::exception_ptr &failure, bool closed) {
        clean = closed;
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const std::exception &error) {
            std::cerr << error.what() << '\n';
        }
    });
    loop.run();
    return clean ? 0 : 1;
}

// A WebSocket echo server over Asio, in coroutines of C++20: one thread, any number of connections.
//
//   asio_echo_server PORT [CERTIFICATE KEY]        (0: any free port; with files in PEM: over TLS)
#include <iostream>
#include <sansock/asio_ssl.hpp>

namespace ws = sansock::asio;
namespace net = ws::net;
using net::ip::tcp;

template <class Stream> net::awaitable<void> serve(Stream stream, const sansock::Config &config) try {
    ws::websocket<Stream> peer(std::move(stream));
    co_await peer.async_accept(config, net::use_awaitable);
    for (ws::message message;;) {
        co_await peer.async_read(message, net::use_awaitable);
        co_await peer.async_write(message, net::use_awaitable);
    }
} catch (const std::exception &) { // the connection has ended
}

net::awaitable<void> listen(tcp::acceptor acceptor, const sansock::Config &config, net::ssl::context *tls) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(net::use_awaitable);
        if (tls)
            net::co_spawn(acceptor.get_executor(), serve(ws::tls_stream(std::move(socket), *tls), config), net::detached);
        else
            net::co_spawn(acceptor.get_executor(), serve(std::move(socket), config), net::detached);
    }
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) return std::cerr << "usage: asio_echo_server PORT [CERTIFICATE KEY]\n", 2;
    const auto config = sansock::Config::server();
    net::ssl::context tls(net::ssl::context::tls_server);
    if (argc == 4) {
        tls.use_certificate_chain_file(argv[2]);
        tls.use_private_key_file(argv[3], net::ssl::context::pem);
    }
    net::io_context loop(1);
    tcp::acceptor acceptor(loop, {net::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))});
    std::cout << "listening on ws://127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
    net::co_spawn(loop, listen(std::move(acceptor), *config, argc == 4 ? &tls : nullptr), net::detached);
    loop.run();
}

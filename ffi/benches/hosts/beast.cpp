// An echo server over Boost.Beast, in coroutines of C++20, as its documentation shows.
//
//   beast PORT
#include <cstdlib>
#include <iostream>
#include <utility>

// Boost 1.74 lacks some headers of the standard library.
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace beast = boost::beast;
namespace net = boost::asio;
using net::ip::tcp;

static net::awaitable<void> serve(tcp::socket socket) try {
    socket.set_option(tcp::no_delay(true));
    beast::websocket::stream<beast::tcp_stream> peer(std::move(socket));
    peer.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
    peer.auto_fragment(false);
    peer.binary(true);
    beast::get_lowest_layer(peer).expires_never();
    co_await peer.async_accept(net::use_awaitable);
    for (beast::flat_buffer message;;) {
        co_await peer.async_read(message, net::use_awaitable);
        co_await peer.async_write(message.data(), net::use_awaitable);
        message.clear();
    }
} catch (const std::exception &) {
}

static net::awaitable<void> listen(tcp::acceptor acceptor) {
    for (;;) net::co_spawn(acceptor.get_executor(), serve(co_await acceptor.async_accept(net::use_awaitable)), net::detached);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    net::io_context loop(1);
    tcp::acceptor acceptor(loop, {net::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))});
    std::cout << "listening on " << acceptor.local_endpoint().port() << std::endl;
    net::co_spawn(loop, listen(std::move(acceptor)), net::detached);
    loop.run();
}

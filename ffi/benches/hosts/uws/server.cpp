// An echo server over uWebSockets, as its example.
//
//   uws PORT
#include <App.h>
#include <cstdlib>
#include <iostream>

struct PerSocket {};

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    uWS::App::WebSocketBehavior<PerSocket> behavior;
    behavior.compression = uWS::DISABLED;
    behavior.maxPayloadLength = 16 << 20;
    behavior.maxBackpressure = 1 << 30;
    behavior.message = [](auto *peer, std::string_view message, uWS::OpCode opcode) { peer->send(message, opcode); };
    uWS::App()
        .ws<PerSocket>("/*", std::move(behavior))
        .listen("127.0.0.1", std::atoi(argv[1]),
                [](us_listen_socket_t *listener) {
                    if (!listener) std::exit(1);
                    std::cout << "listening on " << us_socket_local_port(0, reinterpret_cast<us_socket_t *>(listener)) << std::endl;
                })
        .run();
}

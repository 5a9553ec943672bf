// The shortest whole use: a client and a server talk in memory. Bytes in, events and bytes out.
#include <iostream>
#include <sansock.hpp>
#include <vector>

// Passes the output of one connection to the other, as a socket would, and handles the events there.
static void carry(sansock::Connection &from, sansock::Connection &to) {
    std::vector<std::uint8_t> bytes(from.output().begin(), from.output().end());
    from.written(bytes.size());
    if (to.receive(bytes, 0) != sansock::Status::ok) return; // 0: now, in milliseconds
    for (const sansock::Event &event : to.events()) {
        const auto *request = std::get_if<sansock::Request>(&event);
        if (request && request->same_origin && to.accept(0) == sansock::Status::ok) break; // accept replaces the events
        if (const auto *text = std::get_if<sansock::Text>(&event)) std::cout << text->data << '\n';
    }
}

int main() {
    auto server = sansock::Connection::create(*sansock::Config::server(), 0);
    auto client = sansock::Connection::create(*sansock::Config::client("ws://example.com/chat"), 0);
    if (!server || !client) return 1;
    carry(*client, *server); // the request
    carry(*server, *client); // the response
    if (client->send_text("hello") != sansock::Status::ok) return 1;
    carry(*client, *server); // prints hello
    return 0;
}

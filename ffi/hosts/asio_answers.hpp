// What comes right before a Close is answered (RFC 6455 section 5.5.1), by programs that take their time.
#pragma once

#include "asio_pair.hpp"

namespace {

constexpr int COUNT = 3;

// A client whose messages are answered while it closes, and a server with so much patience.
Pair<tcp::socket> closing_pair(net::io_context &loop, std::chrono::milliseconds patience = std::chrono::minutes(1)) {
    Config client = client_config();
    CHECK(client.set(Option::receive_while_closing, 1) == sansock::Status::ok);
    ws::settings settings;
    settings.answer_timeout = patience;
    return open_pair(loop, client, *Config::server(), {}, settings);
}

// Sends messages and a Close, which arrive together.
void send_and_close(net::io_context &loop, ws::websocket<tcp::socket> &client, Outcome &closed) {
    Outcome sent[COUNT];
    for (int i = 0; i < COUNT; i++) client.async_write_text(std::string_view("012").substr(std::size_t(i), 1), sent[i]());
    client.async_close(3000, "bye", closed());
    run(loop, sent[0], sent[1], sent[2]);
}

// Sends each message back, after a while.
struct slow_echo {
    ws::websocket<tcp::socket> &server;
    net::steady_timer timer;
    ws::message message = {};
    int answered = 0;
    error_code end = {};

    void read() {
        server.async_read(message, [this](error_code ec) {
            if (ec) return void(end = ec);
            CHECK(server.is_open());
            timer.expires_after(std::chrono::milliseconds(5));
            timer.async_wait([this](error_code) { write(); });
        });
    }
    void write() {
        server.async_write(message, [this](error_code ec) {
            CHECK(!ec);
            answered++;
            read();
        });
    }
};

void messages_before_a_close_are_answered() {
    net::io_context loop;
    auto [client, server] = closing_pair(loop);
    slow_echo echo{server, net::steady_timer(loop)};
    echo.read();
    Outcome closed;
    send_and_close(loop, client, closed);
    for (int i = 0; i < COUNT; i++) CHECK(receive(loop, client) == std::string(1, char('0' + i)));
    run(loop, closed);
    CHECK(!closed.error && client.closed().clean && client.closed().code == 3000);
    while (!echo.end && loop.run_one() > 0) {
    }
    CHECK(echo.answered == COUNT && echo.end == ws::error::closed && server.closed().clean && !server.is_open());
}

// Lets the server take one message when all have come, and then do something else.
void after_one_message(net::io_context &loop, Pair<tcp::socket> &pair, Outcome &closed) {
    send_and_close(loop, pair.client, closed);
    CHECK(receive(loop, pair.server) == "0" && !closed.over && pair.server.is_open());
}

void a_close_waits_no_longer_than_it_may() {
    net::io_context loop;
    auto pair = closing_pair(loop, std::chrono::milliseconds(50));
    Outcome closed;
    after_one_message(loop, pair, closed);
    run(loop, closed);
    CHECK(!closed.error && pair.client.closed().clean && pair.client.closed().code == 3000 && !pair.server.is_open());
    CHECK(receive(loop, pair.server) == "1" && receive(loop, pair.server) == "2");
    CHECK(send(loop, pair.server, "late") == ws::error::closed);
}

void a_program_that_closes_has_its_own_code() {
    net::io_context loop;
    auto pair = closing_pair(loop);
    Outcome closed, by_server;
    after_one_message(loop, pair, closed);
    pair.server.async_close(4001, "enough", by_server());
    run(loop, closed, by_server);
    CHECK(!closed.error && !by_server.error && pair.client.closed().clean && pair.client.closed().code == 4001);
}

void a_program_that_lets_go_closes_cleanly() {
    net::io_context loop;
    auto pair = closing_pair(loop);
    Outcome closed;
    after_one_message(loop, pair, closed);
    pair.server = {};
    run(loop, closed);
    CHECK(!closed.error && pair.client.closed().clean && pair.client.closed().code == 3000);
}

void a_program_that_has_answered_keeps_nobody() {
    net::io_context loop;
    auto [client, server] = closing_pair(loop);
    CHECK(!send(loop, client, "subscribe") && receive(loop, server) == "subscribe");
    CHECK(!send(loop, server, "subscribed") && receive(loop, client) == "subscribed");
    Outcome closed;
    client.async_close(1000, "", closed());
    run(loop, closed);
    CHECK(!closed.error && client.closed().clean && !server.is_open());
}

// The peer may end its stream behind its Close, and still reads.
void the_end_of_the_stream_waits_too() {
    net::io_context loop;
    auto [raw, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> server(std::move(other));
    Outcome accepted;
    server.async_accept(*Config::server(), accepted());
    net::write(raw, net::buffer(opening_request));
    run(loop, accepted);
    std::string head;
    net::read_until(raw, net::dynamic_buffer(head), "\r\n\r\n");
    static const char frames[] = "\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b\x88\x82\0\0\0\0\x03\xe8";
    net::write(raw, net::buffer(frames, sizeof frames - 1));
    raw.shutdown(tcp::socket::shutdown_send);
    slow_echo echo{server, net::steady_timer(loop)};
    echo.read();
    std::string answer;
    error_code end;
    net::async_read(raw, net::dynamic_buffer(answer), [&](error_code ec, std::size_t) { end = ec; });
    loop.restart();
    while ((!end || !echo.end) && loop.run_one() > 0) {
    }
    CHECK(end == net::error::eof && answer == "\x81\x01" "a\x81\x01" "b\x88\x02\x03\xe8" && echo.answered == 2);
}

} // namespace

inline void answers() {
    messages_before_a_close_are_answered();
    a_close_waits_no_longer_than_it_may();
    a_program_that_closes_has_its_own_code();
    a_program_that_lets_go_closes_cleanly();
    a_program_that_has_answered_keeps_nobody();
    the_end_of_the_stream_waits_too();
}

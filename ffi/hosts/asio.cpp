// sansock/asio.hpp over sockets of this machine: both roles, closing, cancelling, backpressure, deadlines.
//
//   asio CERTIFICATE KEY        (in PEM, for localhost and no other name)
#include "asio_answers.hpp"
#include "asio_coroutines.hpp"
#include "asio_pair.hpp"
#include "asio_proxies.hpp"
#include "asio_tls.hpp"
#include "asio_writes.hpp"

#include <future>
#include <thread>

// In a unit of its own. What it returns is how many checks failed there.
unsigned prepared();

namespace {

void messages_go_both_ways() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    CHECK(!send(loop, client, "Grüße") && receive(loop, server) == "Grüße");
    CHECK(!send(loop, server, "") && receive(loop, client).empty());
    const std::string large(3'000'000, 'x');
    Outcome sent;
    client.async_write_binary({reinterpret_cast<const std::uint8_t *>(large.data()), large.size()}, sent());
    ws::message message;
    Outcome received;
    server.async_read(message, received());
    run(loop, sent, received);
    CHECK(!sent.error && !received.error && !message.is_text() && message.data == large);
    CHECK(send(loop, client, "\xff") == ws::error::invalid_argument);
    CHECK(client.is_open());
}

void local_sockets_will_do() {
#ifdef SANSOCK_STANDALONE_ASIO
    using protocol = ::asio::local::stream_protocol;
#else
    using protocol = boost::asio::local::stream_protocol;
#endif
    net::io_context loop;
    protocol::socket one(loop), other(loop);
    net::local::connect_pair(one, other);
    auto [client, server] = open_over(loop, std::move(one), std::move(other), client_config(), *Config::server());
    CHECK(!send(loop, client, "local") && receive(loop, server) == "local");
}

void streams_may_be_upgraded_already() {
    net::io_context loop;
    auto [client, server] = open_pair(loop, upgraded(sansock::Role::client), upgraded(sansock::Role::server));
    CHECK(!send(loop, client, "upgraded") && receive(loop, server) == "upgraded");
    CHECK(!send(loop, server, "by others") && receive(loop, client) == "by others");
    Outcome closed, read;
    ws::message message;
    server.async_close(1000, "", closed());
    client.async_read(message, read());
    run(loop, closed, read);
    CHECK(!closed.error && read.error == ws::error::closed);
}

void a_hook_decides() {
    net::io_context loop;
    auto [one, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> client(std::move(one)), server(std::move(other));
    auto asks = client_config();
    CHECK(asks.subprotocol("chat") == sansock::Status::ok && asks.origin("http://elsewhere.example") == sansock::Status::ok);
    Outcome shaken, accepted;
    client.async_handshake(asks, shaken());
    server.async_accept(
        *Config::server(),
        [](const sansock::Request &request, ws::answer &answer) {
            CHECK(request.target == "/chat" && !request.same_origin);
            answer.header("X-Who", "me");
            answer.accept("chat");
        },
        accepted());
    run(loop, shaken, accepted);
    CHECK(!shaken.error && !accepted.error && client.subprotocol() == "chat" && server.subprotocol() == "chat");
}

// The answer of a server to a client with this origin, and this hook.
std::uint16_t status_of_refusal(const char *origin, ws::request_hook hook, std::string_view body) {
    net::io_context loop;
    auto [one, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> client(std::move(one)), server(std::move(other));
    auto asks = client_config();
    CHECK(asks.origin(origin) == sansock::Status::ok);
    Outcome shaken, accepted;
    client.async_handshake(asks, shaken());
    server.async_accept(*Config::server(), std::move(hook), accepted());
    run(loop, shaken, accepted);
    CHECK(shaken.error == ws::error::rejected && accepted.error == ws::error::rejected && !client.is_open());
    CHECK(client.rejection() && client.rejection()->body == body);
    return client.rejection() ? client.rejection()->status : 0;
}

void requests_are_refused() {
    CHECK_EQUAL(status_of_refusal("http://elsewhere.example", nullptr, ""), 403);
    const auto busy = [](const sansock::Request &, ws::answer &answer) { answer.respond(503, "later"); };
    CHECK_EQUAL(status_of_refusal("http://127.0.0.1", busy, "later"), 503);
    const auto wrong = [](const sansock::Request &, ws::answer &answer) { answer.accept("not offered"); };
    CHECK_EQUAL(status_of_refusal("http://127.0.0.1", wrong, ""), 500);
}

void closing_is_clean() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    CHECK(!send(loop, client, "before"));
    Outcome closed;
    client.async_close(1001, "going", closed());
    CHECK(receive(loop, server) == "before");
    CHECK(receive(loop, server) == "error: the connection was closed by a closing handshake");
    run(loop, closed);
    CHECK(!closed.error && client.closed().clean && !client.closed().by_peer && client.closed().sent_code == 1001);
    CHECK(server.closed().clean && server.closed().by_peer && server.closed().code == 1001);
    CHECK(server.closed().reason == "going" && !client.is_open());
    CHECK(send(loop, server, "late") == ws::error::closed && send(loop, client, "late") == ws::error::closed);
    Outcome again, wrong;
    server.async_close(1000, "", again());
    run(loop, again);
    CHECK(!again.error);
    auto [other, peer] = open_pair(loop);
    other.async_close(1005, "", wrong());
    run(loop, wrong);
    CHECK(wrong.error == ws::error::invalid_argument && other.is_open());
}

void a_lost_peer_is_an_error() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    { const auto dropped = std::move(client); }
    CHECK(receive(loop, server) == "error: " + std::string(sansock::fault_text(SANSOCK_FAULT_EOF)));
    CHECK(server.closed().code == 1006 && !server.closed().clean && server.closed().fault == SANSOCK_FAULT_EOF);
    CHECK(!server.closed().fault_text.empty());
}

void a_fault_has_its_own_category() {
    net::io_context loop;
    auto [raw, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> server(std::move(other));
    Outcome accepted, received;
    server.async_accept(*Config::server(), accepted());
    net::write(raw, net::buffer(std::string("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                            "Sec-WebSocket-Version: 13\r\n\r\n\x83\x80\1\2\3\4")));
    ws::message message;
    run(loop, accepted);
    server.async_read(message, received());
    run(loop, received);
    CHECK(!accepted.error && received.error.category() == ws::fault_category());
    CHECK_EQUAL(received.error.value(), SANSOCK_FAULT_RESERVED_OPCODE);
    // The server ends its direction first, and closes when the peer has ended its own.
    std::string all;
    error_code end;
    loop.restart();
    loop.poll();
    net::read(raw, net::dynamic_buffer(all), end);
    CHECK(end == net::error::eof && all.find("\x88") != std::string::npos);
    Outcome closed;
    server.async_close(1000, "", closed());
    loop.restart();
    loop.poll();
    CHECK(!closed.over);
    raw.shutdown(tcp::socket::shutdown_send);
    run(loop, closed);
    CHECK(!closed.error);
}

void pings_are_answered() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    Outcome first, second, late;
    client.async_ping("a", first.timed());
    client.async_ping("b", second.timed());
    run(loop, first, second);
    CHECK(!first.error && !second.error && second.time.count() >= 0);
    client.async_ping(std::string(126, 'x'), late.timed());
    run(loop, late);
    CHECK(late.error == ws::error::invalid_argument);
    { const auto dropped = std::move(server); }
    Outcome lost;
    client.async_ping("c", lost.timed());
    run(loop, lost);
    CHECK(lost.error);
}

void a_cancelled_read_loses_nothing() {
    net::io_context loop;
    auto [client, server] = open_pair(loop);
    Outcome cancelled, second;
    ws::message message, other;
    server.async_read(message, cancelled());
    server.async_read(other, second());
    run(loop, second);
    CHECK(second.error == ws::error::busy && !cancelled.over);
    CHECK(!send(loop, client, "kept"));
    server.cancel(); // it has not taken the message yet, or it has none
    run(loop, cancelled);
    CHECK(cancelled.error == net::error::operation_aborted && message.data.empty());
    CHECK(receive(loop, server) == "kept" && server.is_open());
#if SANSOCK_ASIO_VERSION >= 102000
    net::cancellation_signal stop;
    Outcome stopped;
    server.async_read(message, net::bind_cancellation_slot(stop.slot(), stopped()));
    loop.poll();
    stop.emit(net::cancellation_type::total);
    run(loop, stopped);
    CHECK(stopped.error == net::error::operation_aborted);
    CHECK(!send(loop, client, "too") && receive(loop, server) == "too");
#endif
}

void writers_wait_for_room() {
    net::io_context loop;
    ws::settings narrow;
    narrow.max_queue = 1000;
    auto server_config = *Config::server();
    auto [client, server] = open_pair(loop, client_config(), server_config, {}, narrow);
    std::size_t sent = 0, received = 0;
    const std::string block(256 * 1024, 'b');
    // Nobody reads: the queue, the buffers of the system and the output fill up, and then writing waits.
    Outcome blocked;
    for (;; sent++) {
        blocked = {};
        client.async_write_text(block, blocked());
        loop.restart();
        while (!blocked.over && loop.poll() > 0) loop.restart();
        if (!blocked.over) break;
        if (sent > 1000) return CHECK(!"writing never waits");
    }
    CHECK(sent > 0);
    // Those that come later wait behind it. One that is cancelled is not sent.
    Outcome last;
    client.cancel();
    run(loop, blocked);
    CHECK(blocked.error == net::error::operation_aborted);
    client.async_write_text("last", last());
    for (std::string text; text != "last"; received++) {
        text = receive(loop, server);
        if (text != block && text != "last") return CHECK(!"a message is damaged");
    }
    CHECK(last.over && !last.error);
    CHECK_EQUAL(received, sent + 1);
}

void writers_keep_their_order() {
    net::io_context loop;
    auto config = client_config();
    CHECK(config.set(Option::output_soft_limit, 1) == sansock::Status::ok);
    const auto server_config = *Config::server();
    auto [client, server] = open_pair(loop, config, server_config);
    std::vector<std::string> texts;
    for (int i = 0; i < 50; i++) texts.push_back(std::to_string(i));
    std::vector<Outcome> outcomes(texts.size());
    for (std::size_t i = 0; i < texts.size(); i++) client.async_write_text(texts[i], outcomes[i]());
    for (const std::string &text : texts) CHECK(receive(loop, server) == text);
    for (const Outcome &outcome : outcomes) CHECK(outcome.over && !outcome.error);
}

void keepalive_finds_a_dead_peer() {
    net::io_context loop;
    auto [raw, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> server(std::move(other));
    auto config = *Config::server();
    CHECK(config.set(Option::ping_interval, 20) == sansock::Status::ok);
    CHECK(config.set(Option::pong_timeout, 20) == sansock::Status::ok);
    CHECK(config.set(Option::close_timeout, 20) == sansock::Status::ok);
    Outcome accepted, received, closed;
    server.async_accept(config, accepted());
    net::write(raw, net::buffer(std::string("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                            "Sec-WebSocket-Version: 13\r\n\r\n")));
    ws::message message;
    run(loop, accepted);
    server.async_read(message, received());
    run(loop, received);
    CHECK_EQUAL(received.error.value(), SANSOCK_FAULT_PONG_TIMEOUT);
    server.async_close(1000, "", closed()); // the peer never ends its stream: the deadline does
    run(loop, closed);
    CHECK(!closed.error);
}

void a_peer_that_does_not_read_is_given_up() {
    net::io_context loop;
    ws::settings narrow;
    narrow.max_queue = 1000;
    auto config = client_config();
    CHECK(config.set(Option::write_timeout, 50) == sansock::Status::ok);
    const auto server_config = *Config::server();
    auto [client, server] = open_pair(loop, config, server_config, {}, narrow);
    // The buffer of a socket that is read grows, on some systems until it holds the next message whole: not this one's.
    server.next_layer().set_option(net::socket_base::receive_buffer_size(64 * 1024));
    const std::string large(16'000'000, 'x'); // more than the buffers of the system hold
    Outcome sent, received;
    ws::message message;
    client.async_write_text(large, sent());
    run(loop, sent);
    client.async_write_text(large, sent());
    client.async_read(message, received());
    for (int i = 0; i < 1000 && !client.closed().fault; i++) loop.run_one();
    run(loop, received);
    CHECK_EQUAL(received.error.value(), SANSOCK_FAULT_WRITE_TIMEOUT);
    Outcome closed;
    client.async_close(1000, "", closed());
    run(loop, closed);
    CHECK(!closed.error);
}

void connecting_fails_as_it_says() {
    net::io_context loop;
    const auto outcome_of = [&](std::string_view url, std::uint64_t timeout = 10'000) {
        auto config = ws::detail::client_config(url);
        if (config.get()) CHECK(config.set(Option::handshake_timeout, timeout) == sansock::Status::ok);
        Outcome over;
        ws::async_connect(loop.get_executor(), url, std::move(config), {}, [&](error_code ec, auto) { over()(ec); });
        run(loop, over);
        return over.error;
    };
    CHECK(outcome_of("http://127.0.0.1") == ws::error::bad_url);
    CHECK(outcome_of("wss://127.0.0.1") == ws::error::tls_mismatch);
    tcp::acceptor silent(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    const std::string url = "ws://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    CHECK(outcome_of(url, 20) == error_code(SANSOCK_FAULT_HANDSHAKE_TIMEOUT, ws::fault_category()));
    silent.close();
    CHECK(outcome_of(url) == net::error::connection_refused);
}

void nothing_works_before_the_handshake() {
    net::io_context loop;
    auto [one, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> client(std::move(one)), server(std::move(other)), empty;
    Outcome pinged, shaken, accepted;
    CHECK(!client.is_open() && !empty.is_open());
    CHECK(send(loop, client, "early") == ws::error::not_open);
    CHECK(receive(loop, client) == "error: there is no open connection");
    client.async_ping("", pinged.timed());
    client.flush();
    run(loop, pinged);
    CHECK(pinged.error == ws::error::not_open);
    client.async_handshake(client_config(), shaken());
    server.async_accept(*Config::server(), accepted());
    run(loop, shaken, accepted);
    CHECK(!shaken.error && !send(loop, client, "late") && receive(loop, server) == "late");
}

void a_handshake_can_be_cancelled() {
    net::io_context loop;
    auto [raw, other] = tcp_pair(loop);
    ws::websocket<tcp::socket> server(std::move(other));
    Outcome accepted, again;
    server.async_accept(*Config::server(), accepted());
    loop.poll();
    server.cancel();
    run(loop, accepted);
    CHECK(accepted.error == net::error::operation_aborted);
    error_code end;
    char byte;
    raw.read_some(net::buffer(&byte, 1), end);
    CHECK(end == net::error::eof);
    server.async_accept(*Config::server(), again());
    run(loop, again);
    CHECK(again.error == ws::error::busy);
}

void a_loop_may_end_before_its_connections() {
    auto loop = std::make_unique<net::io_context>();
    auto pair = std::make_unique<Pair<tcp::socket>>(open_pair(*loop));
    ws::message message;
    // The handler owns the connection, which it waits for: a sanitizer would see that both are left behind.
    auto *server = &pair->server;
    server->async_read(message, [kept = std::move(pair)](error_code) {});
    loop->restart();
    loop->poll();
    loop.reset();
    CHECK(message.data.empty());
}

void futures_and_threads_will_do() {
    net::io_context loop;
    auto guard = net::make_work_guard(loop);
    std::thread one([&] { loop.run(); }), two([&] { loop.run(); });
    {
        tcp::acceptor acceptor(net::make_strand(loop), tcp::endpoint(net::ip::address_v4::loopback(), 0));
        const std::string url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
        auto connected = ws::async_connect(net::make_strand(loop), url, net::use_future);
        ws::websocket<tcp::socket> server(acceptor.accept(net::any_io_executor(net::make_strand(loop))));
        const auto server_config = *Config::server();
        server.async_accept(server_config, net::use_future).get();
        auto client = connected.get();
        for (int i = 0; i < 100; i++) {
            const std::string text = std::to_string(i);
            ws::message message;
            auto received = server.async_read(message, net::use_future);
            client.async_write_text(text, net::use_future).get();
            received.get();
            CHECK(message.data == text);
        }
        auto pong = server.async_ping("p", net::use_future);
        CHECK(pong.get().count() >= 0);
        auto closed = client.async_close(1000, "", net::use_future);
        ws::message message;
        try {
            server.async_read(message, net::use_future).get();
            CHECK(!"a read after the end succeeds");
        } catch (const std::exception &) {
        }
        server.async_close(1000, "", net::use_future).get();
        closed.get();
    }
    guard.reset();
    one.join();
    two.join();
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    messages_go_both_ways();
    local_sockets_will_do();
    streams_may_be_upgraded_already();
    a_hook_decides();
    requests_are_refused();
    closing_is_clean();
    a_lost_peer_is_an_error();
    a_fault_has_its_own_category();
    pings_are_answered();
    a_cancelled_read_loses_nothing();
    writers_wait_for_room();
    writers_keep_their_order();
    keepalive_finds_a_dead_peer();
    a_peer_that_does_not_read_is_given_up();
    connecting_fails_as_it_says();
    nothing_works_before_the_handshake();
    a_handshake_can_be_cancelled();
    a_loop_may_end_before_its_connections();
    futures_and_threads_will_do();
    tls(argv[1], argv[2]);
    answers();
    coroutines();
    writes();
    CHECK_EQUAL(prepared(), 0);
    proxies(argv[1], argv[2]);
    return check_end("asio");
}

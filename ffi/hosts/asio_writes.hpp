// When sansock/asio.hpp writes: which messages leave together, and whom it waits for.
#pragma once

#include "asio_pair.hpp"

namespace {

const std::string masked = std::string("\x81\x82\0\0\0\0hi", 8); // a text of a client

std::string frames(unsigned count, const std::string &frame) {
    std::string all;
    for (unsigned i = 0; i < count; i++) all += frame;
    return all;
}

// A socket that counts what is written to it.
class CountedSocket : public tcp::socket {
public:
    CountedSocket(tcp::socket socket, unsigned &count) : tcp::socket(std::move(socket)), count_(&count) {}
    template <class Buffers> std::size_t write_some(const Buffers &buffers, error_code &ec) {
        ++*count_;
        return tcp::socket::write_some(buffers, ec);
    }

private:
    unsigned *count_;
};

// A server with such a socket, and its peer without a library.
struct Served {
    net::io_context loop;
    tcp::socket raw{loop};
    unsigned count = 0;
    ws::websocket<CountedSocket> server;

    Served() {
        auto [one, other] = tcp_pair(loop);
        raw = std::move(one);
        server = ws::websocket<CountedSocket>(CountedSocket(std::move(other), count));
        const auto config = *Config::server();
        Outcome accepted;
        server.async_accept(config, accepted());
        net::write(raw, net::buffer(opening_request));
        run(loop, accepted);
        std::string head;
        net::read_until(raw, net::dynamic_buffer(head), "\r\n\r\n");
        CHECK(!accepted.error && head.find(" 101 ") != std::string::npos);
        count = 0;
    }

    // So many messages at once.
    void send(unsigned messages) { net::write(raw, net::buffer(frames(messages, masked))); }

    // Whether exactly this comes, without anything more being run here.
    bool comes(std::string_view expected) {
        const timeval limit{5, 0};
        setsockopt(raw.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        std::string all(expected.size(), '\0');
        const auto size = recv(raw.native_handle(), all.data(), all.size(), MSG_WAITALL);
        return size == static_cast<ssize_t>(expected.size()) && all == expected;
    }

    // Runs all that can run without the peer.
    void settle() {
        loop.restart();
        while (loop.poll() > 0) loop.restart();
    }
};

// Sends back what it reads, again and again.
struct Echo {
    Served &served;
    unsigned echoes = 0;
    ws::message message = {};

    void next() {
        served.server.async_read(message, [this](error_code ec) {
            if (!ec) answer();
        });
    }
    void answer() {
        served.server.async_write(message, [this](error_code ec) {
            if (ec) return;
            echoes++;
            next();
        });
    }
};

void answers_to_one_read_leave_together() {
    Served served;
    Echo echo{served};
    constexpr unsigned messages = 200;
    served.send(messages);
    echo.next();
    while (echo.echoes < messages && served.loop.run_one() > 0) {}
    served.settle();
    CHECK(served.comes(frames(messages, "\x81\2hi")));
    CHECK(served.count < messages / 4); // one, if the machine is idle
    served.server.cancel();
    served.settle();
}

void the_last_one_does_not_wait() {
    Served served;
    served.send(1);
    CHECK(receive(served.loop, served.server) == "hi");
    CHECK(!send(served.loop, served.server, "ho"));
    CHECK_EQUAL(served.count, 1); // when it has completed, it has left
    CHECK(served.comes("\x81\2ho"));
}

void who_reads_no_more_has_sent() {
    Served served;
    served.send(3);
    CHECK(receive(served.loop, served.server) == "hi");
    CHECK(!send(served.loop, served.server, "ho"));
    served.settle();
    CHECK(served.comes("\x81\2ho"));
    CHECK_EQUAL(served.count, 1);
    // Two wait to be read. Who reads them without an answer has sent too.
    CHECK(!send(served.loop, served.server, "ho"));
    CHECK(receive(served.loop, served.server) == "hi" && receive(served.loop, served.server) == "hi");
    served.settle();
    CHECK(served.comes("\x81\2ho"));
    CHECK_EQUAL(served.count, 2);
}

void who_is_destroyed_has_sent() {
    Served served;
    served.send(3);
    CHECK(receive(served.loop, served.server) == "hi");
    CHECK(!send(served.loop, served.server, "ho"));
    { const auto dropped = std::move(served.server); }
    CHECK(served.comes("\x81\2ho"));
}

void closing_comes_behind() {
    Served served;
    served.send(3);
    Outcome closed;
    CHECK(receive(served.loop, served.server) == "hi");
    CHECK(!send(served.loop, served.server, "ho"));
    served.server.async_close(1000, "", closed());
    served.settle();
    CHECK(served.comes("\x81\2ho\x88\2\x03\xe8"));
}

void what_is_sent_at_once_leaves_together() {
    Served served;
    std::vector<Outcome> outcomes(100);
    for (Outcome &outcome : outcomes) served.server.async_write_text("ho", outcome());
    served.settle();
    for (const Outcome &outcome : outcomes) CHECK(outcome.over && !outcome.error);
    CHECK(served.comes(frames(100, "\x81\2ho")));
    CHECK(served.count < 20);
    // One that is cancelled before its turn leaves no other waiting.
    Outcome cancelled, last;
    served.server.async_write_text("no", cancelled());
    served.server.cancel();
    served.server.async_write_text("ho", last());
    served.settle();
    CHECK(cancelled.error == net::error::operation_aborted && last.over && !last.error);
    CHECK(served.comes("\x81\2ho"));
}

// What has no room is not gathered either.
void a_full_output_is_written() {
    Served served;
    served.send(4);
    const std::string large(100'000, 'x');
    CHECK(receive(served.loop, served.server) == "hi");
    for (int i = 0; i < 3; i++) CHECK(!send(served.loop, served.server, large));
    std::string all(3 * (large.size() + 10), '\0');
    Outcome received;
    net::async_read(served.raw, net::buffer(all), [&](error_code ec, std::size_t) { received()(ec); });
    run(served.loop, received);
    CHECK(!received.error && all.substr(10, large.size()) == large);
}

// A peer that takes little at a time, for so long, and then nothing.
struct SlowPeer {
    tcp::socket &raw;
    unsigned turns;
    net::steady_timer timer{raw.get_executor()};
    std::array<char, 16 * 1024> memory = {};

    void next() {
        if (turns-- == 0) return;
        timer.expires_after(std::chrono::milliseconds(50));
        timer.async_wait([this](error_code) {
            error_code ec;
            raw.read_some(net::buffer(memory), ec);
            CHECK(!ec);
            next();
        });
    }
};

void who_reads_slowly_is_kept() {
    net::io_context loop;
    tcp::acceptor acceptor(loop, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    tcp::socket raw(loop);
    raw.open(tcp::v4());
    raw.set_option(net::socket_base::receive_buffer_size(16 * 1024));
    raw.connect(acceptor.local_endpoint());
    ws::websocket<tcp::socket> server(acceptor.accept());
    auto config = *Config::server();
    CHECK(config.set(Option::write_timeout, 1000) == sansock::Status::ok);
    Outcome accepted, sent, received;
    server.async_accept(config, accepted());
    net::write(raw, net::buffer(opening_request));
    run(loop, accepted);
    const std::string large(8'000'000, 'x'); // more than the buffers of the system hold
    server.async_write_text(large, sent());
    SlowPeer peer{raw, 40};
    peer.next();
    ws::message message;
    server.async_read(message, received());
    loop.restart();
    while (peer.turns + 1 != 0 && !received.over && loop.run_one() > 0) {}
    CHECK(sent.over && !received.over && server.is_open());
    run(loop, received);
    CHECK_EQUAL(received.error.value(), SANSOCK_FAULT_WRITE_TIMEOUT);
}

} // namespace

inline void writes() {
    answers_to_one_read_leave_together();
    the_last_one_does_not_wait();
    who_reads_no_more_has_sent();
    who_is_destroyed_has_sent();
    closing_comes_behind();
    what_is_sent_at_once_leaves_together();
    a_full_output_is_written();
    who_reads_slowly_is_kept();
}

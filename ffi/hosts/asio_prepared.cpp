// sansock/asio.hpp: one message for many connections.
#include "asio_pair.hpp"

unsigned prepared();

namespace {

using Prepared = std::shared_ptr<const sansock::PreparedMessage>;

Prepared prepare(std::string_view text) {
    return std::make_shared<sansock::PreparedMessage>(*sansock::PreparedMessage::text(text));
}

error_code send(net::io_context &loop, ws::websocket<tcp::socket> &from, const Prepared &message) {
    Outcome sent;
    from.async_write_prepared(message, sent());
    run(loop, sent);
    return sent.error;
}

Config compressing(Config config, std::uint64_t window = 15) {
    CHECK(config.set(Option::deflate, 1) == sansock::Status::ok);
    CHECK(config.set(Option::server_max_window_bits, window) == sansock::Status::ok);
    return config;
}

void streams_share_what_it_is_encoded_to() {
    net::io_context loop;
    const Config client = compressing(client_config()), server = compressing(*Config::server());
    auto one = open_pair(loop, client, server), two = open_pair(loop, client, server);
    auto narrow = open_pair(loop, client, compressing(*Config::server(), 10));
    auto plain = open_pair(loop);
    std::string text;
    for (unsigned i = 0; i < 1000; i++) text += "to all " + std::to_string(i);
    const auto message = prepare(text);
    const auto alone = message->memory_usage();
    CHECK(!send(loop, plain.server, message));
    CHECK_EQUAL(message->memory_usage(), alone); // it goes as it is
    CHECK(!send(loop, one.server, message));
    const auto compressed = message->memory_usage();
    CHECK(compressed > alone);
    CHECK(!send(loop, two.server, message));
    CHECK(!send(loop, one.server, message));
    CHECK_EQUAL(message->memory_usage(), compressed);
    CHECK(!send(loop, narrow.server, message));
    CHECK(message->memory_usage() > compressed);
    for (auto *pair : {&one, &two, &narrow, &plain}) CHECK(receive(loop, pair->client) == text);
    CHECK(receive(loop, one.client) == text);
}

// Also with nobody else to keep it, and among other messages.
void operations_keep_it_and_their_order() {
    net::io_context loop;
    auto pair = open_pair(loop);
    Outcome first, second, third, fourth;
    const std::uint8_t bytes[] = {0, 255};
    pair.client.async_write_text("first", first());
    pair.client.async_write_prepared(prepare("second"), second());
    pair.client.async_write_text("third", third());
    pair.client.async_write_prepared(
        std::make_shared<sansock::PreparedMessage>(*sansock::PreparedMessage::binary({bytes, sizeof bytes})), fourth());
    run(loop, first, second, third, fourth);
    CHECK(!first.error && !second.error && !third.error && !fourth.error);
    for (const char *text : {"first", "second", "third"}) CHECK(receive(loop, pair.server) == text);
    ws::message binary;
    Outcome read;
    pair.server.async_read(binary, read());
    run(loop, read);
    CHECK(!read.error && !binary.is_text() && binary.data == std::string("\0\377", 2));
}

void what_cannot_be_sent_is_an_error() {
    net::io_context loop;
    ws::websocket<tcp::socket> new_one(tcp_pair(loop).first);
    CHECK(send(loop, new_one, prepare("early")) == ws::error::not_open);
    Config limited = *Config::server();
    CHECK(limited.set(Option::output_soft_limit, 1000) == sansock::Status::ok);
    CHECK(limited.set(Option::output_hard_limit, 1000) == sansock::Status::ok);
    auto pair = open_pair(loop, client_config(), limited);
    CHECK(send(loop, pair.server, nullptr) == ws::error::invalid_argument);
    CHECK(send(loop, pair.server, std::make_shared<sansock::PreparedMessage>()) == ws::error::invalid_argument);
    CHECK(send(loop, pair.server, prepare(std::string(1000, 'x'))) == ws::error::too_large);
    CHECK(!send(loop, pair.server, prepare("small")) && receive(loop, pair.client) == "small");
    Outcome closed;
    pair.client.async_close(1000, "", closed());
    CHECK(receive(loop, pair.server) == "error: the connection was closed by a closing handshake");
    run(loop, closed);
    CHECK(send(loop, pair.server, prepare("late")) == ws::error::closed);
    CHECK(send(loop, pair.client, prepare("late")) == ws::error::closed);
    CHECK(!sansock::PreparedMessage::text("\xff"));
}

// A loop over the members starts a write for each, and waits for none.
void who_has_gone_keeps_nobody_waiting() {
    net::io_context loop;
    std::vector<Pair<tcp::socket>> members;
    for (unsigned i = 0; i < 3; i++) members.push_back(open_pair(loop));
    members[1].client = {};
    CHECK(receive(loop, members[1].server).rfind("error:", 0) == 0);
    Outcome sent[3];
    {
        const auto message = prepare("to all");
        for (unsigned i = 0; i < 3; i++) members[i].server.async_write_prepared(message, sent[i]());
    }
    run(loop, sent[0], sent[1], sent[2]);
    CHECK(!sent[0].error && sent[1].error && !sent[2].error);
    CHECK(receive(loop, members[0].client) == "to all" && receive(loop, members[2].client) == "to all");
}

} // namespace

unsigned prepared() {
    streams_share_what_it_is_encoded_to();
    operations_keep_it_and_their_order();
    what_cannot_be_sent_is_an_error();
    who_has_gone_keeps_nobody_waiting();
    return check_failures;
}

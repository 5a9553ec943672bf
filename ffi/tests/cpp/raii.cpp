// The C++ layer: ownership, spans and views, typed events, statuses without exceptions.
#include <sansock/print.hpp>
#include <sansock_faults.h>

#include <cstring>
#include <memory>
#include <type_traits>

#include "../c/check.h"
#include "conversation.hpp"

using sansock::Config;
using sansock::Connection;
using sansock::Status;

static_assert(std::is_nothrow_move_constructible_v<Connection> && std::is_nothrow_move_assignable_v<Connection>);
static_assert(!std::is_copy_constructible_v<Connection> && !std::is_copy_assignable_v<Connection>);
static_assert(std::is_nothrow_move_constructible_v<Config> && !std::is_copy_constructible_v<Config>);
static_assert(std::is_nothrow_default_constructible_v<Connection> && std::is_nothrow_destructible_v<Connection>);
static_assert(static_cast<int>(Status::entropy) == SANSOCK_ERR_ENTROPY);

namespace {

constexpr std::array<std::uint8_t, 32> seed = {1, 2, 3};

Host host_of(const Config &config) {
    auto connection = Connection::create(config, seed, 0);
    CHECK(static_cast<bool>(connection));
    return {std::move(*connection), {}, {}};
}

Host client() {
    auto config = Config::client("ws://example.com/chat");
    CHECK(config->subprotocol("chat") == Status::ok);
    CHECK(config->header("X-Token", "abc") == Status::ok);
    CHECK(config->origin("http://example.com") == Status::ok);
    return host_of(*config); // the configuration ends here: the connection keeps its own copy
}

Host server() {
    auto config = Config::server();
    CHECK(config->subprotocol("chat") == Status::ok);
    return host_of(*config);
}

void expect(const Host &host, std::vector<std::string> lines) {
    CHECK_EQUAL(host.seen.size(), lines.size());
    for (std::size_t i = 0; i < lines.size() && i < host.seen.size(); i++) {
        const std::string &seen = host.seen[i], &line = lines[i];
        check_bytes(seen.data(), seen.size(), line.data(), line.size(), "an event", __FILE__, __LINE__);
    }
}

void a_conversation() {
    Host c = client(), s = server();
    CHECK(c.connection.state() == sansock::State::connecting);
    CHECK_EQUAL(c.connection.next_deadline().value_or(0), 10000);
    carry(c, s, 1);
    CHECK(s.connection.response_header("X-Answer", "41") == Status::ok);
    CHECK(s.connection.clear_response() == Status::ok);
    CHECK(s.connection.response_header("X-Answer", "42") == Status::ok);
    CHECK(s.connection.accept(1) == Status::ok);
    carry(s, c, 1);
    CHECK(c.connection.state() == sansock::State::open);
    CHECK(!c.connection.next_deadline());

    CHECK(c.connection.send_text("hello") == Status::ok);
    const std::vector<std::uint8_t> bytes = {'a', 'b'};
    CHECK(c.connection.send_binary(bytes) == Status::ok); // any container of bytes
    const std::uint8_t array[] = {'c', 'd', 'e'};
    CHECK(c.connection.send_binary(array) == Status::ok);
    CHECK(c.connection.send_text_part("\xc3", false) == Status::ok);
    CHECK(c.connection.send_text_part("\xa9", true) == Status::ok);
    CHECK(c.connection.ping({}, 10) == Status::ok);
    carry(c, s, 11);
    carry(s, c, 15);
    CHECK(c.connection.close(1000, "done", 20) == Status::ok);
    carry(c, s, 21);
    carry(s, c, 22);
    CHECK(s.connection.transport() == sansock::Transport::close);
    c.connection.receive_eof(23);
    CHECK(c.connection.transport() == sansock::Transport::close);
    expect(s, {"request /chat same host=example.com +chat", "text hello", "binary ab", "binary cde", "text \xc3\xa9",
               "ping 0", "closing 1000 done", "closed 1000 done clean by-peer sent=1000"});
    expect(c, {"open chat", "pong 5", "closing 1000 done", "closed 1000 done clean by-us sent=1000"});
}

void a_refusal() {
    Host c = client(), s = server();
    carry(c, s, 0);
    CHECK(s.connection.reject(403, "no", 0) == Status::ok);
    carry(s, c, 0);
    expect(c, {"rejected 403 Forbidden no", "closed 1006  unclean by-peer HTTP_STATUS"});
    CHECK(!c.connection.fault_text().empty());
    CHECK(s.connection.transport() == sansock::Transport::shutdown_write);
}

// The fields of the head that is the first event.
std::vector<sansock_field> fields_of_head(const Host &host) {
    std::vector<sansock_field> fields;
    const sansock::Event event = *host.connection.events().begin();
    if (const auto *head = std::get_if<sansock::Head>(&event))
        for (const sansock::Detail detail : head->details) fields.push_back(sansock::field(detail.name, detail.value));
    return fields;
}

void a_handshake_made_of_fields() {
    Host c = client(), s = server();
    CHECK(c.connection.request_fields(sansock::HttpVersion::http_2, 0) == Status::ok);
    CHECK(c.connection.output().empty());
    CHECK(s.connection.receive_request(sansock::HttpVersion::http_2, fields_of_head(c), 0) == Status::ok);
    note_events(s);
    CHECK(s.connection.limit_deflate(sansock::Option::deflate, 0) == Status::ok);
    CHECK(s.connection.limit_deflate(sansock::Option::deflate, 1) == Status::invalid_argument);
    CHECK(s.connection.accept(0) == Status::ok);
    CHECK(c.connection.receive_response(200, fields_of_head(s), 0) == Status::ok);
    note_events(s);
    note_events(c);
    CHECK(c.connection.send_text("hello") == Status::ok);
    carry(c, s, 0);
    expect(c, {"open chat"});
    expect(s, {"request /chat CONNECT same +chat", "head 200 sec-websocket-protocol=chat ", "open chat",
               "text hello"});
}

void a_page_on_the_same_port() {
    auto config = sansock::Config::server();
    CHECK(config->set(sansock::Option::deliver_http, 1) == Status::ok);
    Host s = host_of(*config);
    const std::string_view request = "HEAD /health HTTP/1.1\r\nHost: example.com\r\n\r\n";
    s.input.assign(request.begin(), request.end());
    CHECK(s.connection.receive(s.input, 0) == Status::ok);
    note_events(s);
    CHECK(s.connection.accept(0) == Status::invalid_state);
    CHECK(s.connection.respond(200, "Well", "yes", 0) == Status::ok);
    note_events(s);
    expect(s, {"request /health HEAD BAD_METHOD host=example.com", "closed 1006  unclean by-us REFUSED"});
    const sansock::Bytes output = s.connection.output();
    const std::string text(output.begin(), output.end());
    CHECK(text == "HTTP/1.1 200 Well\r\nConnection: close\r\nContent-Length: 3\r\n\r\n");
}

void frames_and_a_fault_that_is_left_to_the_host() {
    auto config = sansock::Config::create(sansock::Role::client);
    CHECK(config->set(sansock::Option::start_open, 1) == Status::ok);
    CHECK(config->set(sansock::Option::frames, 1) == Status::ok);
    Host c = host_of(*config);
    c.input = {0x01, 0x01, 'a', 0x80, 0x00, 0x83, 0x00};
    CHECK(c.connection.receive(c.input, 0) == Status::ok);
    note_events(c);
    CHECK(c.connection.block()->fault_position == 5 && c.connection.block()->fault_actual == 3);
    CHECK(c.connection.fail(1002, "no such opcode", 0) == Status::ok);
    c.connection.timeout(0);
    note_events(c);
    expect(c, {"frame of text a first end 1", "frame of text  last end 0", "fault RESERVED_OPCODE 1002",
               "closed 1006  unclean by-peer sent=1002 RESERVED_OPCODE"});
}

// The origins that a browser may name, and whether a server of example.com takes them for its own.
void origins_are_compared_with_the_host() {
    struct Case {
        const char *origin;
        sansock::OriginRelation relation;
        bool same;
    };
    for (const Case &expected : {Case{nullptr, sansock::OriginRelation::absent, true},
                                 Case{"http://example.com", sansock::OriginRelation::same, true},
                                 Case{"http://example.org", sansock::OriginRelation::cross, false},
                                 Case{"null", sansock::OriginRelation::cross, false}}) {
        auto config = Config::client("ws://example.com/chat");
        if (expected.origin) CHECK(config->origin(expected.origin) == Status::ok);
        Host c = host_of(*config), s = server();
        carry(c, s, 0);
        const sansock::Event event = *s.connection.events().begin();
        const auto *request = std::get_if<sansock::Request>(&event);
        CHECK(request && request->origin_relation == expected.relation && request->same_origin == expected.same);
        const auto origin = request->details.first(sansock::DetailKind::origin);
        CHECK(origin.has_value() == (expected.origin != nullptr) && (!origin || *origin == expected.origin));
    }
}

void a_url_may_have_credentials() {
    Host c = host_of(*Config::client("ws://user:password@example.com/")), s = server();
    carry(c, s, 0);
    const sansock::Event event = *s.connection.events().begin();
    const auto authorization = std::get<sansock::Request>(event).details.header("authorization");
    CHECK(authorization == "Basic dXNlcjpwYXNzd29yZA==");
}

void streams_may_be_upgraded_already() {
    for (const sansock::Role role : {sansock::Role::client, sansock::Role::server}) {
        auto config = Config::create(role);
        CHECK(config->set(sansock::Option::start_open, 1) == Status::ok);
        CHECK(host_of(*config).connection.state() == sansock::State::open);
    }
}

void owners_move() {
    Host c = client();
    const sansock_block *block = c.connection.block();
    const sansock_conn *handle = c.connection.get();
    Connection moved = std::move(c.connection);
    CHECK(moved.block() == block && moved.get() == handle); // the block stays where it is
    CHECK(static_cast<bool>(moved) && !c.connection);
    Connection other = std::move(*Connection::create(*Config::server(), 0));
    other = std::move(moved); // frees what it had
    CHECK(other.get() == handle && other.block() == block);
    auto &self = other;
    other = std::move(self);
    CHECK(other.get() == handle && other.block() == block);
    CHECK(other.memory_usage() > 0);
}

void an_empty_owner_is_harmless() {
    Connection none;
    Config no_config;
    CHECK(none.send_text("x") == Status::bad_handle);
    CHECK(none.receive(nullptr, 0, 0) == Status::bad_handle);
    CHECK(no_config.set(sansock::Option::parts, 1) == Status::bad_handle);
    CHECK(none.output().empty() && none.events().empty() && !none.writable() && !none.more());
    CHECK(none.events().begin() == none.events().end());
    CHECK(none.state() == sansock::State::closed && none.transport() == sansock::Transport::close);
    CHECK(!none.next_deadline() && none.fault_text().empty() && none.memory_usage() == 0);
    CHECK(Connection::create(no_config, 0).status() == Status::bad_handle);
}

void failures_are_statuses() {
    CHECK(Config::client("http://example.com").status() == Status::invalid_argument);
    auto config = Config::server();
    CHECK(config->set(sansock::Option::max_message_size, 0) == Status::invalid_argument);
    CHECK(std::strlen(sansock::text(Status::would_block)) > 0);
    Host s = server();
    CHECK(s.connection.send_text("early") == Status::invalid_state);
    CHECK(!sansock::parse_url("ftp://x"));
}

void urls_are_parsed() {
    const auto url = sansock::parse_url("wss://[2001:db8::1]:8443/x");
    CHECK_BYTES(url->host.data(), url->host.size(), "2001:db8::1");
    CHECK_EQUAL(url->port, 8443);
    CHECK(url->secure);
}

void batches_are_sent() {
    auto config = Config::server();
    CHECK(config->set(sansock::Option::start_open, 1) == Status::ok);
    Host s = host_of(*config);
    std::array<sansock_record, 2> records{};
    records[0].kind = SANSOCK_KIND_TEXT;
    records[0].len = 2;
    records[1].kind = SANSOCK_KIND_BINARY;
    records[1].offset = 1;
    records[1].len = 2;
    const std::array<std::uint8_t, 3> data = {'a', 'b', 'c'};
    std::size_t sent = 0;
    CHECK(s.connection.send_batch(records, data, sent) == Status::ok);
    CHECK_EQUAL(sent, 2);
    const std::array<std::size_t, 2> sizes = {1, 2};
    CHECK(s.connection.send_many(sansock::MessageKind::text, sizes, {}, sent) == Status::invalid_argument);
    CHECK_EQUAL(sent, 0);
    CHECK(s.connection.send_header(sansock::MessageKind::binary, 3, true) == Status::ok);
    std::size_t header_size = 99;
    std::uint64_t payload_size = 99;
    CHECK(s.connection.receive_header({}, 0, 0, header_size, payload_size) == Status::ok);
    CHECK_EQUAL(header_size, 0);
    CHECK_EQUAL(payload_size, 0);
    CHECK_EQUAL(s.connection.payload_remaining(), 0);
    CHECK(s.connection.lend(1).empty());
    CHECK(s.connection.receive_lent(1, 0) == Status::invalid_state);
    CHECK_BYTES(s.connection.output().data(), s.connection.output().size(), "\x81\x02" "ab\x82\x02" "bc\x82\x03");
}

void one_message_goes_to_many() {
    auto config = Config::server();
    CHECK(config->set(sansock::Option::start_open, 1) == Status::ok);
    CHECK(config->set(sansock::Option::deflate, 1) == Status::ok);
    const std::string text(1000, 'x');
    auto message = sansock::PreparedMessage::text(text);
    CHECK(message && message->memory_usage() >= text.size());
    std::string first;
    for (int each = 0; each < 3; each++) {
        Host s = host_of(*config);
        CHECK(s.connection.send_prepared(*message) == Status::ok);
        const auto output = s.connection.output();
        const std::string sent(output.begin(), output.end());
        CHECK(sent.size() < 40);
        if (each == 0) first = sent;
        CHECK(sent == first);
    }
    CHECK(!sansock::PreparedMessage::text("\xff"));
    const std::array<std::uint8_t, 1> data = {1};
    auto moved = std::move(*message);
    Host s = host_of(*config);
    CHECK(s.connection.send_prepared(*message) == Status::bad_handle);
    CHECK(s.connection.send_prepared(*sansock::PreparedMessage::binary(data)) == Status::ok);
    CHECK_BYTES(s.connection.output().data(), s.connection.output().size(), "\x82\x01\x01");
}

void tunnels_lead_through_proxies() {
    const auto proxy = sansock::parse_proxy("socks5://me:secret@[::1]");
    CHECK_BYTES(proxy->host.data(), proxy->host.size(), "::1");
    CHECK(proxy->port == 1080 && !proxy->secure && !proxy->resolves_names);
    CHECK(!sansock::parse_proxy("ftp://x"));
    CHECK(sansock::TunnelConfig::create("socks5://x", "example.com", 1).status() == Status::invalid_argument);

    auto config = sansock::TunnelConfig::create("http://proxy", "example.com", 443);
    CHECK(config->set(sansock::Option::handshake_timeout, 10) == Status::ok);
    CHECK(config->set(sansock::Option::parts, 1) == Status::invalid_argument);
    CHECK(config->header("User-Agent", "x") == Status::ok);
    auto created = sansock::Tunnel::create(*config, 5);
    const sansock_block *block = created->block();
    sansock::Tunnel tunnel = std::move(*created);
    CHECK(tunnel.block() == block && static_cast<bool>(tunnel) && !*created);
    CHECK(tunnel.next_deadline() == std::uint64_t{15} && tunnel.state() == sansock::State::connecting);
    CHECK_BYTES(tunnel.output().data(), tunnel.output().size(),
                "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nUser-Agent: x\r\n\r\n");
    CHECK(tunnel.written(tunnel.output().size()) == Status::ok);
    const std::string answer = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n";
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(answer.data());
    CHECK(tunnel.receive({bytes, answer.size()}, 6) == Status::ok && tunnel.consumed() == answer.size());
    const sansock::Event event = *tunnel.events().begin();
    const auto *rejected = std::get_if<sansock::Rejected>(&event);
    CHECK(rejected && rejected->status == 407 && rejected->details.header("proxy-authenticate") == "Basic");
    CHECK(tunnel.fault() == 502 && tunnel.transport() == sansock::Transport::close);
    CHECK(!tunnel.next_deadline() && !tunnel.fault_text().empty() && tunnel.state() == sansock::State::closed);
    CHECK(tunnel.timeout(7) == Status::ok && tunnel.receive_eof(8) == Status::ok && tunnel.events().empty());

    sansock::Tunnel none;
    CHECK(none.receive({}, 0) == Status::bad_handle && none.state() == sansock::State::closed);
    CHECK(sansock::Tunnel::create(sansock::TunnelConfig(), 0).status() == Status::bad_handle);
}

std::string last_event(Host &host) {
    std::string line;
    for (const sansock::Event &event : host.connection.events()) line = sansock::to_string(event);
    return line;
}

void events_are_printed() {
    Host from = client(), to = server();
    carry(from, to, 0);
    CHECK(last_event(to) == "request \"GET\" \"/chat\"");
    CHECK(to.connection.accept("chat", 0) == Status::ok);
    CHECK(last_event(to) == "open subprotocol \"chat\"");
    carry(to, from, 0);
    CHECK(from.connection.send_text("a\"\n\xc3\xbc") == Status::ok);
    carry(from, to, 0);
    CHECK(last_event(to) == "text \"a\\\"\\x0a\\xc3\\xbc\"");
    const std::vector<std::uint8_t> large(100, 'x');
    CHECK(from.connection.send_binary(large) == Status::ok);
    carry(from, to, 0);
    CHECK(last_event(to) == "binary \"" + std::string(64, 'x') + "\"... (100 bytes)");
    CHECK(from.connection.send_text_part("ab", false) == Status::ok);
    carry(from, to, 0);
    CHECK(to.connection.events().empty());
    to.connection.receive_eof(0);
    CHECK(last_event(to) == "closed 1006 \"\" by the peer fault EOF");
}

void output_can_be_taken() {
    Host from = client();
    const std::vector<std::uint8_t> before(from.connection.output().begin(), from.connection.output().end());
    CHECK(!before.empty() && from.connection.take_output() == before);
    CHECK(from.connection.output().empty() && from.connection.take_output().empty());
    CHECK(Connection().take_output().empty());
}

void results_pass_on_what_they_have() {
    const auto port = [](sansock::Url url) { return sansock::Result<int>(url.port); };
    CHECK(sansock::parse_url("ws://a:7").and_then(port).value_or(-1) == 7);
    CHECK(sansock::parse_url("http://a").and_then(port).value_or(-1) == -1);
    CHECK(sansock::parse_url("http://a").and_then(port).status() == Status::invalid_argument);
    CHECK(sansock::parse_url("ws://a").has_value() && !sansock::parse_url("").has_value());
    CHECK(sansock::fault_name(SANSOCK_FAULT_MESSAGE_TOO_BIG) == "MESSAGE_TOO_BIG");
    CHECK(sansock::fault_name(0).empty() && !sansock::fault_text(SANSOCK_FAULT_MESSAGE_TOO_BIG).empty());
}

} // namespace

int main() {
    a_conversation();
    a_refusal();
    a_handshake_made_of_fields();
    a_page_on_the_same_port();
    frames_and_a_fault_that_is_left_to_the_host();
    origins_are_compared_with_the_host();
    a_url_may_have_credentials();
    streams_may_be_upgraded_already();
    owners_move();
    an_empty_owner_is_harmless();
    failures_are_statuses();
    urls_are_parsed();
    batches_are_sent();
    one_message_goes_to_many();
    tunnels_lead_through_proxies();
    events_are_printed();
    output_can_be_taken();
    results_pass_on_what_they_have();
    CHECK(text_in_other_unit() == &sansock::text); // one inline function in both units
    return check_end("raii");
}

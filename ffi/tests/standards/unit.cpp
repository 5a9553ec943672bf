// One unit: defines the functions of its namespace, UNIT, and calls those of the next, NEXT. NAME is its compiler and
// standard.
#include <type_traits>

#include "../c/check.h"
#include "unit.hpp"

DECLARE_UNIT(UNIT)
DECLARE_UNIT(NEXT)

namespace {

template <class T> void add(Layout &layout) {
    layout.insert(layout.end(), {sizeof(T), alignof(T), std::is_trivially_copyable_v<T>,
                                 std::is_trivially_destructible_v<T>});
}

template <class... T> Layout layout_of() {
    Layout layout;
    (add<T>(layout), ...);
    return layout;
}

struct Describe {
    std::string operator()(const sansock::Request &request) const { return "request " + std::string(request.target); }
    std::string operator()(const sansock::Open &open) const {
        return "open " + std::string(open.subprotocol.value_or("none"));
    }
    std::string operator()(const sansock::Text &text) const { return "text " + std::string(text.data); }
    std::string operator()(const sansock::Binary &binary) const {
        return "binary " + std::string(binary.data.begin(), binary.data.end());
    }
    template <class T> std::string operator()(const T &) const { return "another"; }
};

} // namespace

// The functions of this unit are called by the one before it.
namespace UNIT {

Layout layout() {
    using namespace sansock;
    return layout_of<Bytes, Span<std::uint8_t>, Span<const std::size_t>, Status, Option, Transport, State,
                     OriginRelation, Role, MessageKind, DetailKind, Url, Result<Url>, Detail, Details,
                     Details::iterator, Request, Open, Rejected, Head, Text, Binary, Frame, Ping, Pong, Closing, ReportedFault, Closed, Unknown,
                     Event, Events, Events::iterator, Config, Result<Config>, Connection, Result<Connection>, Proxy,
                     Result<Proxy>, TunnelConfig, Result<TunnelConfig>, Tunnel, Result<Tunnel>,
                     std::optional<std::string_view>, std::optional<std::uint64_t>, sansock_record, sansock_block,
                     sansock_url>();
}

std::size_t text_function() { return reinterpret_cast<std::size_t>(&sansock::text); }
std::size_t accessor_function() { return reinterpret_cast<std::size_t>(&sansock_record_same_origin); }

sansock::Bytes first(sansock::Bytes bytes, std::size_t size) { return {bytes.data(), size}; }
sansock::Span<std::uint8_t> zeroed(sansock::Span<std::uint8_t> bytes) {
    for (std::uint8_t &byte : bytes) byte = 0;
    return bytes;
}
sansock::Span<const std::size_t> sizes(sansock::Span<const std::size_t> sizes) { return sizes; }
sansock::Span<const sansock_record> records(sansock::Span<const sansock_record> records) { return records; }

sansock::Result<sansock::Config> configure(sansock::Role role, sansock::Option option, std::uint64_t value) {
    auto config = role == sansock::Role::client ? sansock::Config::client("ws://example.com/chat")
                                                : sansock::Config::server();
    CHECK(config->subprotocol("chat") == sansock::Status::ok);
    const sansock::Status status = config->set(option, value);
    return status == sansock::Status::ok ? std::move(config) : sansock::Result<sansock::Config>(status);
}
sansock::Result<sansock::Connection> connect(const sansock::Config &config, std::uint64_t now) {
    return sansock::Connection::create(config, now);
}
sansock::Config moved(sansock::Config config) { return config; }
sansock::Connection moved(sansock::Connection connection) { return connection; }
sansock::Result<sansock::Url> parsed(std::string_view url) { return sansock::parse_url(url); }

sansock::Events events(const sansock::Connection &connection) { return connection.events(); }
std::vector<sansock::Event> collected(sansock::Events events) { return {events.begin(), events.end()}; }
sansock::Event same(sansock::Event event) { return event; }
std::string described(const sansock::Event &event) { return std::visit(Describe{}, event); }
sansock::Details details(sansock::Event event) { return std::get<sansock::Request>(event).details; }
sansock::Detail first(sansock::Details details) { return *details.begin(); }
sansock::Details::iterator next(sansock::Details::iterator at) { return ++at; }
sansock::Events::iterator next(sansock::Events::iterator at) { return ++at; }

sansock::Status sent(sansock::Connection &connection, sansock::MessageKind kind, sansock::Bytes data) {
    if (kind == sansock::MessageKind::binary) return connection.send_binary(data);
    return connection.send_text({reinterpret_cast<const char *>(data.data()), data.size()});
}
sansock::Status received(sansock::Connection &connection, sansock::Span<std::uint8_t> data, std::uint64_t now) {
    return connection.receive(data, now);
}
sansock::Transport transport(const sansock::Connection &connection, sansock::State &state) {
    state = connection.state();
    return connection.transport();
}
sansock::OriginRelation relation(const sansock::Request &request, sansock::DetailKind kind) {
    return request.details.first(kind) ? request.origin_relation : sansock::OriginRelation::cross;
}

std::string of_each(const sansock::Open &open, const sansock::Rejected &rejected, const sansock::Text &text,
                    const sansock::Binary &binary, const sansock::Ping &ping, const sansock::Pong &pong,
                    const sansock::Closing &closing, const sansock::Closed &closed, const sansock::Unknown &unknown) {
    const auto number = [](auto value) { return " " + std::to_string(value); };
    return std::string(open.subprotocol.value_or("none")) + number(rejected.status) + " " + std::string(rejected.reason) + number(rejected.body.size()) +
           number(rejected.truncated) + " " + std::string(text.data) + number(text.first) + number(text.last) +
           number(binary.data.size()) + number(binary.first) + number(binary.last) + number(ping.payload.size()) +
           number(pong.payload.size()) + number(pong.round_trip_time.value_or(0)) + number(closing.code) + " " +
           std::string(closing.reason) + number(closed.code) + " " + std::string(closed.reason) +
           number(closed.clean) + number(closed.by_peer) + number(closed.sent_code.value_or(0)) +
           number(closed.fault) + number(unknown.kind);
}

} // namespace UNIT

namespace {

void types_are_laid_out_alike() { CHECK(NEXT::layout() == UNIT::layout()); }

void inline_functions_are_one() {
    CHECK(NEXT::text_function() == UNIT::text_function());
    CHECK(NEXT::accessor_function() == UNIT::accessor_function());
}

void spans_pass() {
    std::array<std::uint8_t, 4> bytes = {1, 2, 3, 4};
    const sansock::Bytes two = NEXT::first(bytes, 2);
    CHECK(two.data() == bytes.data() && two.size() == 2);
    CHECK(NEXT::zeroed(bytes).data() == bytes.data());
    CHECK_EQUAL(bytes[3], 0);
    const std::array<std::size_t, 2> sizes = {7, 8};
    CHECK_EQUAL(NEXT::sizes(sizes)[1], 8);
    const std::array<sansock_record, 3> records{};
    CHECK_EQUAL(NEXT::records(records).size(), 3);
}

void results_pass() {
    CHECK(NEXT::configure(sansock::Role::server, sansock::Option::max_message_size, 0).status() ==
          sansock::Status::invalid_argument);
    const auto url = NEXT::parsed("wss://example.org:8443/");
    CHECK(url && url->host == "example.org" && url->port == 8443 && url->secure);
    CHECK(NEXT::parsed("ftp://x").status() == sansock::Status::invalid_argument);
}

// A connection of this unit or of the next, whose values both have handled.
sansock::Connection made(sansock::Role role, bool here) {
    const auto option = sansock::Option::max_message_size;
    auto config = here ? UNIT::configure(role, option, 1000) : NEXT::configure(role, option, 1000);
    CHECK(static_cast<bool>(config));
    const sansock::Config both = NEXT::moved(std::move(*config));
    auto connection = here ? NEXT::connect(both, 0) : UNIT::connect(both, 0);
    CHECK(static_cast<bool>(connection));
    return NEXT::moved(std::move(*connection));
}

// Takes the output of one connection to the other, which the next unit receives; the events are read by both.
std::string carry(sansock::Connection &from, sansock::Connection &to, std::vector<std::uint8_t> &input) {
    const sansock::Bytes output = NEXT::first(from.output(), from.output().size());
    input.assign(output.begin(), output.end());
    from.written(output.size());
    CHECK(NEXT::received(to, input, 1) == sansock::Status::ok);
    const std::vector<sansock::Event> events = NEXT::collected(to.events());
    CHECK(NEXT::next(to.events().begin()) == NEXT::events(to).end());
    CHECK_EQUAL(events.size(), 1);
    const sansock::Event event = NEXT::same(events.front());
    CHECK(NEXT::described(event) == UNIT::described(events.front()));
    return NEXT::described(event);
}

void a_conversation(bool here) {
    sansock::Connection client = made(sansock::Role::client, here), server = made(sansock::Role::server, !here);
    std::vector<std::uint8_t> input;
    CHECK(carry(client, server, input) == "request /chat");
    const sansock::Event event = *NEXT::events(server).begin();
    const auto &request = std::get<sansock::Request>(event);
    CHECK(NEXT::relation(request, sansock::DetailKind::authority) == sansock::OriginRelation::absent);
    const sansock::Details details = NEXT::details(event);
    CHECK(NEXT::first(details).value == UNIT::first(details).value);
    CHECK(NEXT::next(details.begin()) == UNIT::next(details.begin()));
    CHECK(server.accept(1) == sansock::Status::ok);
    CHECK(carry(server, client, input) == "open chat");
    const std::vector<std::uint8_t> data = {'h', 'e', 'y'};
    CHECK(NEXT::sent(client, sansock::MessageKind::text, data) == sansock::Status::ok);
    CHECK(carry(client, server, input) == "text hey");
    CHECK(NEXT::sent(server, sansock::MessageKind::binary, data) == sansock::Status::ok);
    CHECK(carry(server, client, input) == "binary hey");
    sansock::State state{};
    CHECK(NEXT::transport(client, state) == sansock::Transport::open && state == sansock::State::open);
}

void events_pass() {
    const std::array<std::uint8_t, 3> bytes{};
    CHECK(NEXT::of_each({"chat", {}}, {404, "Not Found", bytes, true, {}}, {"text", true, false}, {bytes, false, true}, {bytes},
                        {bytes, 12}, {1000, "done"}, {1001, "gone", true, true, 1002, 103},
                        {9}) == "chat 404 Not Found 3 1 text 1 0 3 0 1 3 3 12 1000 done 1001 gone 1 1 1002 103 9");
}

} // namespace

int UNIT::run() {
    types_are_laid_out_alike();
    inline_functions_are_one();
    spans_pass();
    results_pass();
    a_conversation(true);
    a_conversation(false);
    events_pass();
    return check_end(NAME);
}

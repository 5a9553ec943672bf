/// One connection over an Asio stream: it reads, writes and waits, as the engine says. Include sansock/asio.hpp.
#ifndef SANSOCK_DETAIL_ASIO_SESSION_HPP
#define SANSOCK_DETAIL_ASIO_SESSION_HPP

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include "asio_parts.hpp"

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif
namespace detail {

/// The session is driven by handlers of its own, which keep it alive until the transport is closed. Operations wait for
/// what they need beside it: they are never kept in it, so that neither keeps the other alive when Asio is shut down.
template <class Stream> class session : public std::enable_shared_from_this<session<Stream>> {
public:
    session(Stream stream, settings chosen)
        : stream(std::move(stream)), chosen(chosen), messages_came(this->stream.get_executor()),
          room_came(this->stream.get_executor()), pong_came(this->stream.get_executor()),
          state_changed(this->stream.get_executor()), timer_(this->stream.get_executor()) {}

    /// Begins with a connection that was made for this stream: with TLS, if the stream has it.
    error_code open(Result<Connection> made, request_hook hook, Role role) {
        if (started || done) return make_error_code(error::busy);
        if (!made) return error_of(made.status() == Status::invalid_state ? Status::no_memory : made.status());
        connection = *std::move(made);
        hook_ = std::move(hook);
        is_server_ = role == Role::server;
        started = true;
        error_code ignored; // what has no such option needs none
        if constexpr (can_wait<Stream>)
            stream.non_blocking(true, ignored);
        else
            input_.resize(std::max<std::size_t>(chosen.read_size, 1));
        stream.lowest_layer().set_option(net::ip::tcp::no_delay(true), ignored);
        unsent_.begin(stream.lowest_layer());
        if constexpr (is_tls<Stream>) {
            if (!chosen.tls_is_ready) {
                const auto side = role == Role::client ? Stream::client : Stream::server;
                stream.async_handshake(side, [self = this->shared_from_this()](error_code ec) { self->on_tls(ec); });
                arm_timer();
                return {};
            }
        }
        begin();
        return {};
    }

    /// What follows every call on the connection: write, read, set the timer, obey the transport instruction.
    void service() {
        if (!started || done || finishing_) return;
        if (broken_) connection.written(connection.output().size());
        write();
        read();
        arm_timer();
        follow_transport();
    }

    /// Sends a message. A socket takes a large one at once, from where it lies: only the rest is copied.
    Status send(MessageKind kind, Bytes data) {
        if (kind == MessageKind::text) return connection.send_text({reinterpret_cast<const char *>(data.data()), data.size()});
        if constexpr (can_wait<Stream>) {
            const bool may_write = ready_ && !writing_ && data.size() >= large_size;
            if (may_write && connection.check_header(kind, data.size()) == Status::ok) return write_payload(kind, data);
        }
        return connection.send_binary(data);
    }

    /// What follows a message that was sent. While others are about to be sent, or wait to be read and may be answered, it
    /// does not leave alone: all go out in one write. The last one has nothing to wait for.
    void sent() {
        progress_ = true;
        in_hand_ = false;
        const bool gathers = (!messages_.empty() || expected > 0) && connection.writable();
        if (gathers && !gathering_) {
            gathering_until_ = now_ms() + longest_gathering;
            if (!std::exchange(looks_again_, true)) look_again();
        }
        gathering_ = gathers;
        service();
    }

    /// Fetches the events that wait.
    void fetch_rest() {
        if (held_until_ == 0 && connection.more()) feed(nullptr, 0);
    }

    /// Whether messages can be sent and received: also while the peer's Close waits for answers to those before it.
    bool is_open() const noexcept { return opened && (connection.state() == State::open || held_until_ != 0); }

    /// The program closes the connection, so that nothing waits for it.
    Status close(std::uint16_t code, const std::string &reason) {
        const Status status = connection.close(code, reason, now_ms());
        if (status != Status::ok) return status;
        program_closes_ = true;
        go_on();
        fetch_rest();
        return status;
    }

    /// Takes the step that ends the connection, if it has waited.
    void go_on() {
        if (std::exchange(held_until_, 0) == 0) return;
        std::vector<std::uint8_t> kept = std::exchange(kept_, {});
        feed(kept.data(), kept.size());
    }

    /// Closes the transport at once. All operations end.
    void close_now() {
        if (done) return;
        done = true;
        if (!ended) {
            ended = true;
            end = transport_error_ ? transport_error_ : error_code(net::error::operation_aborted);
        }
        error_code ignored;
        stream.lowest_layer().close(ignored);
        timer_.cancel();
        wake_all();
    }

    /// Nobody uses the session any more. What has ended is finished in the background, within the engine's deadlines.
    void detach() {
        if (held_until_ != 0) {
            go_on();
            service();
        }
        if (ended) return;
        if (std::exchange(gathering_, false)) write(); // nothing more will come to leave with it
        close_now();
    }

    /// Ends all operations, and leaves the connection as it is.
    void cancel_operations() {
        epoch++;
        wake_all();
    }

    /// Moves the oldest message out, if there is one. The text that was in `into` serves the next one.
    bool take(message &into) {
        program_reads_ = true;
        in_hand_ = false;
        if (messages_.empty() && held_until_ != 0) {
            go_on();
            service();
        }
        if (!messages_.take(into)) return false;
        in_hand_ = is_server_;
        progress_ = true;
        service();
        return true;
    }

    Stream stream;
    const settings chosen;
    Connection connection;
    signal messages_came, room_came, pong_came, state_changed;
    bool started = false;
    bool opened = false;
    bool ended = false; ///< Closed has come, or never will.
    bool done = false;  ///< The transport is closed.
    bool has_reader = false;
    error_code end; ///< Why operations fail, once it has ended.
    closed_info closed;
    std::optional<rejection_info> rejection;
    std::string subprotocol;
    std::deque<std::uint64_t> writers; ///< Who sends next. Each has a number.
    std::uint64_t last_writer = 0;
    std::deque<std::shared_ptr<sent_ping>> pings;
    std::optional<std::uint64_t> round_trip_time; ///< Of the last ping that was answered, in milliseconds.
    std::atomic<std::uint64_t> epoch{0};          ///< How often all operations were cancelled.
    std::atomic<unsigned> expected{0};            ///< Writes that have been started and wait for the executor.

private:
    static constexpr std::size_t write_size = 64 * 1024;
    static constexpr std::size_t least_lent = 16 * 1024; ///< What is worth a read to where a message belongs.
    static constexpr std::size_t large_size = 64 * 1024; ///< Shorter messages are copied, and written together.
    static constexpr std::size_t kept_size = 4 * 1024; ///< What an idle connection keeps of the copy.
    static constexpr std::uint64_t longest_gathering = 20; ///< In milliseconds.
    static constexpr int most_reads = 32; ///< Before others have their turn.

    void wake_all() {
        messages_came.wake();
        room_came.wake();
        pong_came.wake();
        state_changed.wake();
    }

    void on_tls(error_code ec) {
        if (done) return;
        if (ec) {
            transport_error_ = ec;
            return close_now();
        }
        begin();
    }

    /// The stream can be read and written. With Option::start_open that is all there is to wait for.
    void begin() {
        ready_ = true;
        if (connection.state() == State::open) {
            opened = true;
            state_changed.wake();
        }
        service();
    }

    bool may_read() const {
        return held_until_ == 0 && (messages_.size() <= chosen.max_queue || connection.state() != State::open);
    }

    /// Whether the next step, which ends the connection for both, waits until the program has answered the messages before the
    /// peer's Close (RFC 6455 section 5.5.1 allows the delay): while some wait to be read, and while a server's program has one
    /// in hand, and has sent nothing since.
    bool holds() {
        if (program_closes_ || connection.state() == State::closed) return false;
        const bool is_awaited = in_hand_ || ((is_server_ || program_reads_) && !messages_.empty());
        if (held_until_ == 0 && is_awaited) held_until_ = now_ms() + static_cast<std::uint64_t>(chosen.answer_timeout.count());
        return held_until_ != 0;
    }

    void read() {
        if (reading_ || !ready_ || stream_ended_ || done) return;
        if (!may_read()) {
            if (!std::exchange(paused_, true)) connection.pause(now_ms());
            return;
        }
        if (std::exchange(paused_, false)) connection.resume(now_ms());
        reading_ = true;
        if constexpr (can_wait<Stream>) {
            stream.async_wait(Stream::wait_read,
                              [self = this->shared_from_this()](error_code ec) { self->on_readable(ec); });
        } else {
            stream.async_read_some(net::buffer(input_), [self = this->shared_from_this()](error_code ec, std::size_t size) {
                self->on_read(self->input_.data(), ec, size);
            });
        }
    }

    /// A socket is read when something is there, into a buffer of the thread: an idle connection needs none. As long as it
    /// fills the buffer it is read again, some times: the beginning of a large message is still in the caches.
    void on_readable(error_code ec) {
        static thread_local std::array<std::uint8_t, 64 * 1024> memory;
        std::size_t size = memory.size(), most = size;
        for (int reads = 0; reads < most_reads && !ec && !done && size == most && may_read(); ++reads) {
            const Span<std::uint8_t> lent = connection.lend(least_lent);
            const auto place = lent.empty() ? Span<std::uint8_t>(memory.data(), memory.size()) : lent;
            most = place.size();
            size = stream.read_some(net::buffer(place.data(), most), ec);
            if (size > 0 && lent.empty())
                feed(place.data(), size);
            else if (size > 0 && connection.receive_lent(size, now_ms()) == Status::ok)
                fetch();
        }
        if (ec == net::error::would_block || ec == net::error::try_again || ec == net::error::interrupted) ec = {};
        on_read(nullptr, ec, 0);
    }

    void on_read(std::uint8_t *data, error_code ec, std::size_t size) {
        reading_ = false;
        if (done) return;
        if (size > 0) feed(data, size);
        if (ec) end_of_stream(ec);
        service();
    }

    void end_of_stream(error_code ec) {
        stream_ended_ = true;
        held_until_ = 0;
        if (ec != net::error::eof && !transport_error_) transport_error_ = ec;
        connection.receive_eof(now_ms());
        fetch();
    }

    /// Handles the events of an input call that passed no bytes, and those that wait behind them.
    void fetch() {
        handle_events();
        fetch_rest();
    }

    void feed(std::uint8_t *data, std::size_t size) {
        bool progress;
        do {
            if (connection.receive(data, size, now_ms()) != Status::ok) return; // the block says to close
            progress = connection.consumed() > 0 || !connection.events().empty();
            data += connection.consumed();
            size -= connection.consumed();
            handle_events();
        } while (connection.more() ? !holds() : size > 0 && progress);
        if (held_until_ != 0) kept_.assign(data, data + size); // nothing more is read
    }

    /// Looks whether the program still reads and sends: behind what is ready to run now, in which it would have done so. A
    /// program that waits for something else, or takes its time, has its messages leave.
    void look_again() {
        net::post(stream.get_executor(), [self = this->shared_from_this()] {
            const bool goes_on = std::exchange(self->progress_, false) && now_ms() < self->gathering_until_;
            if (self->gathering_ && goes_on) return self->look_again();
            self->looks_again_ = false;
            if (std::exchange(self->gathering_, false)) self->service();
        });
    }

    void write() {
        if (writing_ || gathering_ || !ready_ || connection.output().empty() || done) return;
        if constexpr (can_wait<Stream>)
            write_now();
        else
            write_copy();
    }

    /// A socket takes the output from where it lies, as much of it as there is room for.
    void write_now() {
        error_code ec;
        const Bytes output = connection.output();
        const std::size_t size = stream.write_some(net::buffer(output.data(), output.size()), ec);
        if (ec == net::error::would_block || ec == net::error::try_again || ec == net::error::interrupted) ec = {};
        wrote(ec, size);
        if (connection.output().empty() || done) return;
        writing_ = true;
        stream.async_wait(Stream::wait_write, [self = this->shared_from_this(), since = now_ms()](error_code) {
            self->writing_ = false; // writing tells what is wrong
            self->unsent_.waited(now_ms() - since);
            self->service();
        });
    }

    /// Writes a message behind what waits. An error comes again when the rest is written.
    Status write_payload(MessageKind kind, Bytes data) {
        if (const Status status = connection.send_header(kind, data.size(), true); status != Status::ok) return status;
        error_code ec;
        const Bytes output = connection.output();
        const std::array<net::const_buffer, 2> pieces{net::buffer(output.data(), output.size()),
                                                      net::buffer(data.data(), data.size())};
        const std::size_t size = stream.write_some(pieces, ec), head = std::min(size, output.size()), sent = size - head;
        const bool is_whole =
            sent == data.size() || connection.send_rest({data.data() + sent, data.size() - sent}) == Status::ok;
        wrote(is_whole ? error_code() : error_of(Status::no_memory), size, head);
        return is_whole ? Status::ok : Status::no_memory;
    }

    /// Others read it later, while the output moves when something is sent: a part of it is copied.
    void write_copy() {
        const Bytes output = connection.output();
        written_.assign(output.begin(), output.begin() + std::min(output.size(), write_size));
        writing_ = true;
        const auto then = [self = this->shared_from_this(), since = now_ms()](error_code ec, std::size_t size) {
            self->writing_ = false;
            if (self->done) return;
            self->unsent_.waited(now_ms() - since);
            self->wrote(ec, size);
            const bool is_idle = self->connection.output().empty();
            if (is_idle && self->written_.capacity() > kept_size) std::vector<std::uint8_t>().swap(self->written_);
            self->service();
        };
        stream.async_write_some(net::buffer(written_), then);
    }

    void wrote(error_code ec, std::size_t size) { wrote(ec, size, size); }

    /// So many bytes were written, and so many of them are in the output.
    void wrote(error_code ec, std::size_t size, std::size_t head) {
        if (ec) { // nobody is left to read it
            broken_ = true;
            end_of_stream(ec);
            connection.written(connection.output().size());
        } else {
            unsent_.took(stream.lowest_layer(), size);
            connection.written(head);
            if (connection.writable()) room_came.wake();
        }
    }

    std::optional<std::uint64_t> deadline() const {
        return held_until_ != 0 ? std::optional<std::uint64_t>(held_until_) : connection.next_deadline();
    }

    /// A timer that is set for an earlier time stays: it looks again when it fires.
    void arm_timer() {
        const auto deadline = this->deadline();
        if (!deadline || *deadline >= armed_for_) return;
        armed_for_ = *deadline;
        timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(*deadline)));
        timer_.async_wait([self = this->shared_from_this()](error_code ec) {
            if (!ec) self->on_timer();
        });
    }

    void on_timer() {
        armed_for_ = SANSOCK_NEVER;
        if (done) return;
        if (finishing_) return close_now();
        const auto deadline = this->deadline();
        if (deadline && *deadline <= now_ms()) {
            if (held_until_ != 0) {
                go_on();
            } else {
                connection.timeout(now_ms());
                fetch();
            }
        }
        service();
    }

    void follow_transport() {
        const Transport instruction = connection.transport();
        if (instruction == Transport::open) return;
        // While a write is under way its bytes are in the output, unless the engine has given them up.
        const bool given_up = writing_ && connection.output().empty() && instruction == Transport::close;
        if (!ready_ || given_up) return close_now();
        if (writing_ || !connection.output().empty()) return;
        if (instruction == Transport::shutdown_write)
            shut_down();
        else
            finish();
    }

    /// Ends our direction: what was written stays readable for the peer. Over TLS that is close_notify.
    void shut_down() {
        if (std::exchange(shut_, true)) return;
        if constexpr (is_tls<Stream>) {
            stream.async_shutdown([self = this->shared_from_this()](error_code) {
                self->tls_is_over_ = true;
                if (self->finishing_) self->close_now();
            });
        } else {
            error_code ignored; // the peer may be gone
            stream.shutdown(net::socket_base::shutdown_send, ignored);
        }
    }

    /// Closes the transport. Over TLS the peer is told, and has a moment to answer, as a reset could destroy what it
    /// has not read yet.
    void finish() {
        if constexpr (is_tls<Stream>) {
            if (!broken_ && !tls_is_over_) {
                finishing_ = true;
                armed_for_ = 0;
                timer_.expires_after(chosen.tls_shutdown_timeout);
                timer_.async_wait([self = this->shared_from_this()](error_code ec) {
                    if (!ec) self->on_timer();
                });
                return shut_down();
            }
        }
        if (!ended) { // the engine has failed
            ended = true;
            end = make_error_code(error::engine);
        }
        close_now();
    }

    void handle_events() {
        for (const Event &event : connection.events()) {
            if (const auto *request = std::get_if<Request>(&event)) {
                answer_request(*request);
                return handle_events(); // the answer has replaced the events
            }
            std::visit([this](const auto &e) { this->handle(e); }, event);
        }
    }

    void answer_request(const Request &request) {
        answer decided;
        if (const auto hook = std::exchange(hook_, nullptr)) hook(request, decided);
        if (decided.give(connection, request, now_ms()) == Status::ok) return;
        // The hook asked for what HTTP or the request does not allow.
        (void)connection.clear_response();
        (void)connection.respond(500, {}, {}, now_ms());
    }

    template <class Other> void handle(const Other &) {} // the engine answers it

    void handle(const Text &e) {
        messages_.push(MessageKind::text, e.data, e.first, e.last);
        messages_came.wake();
    }

    void handle(const Binary &e) {
        messages_.push(MessageKind::binary, {reinterpret_cast<const char *>(e.data.data()), e.data.size()}, e.first, e.last);
        messages_came.wake();
    }

    void handle(const Open &e) {
        opened = true;
        subprotocol = e.subprotocol.value_or("");
        state_changed.wake();
    }

    void handle(const Rejected &e) {
        rejection = rejection_info{e.status, {reinterpret_cast<const char *>(e.body.data()), e.body.size()}};
    }

    /// A pong answers the pings before its own too (RFC 6455 section 5.5.3).
    void handle(const Pong &e) {
        if (e.round_trip_time) round_trip_time = e.round_trip_time;
        const std::string_view payload(reinterpret_cast<const char *>(e.payload.data()), e.payload.size());
        const auto answers = [&](const auto &ping) { return ping->payload == payload; };
        const auto match = std::find_if(pings.begin(), pings.end(), answers);
        if (match == pings.end()) return;
        std::for_each(pings.begin(), match + 1, [](auto &ping) { ping->answered = true; });
        pings.erase(pings.begin(), match + 1);
        pong_came.wake();
    }

    void handle(const Closed &e) {
        closed = {e.code,    std::string(e.reason), e.clean, e.by_peer, e.sent_code.value_or(0), e.fault,
                  std::string(connection.fault_text())};
        ended = true;
        end = why(e);
        wake_all();
    }

    error_code why(const Closed &e) const {
        if (rejection || e.fault == SANSOCK_FAULT_REFUSED) return make_error_code(error::rejected);
        if (e.clean || e.fault == 0) return make_error_code(error::closed);
        if (transport_error_) return transport_error_;
        return {static_cast<int>(e.fault), fault_category()};
    }

    request_hook hook_;
    net::steady_timer timer_;
    std::uint64_t armed_for_ = SANSOCK_NEVER;
    std::vector<std::uint8_t> input_, written_;
    inbox messages_;
    unsent_limit unsent_;
    error_code transport_error_;
    bool ready_ = false; ///< The handshake of TLS, if any, is done.
    bool reading_ = false, writing_ = false, paused_ = false;
    bool gathering_ = false;   ///< Messages that were sent wait for those that answer others of the same read.
    bool looks_again_ = false; ///< A handler is under way that ends it.
    bool progress_ = false;    ///< A message was read or sent since that handler looked.
    std::uint64_t gathering_until_ = 0;
    bool is_server_ = false;
    bool program_reads_ = false;
    bool program_closes_ = false;
    bool in_hand_ = false;         ///< A server's program has a message, and has sent nothing since.
    std::uint64_t held_until_ = 0; ///< When the step that ends the connection is taken, if it waits; 0 if it does not.
    std::vector<std::uint8_t> kept_; ///< What was read behind it.
    bool stream_ended_ = false;
    bool broken_ = false; ///< A write has failed.
    bool shut_ = false;   ///< Our direction has ended.
    bool tls_is_over_ = false;
    bool finishing_ = false; ///< Only the end of TLS is awaited.
};

} // namespace detail
} // inline namespace
} // namespace sansock::asio

#endif // SANSOCK_DETAIL_ASIO_SESSION_HPP

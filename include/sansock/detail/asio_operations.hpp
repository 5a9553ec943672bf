/// The operations of a websocket, as Asio composes them. Include sansock/asio.hpp.
#ifndef SANSOCK_DETAIL_ASIO_OPERATIONS_HPP
#define SANSOCK_DETAIL_ASIO_OPERATIONS_HPP

#include "asio_session.hpp"

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif
namespace detail {

template <class Self> void allow_cancellation([[maybe_unused]] Self &self) {
#if SANSOCK_ASIO_VERSION >= 102000
    self.reset_cancellation_state(net::enable_total_cancellation());
#endif
}

/// The same for an operation that leaves nothing behind. What it does is told to end in every way: TLS knows only one.
template <class Self> void allow_cancellation_of_all([[maybe_unused]] Self &self) {
#if SANSOCK_ASIO_VERSION >= 102000
    self.reset_cancellation_state(net::enable_total_cancellation(), [](net::cancellation_type type) {
        return type == net::cancellation_type::none ? type : net::cancellation_type::all;
    });
#endif
}

template <class Self> bool is_cancelled([[maybe_unused]] Self &self) {
#if SANSOCK_ASIO_VERSION >= 102000
    return self.get_cancellation_state().cancelled() != net::cancellation_type::none;
#else
    return false;
#endif
}

/// An operation: a step that is tried within the executor of the stream, again whenever what it waits for has come. Its
/// completion goes to the executor of its handler.
///
/// A step has `begin`, which is called on any thread; `run`, which returns what to wait for, or null when it is over;
/// `leave`, which is called once at its end; and `complete`. That it is cancelled is looked at before each try, so that a
/// cancelled operation has done nothing.
template <class Session, class Step> class operation {
public:
    operation(std::shared_ptr<Session> session, Step step)
        : session_(std::move(session)), step_(std::move(step)), epoch_(session_->epoch) {}

    template <class Self> void operator()(Self &self, error_code = {}) {
        const auto session = session_;
        if (at_ == at::begin) {
            at_ = at::work;
            allow_cancellation(self);
            step_.begin(*session);
            return net::post(net::bind_executor(session->stream.get_executor(), std::move(self)));
        }
        if (at_ == at::end) return step_.complete(self, *session, result_);
        const bool cancelled = is_cancelled(self) || epoch_ != session->epoch;
        signal *awaited = nullptr;
        if (cancelled)
            result_ = net::error::operation_aborted;
        else
            awaited = step_.run(*session, result_);
        if (awaited) return awaited->wait(net::bind_executor(session->stream.get_executor(), std::move(self)));
        step_.leave(*session, cancelled);
        at_ = at::end;
        net::dispatch(std::move(self));
    }

private:
    enum class at { begin, work, end };
    std::shared_ptr<Session> session_;
    Step step_;
    std::uint64_t epoch_;
    at at_ = at::begin;
    error_code result_;
};

/// What most steps share: they complete with an error only.
struct plain_step {
    template <class Session> void begin(Session &) {}
    template <class Self, class Session> void complete(Self &self, Session &, error_code ec) { self.complete(ec); }
};

/// The opening handshake, and that of TLS before it. Cancelled, it closes the transport.
struct open_step : plain_step {
    open_step(Result<Connection> made, request_hook hook, Role role)
        : made(std::move(made)), hook(std::move(hook)), role(role) {}

    template <class Session> signal *run(Session &session, error_code &ec) {
        if (!begun) {
            begun = true;
            ec = session.open(std::move(made), std::move(hook), role);
            mine = !ec;
            if (ec) return nullptr;
        }
        if (!session.opened && !session.ended) return &session.state_changed;
        if (!session.opened) ec = session.end;
        return nullptr;
    }
    template <class Session> void leave(Session &session, bool cancelled) {
        if (cancelled && mine) session.close_now();
    }

    Result<Connection> made;
    request_hook hook;
    Role role;
    bool begun = false, mine = false;
};

struct read_step : plain_step {
    explicit read_step(message &into) : into(&into) {}

    template <class Session> signal *run(Session &session, error_code &ec) {
        if (!mine && session.has_reader) return ec = make_error_code(error::busy), nullptr;
        mine = session.has_reader = true;
        if (session.take(*into)) return nullptr;
        if (session.ended) return ec = session.end, nullptr;
        if (!session.started) return ec = make_error_code(error::not_open), nullptr;
        return &session.messages_came;
    }
    template <class Session> void leave(Session &session, bool) {
        if (mine) session.has_reader = false;
    }

    message *into;
    bool mine = false;
};

/// Writers send in the order in which they have come, each as soon as there is room. `send` gives the message to the
/// session.
template <class Send> struct write_step : plain_step {
    explicit write_step(Send send) : send(std::move(send)) {}

    template <class Session> void begin(Session &session) { session.expected++; }
    template <class Session> signal *run(Session &session, error_code &ec) {
        if (number == 0) {
            session.expected--;
            session.writers.push_back(number = ++session.last_writer);
        }
        if (session.ended) return ec = session.end, nullptr;
        if (session.writers.front() != number) return &session.room_came;
        const bool is_open = session.connection.state() == State::open;
        if (is_open && !session.connection.writable()) return &session.room_came;
        const Status status = send(session);
        if (status == Status::would_block) return &session.room_came;
        ec = error_of(status);
        session.sent();
        return nullptr;
    }
    template <class Session> void leave(Session &session, bool) {
        if (number == 0) session.expected--; // it was cancelled before its turn
        auto &line = session.writers;
        line.erase(std::remove(line.begin(), line.end(), number), line.end());
        if (!line.empty()) session.room_came.wake();
    }

    Send send;
    std::uint64_t number = 0;
};

/// A message of the program's.
struct send_bytes {
    template <class Session> Status operator()(Session &session) const { return session.send(kind, data); }

    MessageKind kind;
    Bytes data;
};

/// A message for many connections.
struct send_prepared {
    template <class Session> Status operator()(Session &session) const {
        return message && message->get() ? session.connection.send_prepared(*message) : Status::invalid_argument;
    }

    std::shared_ptr<const PreparedMessage> message;
};

struct ping_step {
    explicit ping_step(std::string payload) : ping(std::make_shared<sent_ping>()) { ping->payload = std::move(payload); }

    template <class Session> void begin(Session &) {}
    template <class Session> signal *run(Session &session, error_code &ec) {
        if (ping->answered) return nullptr;
        if (session.ended) return ec = session.end, nullptr;
        if (!sent) {
            const auto *data = reinterpret_cast<const std::uint8_t *>(ping->payload.data());
            const Status status = session.connection.ping({data, ping->payload.size()}, now_ms());
            if (status == Status::would_block) return &session.room_came;
            if (status != Status::ok) return ec = error_of(status), nullptr;
            sent = true;
            session.pings.push_back(ping);
            session.service();
        }
        return &session.pong_came;
    }
    template <class Session> void leave(Session &session, bool) {
        auto &all = session.pings;
        all.erase(std::remove(all.begin(), all.end(), ping), all.end());
    }
    template <class Self, class Session> void complete(Self &self, Session &session, error_code ec) {
        self.complete(ec, std::chrono::milliseconds(ec ? 0 : session.round_trip_time.value_or(0)));
    }

    std::shared_ptr<sent_ping> ping;
    bool sent = false;
};

/// The closing handshake, until the transport is closed.
struct close_step : plain_step {
    close_step(std::uint16_t code, std::string reason) : code(code), reason(std::move(reason)) {}

    template <class Session> signal *run(Session &session, error_code &ec) {
        if (!begun) {
            begun = true;
            if (!session.started) return session.close_now(), nullptr;
            const Status status = session.ended ? Status::ok : session.close(code, reason);
            if (status != Status::ok) return ec = error_of(status), nullptr;
            session.service();
        }
        return session.done ? nullptr : &session.state_changed;
    }
    template <class Session> void leave(Session &, bool) {}

    std::uint16_t code;
    std::string reason;
    bool begun = false;
};

} // namespace detail
} // inline namespace
} // namespace sansock::asio

#endif // SANSOCK_DETAIL_ASIO_OPERATIONS_HPP

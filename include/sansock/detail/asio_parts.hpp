/// What a session is made of. Include sansock/asio.hpp.
#ifndef SANSOCK_DETAIL_ASIO_PARTS_HPP
#define SANSOCK_DETAIL_ASIO_PARTS_HPP

#include <deque>

#include "asio_base.hpp"

namespace sansock::asio {
#ifdef SANSOCK_STANDALONE_ASIO
inline namespace over_standalone_asio {
#else
inline namespace over_boost_asio {
#endif
namespace detail {

/// What operations wait for: a timer that never expires. Cancelling it wakes all of them, and each looks again.
class signal {
public:
    template <class Executor> explicit signal(const Executor &executor) : timer_(executor) {
        timer_.expires_at(std::chrono::steady_clock::time_point::max());
    }
    void wake() { timer_.cancel(); }
    template <class Handler> void wait(Handler &&handler) { timer_.async_wait(std::forward<Handler>(handler)); }

private:
    net::steady_timer timer_;
};

/// A ping that awaits its pong.
struct sent_ping {
    std::string payload;
    bool answered = false;
};

/// How much a TCP socket takes of what its peer has no room for yet (TCP_NOTSENT_LOWAT). Without such a limit, Linux reports
/// room only when a third of its own buffer of megabytes is free, so that Option::write_timeout would end a peer that reads
/// steadily, but slowly. With a low one, a fast peer costs many small writes: who has taken much without a pause has a
/// higher one, until there is a pause.
class unsent_limit {
public:
    template <class Socket> void begin(Socket &socket) { set(socket, low); }

    /// There was no room for so many milliseconds.
    void waited(std::uint64_t ms) noexcept {
        if (ms > longest_wait) taken_ = 0;
    }

    /// The socket has taken so many bytes.
    template <class Socket> void took(Socket &socket, std::size_t size) {
        taken_ += size;
        const unsigned fits = taken_ < proof ? low : high;
        if (fits != bytes_) set(socket, fits);
    }

private:
    static constexpr unsigned low = 128 * 1024; ///< Half of it must be sent: every 14 seconds at 4,800 bytes a second.
    static constexpr unsigned high = 1024 * 1024;
    static constexpr std::uint64_t proof = 8 * 1024 * 1024; ///< More than the buffer of a peer usually holds.
    static constexpr std::uint64_t longest_wait = 100;

    /// A number of bytes as an option.
    struct option {
        unsigned bytes;
        template <class Protocol> int level(const Protocol &) const noexcept { return IPPROTO_TCP; }
        template <class Protocol> const void *data(const Protocol &) const noexcept { return &bytes; }
        template <class Protocol> std::size_t size(const Protocol &) const noexcept { return sizeof bytes; }
#ifdef TCP_NOTSENT_LOWAT
        template <class Protocol> int name(const Protocol &) const noexcept { return TCP_NOTSENT_LOWAT; }
#endif
    };

    template <class Socket> void set([[maybe_unused]] Socket &socket, unsigned bytes) {
        bytes_ = bytes;
#ifdef TCP_NOTSENT_LOWAT
        error_code ignored; // what is no TCP has no such option
        socket.set_option(option{bytes}, ignored);
#endif
    }

    unsigned bytes_ = 0;
    std::uint64_t taken_ = 0; ///< Since the last pause.
};

/// The messages that have come and wait to be read.
class inbox {
public:
    bool empty() const noexcept { return queue_.empty(); }
    /// In bytes.
    std::size_t size() const noexcept { return size_; }

    void push(MessageKind kind, std::string_view data, bool first, bool last) {
        std::string text = std::move(spare_);
        text.assign(data);
        queue_.push_back({kind, std::move(text), first, last});
        size_ += cost(queue_.back());
    }

    /// Moves the oldest message out, if there is one. The text that was in `into` serves the next one.
    bool take(message &into) {
        if (queue_.empty()) return false;
        size_ -= cost(queue_.front());
        std::swap(into, queue_.front());
        spare_ = std::move(queue_.front().data);
        queue_.pop_front();
        return true;
    }

private:
    static std::size_t cost(const message &m) { return m.data.size() + sizeof(message); }

    std::deque<message> queue_;
    std::size_t size_ = 0;
    std::string spare_;
};

} // namespace detail
} // inline namespace
} // namespace sansock::asio

#endif // SANSOCK_DETAIL_ASIO_PARTS_HPP

// The lines of standard input, of any length, for a program that must not block on them.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

class Lines {
public:
    // Reads once, when poll says that there is something. Call it when `next` has no more.
    void read() {
        std::array<char, 64 * 1024> chunk;
        const ssize_t n = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        text_.erase(0, begin_);
        searched_ -= begin_;
        begin_ = 0;
        if (n > 0)
            text_.append(chunk.data(), static_cast<std::size_t>(n));
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            ended_ = true;
    }

    // The next whole line, without its end. It stays the next one until `take`.
    std::optional<std::string_view> next() {
        const std::size_t newline = text_.find('\n', searched_);
        searched_ = newline == std::string::npos ? text_.size() : newline;
        if (newline == std::string::npos && (!ended_ || begin_ == text_.size())) return std::nullopt;
        return std::string_view(text_).substr(begin_, searched_ - begin_);
    }

    void take() { begin_ = searched_ = std::min(text_.size(), searched_ + 1); }

    bool ended() const { return ended_; }

private:
    std::string text_; // what has been read: taken up to begin_, the end of a line looked for up to searched_
    std::size_t begin_ = 0, searched_ = 0;
    bool ended_ = false;
};

// What the units of the test have. Each is compiled by another compiler or as another standard, and has a namespace of
// its own.
#pragma once

#include <sansock.hpp>
#include <string>
#include <vector>

// What a compiler makes of each type: its size, its alignment, and how it is passed.
using Layout = std::vector<std::size_t>;

// The functions that other units call, with every type of sansock.hpp as a parameter and as a result.
#define DECLARE_UNIT(UNIT)                                                                                             \
    namespace UNIT {                                                                                                   \
    Layout layout();                                                                                                   \
    std::size_t text_function();                                                                                       \
    std::size_t accessor_function();                                                                                   \
    sansock::Bytes first(sansock::Bytes bytes, std::size_t size);                                                      \
    sansock::Span<std::uint8_t> zeroed(sansock::Span<std::uint8_t> bytes);                                             \
    sansock::Span<const std::size_t> sizes(sansock::Span<const std::size_t> sizes);                                    \
    sansock::Span<const sansock_record> records(sansock::Span<const sansock_record> records);                          \
    sansock::Result<sansock::Config> configure(sansock::Role role, sansock::Option option, std::uint64_t value);       \
    sansock::Result<sansock::Connection> connect(const sansock::Config &config, std::uint64_t now);                    \
    sansock::Config moved(sansock::Config config);                                                                     \
    sansock::Connection moved(sansock::Connection connection);                                                         \
    sansock::Result<sansock::Url> parsed(std::string_view url);                                                        \
    sansock::Events events(const sansock::Connection &connection);                                                     \
    std::vector<sansock::Event> collected(sansock::Events events);                                                     \
    sansock::Event same(sansock::Event event);                                                                         \
    std::string described(const sansock::Event &event);                                                                \
    sansock::Details details(sansock::Event event);                                                                    \
    sansock::Detail first(sansock::Details details);                                                                   \
    sansock::Details::iterator next(sansock::Details::iterator at);                                                    \
    sansock::Events::iterator next(sansock::Events::iterator at);                                                      \
    sansock::Status sent(sansock::Connection &connection, sansock::MessageKind kind, sansock::Bytes data);             \
    sansock::Status received(sansock::Connection &connection, sansock::Span<std::uint8_t> data, std::uint64_t now);    \
    sansock::Transport transport(const sansock::Connection &connection, sansock::State &state);                        \
    sansock::OriginRelation relation(const sansock::Request &request, sansock::DetailKind kind);                       \
    std::string of_each(const sansock::Open &, const sansock::Rejected &, const sansock::Text &,                       \
                        const sansock::Binary &, const sansock::Ping &, const sansock::Pong &,                         \
                        const sansock::Closing &, const sansock::Closed &, const sansock::Unknown &);                  \
    int run();                                                                                                         \
    }

// What both units of the C++ test use. Both include sansock.hpp, which shows that nothing in it is defined twice.
#pragma once

#include <sansock.hpp>
#include <string>
#include <vector>

// A host in memory: a connection, the input that its events point into, and the events that came, as lines.
struct Host {
    sansock::Connection connection;
    std::vector<std::uint8_t> input;
    std::vector<std::string> seen;
};

// Notes the events of the last input call.
void note_events(Host &host);

// Passes all output of one host to the other, and notes the events there.
void carry(Host &from, Host &to, std::uint64_t now);

// The address of an inline function, as seen by the other unit.
using TextOfStatus = const char *(*)(sansock::Status) noexcept;
TextOfStatus text_in_other_unit();

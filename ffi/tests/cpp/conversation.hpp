// What both units of the C++ test use: that each includes the header, and this, shows that nothing in it is defined
// twice.
#pragma once

#include <sansock.hpp>
#include <string>
#include <vector>

// A host in memory: a connection, the input that its events point into, and what it has seen.
struct Host {
    sansock::Connection connection;
    std::vector<std::uint8_t> input;
    std::vector<std::string> seen;
};

// Carries all output of one host to the other, and notes the events there.
void carry(Host &from, Host &to, std::uint64_t now);

// The address of an inline function, as seen by the other unit.
using TextOfStatus = const char *(*)(sansock::Status) noexcept;
TextOfStatus text_in_other_unit();

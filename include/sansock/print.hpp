/// Events as one line of text each, for logs and tests: `stream << event`, or sansock::to_string(event).
///
/// The line has the kind and what belongs to it; bytes of the peer's outside printable ASCII are escaped, and a payload
/// is cut after 64 bytes. It is for people: do not parse it.
#ifndef SANSOCK_PRINT_HPP
#define SANSOCK_PRINT_HPP

#include <ostream>
#include <sstream>
#include <string>

#include "../sansock.hpp"

namespace sansock {
namespace detail {

/// How much of a payload is printed, in bytes.
constexpr std::size_t printed_bytes = 64;

inline void print_quoted(std::ostream &out, const unsigned char *data, std::size_t size) {
    constexpr char digits[] = "0123456789abcdef";
    out << '"';
    for (std::size_t i = 0; i < size && i < printed_bytes; i++) {
        const unsigned char byte = data[i];
        if (byte == '"' || byte == '\\')
            out << '\\' << static_cast<char>(byte);
        else if (byte >= 0x20 && byte < 0x7f)
            out << static_cast<char>(byte);
        else
            out << "\\x" << digits[byte >> 4] << digits[byte & 15];
    }
    out << '"';
    if (size > printed_bytes) out << "... (" << size << " bytes)";
}

/// Prints each kind of event.
struct Printer {
    std::ostream &out;

    void quoted(std::string_view text) const {
        print_quoted(out, reinterpret_cast<const unsigned char *>(text.data()), text.size());
    }
    void quoted(Bytes bytes) const { print_quoted(out, bytes.data(), bytes.size()); }
    void ends(bool first, bool last) const {
        if (!first || !last) out << (first ? " (first part)" : last ? " (last part)" : " (part)");
    }
    void because(std::uint32_t fault) const {
        if (fault != 0) out << " fault " << fault_name(fault);
    }

    void operator()(const Request &e) const {
        out << "request ";
        quoted(e.method);
        out << ' ';
        quoted(e.target);
        out << (e.same_origin ? "" : " from another origin");
        because(e.fault);
    }
    void operator()(const Open &e) const {
        out << "open";
        if (!e.subprotocol) return;
        out << " subprotocol ";
        quoted(*e.subprotocol);
    }
    void operator()(const Rejected &e) const {
        out << "rejected " << e.status << ' ';
        quoted(e.reason);
        out << " body " << e.body.size() << (e.truncated ? " bytes (cut)" : " bytes");
    }
    void operator()(const Head &e) const { out << "head " << e.status << " fields " << e.details.size(); }
    void operator()(const Text &e) const {
        out << "text ";
        quoted(e.data);
        ends(e.first, e.last);
    }
    void operator()(const Binary &e) const {
        out << "binary ";
        quoted(e.data);
        ends(e.first, e.last);
    }
    void operator()(const Frame &e) const {
        out << "frame " << (e.kind == MessageKind::text ? "text " : "binary ");
        quoted(e.data);
        out << " of " << e.frame_len << (e.frame_end ? " (end)" : "") << (e.compressed ? " (compressed)" : "");
    }
    void operator()(const Ping &e) const {
        out << "ping ";
        quoted(e.payload);
    }
    void operator()(const Pong &e) const {
        out << "pong ";
        quoted(e.payload);
        if (e.round_trip_time) out << " after " << *e.round_trip_time << " ms";
    }
    void operator()(const Closing &e) const {
        out << "closing " << e.code << ' ';
        quoted(e.reason);
    }
    void operator()(const ReportedFault &e) const { out << "fault " << fault_name(e.fault) << " code " << e.code; }
    void operator()(const Closed &e) const {
        out << "closed " << e.code << ' ';
        quoted(e.reason);
        out << (e.clean ? " clean" : "") << (e.by_peer ? " by the peer" : "");
        because(e.fault);
    }
    void operator()(const Unknown &e) const { out << "unknown kind " << static_cast<unsigned>(e.kind); }
};

} // namespace detail

/// Prints an event as one line, without its end.
inline std::ostream &operator<<(std::ostream &out, const Event &event) {
    std::visit(detail::Printer{out}, event);
    return out;
}

/// An event as one line of text.
[[nodiscard]] inline std::string to_string(const Event &event) {
    std::ostringstream line;
    line << event;
    return line.str();
}

} // namespace sansock

#endif // SANSOCK_PRINT_HPP

#include "conversation.hpp"

namespace {

// An event as a line: every member is used at least once.
struct Describe {
    std::string operator()(const sansock::Request &request) const {
        std::string text = "request " + std::string(request.target);
        if (request.method != "GET") text += " " + std::string(request.method);
        if (request.fault) text += std::string(" ") + sansock_fault_name(request.fault);
        if (request.origin_relation == sansock::OriginRelation::same) text += " same";
        if (request.origin_relation == sansock::OriginRelation::cross) text += " cross";
        if (request.same_origin == (request.origin_relation == sansock::OriginRelation::cross)) text += " contradiction";
        if (const auto host = request.details.header("HOST")) text += " host=" + std::string(*host);
        for (const sansock::Detail detail : request.details)
            if (detail.kind == sansock::DetailKind::subprotocol)
                text += (detail.chosen ? " +" : " -") + std::string(detail.value);
        return text;
    }
    std::string operator()(const sansock::Open &open) const {
        return "open " + std::string(open.subprotocol.value_or("none"));
    }
    std::string operator()(const sansock::Rejected &rejected) const {
        return "rejected " + std::to_string(rejected.status) + " " + std::string(rejected.reason) + " " +
               std::string(rejected.body.begin(), rejected.body.end()) + (rejected.truncated ? "..." : "");
    }
    std::string operator()(const sansock::Head &head) const {
        std::string text = "head " + std::to_string(head.status);
        for (const sansock::Detail detail : head.details)
            text += " " + std::string(detail.name) + "=" + std::string(detail.value);
        return text + " " + std::string(head.body.begin(), head.body.end());
    }
    std::string operator()(const sansock::Frame &frame) const {
        return std::string(frame.kind == sansock::MessageKind::text ? "frame of text " : "frame ") +
               std::string(frame.data.begin(), frame.data.end()) + (frame.first ? " first" : "") +
               (frame.last ? " last" : "") + (frame.frame_end ? " end" : "") + (frame.compressed ? " compressed" : "") +
               " " + std::to_string(frame.frame_len);
    }
    std::string operator()(const sansock::ReportedFault &fault) const {
        return std::string("fault ") + sansock_fault_name(fault.fault) + " " + std::to_string(fault.code);
    }
    std::string operator()(const sansock::Text &text) const {
        return (text.first && text.last ? "text " : "part ") + std::string(text.data);
    }
    std::string operator()(const sansock::Binary &binary) const {
        const std::string data(binary.data.begin(), binary.data.end());
        return (binary.first && binary.last ? "binary " : "part ") + data;
    }
    std::string operator()(const sansock::Ping &ping) const { return "ping " + std::to_string(ping.payload.size()); }
    std::string operator()(const sansock::Pong &pong) const {
        return "pong " + (pong.round_trip_time ? std::to_string(*pong.round_trip_time) : "unasked");
    }
    std::string operator()(const sansock::Closing &closing) const {
        return "closing " + std::to_string(closing.code) + " " + std::string(closing.reason);
    }
    std::string operator()(const sansock::Closed &closed) const {
        return "closed " + std::to_string(closed.code) + " " + std::string(closed.reason) +
               (closed.clean ? " clean" : " unclean") + (closed.by_peer ? " by-peer" : " by-us") +
               (closed.sent_code ? " sent=" + std::to_string(*closed.sent_code) : "") +
               (closed.fault ? std::string(" ") + sansock_fault_name(closed.fault) : "");
    }
    std::string operator()(const sansock::Unknown &unknown) const { return "unknown " + std::to_string(unknown.kind); }
};

} // namespace

void note_events(Host &host) {
    for (const sansock::Event &event : host.connection.events()) host.seen.push_back(std::visit(Describe{}, event));
}

void carry(Host &from, Host &to, std::uint64_t now) {
    const sansock::Bytes output = from.connection.output();
    to.input.assign(output.begin(), output.end());
    from.connection.written(output.size());
    std::size_t at = 0;
    do {
        if (to.connection.receive(to.input.data() + at, to.input.size() - at, now) != sansock::Status::ok) return;
        at += to.connection.consumed();
        note_events(to);
    } while (to.connection.more() || (at < to.input.size() && to.connection.consumed() > 0));
}

TextOfStatus text_in_other_unit() { return &sansock::text; }

//! The events of a batch as lines of text (`core/vectors/README.md`).

use sansock::event::{Closed, Header, OriginRelation};
use sansock::{Event, Events, MessageKind};

use super::bytes::show;

/// The events of a batch.
pub(crate) fn lines(events: Events<'_>) -> Vec<String> {
    events.flat_map(line).collect()
}

/// An event, and its details.
fn line(event: Event<'_>) -> Vec<String> {
    match event {
        Event::Request(request) => {
            let fault = request.fault().map_or(String::new(), |fault| format!(" fault={}", fault.name()));
            let mut lines = vec![format!(
                "request {} origin={}{fault}",
                show(request.target.as_bytes()),
                relation(request.origin_relation)
            )];
            let (method, authority) = (request.method(), request.authority());
            lines.extend((method != "GET").then(|| format!("  method {}", show(method.as_bytes()))));
            lines.extend((!authority.is_empty()).then(|| format!("  authority {}", show(authority.as_bytes()))));
            lines.extend(request.origin().map(|origin| format!("  origin {}", show(origin.as_bytes()))));
            let preferred = request.preferred_subprotocol();
            lines.extend(request.subprotocols().map(|name| {
                let chosen = if preferred == Some(name) { " chosen" } else { "" };
                format!("  subprotocol {}{chosen}", show(name.as_bytes()))
            }));
            lines.extend(request.extensions().map(|extension| format!("  extension {}", show(extension.as_bytes()))));
            lines.extend(request.headers().map(header));
            lines
        }
        Event::Open(open) => {
            let mut lines = vec!["open".to_owned()];
            lines.extend(open.subprotocol().map(|name| format!("  subprotocol {}", show(name.as_bytes()))));
            lines.extend(open.extensions().map(|extension| format!("  extension {}", show(extension.as_bytes()))));
            lines.extend(open.headers().map(header));
            lines
        }
        Event::Rejected(rejected) => {
            let truncated = if rejected.truncated { " truncated" } else { "" };
            let mut lines = vec![format!("rejected {} {}{truncated}", rejected.status, show(rejected.body))];
            lines.extend((!rejected.reason().is_empty()).then(|| format!("  reason {}", show(rejected.reason()))));
            lines.extend(rejected.headers().map(header));
            lines
        }
        Event::Head(head) => {
            let mut lines = vec![format!("head {} {}", head.status.unwrap_or(0), show(head.body))];
            lines.extend(head.headers().map(header));
            lines
        }
        Event::Text(text) => {
            // Text is handed out unchecked: it must be what its type promises.
            str::from_utf8(text.text.as_bytes()).expect("text that is UTF-8");
            vec![format!("text {}{}", show(text.text.as_bytes()), part(text.first, text.last))]
        }
        Event::Binary(binary) => vec![format!("binary {}{}", show(binary.data), part(binary.first, binary.last))],
        Event::Frame(frame) => {
            let kind = if frame.kind == MessageKind::Text { "text" } else { "binary" };
            let end = if frame.frame_end { " end" } else { "" };
            let compressed = if frame.compressed { " compressed" } else { "" };
            let (data, part) = (show(frame.data), part(frame.first, frame.last));
            vec![format!("frame {kind} {data}{part}{end}{compressed} of={}", frame.frame_len)]
        }
        Event::Fault(fault) => vec![format!("fault {} {}", fault.kind.name(), fault.code.get())],
        Event::Ping(ping) => vec![format!("ping {}", show(ping.payload))],
        Event::Pong(pong) => {
            let time = pong.round_trip_time.map_or(String::new(), |time| format!(" rtt={}", time.as_millis()));
            vec![format!("pong {}{time}", show(pong.payload))]
        }
        Event::Closing(closing) => vec![format!("closing {} {}", closing.code.get(), show(closing.reason.as_bytes()))],
        Event::Closed(closed) => vec![line_of_closed(&closed)],
        other => panic!("an unknown event: {other:?}"),
    }
}

fn line_of_closed(closed: &Closed<'_>) -> String {
    let clean = if closed.clean { "clean" } else { "unclean" };
    let who = if closed.by_peer { "by-peer" } else { "by-us" };
    let sent = closed.close_sent.map_or(String::new(), |code| format!(" sent={}", code.get()));
    let fault = closed.fault.map_or(String::new(), |fault| format!(" fault={}", fault.name()));
    format!("closed {} {} {clean} {who}{sent}{fault}", closed.code.get(), show(closed.reason.as_bytes()))
}

fn header(header: Header<'_>) -> String {
    format!("  header {} {}", show(header.name.as_bytes()), show(header.value))
}

fn part(first: bool, last: bool) -> &'static str {
    match (first, last) {
        (true, true) => "",
        (true, false) => " first",
        (false, true) => " last",
        (false, false) => " middle",
    }
}

fn relation(relation: OriginRelation) -> &'static str {
    match relation {
        OriginRelation::Absent => "absent",
        OriginRelation::Same => "same",
        OriginRelation::Cross => "cross",
    }
}

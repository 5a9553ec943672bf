//! Entries as lines for people.

use std::fmt::Write;

use sansock::states::trace::Machine;

use crate::entry::{Entry, Fault, Frame, Head, Message, Payload, Side, Step, What, transport_name};

/// How many characters of a payload are shown.
const SHOWN: usize = 100;

/// An entry as one line, or as several where a head has several. Control characters are escaped: a terminal obeys none of them.
pub fn line(entry: &Entry) -> String {
    let mut text = String::new();
    if let Some(time) = entry.time {
        let _ = write!(text, "{:4}.{:06} ", time / 1_000_000, time % 1_000_000);
    }
    let _ = write!(text, "{:>3} ", entry.connection);
    text.push_str(match entry.from {
        Some(Side::Client) => "> ",
        Some(Side::Server) => "< ",
        None => "  ",
    });
    match &entry.what {
        What::Connection { client, server } => {
            let name =
                |name: &Option<String>| name.as_deref().map_or(String::new(), |name| format!(" {}", printable(name)));
            let _ = write!(
                text,
                "connection{}{}",
                name(client),
                server.as_ref().map_or(String::new(), |_| format!(" to{}", name(server)))
            );
        }
        What::Head(head) => push_head(head, &mut text),
        What::Frame(frame) => push_frame(frame, &mut text),
        What::Message(message) => push_message(message, &mut text),
        What::Fault(fault) => push_fault(fault, &mut text),
        What::Answer { what, hex } => {
            let _ = write!(text, "is answered with {what} {}", shortened(hex));
        }
        What::Closed { code, reason, clean, by_peer } => {
            let how = if *clean { "closed" } else { "closed, not cleanly" };
            let who = if *by_peer { ", begun here" } else { "" };
            let reason = if reason.is_empty() { String::new() } else { format!(" {}", printable(reason)) };
            let _ = write!(text, "{how}: {code}{reason}{who}");
        }
        What::Eof => text.push_str("sends no more"),
        What::Incomplete { text: what } => {
            let _ = write!(text, "incomplete: {what}");
        }
        What::Note { text: what } => {
            let _ = write!(text, "note: {}", printable(what));
        }
    }
    text.truncate(text.trim_end().len());
    push_steps(entry, &mut text);
    text
}

/// Which states of the ends change, the sender's first. Every handshake opens the connection, and every frame is one of a message:
/// that is not said.
fn push_steps(entry: &Entry, text: &mut String) {
    let is_shown = |step: &&Step| {
        step.machine == Machine::Closing && step.row.from != step.row.to && step.row.to.to_string() != "open"
    };
    let mut begin = if matches!(entry.what, What::Head(_)) { "\n      [" } else { " [" };
    let ends = entry.from.map(|from| [from, from.other()]).into_iter().flatten();
    for step in ends.flat_map(|end| entry.steps.iter().filter(move |step| step.end == end)).filter(is_shown) {
        let _ = write!(text, "{begin}{}: {} -> {}", name(step.end), step.row.from, step.row.to);
        if let Some(transport) = step.transport {
            let _ = write!(text, ", transport: {}", transport_name(transport));
        }
        begin = ", ";
    }
    if begin == ", " {
        text.push(']');
    }
}

fn name(end: Side) -> &'static str {
    match end {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn push_head(head: &Head, text: &mut String) {
    text.push_str(head.kind);
    for line in &head.lines {
        let _ = write!(text, "\n      {}", printable(&line.text));
        if let (crate::entry::Verdict::Fault, Some(note), Some(rule)) = (line.verdict, line.note, line.rule) {
            let _ = write!(text, "  <- {note} ({rule})");
        }
    }
}

fn push_frame(frame: &Frame, text: &mut String) {
    text.push_str(frame.kind);
    match frame.message_kind {
        Some(kind) if frame.opcode == 0 => {
            let _ = write!(text, " of a {kind}");
        }
        _ => {}
    }
    let words = [
        (!frame.fin, "to be continued"),
        (frame.compressed, "compressed"),
        (frame.rsv1 && !frame.compressed, "rsv1"),
        (frame.rsv2, "rsv2"),
        (frame.rsv3, "rsv3"),
        (frame.masked, "masked"),
    ];
    for (_, word) in words.iter().filter(|(is_so, _)| *is_so) {
        let _ = write!(text, ", {word}");
    }
    let _ = write!(text, ", {} bytes", frame.payload_length);
    match (frame.code, &frame.reason) {
        (Some(code), reason) => {
            let _ = write!(text, ": {code} {}", printable(reason.as_deref().unwrap_or_default()));
        }
        (None, _) => push_payload(&frame.payload, text),
    }
}

fn push_message(message: &Message, text: &mut String) {
    let _ = write!(text, "{} message of {} bytes", message.kind, message.size);
    if message.frames > 1 {
        let _ = write!(text, " in {} frames", message.frames);
    }
    if message.compressed {
        let _ = write!(text, ", compressed to {}", message.wire);
    }
    push_payload(&message.payload, text);
}

fn push_payload(payload: &Payload, text: &mut String) {
    let shown = match (&payload.text, &payload.hex) {
        (Some(shown), _) => printable(shown),
        (None, Some(shown)) => shown.clone(),
        _ => String::new(),
    };
    if !shown.is_empty() {
        let _ = write!(
            text,
            ": {}{}",
            shortened(&shown),
            if payload.cut && shown.chars().count() <= SHOWN { "..." } else { "" }
        );
    }
}

fn push_fault(fault: &Fault, text: &mut String) {
    let _ =
        write!(text, "fault {} at byte {}: {} ({})", fault.fault, fault.position, printable(&fault.text), fault.rule);
    match (fault.code, fault.status) {
        (Some(code), _) => {
            let _ = write!(text, "; it calls for Close with {code}");
        }
        (_, Some(status)) => {
            let _ = write!(text, "; it calls for status {status}");
        }
        _ => {}
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// Text in which nothing acts on a terminal: control characters and marks of direction are escaped.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = !character.is_control()
            && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_plain {
            printable.push(character);
        } else {
            printable.extend(character.escape_default());
        }
    }
    printable
}
